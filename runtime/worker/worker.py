"""A worker: runs segments, several at a time, on one process's model. The same class serves with and without Ray."""

import asyncio
import os
import pathlib
import socket
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, cast

import msgspec

from surefoot.decompose.segment import Segment, segment_key
from surefoot.decompose.step import Role
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.rows import Rows, RowTask
from surefoot.runtime.config import RunConfig
from surefoot.runtime.decomposition_methods import load_method, method_of
from surefoot.runtime.errors import AwaitsReview, ConfigurationError, ModelUnavailable, RunPaused, SurefootError
from surefoot.runtime.execution.decider import Decider
from surefoot.runtime.execution.hands import Outcome
from surefoot.runtime.execution.kept_replies import ReplyKeeper
from surefoot.runtime.execution.look_cache import LookCache
from surefoot.runtime.execution.look_runner import LookRunner
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.policy import CurrentLeads, policy_of, segment_policy_of
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.roles.answer_cache import AnswerCache
from surefoot.runtime.execution.roles.role_runner import RoleRunner
from surefoot.runtime.execution.roles.role_settings import RoleSettings, Voter
from surefoot.runtime.execution.row_runner import RowRunner
from surefoot.runtime.execution.sampling import SampleRunner, sampled_question
from surefoot.runtime.execution.segment_runner import SegmentRunner
from surefoot.runtime.execution.step_runner import StepRunner
from surefoot.runtime.execution.work import SegmentStopped, Work
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.budget_lease import BudgetLease, Unit
from surefoot.runtime.models.copies import COPIES
from surefoot.runtime.models.factory import given_prices, open_fallback, open_model, open_voters
from surefoot.runtime.models.limiter import Limiter
from surefoot.runtime.models.own_model import with_prices
from surefoot.runtime.models.port import Model
from surefoot.runtime.records import Batch, Counts, End, Failed, Paused, Usage, tally
from surefoot.runtime.role_options import RoleOptions, parse_role_options
from surefoot.runtime.voting_rules import load_rule, takes_looks
from surefoot.runtime.worker.batch_stream import BatchStream, ModelLines
from surefoot.runtime.worker.control import (
    AwaitRefusal,
    AwaitShortage,
    Done,
    Durable,
    FollowQuotas,
    Grant,
    LetGo,
    Message,
    R,
    Reply,
    Returned,
    ReturnLease,
    SeenEndpoints,
    Shortage,
    Stop,
    TakeFeedback,
    UseLeads,
)
from surefoot.voting.giving_up import NeverRead

SAMPLES = "samples"
"""Key of a share of sampled steps among a worker's jobs; leads that a run learns do not concern it."""

STOP_GRACE_S = 10.0
"""Seconds that calls in flight are given when a worker is asked to stop; calls that wait for a server are longer."""


Waits = ModelUnavailable | RunPaused
"""Errors after which a run pauses: it can be resumed."""


