"""The coordinator: the one process that owns a run's progress.

It grows the upper part of the plan, sends segments to workers, and believes nothing before the journal has it. A
fresh start and a resume are the same thing: a segment that the journal knows the end of is not sent, one that it
knows part of is sent together with that part.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog

from decompose.plan import Node, Path
from decompose.segment import Segment, segment_key
from decompose.strategies.chain import Chain
from decompose.strategies.strategy import Strategy
from decompose.task import Task
from runtime import errors
from runtime.config import RunConfig
from runtime.crew import WORKER_LOSSES, Crew, WorkerLost
from runtime.gate import Gate
from runtime.in_flight import InFlight
from runtime.journal import Journal, Write
from runtime.journal_writer import JournalWriter
from runtime.ladder import AGAIN
from runtime.leads import Leads
from runtime.learning import LEADS, Learner, open_learner, record_of
from runtime.look_out import LookOut
from runtime.plan_runner import Outcome, PlanRunner
from runtime.records import Batch, Contradicted, Counts, Failed, Finished, Paused, Record, pack
from runtime.treasury import Treasury
from runtime.worker import WAITS, strategy_of


class RunPaused(Exception):
    """The run stops politely; the message says why."""


class Coordinator:
    """Runs one plan to its end, or to a pause.

    Args:
        config: The run's configuration.
        task: The task.
        journal: Open for writing.
        crew: Takes segments.
        on_progress: Called after every durable write with the totals and the seconds worked so far.
        on_note: Told in one line what people may want to read, such as which leads were chosen and why.
        on_wait: Told in one line what workers wait for, while they wait.
    """

    def __init__(
        self,
        config: RunConfig,
        task: Task,
        journal: Journal,
        crew: Crew,
        on_progress: Callable[[Counts, float], None] = lambda counts, wall_s: None,
        on_note: Callable[[str], None] = lambda text: None,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.config, self.task, self.journal, self.crew = config, task, journal, crew
        self._strategy: Strategy = Chain()
        self._started, self._worked_before = time.monotonic(), journal.wall_s
        self._writer = JournalWriter(journal, self.wall_s, on_progress)
        self._ended = journal.outcomes()
        self._begun = journal.begun()
        self._learner = Learner(config, task, None, Leads(1, 1, 1))
        self._look_out: LookOut | None = None
        self._told: Leads | None = None
        self._pause = ""
        self._on_note, self._on_wait = on_note, on_wait
        self._sent = InFlight()
        self._split_now: set[Path] = set()
        self._steps: dict[Path, int] = {}  # counted by segments of this session, for those that are dropped
        self._treasury = Treasury(config.max_cost_usd, self._writer, crew, self._out_of_money)
        self._log = structlog.get_logger().bind(run=str(journal.path.parent))

    def wall_s(self) -> float:
        """Seconds of work over all sessions of this run."""
        return self._worked_before + time.monotonic() - self._started

    async def run(self) -> str:
        """Work until the run is ``solved``, ``failed`` or ``paused``; the status is in the journal by then."""
        status, message = "failed", ""
        self.journal.set_meta(status="running", message="")
        self._treasury.open()
        clock = asyncio.create_task(self._watch_clock())
        try:
            await self._check_limits()
            if self._pause:
                raise RunPaused(self._pause)
            self._learner = await open_learner(
                self.config, self.task, self.journal, self._writer, self.crew, self._on_note
            )
            root = self.task.root()
            size = self.task.size(root.goal, root.inputs)
            in_order = self.config.strategy == "chain"
            self._look_out = LookOut(
                self.journal, self._writer, size, self._learner.start, self._on_note, in_order=in_order
            )
            self._strategy = strategy_of(self.config, self._learner.leads)
            gate = Gate(self._segments_per_worker() * self.crew.size)
            plan = PlanRunner(self.task, self, gate, self.config.re_decompositions)
            outcome = await plan.run(root)
            if isinstance(outcome, Contradicted):
                message = f"node {_name(outcome.path)} {outcome.detail}"
            elif root.promise is not None and outcome.output != root.promise:
                message = f"the plan ended in {outcome.output!r}, not in the goal {root.promise!r}"
            else:
                status = "solved"
        except (RunPaused, errors.SurefootError, BaseExceptionGroup) as error:
            cause = _first_cause(error)
            if isinstance(cause, RunPaused | errors.ModelUnavailable):
                status = "paused"
            message = str(cause)
            if status != "paused" and not isinstance(cause, errors.RunFailed):
                if isinstance(cause, errors.ConfigurationError | errors.ModelRejected):
                    self.journal.set_meta(status=status, message=message)
                raise cause from None
        finally:
            clock.cancel()
            await self._writer.flush()
            if self._look_out is not None and status in ("solved", "failed"):
                await self._look_out.look(last=True)
            await self._treasury.close()
        self.journal.faults.reach("finish.before")
        self.journal.set_meta(status=status, message=message)
        self.journal.faults.reach("finish.after")
        self._log.info("run ended", status=status, message=message, wall_s=round(self.wall_s(), 3))
        return status

    async def run_each(self, nodes: Sequence[Node]) -> tuple[str, list[Outcome | errors.RunFailed | None]]:
        """Run nodes that do not depend on each other, each to its own end: the problems of a suite.

        A node that fails is a result, kept beside the others; it fails again, without being asked, on resume.

        Returns:
            ``solved`` if every node came to an end or ``paused``, also in the journal; and the ends, in the order of
            the nodes, with ``None`` for one that was paused.
        """
        status, message = "solved", ""
        self._treasury.open()
        clock = asyncio.create_task(self._watch_clock())
        try:
            self._learner = await open_learner(
                self.config, self.task, self.journal, self._writer, self.crew, self._on_note
            )
            gate = Gate(self.config.chains_in_flight * self.crew.size)
            results = await asyncio.gather(*(self._run_one(node, gate) for node in nodes), return_exceptions=True)
        finally:
            clock.cancel()
            await self._writer.flush()
            await self._treasury.close()
        ends = [None if isinstance(r, BaseException) and not isinstance(r, errors.RunFailed) else r for r in results]
        causes = [_first_cause(result) for result in results if isinstance(result, BaseException)]
        stops = [cause for cause in causes if not isinstance(cause, errors.RunFailed)]
        if stops:
            cause = next((stop for stop in stops if not isinstance(stop, RunPaused | errors.ModelUnavailable)), None)
            if cause is not None:
                raise cause
            status, message = "paused", str(stops[0])
        self.journal.set_meta(status=status, message=message)
        return status, ends

    async def _run_one(self, node: Node, gate: Gate) -> Outcome | errors.RunFailed:
        async with gate(node.path):
            try:
                return await self._send(Segment(node))
            except errors.RunFailed as failed:
                return failed

    def _segments_per_worker(self) -> int:
        """Enough for a worker's chains, which share the model's batches, and one more to follow up."""
        chains = max(1, self.config.segment_steps // (self._learner.leads.leaf_steps + 1))
        return 1 + -(-self.config.chains_in_flight // chains)

    async def pause(self, reason: str) -> None:
        """Stop politely: segments in flight end at their next step, and all they decided is journalled."""
        if not self._pause:
            self._pause = reason
            self._log.info("pausing", reason=reason)
            await self.crew.stop()

    def is_leaf(self, node: Node) -> bool:
        """Whether the node travels to a worker as it is."""
        return self.task.size(node.goal, node.inputs) <= self.config.segment_steps or not self._strategy.splits(
            self.task, node
        )

    async def run_leaf(self, node: Node) -> Outcome:
        """Run a node on a worker."""
        return await self._send(Segment(node))

    async def split(self, node: Node, attempt: int) -> str:
        """Have a decomposition step decided by a worker."""
        known = self._ended.get(segment_key(node.path, attempt))
        outcome = await self._send(Segment(node, attempt))
        if isinstance(outcome, Contradicted):
            raise errors.StepDeadlocked(outcome.detail)
        if known is None:
            self._split_now.add(node.path)
        return str(outcome.output)

    def promise_mended(self, node: Node, attempt: int) -> None:
        """Count it, if its last decision was made in this session."""
        if node.path in self._split_now:
            self._writer.note(segment_key(node.path, attempt), Batch(pack([]), Counts(caught={AGAIN: 1})))

    def promise_broken(self, node: Node, attempt: int, by: Contradicted) -> None:
        """Count it."""
        self._log.warning("promise broken", node=_name(node.path), attempt=attempt, detail=by.detail)
        if segment_key(node.path, attempt + 1) not in self._ended:
            self._writer.note(segment_key(node.path, attempt), Batch(pack([]), Counts(broken_promises=1)))

    def children_kept(self, node: Node, attempt: int, elements: tuple[int, ...]) -> None:
        """Keep it with the decomposition that it belongs to; a resumed run says it again."""
        record = Record(node.path, "children", attempt, 0, 0, (), elements)
        depth, dropped = len(node.path), 0
        for path in list(self._steps):
            if len(path) > depth and path[:depth] == node.path and path[depth] not in elements:
                dropped += self._steps.pop(path)
        self._writer.note(segment_key(node.path, attempt), Batch(pack([record]), Counts(steps=-dropped)))

    async def _send(self, segment: Segment) -> Outcome:
        key = segment_key(segment.node.path, segment.split)
        ended = self._ended.pop(key, None)
        if ended is not None:
            return ended
        for _ in range(WORKER_LOSSES):
            await self._stop_here()
            try:
                with self._sent:
                    return self._ending(key, await self._stream(segment, key))
            except RunPaused as paused:
                await self.pause(str(paused))
            except WorkerLost as lost:
                self._log.warning("worker lost", segment=key, detail=str(lost).splitlines()[0])
        await self._stop_here()
        raise errors.RunFailed(f"segment {key}: {WORKER_LOSSES} workers in a row died with it", segment=key)

    async def _stop_here(self) -> None:
        """If the run pauses: let the segments that were sent come to their ends, then stop."""
        if self._pause:
            await self._sent.none()
            raise RunPaused(self._pause)

    async def _stream(self, segment: Segment, key: str) -> Batch:
        """Send a segment, journal its batches as they come, and return the last once it is durable."""
        journalled: tuple[bytes, ...] = ()
        if key in self._begun:
            await self._writer.flush()
            journalled = self.journal.payloads(key)
        self._begun.add(key)
        self._log.debug("segment sent", segment=key, journalled=len(journalled))
        async for batch in self.crew.run_segment(segment, self._leads_now(), journalled):
            self.journal.faults.reach("batch.received")
            for event, context in batch.events:
                self._log.info(event, segment=key, **context)
                if event == WAITS:
                    self._on_wait(f"waiting for the model: {context.get('detail', '')}")
            if batch.alive:
                continue
            durable = self._writer.write(Write(key, batch))
            path = segment.node.path
            self._steps[path] = self._steps.get(path, 0) + batch.counts.steps
            if self._look_out is not None:
                self._look_out.saw(key, batch)
                await self._look_out.look()
            await self._learn()
            await self._check_limits()
            if batch.end is not None:
                await durable
                self.journal.faults.reach("segment.ended")
                return batch
        raise WorkerLost(f"segment {key} stopped without an end")

    async def _learn(self) -> None:
        """Choose the leads again if it is time, note it, and tell the workers if they changed."""
        known = self._learner.look(self._writer.totals)
        if known is not None:
            self._writer.note(LEADS, Batch(pack([record_of(known)]), Counts()))
            self._log.info("leads learned", **msgspec.structs.asdict(known))
        leads = self._leads_now()
        if self._told is not None and leads != self._told:
            await self.crew.lead(leads)
        self._told = leads

    def _leads_now(self) -> Leads:
        """What was learned, and what alarms make of it."""
        leads = self._learner.leads
        return self._look_out.leads(leads) if self._look_out is not None else leads

    def _ending(self, key: str, batch: Batch) -> Outcome:
        end = batch.end
        self._log.debug("segment ended", segment=key, steps=batch.counts.steps, calls=batch.counts.calls)
        if isinstance(end, Paused):
            raise RunPaused(self._pause or end.reason)
        if isinstance(end, Failed):
            raise getattr(errors, end.error)(end.message, **end.context)
        assert isinstance(end, Finished | Contradicted)
        return end

    async def _out_of_money(self) -> None:
        await self.pause(f"--max-cost-usd {self.config.max_cost_usd} is reached: what is left is for calls under way")

    async def _check_limits(self) -> None:
        totals, config = self._writer.totals, self.config
        if config.max_calls is not None and totals.calls >= config.max_calls:
            await self.pause(f"--max-calls {config.max_calls} is reached")
        if config.max_cost_usd is not None and totals.cost_usd >= config.max_cost_usd:
            await self.pause(f"--max-cost-usd {config.max_cost_usd} is reached")
        if config.max_wall_s is not None and self.wall_s() >= config.max_wall_s:
            await self.pause(f"--max-wall {config.max_wall_s:g} is reached")

    async def _watch_clock(self) -> None:
        """Pause when the time is used up, also while no batch comes."""
        if self.config.max_wall_s is not None:
            await asyncio.sleep(self.config.max_wall_s - self.wall_s())
            await self._check_limits()


def _first_cause(error: BaseException) -> BaseException:
    """The error inside groups of groups that says most: a failure before a pause."""
    causes: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        else:
            causes.append(one)
    return next((cause for cause in causes if not isinstance(cause, RunPaused)), causes[0])


def _name(path: tuple[int, ...]) -> str:
    return ".".join(map(str, path)) or "root"
