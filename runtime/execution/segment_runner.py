"""Runs one segment: a node and everything below it, step by step, on the worker it travelled to.

A segment is deterministic in what was decided: steps that the journal already holds are taken from it without
asking, so a segment that comes back after a crash goes on where its last batch ended, through the same door.
"""

import asyncio
import hashlib
import math
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from surefoot.decompose.methods.method import Method
from surefoot.decompose.plan import Node, Path
from surefoot.decompose.segment import Segment
from surefoot.decompose.step import Done, Step
from surefoot.decompose.task import Task
from surefoot.runtime.errors import RunFailed, StepDeadlocked
from surefoot.runtime.execution.escalation.refuted_steps import ChainRun, ask_again, compare_ways, with_alarm
from surefoot.runtime.execution.in_flight import InFlight
from surefoot.runtime.execution.plan_runner import Outcome, PlanRunner
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.record_buffer import Key, RecordBuffer
from surefoot.runtime.execution.step_runner import MAX_DRAWS, StepRunner
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import (
    AGAIN,
    LARGER,
    Contested,
    Contradicted,
    Entry,
    Finished,
    Record,
    extend,
    tally,
    unpack,
    winner,
)
from surefoot.voting.ballot import Ballot

SHARED_DRAWS = 3 * MAX_DRAWS // 4
"""Where the draws of a step begin that ask whether a refuted answer is repeated."""


class SegmentStopped(Exception):
    """The worker was asked to stop; everything decided so far is on its way to the journal."""