class Worker:
    """Runs segments of a plan and samples of its steps, several at a time, and does what it is told beside them.

    It opens no port and reads no bytes itself: without Ray it is called in its own process; with Ray only over the
    cluster's own protocol (``ray_worker.py``). It keeps its event loop free for as long as the model allows.

    Args:
        config: The run's configuration.
        task: The task, opened.
        model: The model to ask; opened from the configuration if missing.
        name: For accounts.
        beside: A worker of the same process, with which it shares servers, kept looks and what is said of replies.

    Attributes:
        place: Machine, process and name, for the journal.
    """

    def __init__(
        self,
        config: RunConfig,
        task: Task,
        model: Model | None = None,
        name: str = "0",
        beside: "Worker | None" = None,
    ) -> None:
        self.config, self.task, self.name = config, task, name
        self._said = ModelLines()
        self._never_read: NeverRead = NeverRead() if beside is None else beside._never_read
        self.place = f"{socket.gethostname()}:{os.getpid()}/{name}"
        if ":" in config.strategy:
            load_method(config.strategy, pathlib.Path.cwd())
        if ":" in config.rule:
            load_rule(config.rule, pathlib.Path.cwd())  # a worker's process may be one that has not seen the rule yet
        if config.batch and model is None:
            raise ConfigurationError("--batch is for run, map and resume, whose batches are kept: leave it out here")
        others: Sequence[Model] = () if beside is None else beside.voters
        said = self._said
        if model is None:
            opened = open_voters(config, said.waits.append, others, said.facts.append)
        else:
            opened = [with_prices(model, given_prices(config), said.facts.append)]
        self.voters: list[Model] = opened
        self.model = self.voters[0]
        self._fallback = open_fallback(config)
        self._modules = parse_role_options(config.modules)
        self._own_models = {
            role: open_model(msgspec.structs.replace(config, model=settings.model))
            for role, settings in self._modules.items()
            if settings.model is not None
        }
        money = self.model.lease or BudgetLease(config.max_cost_usd is not None)
        self.models = [one for one in (*self.voters, self._fallback, *self._own_models.values()) if one is not None]
        for model in self.models:
            model.use_lease(money)  # one budget, whichever model spends it
        self.leases: dict[Unit, BudgetLease] = {
            "usd": money,
            "calls": BudgetLease(config.max_calls is not None, "calls"),
        }
        self._refusal = asyncio.Event()
        self._endpoints: dict[str, Limiter] = {}
        for model in self.models:
            for endpoint, limiter in model.endpoints.items():
                limiter.report_refusals_to(self._refusal)
                self._endpoints[endpoint] = limiter
        self.looks: LookCache = LookCache() if beside is None else beside.looks
        self.cache = AnswerCache() if config.cache == "modules" else None
        self._semaphore = PrioritySemaphore(config.chains_in_flight)
        self._jobs: list[_Job] = []
        self._stopping = False
        self._suspects_copies = False

    async def run_segment(
        self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...] = ()
    ) -> AsyncGenerator[Batch, None]:
        """Run a segment; yields its records in batches, the last with the segment's end.

        The worker runs ahead of the journal by at most twice ``flush_steps`` steps and what is in flight (with Ray,
        by what is on its way as well). Nothing outside the segment is built on a step before its batch is durable.
        """
        config = self.config
        work = self._new_work(CurrentLeads(leads), self._never_read)
        runner: SegmentRunner | RowRunner
        if isinstance(segment.node.goal, Rows) and isinstance(self.task, RowTask):
            runner = RowRunner(self.task, work, self._semaphore)
        else:
            method = method_of(config.strategy, leads.leaf_steps)
            policy = segment_policy_of(config, retries_chains=method.retries_chains)
            runner = SegmentRunner(self.task, work, method, policy, self._semaphore)
        key = segment_key(segment.node.path, segment.split)
        async with aclosing(self._run(key, work, runner.run(segment, journalled))) as batches:
            async for batch in batches:
                yield batch

    async def sample(self, numbers: Sequence[int], draws: int, attempt: int = 0) -> AsyncGenerator[Batch, None]:
        """Ask sampled steps, each several times; yields batches as ``run_segment`` does."""
        work = self._new_work(CurrentLeads(), None)  # that nothing can be read of a model is what is to be found out
        runner = SampleRunner(partial(sampled_question, self.config, self.task), work, self._semaphore)
        async with aclosing(self._run(SAMPLES, work, runner.run(numbers, draws, attempt))) as batches:
            async for batch in batches:
                yield batch

    def _new_work(self, leads: CurrentLeads, never_read: NeverRead | None) -> Work:
        config = self.config
        return Work(
            self.step_runner(leads, never_read), RecordBuffer(config.flush_steps, config.flush_s), config.review
        )

    async def _run(self, key: str, work: Work, running: Coroutine[Any, Any, Outcome]) -> AsyncGenerator[Batch, None]:
        """The batches of one piece of work while it runs, and its end."""
        stream = BatchStream(work, self._signed, self.place, self._said)
        work.stopping = self._stopping
        job = _Job(key, work, stream, asyncio.create_task(_to_end(running)))
        self._jobs.append(job)
        job.running.add_done_callback(lambda _: stream.close())
        try:
            while (batch := await stream.next()) is not None:
                yield batch
            stream.send(Paused("stopped") if job.running.cancelled() else job.running.result())
            yield stream.last()
        finally:
            self._jobs.remove(job)
            job.running.cancel()

    async def receive(self, message: Message[R]) -> R:
        """Act on what the coordinator says beside the work, and reply."""
        return cast(R, await self._reply(message))

    async def _reply(self, message: Message[Any]) -> Reply:
        match message:
            case UseLeads(leads):
                await self.lead(leads)
            case Stop():
                self._stop()
            case Grant(unit, amount):
                self.leases[unit].grant(amount)
            case ReturnLease(unit):
                return Returned(*self.leases[unit].empty())
            case AwaitShortage(unit):
                return Shortage(*await self.leases[unit].shortage())
            case AwaitRefusal():
                await self._refusal.wait()
            case TakeFeedback():
                self._refusal.clear()
                return SeenEndpoints({name: limiter.take_feedback() for name, limiter in self._endpoints.items()})
            case FollowQuotas(quotas):
                for name, quota in quotas.items():
                    self._endpoints[name].follow(quota)
            case Durable(key, batches):
                for job in self._jobs:
                    if job.key == key:
                        job.stream.acknowledge(batches)
            case LetGo(key):
                for job in self._jobs:
                    if job.key == key:
                        job.running.cancel()
        return Done()

    async def lead(self, leads: Leads) -> None:
        """Go on with other leads: steps that are not begun yet are decided with them."""
        for job in self._jobs:
            if job.key != SAMPLES:
                job.work.steps.leads.follow(leads)

    def _stop(self) -> None:
        """Let every segment end at its next step, with all it decided in its batches; cut short what takes long."""
        self._stopping = True
        for model in self.models:
            model.stop_waiting()
        for job in self._jobs:
            job.work.stopping = True
            asyncio.get_running_loop().call_later(STOP_GRACE_S, job.running.cancel)

    async def close(self) -> None:
        """Release the models that this worker asks."""
        for voter in self.voters:
            await voter.close()
        if self._fallback is not None:
            await self._fallback.close()
        for own in self._own_models.values():
            await own.close()

    def _signed(self, counts: Counts) -> Counts:
        """Counts with this worker's account of them, and with what it may have been charged unseen."""
        counts.uncertain_usd += self.leases["usd"].take_uncertain()
        counts.unpriced_calls += self.leases["usd"].take_unpriced()
        if not self._suspects_copies and any(voter.sameness().suspicious for voter in self.voters):
            self._suspects_copies = True
            tally(counts.alarms, {COPIES: 1})
        if counts.by_kind:
            mine = counts.by_worker[self.name] = Usage()
            for account in counts.by_kind.values():
                mine.add(account)
        return counts

    def step_runner(self, leads: CurrentLeads | None = None, never_read: NeverRead | None = None) -> Decider:
        """Return what decides steps as the configuration says, each role with its own settings, if any has."""
        leads, config = leads or CurrentLeads(), self.config
        meter, calls = Meter(ReplyKeeper(config.keep_replies), never_read), self.leases["calls"]
        policy = policy_of(config)

        def runner(settings: RoleSettings) -> StepRunner:
            if takes_looks(config.rule):
                return LookRunner(self.task, settings, policy, leads, meter, calls, cache=self.looks)
            return StepRunner(self.task, settings, policy, leads, meter, calls, self._fallback)

        own = {role: runner(self._settings_of(options, role)) for role, options in self._modules.items()}
        usual = runner(self._settings_of(RoleOptions()))
        return RoleRunner(usual, own, self.cache) if own or self.cache is not None else usual

    def _settings_of(self, options: RoleOptions, role: Role | None = None) -> RoleSettings:
        """What a role is asked with: its own options, and the run's where it has none."""
        model = self.model if role is None else self._own_models.get(role, self.model)
        config = msgspec.structs.replace(self.config, model=options.model or self.config.model)
        heat = config.resolved_temperature() if options.temperature is None else options.temperature
        first = heat if config.first_temperature is None else config.first_temperature
        turns = () if options.model else tuple(Voter(voter, voter.dialect) for voter in self.voters)
        return RoleSettings(model, options.model or "", model.dialect, heat, first, options.k, turns)


