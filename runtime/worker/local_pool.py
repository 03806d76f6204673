"""Workers in the coordinator's own process: a run without Ray, and the pool that tests and measurements use."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, cast

from surefoot.decompose.segment import Segment, segment_key
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.execution.sampling import collected, gathered, sampled_question
from surefoot.runtime.forecast.estimates import Sample
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.budget_lease import Unit
from surefoot.runtime.models.port import Model
from surefoot.runtime.records import Batch, Counts
from surefoot.runtime.worker.assignments import Assignments
from surefoot.runtime.worker.control import AwaitShortage, Message, R, ReturnLease, TakeFeedback
from surefoot.runtime.worker.worker import Worker
from surefoot.runtime.worker.worker_pool import default_workers

MOST_WORKERS = 256
"""Workers of one process: they share its one core of Python, so that more of them only cost memory."""


class LocalPool:
    """Workers in this process and event loop. A model that computes outside Python uses one core for each.

    Args:
        config: The run's configuration.
        task: The task.
        models: A model for each worker; opened from the configuration if missing.

    Raises:
        ConfigurationError: More workers are asked for than one process has.
    """

    origin = ""

    def __init__(self, config: RunConfig, task: Task, models: Sequence[Model | None] | None = None) -> None:
        self._question = partial(sampled_question, config, task)
        if (config.workers or 0) > MOST_WORKERS:
            raise ConfigurationError(
                f"--workers {config.workers:,}: one process has {MOST_WORKERS} at most, and each asks for "
                f"{config.chains_in_flight:,} chains at once; a Ray cluster can have more"
            )
        chosen = list(models or [None] * (config.workers or default_workers()))
        first = Worker(config, task, chosen[0])
        # Servers are shared: what one worker learns of their rate all should know, and hold one budget lease.
        rest = [Worker(config, task, model, str(number), first) for number, model in enumerate(chosen) if number]
        self._workers = [first, *rest]
        self._assignments = Assignments(len(self._workers))

    @property
    def size(self) -> int:
        """Return the number of workers of this process."""
        return len(self._workers)

    async def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Run a segment on the worker that has the least to do."""
        key = segment_key(segment.node.path, segment.split)
        with self._assignments.least_busy(key, cost=segment.cost) as chosen:
            async with aclosing(self._workers[chosen].run_segment(segment, leads, journalled)) as batches:
                async for batch in batches:
                    yield batch

    async def run_sample(self, numbers: Sequence[int], draws: int, attempt: int) -> AsyncIterator[Batch]:
        """Ask sampled steps on the worker that has the least to do."""
        with self._assignments.least_busy() as chosen:
            async with aclosing(self._workers[chosen].sample(numbers, draws, attempt)) as batches:
                async for batch in batches:
                    yield batch

    async def sample(self, numbers: Sequence[int], draws: int, attempt: int = 0) -> tuple[list[Sample], Counts]:
        """Ask sampled steps, shared out over the workers; another attempt draws other answers. For measurements.

        Raises:
            ModelUnavailable, ModelRejected: From the model.
        """
        quotas = [numbers[i :: self.size] for i in range(self.size)]
        streams = [worker.sample(quota, draws, attempt) for worker, quota in zip(self._workers, quotas, strict=True)]
        return gathered(await asyncio.gather(*(collected(self._question, stream) for stream in streams)))

    def observe(self, counts: Counts, wall_s: float) -> None:
        """Export nothing: no figures of a process without Ray are collected."""

    def prices(self) -> tuple[float, float] | None:
        """What a prompt token and a generated one cost in USD, if the model has a price list."""
        return self._workers[0].model.prices()

    async def tell(self, worker: int, message: Message[R]) -> R:
        """Tell one worker something; of workers that share a model, only the first answers for what they share."""
        told: Message[Any] = message
        match told:
            case AwaitShortage(unit) if not self._answers_for_lease(worker, unit):
                await asyncio.Event().wait()
            case ReturnLease(unit) if not self._answers_for_lease(worker, unit):
                return cast(R, told.when_lost)
            case TakeFeedback() if self._shares_model(worker):
                return cast(R, told.when_lost)  # one model has one rate already
        return await self._workers[worker].receive(message)

    async def tell_all(self, message: Message[R]) -> list[R]:
        """Tell every worker the same; their replies, by number."""
        return [await self.tell(worker, message) for worker in range(self.size)]

    async def tell_holder(self, segment_key: str, message: Message[R]) -> R:
        """Tell the worker that runs a segment; ``when_lost`` if no worker runs it."""
        holder = self._assignments.holder(segment_key)
        return cast(R, message.when_lost) if holder is None else await self.tell(holder, message)

    def _answers_for_lease(self, worker: int, unit: Unit) -> bool:
        """Whether a worker is the first of those that hold one budget lease together."""
        lease = self._workers[worker].leases[unit]
        return not any(other.leases[unit] is lease for other in self._workers[:worker])

    def _shares_model(self, worker: int) -> bool:
        models = [one.model for one in self._workers]
        return any(model is models[worker] for model in models[:worker] + models[worker + 1 :])

    async def close(self) -> None:
        """Release the models of all workers."""
        for worker in self._workers:
            await worker.close()
