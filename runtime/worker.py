"""A worker: runs segments, several at a time, on one process's model. The same class serves with and without Ray."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

import msgspec

from decompose.segment import Segment
from decompose.step import Role
from decompose.strategies.chain import Chain
from decompose.strategies.strategy import Strategy
from decompose.strategies.tree import Tree
from decompose.task import Task
from runtime.config import RunConfig
from runtime.errors import ModelUnavailable, SurefootError
from runtime.forecast.sampling import SampleRunner, sampled_step
from runtime.gate import Gate
from runtime.leads import NO_LIMITS, Leads
from runtime.limits.purse import Purse, Unit
from runtime.models.factory import open_fallback, open_model
from runtime.models.places import News, Places, Share
from runtime.models.port import Model
from runtime.modules.cache import ModuleCache
from runtime.modules.runner import ModuleRunner
from runtime.modules.settings import Voice, parse_modules
from runtime.outgoing import Outgoing, Source
from runtime.plan_runner import Outcome
from runtime.records import Account, Batch, Counts, End, Failed, Paused
from runtime.segment_runner import SegmentRunner, SegmentStopped
from runtime.step_runner import StepRunner
from voting.red_flags import parse_switch

STOP_GRACE_S = 10.0
"""Seconds that calls in flight are given when a worker is asked to stop; calls that wait for a server are longer."""


def strategy_of(config: RunConfig, leads: Leads) -> Strategy:
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
        self._modules = parse_modules(config.modules)
        self._own_models = {
            role: open_model(msgspec.structs.replace(config, model=settings.model))
            for role, settings in self._modules.items()
            if settings.model is not None
        }
        money: Purse = getattr(self.model, "purse", None) or Purse(config.max_cost_usd is not None)
        others: list[Any] = [self._fallback, *self._own_models.values()]
        for other in others:
            if hasattr(other, "purse"):
                other.purse = money  # one budget, whichever model spends it
        self.purses: dict[Unit, Purse] = {"usd": money, "calls": Purse(config.max_calls is not None, "calls")}
        self._refusal = asyncio.Event()
        self._endpoints: dict[str, Places] = {}
        for asked in (self.model, self._fallback, *self._own_models.values()):
            for name, places in getattr(asked, "endpoints", {}).items():
                self._endpoints[name], places.refusal = places, self._refusal
        self.cache = ModuleCache() if config.cache == "modules" else None
        self._gate = Gate(config.chains_in_flight)
        self._running: list[tuple[Source, asyncio.Task[End]]] = []
        self._stopping = False

    async def run_segment(
        self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...] = ()
    ) -> AsyncIterator[Batch]:
        """Run a segment; yields its records in batches, the last with the segment's end.

        The worker runs ahead of the journal by at most twice ``flush_steps`` steps and what is in flight (with Ray,
        by what is on its way as well). Nothing outside the segment is built on a step before its batch is durable.
        """
        outgoing = self._outgoing(self.step_runner(leads))
        runner = self._segment_runner(outgoing.steps, leads, lambda: outgoing.send(runner))
        runner.room = outgoing.room
        async with aclosing(self._run(runner, runner.run(segment, journalled), outgoing)) as batches:
            async for batch in batches:
                yield batch

    async def sample(self, numbers: Sequence[int], draws: int, attempt: int = 0) -> AsyncIterator[Batch]:
        """Ask sampled steps, each several times; yields batches as ``run_segment`` does."""
        outgoing, config = self._outgoing(self.step_runner()), self.config
        steps, flush_s = config.flush_steps, config.flush_s
        runner = SampleRunner(
            partial(sampled_step, config, self.task),
            outgoing.steps,
            self._gate,
            flush_steps=steps,
            flush=lambda: outgoing.send(runner),
            flush_s=flush_s,
        )
        async with aclosing(self._run(runner, runner.run(numbers, draws, attempt), outgoing)) as batches:
            async for batch in batches:
                yield batch

    def _outgoing(self, steps: StepRunner) -> Outgoing:
        return Outgoing(steps, self._signed, self.place, self._waits)

    async def _run(
        self, runner: Source, running: Coroutine[Any, Any, Outcome], outgoing: Outgoing
    ) -> AsyncGenerator[Batch, None]:
        """The batches of one piece of work while it runs, and its end."""
        runner.stopping = self._stopping
        work = asyncio.create_task(_to_end(running))
        self._running.append((runner, work))
        work.add_done_callback(lambda _: outgoing.close())
        try:
            while (batch := await outgoing.next()) is not None:
                yield batch
            outgoing.send(runner, Paused("stopped") if work.cancelled() else work.result())
            yield outgoing.last()
        finally:
            self._running.remove((runner, work))
            work.cancel()

    async def shortage(self, unit: Unit) -> tuple[float, float]:
        """Wait until calls wait for what a limit leaves, and say what the first lacks, and all."""
        return await self.purses[unit].shortage()

    async def grant(self, unit: Unit, amount: float) -> None:
        """Put so much into a purse; 0 says that there is no more."""
        self.purses[unit].grant(amount)

    async def empty_purse(self, unit: Unit) -> tuple[float, float]:
        """Give back what is not reserved; that, and what is reserved."""
        return self.purses[unit].empty()

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

    async def pace_news(self) -> dict[str, News]:
        """What was seen at each endpoint since this was last asked."""
        self._refusal.clear()
        return {name: places.take_news() for name, places in self._endpoints.items()}

    async def follow(self, shares: dict[str, Share]) -> None:
        """From now on ask each endpoint as fast as this worker's share allows."""
        for name, share in shares.items():
            self._endpoints[name].follow(share)

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
        counts.uncertain_usd += self.purses["usd"].take_uncertain()
        if counts.by_kind:
            mine = counts.by_worker[self.name] = Account()
            for account in counts.by_kind.values():
                mine.add(account)
        return counts

    def step_runner(self, leads: Leads | None = None) -> StepRunner:
        """What decides steps as the configuration says."""
        config = self.config
        temperature = config.resolved_temperature()
        first = config.first_temperature
        return ModuleRunner(
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
            calls=self.purses["calls"],
            voices=self._voices(),
            cache=self.cache,
        )

    def _voices(self) -> dict[Role, Voice]:
        """What modules with settings of their own are asked with."""
        voices = {}
        for role, settings in self._modules.items():
            model = self._own_models.get(role, self.model)
            config = msgspec.structs.replace(self.config, model=settings.model or self.config.model)
            heat = config.resolved_temperature() if settings.temperature is None else settings.temperature
            first = heat if config.first_temperature is None else config.first_temperature
            voices[role] = Voice(model, settings.model or "", model.dialect, heat, first, settings.k)
        return voices

    def _segment_runner(self, steps: StepRunner, leads: Leads, flush: Callable[[], None]) -> SegmentRunner:
        config = self.config
        return SegmentRunner(
            self.task,
            steps,
            strategy_of(config, leads),
            leads,
            seams=config.seams,
            seam_retries=0 if config.strategy == "chain" else config.seam_retries,
            re_decompositions=config.re_decompositions,
            flush_steps=config.flush_steps,
            flush=flush,
            gate=self._gate,
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
