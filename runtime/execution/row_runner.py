"""Asks the questions of a chunk of rows, all at once: rows do not depend on each other.

There is no plan to grow and no chain to run, so that a row costs little more than its replies. The answer of a row is
an entry of its chunk's record; a row that fails has its failure as its answer.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeGuard

import msgspec

from surefoot.decompose.plan import Failure, Node, Path
from surefoot.decompose.segment import Segment
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.rows import BAD_ROW, RowTask
from surefoot.runtime.cancelling import WholeGroup
from surefoot.runtime.errors import AwaitsReview, ModelUnavailable, RunFailed, RunPaused, StepDeadlocked
from surefoot.runtime.execution.begun_races import Begun, RaceStopped, held_back, record_of
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.race_counts import disagree
from surefoot.runtime.execution.record_buffer import Key
from surefoot.runtime.execution.reviews import costs_of
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.execution.work import WAITS, SegmentStopped, Work
from surefoot.runtime.records import Contested, Entry, Finished, Record, tally
from surefoot.runtime.user_code import blame, fault

PART = "rows"
HELD = "rows wait for the lead that is to be learned"
"""Why a chunk stops of which rows were held back; it is sent again when the run has learned what to ask them with."""


class RowRunner:
    """Asks one question about each row of a chunk, all rows at once.

    Args:
        task: Makes the question of a row.
        work: What the journal knows of the chunk, who decides, and where records gather.
        semaphore: Limits the questions that are asked at the same time, over all chunks of the worker.
    """

    def __init__(self, task: RowTask, work: Work, semaphore: PrioritySemaphore) -> None:
        self.task, self.work, self.semaphore = task, work, semaphore
        self._unreadable, self._held = "", False
        self._ended_by: Exception | None = None
        work.steps.meter.by_step = True

    async def run(self, segment: Segment, journalled: Iterable[bytes] = ()) -> Finished:
        """Ask every row of a chunk whose answer the journal does not hold; the answers are in the records.

        Raises:
            ModelUnavailable, ModelRejected: From the model.
            SegmentStopped: The worker was asked to stop; what was being asked is decided.
            AwaitsReview: All is asked, and some rows wait for a lead to be learned (``HELD``), for a person, or for one
                whose answer can be read.
        """
        self.work.load(journalled)
        node = segment.node
        key, known = (node.path, PART, 0), self.work.rows.get(node.path, set())
        async with WholeGroup() as group:
            for number, row in enumerate(node.inputs[0]):
                place = (*node.path, number)
                if self._waits(self.work.begun.get(place, Begun())):
                    self._held = True
                elif number not in known and place not in self.work.failed:
                    group.create_task(self._one(node, key, number, row))
        if self._ended_by is not None:
            raise self._ended_by
        if self._held:
            raise AwaitsReview(HELD)
        if self._unreadable:
            raise AwaitsReview(self._unreadable)
        if any(self.work.reviews.waits((node.path, 0, number)) for number in range(len(node.inputs[0]))):
            raise AwaitsReview(WAITS)
        return Finished(None)

    async def _one(self, node: Node, key: Key, number: int, row: Mapping[str, Any] | str) -> None:
        async with self.semaphore((*node.path, number)):
            try:
                await self.work.begin_step()
                await self._ask_row(node, key, number, row)
            except (RunPaused, ModelUnavailable, SegmentStopped, RaceStopped) as stop:
                self._stop(stop)

    def _stop(self, stop: Exception) -> None:
        """Begin nothing more; what was asked for by other rows of the chunk still comes, as it is paid."""
        self.work.stopping = True
        if self._ended_by is None or isinstance(self._ended_by, SegmentStopped):
            self._ended_by = SegmentStopped() if isinstance(stop, RaceStopped) else stop

    async def _ask_row(self, node: Node, key: Key, number: int, row: Mapping[str, Any] | str) -> None:
        """Ask a row until it is decided or has failed; where a stop cuts it short, what was said is journalled."""
        if isinstance(row, str):
            self._fail(node, number, Failure("BadRow", row))
            return
        try:
            step = self.task.row_step(row)
        except BAD_ROW as error:
            self._fail(node, number, self._bad_row(error))
            return
        if not isinstance(step, Step):  # no fault of the row's
            raise fault(type(self.task), "row_step", f"must return a Step, not {type(step).__name__}")
        begun = self.work.begun.get((*node.path, number), Begun())
        k = begun.k if begun.counted else self.work.steps.leads.leads.unguarded
        draw = draws_of(key) + number * MAX_DRAWS
        with self._kept((*node.path, number), k, draw // MAX_DRAWS):
            await self._decide(node, key, number, (step, k, draw))

    @contextmanager
    def _kept(self, path: Path, k: int, race: int) -> Iterator[None]:
        """Let the race of a row go on where it was cut short, and journal what was said if it is so now."""
        meter, before = self.work.steps.meter, self.work.begun.get(path, Begun())
        meter.begun.open(race, before)
        if before.said:
            meter.spend(race, before.cost_usd)
        try:
            yield
        except (RunPaused, ModelUnavailable, SegmentStopped, RaceStopped, asyncio.CancelledError):
            said = meter.begun.close(race)
            if len(said) > len(before.said):
                self.work.buffer.add(record_of(path, k, said, meter.spent(race), before))
            raise
        finally:
            meter.begun.close(race)

    async def _decide(self, node: Node, key: Key, number: int, asked: tuple[Step, int, int]) -> None:
        """Decide a row's question, given with its lead and the first of its draw numbers, and keep what came of it."""
        work, (step, k, draw) = self.work, asked
        try:
            _, entry = await work.decide(key, step, number, k, draw)
        except StepDeadlocked as undecided:
            self._undecided(node, number, undecided, draw)
            return
        except AwaitsReview as unreadable:  # what a person answered; the other rows go on
            self._unreadable = str(unreadable)
            return
        except (RunFailed, ValueError) as failed:
            self._give_up(node, number, failed, draw)
            return
        race = draw // MAX_DRAWS
        spent, counted = work.steps.meter.spent(race), work.steps.meter.begun.before(race).counted
        if self._holds(entry, step, k):
            self._held = True
            tally(work.counts.races, {str(k): 1 - counted})
            work.buffer.add(held_back((*node.path, number), k, entry, spent))
        elif not self._put_aside(node, number, k, entry, spent):
            work.counts.steps += 1
            work.buffer.keep_row(key, k, number, entry, spent, counted=counted)

    def _waits(self, begun: Begun) -> bool:
        """Whether a row is held back, and has as large a lead as the run asks for by what it has learned so far."""
        leads = self.work.steps.leads.leads
        return leads.holding and begun.raised >= max(1, leads.disputed)

    def _holds(self, entry: Entry, step: Step, k: int) -> TypeGuard[Contested]:
        """Whether a decided row is asked on once its lead is learned: its ballots disagree, all under one wording."""
        if not self.work.steps.leads.leads.holding or self.task.voted_fields(step) or isinstance(entry, str):
            return False
        return entry.k >= k and not entry.before and entry.decided is None and disagree(entry.ballots)

    def _undecided(self, node: Node, number: int, undecided: StepDeadlocked, draw: int) -> None:
        """Put an undecided row aside for a person where the run does so; else it has failed."""
        work, entry = self.work, undecided.context.get("entry")
        if not work.reviews.wanted:
            self._give_up(node, number, undecided, draw)
        elif isinstance(entry, Contested):
            spent = work.steps.meter.spent(draw // MAX_DRAWS)
            work.put_aside((node.path, 0, number), undecided.context["k"], entry, spent)

    def _put_aside(self, node: Node, number: int, k: int, entry: Entry, spent: float | None) -> bool:
        """Put a decided row aside of which replies were discarded, where a person is to see it; whether it was."""
        work, place = self.work, (node.path, 0, number)
        if not work.reviews.wanted or isinstance(entry, str) or place in work.reviews.answered:
            return False
        if all(ballot.candidate is not None for ballot in (*entry.before, *entry.ballots)):
            return False
        work.put_aside(place, k, entry, spent)
        return True

    def _give_up(self, node: Node, number: int, failed: Exception, draw: int) -> None:
        """Take an error as the failure of a row."""
        spent = self.work.steps.meter.spent(draw // MAX_DRAWS)
        self._fail(node, number, Failure(type(failed).__name__, str(failed)), spent)

    def _bad_row(self, error: Exception) -> Failure:
        """What a row is that has no question; of somebody's own task with the line of its code that says so."""
        if type(self.task).__module__.partition(".")[0] == "surefoot" or (str(error) and isinstance(error, ValueError)):
            return Failure(type(error).__name__, str(error))
        return Failure(type(error).__name__, blame(error, type(self.task), "row_step").message)

    def _fail(self, node: Node, number: int, failure: Failure, spent_usd: float | None = 0.0) -> None:
        """Keep the failure of a row as its answer, with what the replies to it cost."""
        path = (*node.path, number)
        self.work.counts.failed_nodes += 1
        self.work.counts.steps += 1
        entry = msgspec.json.encode(failure).decode()
        self.work.buffer.add(Record(path, "failed", 0, 0, 0, (entry,), costs=costs_of(spent_usd)))
        self.work.note("row failed", path, error=failure.error, message=failure.message[:200])
