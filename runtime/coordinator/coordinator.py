"""The coordinator: the one process that owns a run's progress.

It grows the upper part of the plan, sends segments to workers, and believes nothing before the journal has it. A
fresh start and a resume are the same thing: a segment that the journal knows the end of is not sent, one that it
knows part of is sent together with that part.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec

from surefoot.decompose.plan import Node, node_name
from surefoot.decompose.segment import Segment, given_expansion, segment_key
from surefoot.decompose.task import Task
from surefoot.runtime import errors
from surefoot.runtime.cancelling import WholeGroup
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.alarm_monitor import AlarmMonitor
from surefoot.runtime.coordinator.budget_ledger import BudgetLedger, refusal_of
from surefoot.runtime.coordinator.dispatcher import Dispatcher, Telling
from surefoot.runtime.coordinator.first_leads import open_lead_controller
from surefoot.runtime.coordinator.lead_controller import LeadController, record_of
from surefoot.runtime.coordinator.plan_hands import Cut, PlanHands, reports_in
from surefoot.runtime.coordinator.run_end import first_cause, note_failure
from surefoot.runtime.coordinator.segments_per_worker import segments_per_worker, splits_at_once
from surefoot.runtime.decomposition_methods import method_of
from surefoot.runtime.errors import AwaitsReview, RunPaused
from surefoot.runtime.execution.hands import Outcome
from surefoot.runtime.execution.plan_runner import PlanRunner
from surefoot.runtime.execution.policy import revision_policy_of
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.row_runner import HELD
from surefoot.runtime.execution.sampling import sampled_question, samples_of
from surefoot.runtime.execution.work import WAITS
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Sample
from surefoot.runtime.forecast.rounds import rounds_ahead, rounds_line
from surefoot.runtime.forecast.segment_size import costs_of
from surefoot.runtime.journal.journalled_plan import segment_size_in
from surefoot.runtime.journal.learned_leads import LEADS
from surefoot.runtime.journal.port import JournalStore
from surefoot.runtime.journal.writer import JournalWriter
from surefoot.runtime.leads import Leads
from surefoot.runtime.logs import events_of
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Contradicted, Counts
from surefoot.runtime.worker.control import UseLeads
from surefoot.runtime.worker.worker_pool import WorkerPool

MOST_PASSES = 6
"""How often disputed rows are asked on at the end of a table; each time more of their ballots are known."""
PILOT = "pilot"
"""The journal's name for the pilot; what an accepted change asks again has the number of the change behind it."""