class SegmentRunner:
    """The hands of a plan runner that runs a segment; see ``runtime/execution/plan_runner.py``.

    Args:
        task: The task.
        steps: Decides steps.
        strategy: Says which nodes are split.
        leads: Leads by protection.
        seams: Whether outputs are checked against promises.
        seam_retries: How often a chain is run again.
        re_decompositions: How often a decomposition is asked again.
        flush_steps: Decided steps after which ``flush`` is called.
        flush: Takes the records gathered so far.
        gate: Limits the chains that run at the same time, over all segments of the worker.
        flush_s: Seconds after which the next decided step calls ``flush`` as well.
    """

    def __init__(
        self,
        task: Task,
        steps: StepRunner,
        strategy: Method,
        leads: Leads,
        *,
        seams: bool,
        seam_retries: int,
        re_decompositions: int,
        flush_steps: int,
        flush: Callable[[], None],
        semaphore: PrioritySemaphore,
        flush_s: float = math.inf,
    ) -> None:
        self.task, self.steps, self.strategy, self.leads = task, steps, strategy, leads
        self.seams, self.seam_retries = seams, seam_retries
        self._buffer = RecordBuffer(flush_steps, flush_s, flush)
        self.stopping = False
        self.room = asyncio.Event()
        self.room.set()
        self.events: list[tuple[str, dict[str, object]]] = []
        self._counted: dict[Path, int] = {}
        self._asked = InFlight()
        self._journalled: dict[Key, list[Entry]] = {}
        self._plan = PlanRunner(task, self, semaphore, re_decompositions)

    async def run(self, segment: Segment, journalled: Iterable[bytes] = ()) -> Outcome:
        """The outcome of the segment's node, or the candidate of its decomposition step.

        Args:
            segment: What to run.
            journalled: Payloads of the batches that the journal already holds of it.

        Raises:
            StepDeadlocked: A step that no seam guards is undecided on every rung.
            RunFailed, ModelUnavailable, ModelRejected: The segment cannot go on.
            SegmentStopped: ``stopping`` was set.
        """
        for payload in journalled:
            for record in unpack(payload):
                if record.part == "undecided":
                    continue
                known = self._journalled.setdefault((record.path, record.part, record.attempt), [])
                extend(known, record)
                if record.part == "run":
                    self._counted[record.path] = max(len(known), self._counted.get(record.path, 0))
        if segment.split is not None:
            try:
                return Finished(await self.split(segment.node, segment.split))
            except StepDeadlocked as undecided:
                return Contradicted(segment.node.path, undecided.message)
        return await self._plan.run(segment.node)

    def take(self) -> list[Record]:
        """The records gathered since the last time; they are the caller's now."""
        return self._buffer.take(self.steps.counts, len(self.steps.variants))

    def is_leaf(self, node: Node) -> bool:
        """Whether the strategy runs the node as a chain."""
        return not self.strategy.splits(self.task, node)

    async def run_leaf(self, node: Node) -> Outcome:
        """Run a chain until its output is what was promised, comparing each run with the one before."""
        guarded = self.seams and node.promise is not None
        runs: list[ChainRun] = []
        why = ""
        longest = 0
        for attempt in range(self.seam_retries + 1):
            if attempt and (node.path, "run", attempt) not in self._journalled:
                self.steps.counts.seam_retries += 1
                tally(self.steps.counts.climbed, {self._way(attempt): 1})
                self._note("seam retry", node.path, attempt=attempt, because=why[:200])
            known = len(self._journalled.get((node.path, "run", attempt), ()))
            previous = runs[-1].taken if runs else None
            try:
                run, output = await self._chain(node, attempt, previous, longest)
            except StepDeadlocked as undecided:
                if not guarded or not node.path:
                    raise
                run, output, why = ChainRun(attempt, [], []), None, undecided.message
            else:
                kept = not guarded or output == node.promise
                if not attempt and known < len(run.taken) and self._lead(node) == 1:
                    # Where the mistake is shows later; to count what kept its promise at once and the rest later is to
                    # see only the good ones for a while.
                    self.steps.counts.guarded_steps += len(run.taken) if kept else half(run.taken)
                    self.steps.counts.refuted_steps += not kept
                if kept:
                    if attempt and known < len(run.taken):
                        self._put_right(attempt, [*runs, run])
                    return Finished(output)
                why = f"returned {output!r}, promised was {node.promise!r}"
            longest = max(longest, self._counted.get(node.path, 0))
            runs.append(run)
            if run.taken == previous and attempt + 1 >= len(self.steps.variants):
                break
        return Contradicted(node.path, why)

    async def split(self, node: Node, attempt: int) -> str:
        """Decide a decomposition step; one that is asked again needs the lead of a suspect."""
        step = self.task.decomposition_step(node.goal, node.inputs)
        if step is None:
            raise RunFailed(f"node {node.path} cannot be split")
        key = (node.path, "split", attempt)
        known = self._journalled.get(key)
        if known:
            return winner(known[0], self.steps.rule)
        if (node.path, "split", attempt + 1) in self._journalled:
            raise StepDeadlocked("undecided in an earlier session")
        if self.stopping:
            await self._stop_here()
        k = self.leads.suspect if attempt else self.leads.unguarded
        candidate, entry = await self._decide(key, step, 0, k, draws_of(key))
        self.steps.counts.decompositions += 1
        self._buffer.keep(key, k, 0, entry)
        return candidate

    def _lead(self, node: Node) -> int:
        """The lead of a chain's steps, as of now: leads may change while a chain runs."""
        # The root's promise is the goal, which a wrong path may reach as well: it guards the end, not the steps.
        guarded = self.seams and node.promise is not None and node.path
        return self.leads.guarded if guarded else self.leads.unguarded

    def _put_right(self, level: int, runs: list[ChainRun]) -> None:
        """Count which rung of the ladder it was, and how the ways to ask compare."""
        tally(self.steps.counts.caught, {self._way(level): 1})
        if all(run.taken for run in runs):
            tally(self.steps.counts.ways, compare_ways(runs, [variant.name for variant in self.steps.variants]))

    def _way(self, level: int) -> str:
        return self.steps.variants[level % len(self.steps.variants)].name

    def promise_broken(self, node: Node, attempt: int, by: Contradicted) -> None:
        """Count it, unless the journal shows that it was counted before."""
        if (node.path, "broken", attempt) not in self._journalled:
            self.steps.counts.broken_promises += 1
            self._buffer.extra.append(Record(node.path, "broken", attempt, 0, 0, ()))

    def promise_mended(self, node: Node, attempt: int) -> None:
        """Count it, if its last decision was made in this session."""
        if (node.path, "split", attempt) not in self._journalled:
            tally(self.steps.counts.caught, {AGAIN: 1})

    def children_kept(self, node: Node, attempt: int, elements: tuple[int, ...]) -> None:
        """Note the path elements of a repeated decomposition's children for whoever reads the plan."""
        if (node.path, "children", attempt) not in self._journalled:
            depth = len(node.path)
            for path in list(self._counted):
                if len(path) > depth and path[:depth] == node.path and path[depth] not in elements:
                    self.steps.counts.steps -= self._counted.pop(path)
            self._buffer.extra.append(Record(node.path, "children", attempt, 0, 0, (), elements))

    async def _chain(self, node: Node, attempt: int, previous: list[str] | None, longest: int) -> tuple[ChainRun, Any]:
        """One run of a chain, and its output; ``longest`` steps are counted already.

        As long as the run takes the same steps as the one before, a step at which they differ is the suspect: the
        states before it are the same, so one of the two answers is wrong. It is voted on with a larger lead.
        """
        task, goal = self.task, node.goal
        key = (node.path, "run", attempt)
        known = self._journalled.get(key, ())
        given_up = (node.path, "run", attempt + 1) in self._journalled
        draws = draws_of(key)
        state = task.begin(goal, node.inputs)
        limit = task.size(goal, node.inputs)
        taken: list[str] = []
        asked: list[str] = []
        alike = bool(previous)
        step = task.next_step(goal, state)
        while not isinstance(step, Done):
            index = len(taken)
            if index == limit:
                if node.promise is None or not self.seams:
                    raise RunFailed(f"node {node.path} did not come to an end within {limit} steps")
                return ChainRun(attempt, asked, taken), None
            entry: Entry | None = None
            k = self._lead(node)
            if index < len(known):
                candidate = winner(known[index], self.steps.rule)
            else:
                if given_up:
                    raise StepDeadlocked("undecided in an earlier session")
                if not self.room.is_set():
                    await self.room.wait()
                if self.stopping:
                    await self._stop_here()
                draw = draws + index * MAX_DRAWS
                candidate, entry = await self._decide(key, step, index, k, draw)
            asked.append(candidate)
            if alike and previous is not None and candidate != previous[index]:
                if entry is not None:
                    own = candidate
                    candidate, entry = await self._suspect(key, step, index, previous[index], draw)
                    tally(self.steps.counts.caught, {LARGER: 1} if candidate != own else {})
                    if attempt == 1 and k == 1 and candidate != previous[index]:
                        self.steps.counts.guarded_steps += index + 1 - half(previous)
                alike = candidate == previous[index]
            alike = alike and previous is not None and index + 1 < len(previous)
            taken.append(candidate)
            state = task.advance(goal, state, candidate)
            step = task.next_step(goal, state)
            if entry is not None:
                # Counted before it is kept: the batch that holds a step holds its count.
                shorter = min(0, index + 1 - longest) if isinstance(step, Done) else 0
                self.steps.counts.steps += (index >= longest) + shorter
                self._buffer.keep(key, k, index, entry)
            self._counted[node.path] = index + 1 if isinstance(step, Done) else max(index + 1, longest)
        output = msgspec.to_builtins(step.output)
        if step.failure:
            raise RunFailed(step.failure, path=list(node.path), output=output)
        return ChainRun(attempt, asked, taken), output

    async def _stop_here(self) -> None:
        """Let the steps that are being asked be decided, then stop."""
        await self._asked.none()
        raise SegmentStopped

    async def _decide(self, key: Key, step: Step, index: int, k: int, draw: int) -> tuple[str, Entry]:
        path, part, attempt = key
        try:
            with self._asked:
                candidate, entry = await self.steps.decide(step, k, draw, attempt)
        except StepDeadlocked as error:
            error.context["path"] = list(path)
            self._buffer.extra.append(Record(path, "undecided", attempt, index, k, (error.context["entry"],)))
            self._note("step deadlocked", path, kind=step.kind, k=k, tally=error.context["tally"])
            raise
        if not isinstance(entry, str) and entry.raised:
            raised = [str(one.kind) for one in entry.raised]
            self._note("alarm", path, part=part, step=index, raised=raised, way=entry.way)
        return candidate, entry

    async def _suspect(self, key: Key, step: Step, index: int, before: str, draw: int) -> tuple[str, Entry]:
        """Vote with a larger lead on a step at which two runs differ; ``before`` is what the earlier one took."""
        k = self.leads.suspect
        self.steps.counts.escalations += 1
        tally(self.steps.counts.climbed, {LARGER: 1})
        candidate, entry = await self._decide(key, step, index, k, draw + MAX_DRAWS // 2)
        self._note("suspect step", key[0], step=index, kind=step.kind, k=k, winner=candidate)
        if isinstance(entry, str):
            entry = Contested(k, tuple(Ballot(number, candidate) for number in range(k)))
        if candidate == before or len(self.steps.variants) == 1:
            return candidate, entry
        with self._asked:
            ballots, raised = await ask_again(self.steps, step, before, k, draw + SHARED_DRAWS)
        if raised is None:
            return candidate, entry
        self.steps.counts.shared += 1
        tally(self.steps.counts.alarms, {raised.kind: 1})
        self._note("alarm", key[0], step=index, kind=step.kind, raised=[str(raised.kind)], refuted=before)
        return candidate, with_alarm(entry, ballots, raised)

    def _note(self, event: str, path: Path, **context: object) -> None:
        self.events.append((event, {"node": ".".join(map(str, path)) or "root", **context}))


def half(taken: list[str]) -> int:
    """About as many steps as lie before a mistake that may be anywhere."""
    return (len(taken) + 1) // 2


def draws_of(key: Key) -> int:
    """The first draw number of a chain: the same on every machine and after every resume."""
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=6).digest()) * MAX_DRAWS
