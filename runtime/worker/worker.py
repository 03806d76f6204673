"""A worker: runs segments, several at a time, on one process's model. The same class serves with and without Ray."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

import msgspec

from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.methods.method import Method
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.segment import Segment
from surefoot.decompose.step import Role
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ModelUnavailable, SurefootError
from surefoot.runtime.execution.plan_runner import Outcome
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.roles.answer_cache import AnswerCache
from surefoot.runtime.execution.roles.role_runner import RoleRunner
from surefoot.runtime.execution.roles.role_settings import RoleSettings
from surefoot.runtime.execution.sampling import SampleRunner, sampled_step
from surefoot.runtime.execution.segment_runner import SegmentRunner, SegmentStopped
from surefoot.runtime.execution.step_runner import StepRunner
from surefoot.runtime.leads import NO_LIMITS, Leads
from surefoot.runtime.models.budget_lease import BudgetLease, Unit
from surefoot.runtime.models.factory import open_fallback, open_model
from surefoot.runtime.models.limiter import Feedback, Limiter, Quota
from surefoot.runtime.models.port import Model
from surefoot.runtime.records import Batch, Counts, End, Failed, Paused, Usage
from surefoot.runtime.role_options import parse_role_options
from surefoot.runtime.worker.batch_stream import BatchStream, Source
from surefoot.voting.red_flags import parse_switch

STOP_GRACE_S = 10.0
"""Seconds that calls in flight are given when a worker is asked to stop; calls that wait for a server are longer."""


def method_of(config: RunConfig, leads: Leads) -> Method:
    """The strategy of a configuration, with the leaf length that was chosen for the run."""
    return Chain() if config.strategy == "chain" else Tree(leads.leaf_steps)


class Worker:
    """Runs segments.

    Args:
        config: The run's configuration.
        task: The task, opened.
        model: The model to ask; opened from the configuration if missing.
        name: For accounts.

    Attributes:
        place: Machine, process and name, for the journal.
    """

    def __init__(self, config: RunConfig, task: Task, model: Model | None = None, name: str = "0") -> None:
        self.config, self.task, self.name = config, task, name
        self._waits: list[str] = []
        self.place = f"{socket.gethostname()}:{os.getpid()}/{name}"
        self.model = model or open_model(config, self._waits.append)
        self._fallback = open_fallback(config)
        self._modules = parse_role_options(config.modules)
        self._own_models = {
            role: open_model(msgspec.structs.replace(config, model=settings.model))
            for role, settings in self._modules.items()
            if settings.model is not None
        }
        money: BudgetLease = getattr(self.model, "purse", None) or BudgetLease(config.max_cost_usd is not None)
        others: list[Any] = [self._fallback, *self._own_models.values()]
        for other in others:
            if hasattr(other, "purse"):
                other.lease = money  # one budget, whichever model spends it
        self.leases: dict[Unit, BudgetLease] = {
            "usd": money,
            "calls": BudgetLease(config.max_calls is not None, "calls"),
        }
        self._refusal = asyncio.Event()
        self._endpoints: dict[str, Limiter] = {}
        for asked in (self.model, self._fallback, *self._own_models.values()):
            for name, limiter in getattr(asked, "endpoints", {}).items():
                self._endpoints[name], limiter.refusal = limiter, self._refusal
        self.cache = AnswerCache() if config.cache == "modules" else None
        self._semaphore = PrioritySemaphore(config.chains_in_flight)
        self._running: list[tuple[Source, asyncio.Task[End]]] = []
        self._stopping = False

    async def run_segment(
        self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...] = ()
    ) -> AsyncIterator[Batch]:
        """Run a segment; yields its records in batches, the last with the segment's end.

        The worker runs ahead of the journal by at most twice ``flush_steps`` steps and what is in flight (with Ray,
        by what is on its way as well). Nothing outside the segment is built on a step before its batch is durable.
        """
        stream = self._batch_stream(self.step_runner(leads))
        runner = self._segment_runner(stream.steps, leads, lambda: stream.send(runner))
        runner.room = stream.room
        async with aclosing(self._run(runner, runner.run(segment, journalled), stream)) as batches:
            async for batch in batches:
                yield batch

    async def sample(self, numbers: Sequence[int], draws: int, attempt: int = 0) -> AsyncIterator[Batch]:
        """Ask sampled steps, each several times; yields batches as ``run_segment`` does."""
        stream, config = self._batch_stream(self.step_runner()), self.config
        steps, flush_s = config.flush_steps, config.flush_s
        runner = SampleRunner(
            partial(sampled_step, config, self.task),
            stream.steps,
            self._semaphore,
            flush_steps=steps,
            flush=lambda: stream.send(runner),
            flush_s=flush_s,
        )
        async with aclosing(self._run(runner, runner.run(numbers, draws, attempt), stream)) as batches:
            async for batch in batches:
                yield batch

    def _batch_stream(self, steps: StepRunner) -> BatchStream:
        return BatchStream(steps, self._signed, self.place, self._waits)

    async def _run(
        self, runner: Source, running: Coroutine[Any, Any, Outcome], stream: BatchStream
    ) -> AsyncGenerator[Batch, None]:
        """The batches of one piece of work while it runs, and its end."""
        runner.stopping = self._stopping
        work = asyncio.create_task(_to_end(running))
        self._running.append((runner, work))
        work.add_done_callback(lambda _: stream.close())
        try:
            while (batch := await stream.next()) is not None:
                yield batch
            stream.send(runner, Paused("stopped") if work.cancelled() else work.result())
            yield stream.last()
        finally:
            self._running.remove((runner, work))
            work.cancel()

    async def shortage(self, unit: Unit) -> tuple[float, float]:
        """Wait until calls wait for what a limit leaves, and say what the first lacks, and all."""
        return await self.leases[unit].shortage()

    async def grant(self, unit: Unit, amount: float) -> None:
        """Put so much into a purse; 0 says that there is no more."""
        self.leases[unit].grant(amount)

    async def return_lease(self, unit: Unit) -> tuple[float, float]:
        """Give back what is not reserved; that, and what is reserved."""
        return self.leases[unit].empty()

    async def lead(self, leads: Leads) -> None:
        """Go on with other leads: steps that are not begun yet are decided with them."""
        for runner, _ in self._running:
            if isinstance(runner, SegmentRunner):
                runner.leads = leads
                runner.steps.suspect, runner.steps.limits = leads.suspect, leads.limits
                if runner.steps.sequential:
                    runner.steps.sequential.update(leads.sequential)

    async def refusal(self) -> None:
        """Wait until a call was refused with 429 that was begun under the share that is followed now."""
        await self._refusal.wait()

    async def rate_feedback(self) -> dict[str, Feedback]:
        """What was seen at each endpoint since this was last asked."""
        self._refusal.clear()
        return {name: limiter.take_feedback() for name, limiter in self._endpoints.items()}

    async def follow(self, quotas: dict[str, Quota]) -> None:
        """From now on ask each endpoint as fast as this worker's share allows."""
        for name, quota in quotas.items():
            self._endpoints[name].follow(quota)

    async def stop(self) -> None:
        """Let every segment end at its next step, with all it decided in its batches; cut short what takes long."""
        self._stopping = True
        for runner, work in self._running:
            runner.stopping = True
            asyncio.get_running_loop().call_later(STOP_GRACE_S, work.cancel)

    async def close(self) -> None:
        """Release the model."""
        await self.model.close()
        if self._fallback is not None:
            await self._fallback.close()
        for own in self._own_models.values():
            await own.close()

    def _signed(self, counts: Counts) -> Counts:
        """Counts with this worker's account of them, and with what it may have been charged unseen."""
        counts.uncertain_usd += self.leases["usd"].take_uncertain()
        if counts.by_kind:
            mine = counts.by_worker[self.name] = Usage()
            for account in counts.by_kind.values():
                mine.add(account)
        return counts

    def step_runner(self, leads: Leads | None = None) -> StepRunner:
        """What decides steps as the configuration says."""
        config = self.config
        temperature = config.resolved_temperature()
        first = config.first_temperature
        return RoleRunner(
            self.task,
            self.model,
            flags=parse_switch(config.red_flags),
            rule=config.rule,
            max_ballots=config.max_ballots,
            temperature=temperature,
            first_temperature=temperature if first is None else first,
            max_reply_tokens=config.max_reply_tokens,
            seed=config.seed,
            structured=config.structured,
            ladder=config.ladder,
            fallback=self._fallback,
            sequential=dict(leads.sequential) if leads else None,
            suspect=leads.suspect if leads else 1,
            limits=leads.limits if leads else NO_LIMITS,
            calls=self.leases["calls"],
            settings_by_role=self._settings_by_role(),
            cache=self.cache,
        )

    def _settings_by_role(self) -> dict[Role, RoleSettings]:
        """What modules with settings of their own are asked with."""
        settings_by_role = {}
        for role, settings in self._modules.items():
            model = self._own_models.get(role, self.model)
            config = msgspec.structs.replace(self.config, model=settings.model or self.config.model)
            heat = config.resolved_temperature() if settings.temperature is None else settings.temperature
            first = heat if config.first_temperature is None else config.first_temperature
            settings_by_role[role] = RoleSettings(model, settings.model or "", model.dialect, heat, first, settings.k)
        return settings_by_role

    def _segment_runner(self, steps: StepRunner, leads: Leads, flush: Callable[[], None]) -> SegmentRunner:
        config = self.config
        return SegmentRunner(
            self.task,
            steps,
            method_of(config, leads),
            leads,
            seams=config.seams,
            seam_retries=0 if config.strategy == "chain" else config.seam_retries,
            re_decompositions=config.re_decompositions,
            flush_steps=config.flush_steps,
            flush=flush,
            semaphore=self._semaphore,
            flush_s=config.flush_s,
        )


async def _to_end(running: Coroutine[Any, Any, Outcome]) -> End:
    """Run a piece of work; how it ended is a record. Only a defect of the program is raised."""
    try:
        return await running
    except (SegmentStopped, SurefootError, BaseExceptionGroup) as error:
        causes = _causes(error)
    failure = next((cause for cause in causes if not isinstance(cause, SegmentStopped | ModelUnavailable)), None)
    if failure is None:
        unavailable = [str(cause) for cause in causes if isinstance(cause, ModelUnavailable)]
        return Paused(unavailable[0] if unavailable else "stopped")
    if not isinstance(failure, SurefootError):
        raise failure
    return Failed(type(failure).__name__, failure.message, failure.context)


def _causes(error: BaseException) -> list[BaseException]:
    """The errors inside groups of groups, in order."""
    if isinstance(error, BaseExceptionGroup):
        return [cause for inner in error.exceptions for cause in _causes(inner)]
    return [error]