class Coordinator:
    """Runs one plan to its end, or to a pause.

    Args:
        config: The run's configuration.
        task: The task.
        journal: Open for writing.
        crew: Takes segments.
        on_progress: Called after every durable write with the totals and the seconds worked so far.
        on_note: Told in one line what people may want to read, such as which leads were chosen and why.
        on_wait: Told in one line what the run waits for, while it waits.
    """

    def __init__(
        self,
        config: RunConfig,
        task: Task,
        journal: JournalStore,
        pool: WorkerPool,
        on_progress: Callable[[Counts, float], None] = lambda counts, wall_s: None,
        on_note: Callable[[str], None] = lambda text: None,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.config, self.task, self.journal, self.pool = config, task, journal, pool
        self._started, self._worked_before = time.monotonic(), journal.wall_s
        self._writer = JournalWriter(journal, self.wall_s, on_progress)
        self._dispatcher = Dispatcher(config, journal, self._writer, pool, self._arrived, Telling(on_wait, on_note))
        self._lead_controller = LeadController(config, task, None, Leads(1, 1, 1))
        self._told: Leads | None = None
        self._holding, self._asked_with = False, 0
        self._output: Any = None
        self._plan: PlanRunner | None = None
        self._alarm_monitor: AlarmMonitor | None = None
        self._on_note = on_note
        self._ledgers = (
            BudgetLedger("usd", config.max_cost_usd, self._writer, pool, self._out_of_money),
            BudgetLedger("calls", config.max_calls, self._writer, pool, self._out_of_calls),
        )
        self._log = events_of(journal.run)

    def wall_s(self) -> float:
        """Seconds of work over all sessions of this run."""
        return self._worked_before + time.monotonic() - self._started

    async def run(self) -> str:
        """Work until the run is ``solved``, ``failed`` or ``paused``; the status is in the journal by then."""
        status, message, cause = "failed", "", None
        root = self.task.root()
        self.journal.set_meta(status="running", message="", total_steps=self.task.size(root.goal, root.inputs))
        try:
            async with self._limited():
                message = await self._run_plan()
                status = "failed" if message else "solved"
        except (RunPaused, errors.SurefootError, BaseExceptionGroup) as error:
            cause = first_cause(error)
            message = self._why(cause)
            if isinstance(cause, RunPaused | errors.ModelUnavailable):
                status = "paused"
        ended = cause is None or status == "paused" or isinstance(cause, errors.RunFailed)
        if ended and status != "paused" and self._alarm_monitor is not None:
            await self._alarm_monitor.look(last=True)
        self.journal.faults.reach("finish.before")
        if ended:
            answer = {"output": self._output} if status == "solved" else {}
            self.journal.set_meta(status=status, message=message, **answer)
        elif cause is not None:
            note_failure(self.journal, cause)
        self.journal.faults.reach("finish.after")
        if not ended:
            assert cause is not None
            raise cause from None
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
        try:
            async with self._limited():
                self._lead_controller = await self._open_lead_controller()
                semaphore = PrioritySemaphore(self.config.chains_in_flight * self.pool.size)
                results = await asyncio.gather(
                    *(self._run_one(node, semaphore) for node in nodes), return_exceptions=True
                )
        except (RunPaused, BaseExceptionGroup) as paused:  # in the pilot
            results = [first_cause(paused)] * len(nodes)
        ends = [None if isinstance(r, BaseException) and not isinstance(r, errors.RunFailed) else r for r in results]
        causes = [first_cause(result) for result in results if isinstance(result, BaseException)]
        stops = [cause for cause in causes if not isinstance(cause, errors.RunFailed)]
        if stops:
            cause = next((stop for stop in stops if not isinstance(stop, RunPaused | errors.ModelUnavailable)), None)
            if cause is not None:
                note_failure(self.journal, cause)
                raise cause
            status, message = "paused", str(stops[0])
        self.journal.set_meta(status=status, message=message)
        return status, ends

    async def run_stream(self, nodes: Iterable[Node], at_once: int, steps: int, *, first_alone: bool = False) -> str:
        """Run nodes that do not depend on each other, drawn from an iterable as there is room for them.

        Their outputs are in the journal and not kept here, so that memory does not grow with their number.

        Args:
            nodes: In order; the same ones after a resume.
            at_once: Most nodes under way, for each worker.
            steps: Steps of all nodes together.
            first_alone: Whether the others wait for the first, so that its leads are learned before they are asked.

        Returns:
            ``solved`` once every node has ended, ``failed`` if each of their steps has failed, or ``paused``; also in
            the journal.
        """
        status, message = "solved", ""
        self.journal.set_meta(status="running", message="", total_steps=steps)
        try:
            async with self._limited():
                self._lead_controller = await self._open_lead_controller()
                start, note = self._lead_controller.start, self._on_note
                self._alarm_monitor = AlarmMonitor(self.journal, self._writer, steps, start, note, in_order=False)
                learns = self._learns_from_rows()
                self._holding = learns and not self.config.batch and self.config.rule == "first-to-ahead-by"
                room = asyncio.Semaphore(at_once * self.pool.size)
                await self._send_all(nodes, room, first_alone=first_alone and learns)
                await self._alarm_monitor.look(last=True)
            if 0 < steps <= self._writer.totals.failed_nodes:
                status, message = "failed", f"none of {steps:,} rows has an answer"
        except (RunPaused, errors.SurefootError, BaseExceptionGroup) as error:
            cause = first_cause(error)
            if not isinstance(cause, RunPaused | errors.ModelUnavailable):
                note_failure(self.journal, cause)
                raise cause from None
            status, message = "paused", self._why(cause)
        self.journal.set_meta(status=status, message=message)
        self._log.info("run ended", status=status, message=message, wall_s=round(self.wall_s(), 3))
        return status

    def _learns_from_rows(self) -> bool:
        """Whether the leads of a table are learned while it is asked."""
        return self.config.k == "auto" and self.config.learn and self._lead_controller.start is not None

    async def _learn_from_held(self, *, last: bool) -> None:
        """Choose leads from all that was seen; rows are held back no more where it is the ``last`` time.

        The same where all of them were asked on with as large a lead before: their ballots have taught no larger one.
        """
        await self._learn(now=True)
        learned = self._lead_controller.leads.disputed
        self._holding, self._asked_with = not last and learned > self._asked_with, learned
        await self._learn()

    async def _send_all(self, nodes: Iterable[Node], room: asyncio.Semaphore, *, first_alone: bool) -> None:
        """Send nodes; those with rows that were held back again, when what their lead is learned from has come."""
        waiting: list[AwaitsReview] = []
        held: list[Node] = []

        async def send(node: Node) -> None:
            try:
                await self._send(Segment(node))
            except AwaitsReview as waits:
                if str(waits) == HELD:
                    held.append(node)
                else:
                    waiting.append(waits)
            finally:
                room.release()

        async with WholeGroup() as group:
            for number, node in enumerate(nodes):
                await room.acquire()
                task = group.create_task(send(node))
                if first_alone and not number:
                    await asyncio.wait((task,))
                    await self._learn_from_held(last=True)
        for more in range(MOST_PASSES):
            if self._holding:
                await self._learn_from_held(last=more == MOST_PASSES - 1)
            again, held = held, []
            async with WholeGroup() as group:
                for node in sorted(again, key=lambda one: one.path):
                    await room.acquire()
                    group.create_task(send(node))
        if waiting:  # what says more than that somebody is waited for goes first
            raise min(waiting, key=lambda waits: str(waits) == WAITS)

    def _why(self, cause: BaseException) -> str:
        """Why a run ends or pauses, in one line."""
        if str(cause) != WAITS:
            return str(cause)
        waiting = self._writer.totals.waiting
        return "1 step waits for a person" if waiting == 1 else f"{waiting:,} {WAITS}"

    async def _run_one(self, node: Node, semaphore: PrioritySemaphore) -> Outcome | errors.RunFailed:
        async with semaphore(node.path):
            try:
                return await self._send(Segment(node))
            except errors.RunFailed as failed:
                return failed

    @asynccontextmanager
    async def _limited(self) -> AsyncIterator[None]:
        """Keep the limits while something runs; afterwards the journal's writer is at rest."""
        for ledger in self._ledgers:
            ledger.open()
        clock = asyncio.create_task(self._watch_clock())
        try:
            await self._check_limits()
            async with self._writer.watched():
                yield
        finally:
            clock.cancel()
            await self._dispatcher.none_let_go()
            await self._writer.flush()
            for ledger in self._ledgers:
                await ledger.close()
            await self._writer.flush()

    async def _run_plan(self) -> str:
        """Run the plan; why it did not reach its goal, or nothing."""
        self._lead_controller = await self._open_lead_controller()
        leads, root = self._lead_controller.leads, self.task.root()
        segments = segment_size_in(self.journal, self.config)
        size, start, note = self.task.size(root.goal, root.inputs), self._lead_controller.start, self._on_note
        method = method_of(self.config.strategy, leads.leaf_steps)
        self._alarm_monitor = AlarmMonitor(self.journal, self._writer, size, start, note, in_order=method.in_order)
        alone = given_expansion(self.task, root) is not None
        each = segments_per_worker(self.config, leads, segments, one_chain=alone)
        semaphore = PrioritySemaphore(each * self.pool.size, splits_at_once(self.pool.size))
        revisions = revision_policy_of(self.config)
        cut = Cut(method, segments, costs_of(self.task, start))
        hands = PlanHands(self.task, cut, self._send, self._dispatcher.let_go, self._writer, self.journal)
        self._plan = PlanRunner(self.task, hands, semaphore, self.config.re_decompositions, revisions)
        outcome = await self._plan.run(root)
        if isinstance(outcome, Contradicted):
            return f"node {node_name(outcome.path)} {outcome.detail}"
        if root.promise is not None and outcome.output != root.promise:
            return f"the plan ended in {outcome.output!r}, not in the goal {root.promise!r}"
        self._output = outcome.output
        return ""

    async def pause(self, reason: str) -> None:
        """Stop politely: segments in flight end at their next step, and all they decided is journalled."""
        await self._dispatcher.pause(reason)

    async def _send(self, segment: Segment) -> Outcome:
        monitor, key = self._alarm_monitor, segment_key(segment.node.path, segment.split)
        if monitor is None:
            return await self._dispatcher.send(segment, self._leads_now)
        monitor.sent(key)
        whole = not self._dispatcher.has_begun(key)
        try:
            return await self._dispatcher.send(segment, self._leads_now)
        except BaseException as error:
            whole = whole and str(error) == HELD  # its races are all counted
            raise
        finally:
            monitor.ended(key, whole=whole)

    def _leads_now(self) -> Leads:
        """What was learned, and what alarms make of it."""
        leads = self._lead_controller.leads
        told = self._alarm_monitor.leads(leads) if self._alarm_monitor is not None else leads
        return msgspec.structs.replace(told, holding=True) if self._holding else told

    async def _arrived(self, key: str, batch: Batch) -> None:
        """What is done after every batch; what was found in it stops what rests on it before anything else is done."""
        if self._plan is not None and batch.counts.evidence:
            self._plan.hear(reports_in((batch.payload,)))
        if self._alarm_monitor is not None:
            self._alarm_monitor.saw(key, batch)
            await self._alarm_monitor.look()
        await self._learn()
        await self._check_limits()

    async def _learn(self, *, now: bool = False) -> None:
        """Choose the leads again if it is time, or ``now``, note it, and tell the workers if they changed."""
        known = self._lead_controller.look(self._writer.totals, now=now)
        if known is not None:
            self._writer.note(LEADS, Batch(pack([record_of(known)]), Counts()))
            self._log.info("leads learned", **msgspec.structs.asdict(known))
        leads = self._leads_now()
        if self._told is not None and leads != self._told:
            await self.pool.tell_all(UseLeads(leads))
        self._told = leads

    async def _out_of_money(self, needs: float, left: float) -> None:
        await self.pause(refusal_of(self.config.max_cost_usd or 0.0, needs, left))

    async def _out_of_calls(self, needs: float = 1.0, left: float = 0.0) -> None:
        await self.pause(f"--max-calls {self.config.max_calls} is reached")

    async def _check_limits(self) -> None:
        totals, config = self._writer.totals, self.config
        if config.max_calls is not None and totals.calls >= config.max_calls:
            await self._out_of_calls()
        if config.max_cost_usd is not None and totals.cost_usd >= config.max_cost_usd:
            await self.pause(f"--max-cost-usd {config.max_cost_usd} is reached")
        if config.max_wall_s is not None and self.wall_s() >= config.max_wall_s:
            await self.pause(f"--max-wall {config.max_wall_s:g} is reached")

    async def _watch_clock(self) -> None:
        """Pause when the time is used up, also while no batch comes."""
        if self.config.max_wall_s is not None:
            # A timer may go off a millisecond early, and nobody would look a second time.
            await asyncio.sleep(self.config.max_wall_s - self.wall_s() + 0.005)
            await self._check_limits()

    async def _open_lead_controller(self) -> LeadController:
        config, task, note = self.config, self.task, self._on_note
        found = await open_lead_controller(
            config, task, self.journal, self._writer, self._ask_pilot, note, self.pool.size
        )
        if config.batch:
            note(rounds_line(config, rounds_ahead(config, task, found.start, found.leads)))
        return found

    async def _ask_pilot(self, numbers: Sequence[int]) -> list[Sample]:
        """A pilot's samples. Those that the journal has are not asked again, unless a change was accepted since."""
        changes = len(self.journal.meta("changes") or ())
        key = f"{PILOT}#{changes}" if changes else PILOT
        payloads = await self._dispatcher.ask_pilot(key, numbers, PILOT_DRAWS, attempt=changes)
        return samples_of(partial(sampled_question, self.config, self.task), payloads)
