"""Runs one segment: a node and everything below it, step by step, on the worker it travelled to.

A segment is deterministic in what was decided: steps that the journal already holds are taken from it without
asking, so a segment that comes back after a crash goes on where its last batch ended, through the same door.
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from decompose.plan import Node, Path
from decompose.segment import Segment
from decompose.step import Done, Step
from decompose.strategies.strategy import Strategy
from decompose.task import Task
from runtime.errors import RunFailed, StepDeadlocked
from runtime.gate import Gate
from runtime.in_flight import InFlight
from runtime.leads import Leads
from runtime.plan_runner import Outcome, PlanRunner
from runtime.records import Contested, Contradicted, Entry, Finished, Record, extend, unpack, winner
from runtime.step_runner import MAX_DRAWS, StepRunner
from voting.ballot import Ballot

SHARED_DRAWS = 3 * MAX_DRAWS // 4
"""Where the draws of a step begin that ask whether a refuted answer is repeated."""


class SegmentStopped(Exception):
    """The worker was asked to stop; everything decided so far is on its way to the journal."""


class _Open(msgspec.Struct):
    """Entries of one attempt that are not yet on their way to the journal."""

    first: int
    k: int
    entries: list[Entry]


class SegmentRunner:
    """The hands of a plan runner that runs a segment; see ``runtime/plan_runner.py``.

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
        strategy: Strategy,
        leads: Leads,
        *,
        seams: bool,
        seam_retries: int,
        re_decompositions: int,
        flush_steps: int,
        flush: Callable[[], None],
        gate: Gate,
        flush_s: float = math.inf,
    ) -> None:
        self.task, self.steps, self.strategy, self.leads = task, steps, strategy, leads
        self.seams, self.seam_retries = seams, seam_retries
        self.flush_steps, self.flush, self.flush_s = flush_steps, flush, flush_s
        self._flush_at = time.monotonic() + flush_s
        self.stopping = False
        self.events: list[tuple[str, dict[str, object]]] = []
        self._open: dict[tuple[Path, str, int], _Open] = {}
        self._held = 0
        self._counted: dict[Path, int] = {}
        self._asked = InFlight()
        self._extra: list[Record] = []
        self._journalled: dict[tuple[Path, str, int], list[Entry]] = {}
        self._plan = PlanRunner(task, self, gate, re_decompositions)

    async def run(self, segment: Segment, journalled: Iterable[bytes] = ()) -> Outcome:
        """The outcome of the segment's node, or the candidate of its decomposition step.

        Args:
            segment: What to run.
            journalled: Payloads of the batches that the journal already holds of it.

        Raises:
            StepDeadlocked, RunFailed, ModelUnavailable, ModelRejected: The segment cannot go on.
            SegmentStopped: ``stopping`` was set.
        """
        for payload in journalled:
            for record in unpack(payload):
                known = self._journalled.setdefault((record.path, record.part, record.attempt), [])
                extend(known, record)
                if record.part == "run":
                    self._counted[record.path] = max(len(known), self._counted.get(record.path, 0))
        if segment.split is not None:
            return Finished(await self.split(segment.node, segment.split))
        return await self._plan.run(segment.node)

    def take(self) -> list[Record]:
        """The records gathered since the last time; they are the caller's now."""
        records = self._extra
        for (path, part, attempt), held in self._open.items():
            records.append(Record(path, part, attempt, held.first, held.k, tuple(held.entries)))
        self._open, self._extra, self._held = {}, [], 0
        self._flush_at = time.monotonic() + self.flush_s
        return records

    def is_leaf(self, node: Node) -> bool:
        """Whether the strategy runs the node as a chain."""
        return not self.strategy.splits(self.task, node)

    async def run_leaf(self, node: Node) -> Outcome:
        """Run a chain until its output is what was promised, comparing each run with the one before."""
        guarded = self.seams and node.promise is not None
        previous: list[str] | None = None
        output: Any = None
        longest = 0
        for attempt in range(self.seam_retries + 1):
            if attempt and (node.path, "run", attempt) not in self._journalled:
                self.steps.counts.seam_retries += 1
                self._note("seam retry", node, attempt=attempt, output=str(output)[:200])
            known = len(self._journalled.get((node.path, "run", attempt), ()))
            taken, output = await self._chain(node, attempt, previous, longest)
            longest = max(longest, len(taken))
            kept = not guarded or output == node.promise
            if not attempt and known < len(taken) and self._lead(node) == 1:
                # Where the mistake is shows later; to count what kept its promise at once and the rest later is to
                # see only the good ones for a while.
                self.steps.counts.guarded_steps += len(taken) if kept else half(taken)
                self.steps.counts.refuted_steps += not kept
            if kept:
                if attempt and known < len(taken):
                    self._caught(attempt)
                return Finished(output)
            if taken == previous and attempt + 1 >= len(self.steps.ways):
                break
            previous = taken
        return Contradicted(node.path, f"returned {output!r}, promised was {node.promise!r}")

    async def split(self, node: Node, attempt: int) -> str:
        """Decide a decomposition step; one that is asked again needs the lead of a suspect."""
        step = self.task.decomposition_step(node.goal, node.inputs)
        if step is None:
            raise RunFailed(f"node {node.path} cannot be split")
        key = (node.path, "split", attempt)
        known = self._journalled.get(key)
        if known:
            return winner(known[0], self.steps.rule)
        await self._stop_here()
        k = self.leads.suspect if attempt else self.leads.unguarded
        with self._asked:
            candidate, entry = await self.steps.decide(step, k, draws_of(key), attempt)
        self.steps.counts.decompositions += 1
        self._keep(key, k, 0, entry)
        return candidate

    def _lead(self, node: Node) -> int:
        """The lead of a chain's steps, as of now: leads may change while a chain runs."""
        # The root's promise is the goal, which a wrong path may reach as well: it guards the end, not the steps.
        guarded = self.seams and node.promise is not None and node.path
        return self.leads.guarded if guarded else self.leads.unguarded

    def _caught(self, rung: int) -> None:
        """Count which rung of the ladder put something right."""
        name = self.steps.ways[rung % len(self.steps.ways)].name
        self.steps.counts.caught[name] = self.steps.counts.caught.get(name, 0) + 1

    def promise_broken(self, node: Node, attempt: int, by: Contradicted) -> None:
        """Count it, unless the journal shows that it was counted before."""
        if (node.path, "split", attempt + 1) not in self._journalled:
            self.steps.counts.broken_promises += 1

    def children_kept(self, node: Node, attempt: int, elements: tuple[int, ...]) -> None:
        """Note the path elements of a repeated decomposition's children for whoever reads the plan."""
        if (node.path, "children", attempt) not in self._journalled:
            depth = len(node.path)
            for path in list(self._counted):
                if len(path) > depth and path[:depth] == node.path and path[depth] not in elements:
                    self.steps.counts.steps -= self._counted.pop(path)
            self._extra.append(Record(node.path, "children", attempt, 0, 0, (), elements))

    async def _chain(self, node: Node, attempt: int, previous: list[str] | None, longest: int) -> tuple[list[str], Any]:
        """One run of a chain: the candidates that won, and its output; ``longest`` steps are counted already.

        As long as the run takes the same steps as the one before, a step at which they differ is the suspect: the
        states before it are the same, so one of the two answers is wrong. It is voted on with a larger lead.
        """
        task, goal = self.task, node.goal
        key = (node.path, "run", attempt)
        known = self._journalled.get(key, ())
        draws = draws_of(key)
        state = task.begin(goal, node.inputs)
        limit = task.size(goal, node.inputs)
        taken: list[str] = []
        alike = previous is not None
        step = task.next_step(goal, state)
        while not isinstance(step, Done):
            index = len(taken)
            if index == limit:
                if node.promise is None or not self.seams:
                    raise RunFailed(f"node {node.path} did not come to an end within {limit} steps")
                return taken, None
            entry: Entry | None = None
            k = self._lead(node)
            if index < len(known):
                candidate = winner(known[index], self.steps.rule)
            else:
                await self._stop_here()
                draw = draws + index * MAX_DRAWS
                candidate, entry = await self._decide(node, step, k, draw, attempt)
                if alike and previous is not None and candidate != previous[index]:
                    candidate, entry = await self._suspect(node, step, index, draw + MAX_DRAWS // 2, attempt)
                    if attempt == 1 and k == 1 and candidate != previous[index]:
                        self.steps.counts.guarded_steps += index + 1 - half(previous)
            refuted = previous[index] if alike and previous is not None and candidate != previous[index] else None
            alike = alike and previous is not None and index + 1 < len(previous) and candidate == previous[index]
            taken.append(candidate)
            state = task.advance(goal, state, candidate)
            question, step = step, task.next_step(goal, state)
            if entry is not None:
                # Counted before it is kept: the batch that holds a step holds its count.
                shorter = min(0, index + 1 - longest) if isinstance(step, Done) else 0
                self.steps.counts.steps += (index >= longest) + shorter
                self._keep(key, k, index, entry)
                if refuted is not None:
                    await self._is_shared(node, question, index, refuted, draws + index * MAX_DRAWS + SHARED_DRAWS)
            self._counted[node.path] = index + 1 if isinstance(step, Done) else max(index + 1, longest)
        output = msgspec.to_builtins(step.output)
        if step.failure:
            raise RunFailed(step.failure, path=list(node.path), output=output)
        return taken, output

    async def _stop_here(self) -> None:
        """If the segment was asked to stop: let the steps that are being asked be decided, then stop."""
        if self.stopping:
            await self._asked.none()
            raise SegmentStopped

    async def _decide(self, node: Node, step: Step, k: int, draw: int, rung: int) -> tuple[str, Entry]:
        try:
            with self._asked:
                return await self.steps.decide(step, k, draw, rung)
        except StepDeadlocked as error:
            error.context["path"] = list(node.path)
            self._note("step deadlocked", node, kind=step.kind, k=k, tally=error.context.get("tally"))
            raise

    async def _suspect(self, node: Node, step: Step, index: int, draw: int, rung: int) -> tuple[str, Entry]:
        self.steps.counts.escalations += 1
        k = self.leads.suspect
        candidate, entry = await self._decide(node, step, k, draw, rung)
        self._note("suspect step", node, step=index, kind=step.kind, k=k, winner=candidate)
        if isinstance(entry, str):
            entry = Contested(k, tuple(Ballot(number, candidate) for number in range(k)))
        return candidate, entry

    async def _is_shared(self, node: Node, step: Step, index: int, refuted: str, draw: int) -> None:
        """Ask as at first: where most fresh draws repeat a refuted answer, the mistake is the prompt's."""
        if len(self.steps.ways) == 1:
            return
        ballots = await self.steps.draw(step, self.leads.suspect, draw)
        again = sum(ballot.candidate == refuted for ballot in ballots)
        if 2 * again > len(ballots):
            self.steps.counts.shared += 1
            self._note("shared error", node, step=index, kind=step.kind, again=again, of=len(ballots), refuted=refuted)

    def _note(self, event: str, node: Node, **context: object) -> None:
        self.events.append((event, {"node": ".".join(map(str, node.path)) or "root", **context}))

    def _keep(self, key: tuple[Path, str, int], k: int, index: int, entry: Entry) -> None:
        held = self._open.get(key)
        if held is not None and held.k != k:
            path, part, attempt = key
            self._extra.append(Record(path, part, attempt, held.first, held.k, tuple(held.entries)))
            held = None
        if held is None:
            held = self._open[key] = _Open(index, k, [])
        held.entries.append(entry)
        self._held += 1
        if self._held >= self.flush_steps or time.monotonic() >= self._flush_at:
            self.flush()


def half(taken: list[str]) -> int:
    """About as many steps as lie before a mistake that may be anywhere."""
    return (len(taken) + 1) // 2


def draws_of(key: tuple[Path, str, int]) -> int:
    """The first draw number of a chain: the same on every machine and after every resume."""
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=6).digest()) * MAX_DRAWS