class _Job(msgspec.Struct, frozen=True):
    """One piece of work while it runs on a worker.

    Attributes:
        key: The segment's key; ``SAMPLES`` for sampled steps.
        work: What its runners share.
        stream: Where its batches leave.
        running: How it will end.
    """

    key: str
    work: Work
    stream: BatchStream
    running: "asyncio.Task[End]"


async def _to_end(running: Coroutine[Any, Any, Outcome]) -> End:
    """Run a piece of work; how it ended is a record. Only a defect of the program is raised."""
    try:
        return await running
    except (SegmentStopped, SurefootError, BaseExceptionGroup) as error:
        causes = _causes(error)
    failure = next((cause for cause in causes if not isinstance(cause, SegmentStopped | Waits)), None)
    if failure is None:
        unavailable = [str(cause) for cause in causes if isinstance(cause, Waits)]
        review = not any(isinstance(cause, Waits) and not isinstance(cause, AwaitsReview) for cause in causes)
        return Paused(unavailable[0] if unavailable else "stopped", for_review=bool(unavailable) and review)
    if not isinstance(failure, SurefootError):
        raise failure
    return Failed(type(failure).__name__, failure.message, failure.context)


def _causes(error: BaseException) -> list[BaseException]:
    """The errors inside groups of groups, in order."""
    if isinstance(error, BaseExceptionGroup):
        return [cause for inner in error.exceptions for cause in _causes(inner)]
    return [error]
