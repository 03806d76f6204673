"""The workers of a run, seen from the coordinator: with Ray (``cluster.py``) or in this process."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from surefoot.decompose.segment import Segment
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.execution.sampling import collected, gathered, sampled_step
from surefoot.runtime.forecast.estimates import Sample
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.budget_lease import Unit
from surefoot.runtime.models.limiter import Feedback, Quota
from surefoot.runtime.models.port import Model
from surefoot.runtime.records import Batch, Counts
from surefoot.runtime.worker.worker import Worker

FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 30.0
"""Seconds before what a worker died with is sent again: after the first loss, and at most."""


class WorkerLost(Exception):
    """A worker died with a segment; what it had sent is in the journal, and the segment can be sent again."""


def back_off_s(losses: int) -> float:
    """Seconds to wait after so many losses in a row, 1 or more: doubled with each."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(losses - 1, 30))


class WorkerPool(Protocol):
    """Workers that take segments."""

    @property
    def size(self) -> int:
        """Number of workers."""
        ...

    def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Run a segment on the worker that has the least to do.

        Raises:
            WorkerLost: The worker died.
        """
        ...

    def run_sample(self, numbers: Sequence[int], draws: int, attempt: int) -> AsyncIterator[Batch]:
        """Have the worker that has the least to do ask sampled steps, ``draws`` times each.

        Raises:
            WorkerLost: The worker died.
        """
        ...

    async def lead(self, leads: Leads) -> None:
        """Let every segment that runs go on with other leads."""
        ...

    async def stop(self) -> None:
        """Let every segment end at its next step."""
        ...

    async def close(self) -> None:
        """Release the workers."""
        ...

    async def shortage(self, worker: int, unit: Unit) -> tuple[float, float]:
        """Wait until a worker is short of what a limit leaves, and say what its first call needs, and all."""
        ...

    async def grant(self, worker: int, unit: Unit, amount: float) -> None:
        """Give a worker so much; 0 says that there is no more."""
        ...

    async def return_lease(self, worker: int, unit: Unit) -> tuple[float, float]:
        """Take back what a worker holds and has not reserved; that, and what is reserved."""
        ...

    async def refusal(self, worker: int) -> None:
        """Wait until a worker has a refusal to tell of; see ``runtime/coordinator/rate_sharing.py``."""
        ...

    async def rate_feedback(self, worker: int) -> dict[str, Feedback]:
        """What a worker saw at each of its endpoints since this was last asked."""
        ...

    async def follow(self, worker: int, quotas: dict[str, Quota]) -> None:
        """Give a worker its share of each endpoint's pace."""
        ...


class LocalPool:
    """Workers in this process and event loop. A model that computes outside Python uses one core for each.

    Args:
        config: The run's configuration.
        task: The task.
        models: A model for each worker; opened from the configuration if missing.
    """

    def __init__(self, config: RunConfig, task: Task, models: Sequence[Model | None] | None = None) -> None:
        self._question = partial(sampled_step, config, task)
        chosen = list(models or [None] * (config.workers or default_workers()))
        first = Worker(config, task, chosen[0])
        if chosen[0] is None and getattr(first.model, "shared", False):
            # A server: what one worker learns of its pace all should know, and hold one purse.
            chosen = [first.model] * len(chosen)
        rest = [Worker(config, task, model, str(number)) for number, model in enumerate(chosen) if number]
        self._workers = [first, *rest]
        self._load = [0] * len(self._workers)

    @property
    def size(self) -> int:
        """Number of workers."""
        return len(self._workers)

    async def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Run a segment on the worker that has the least to do."""
        with self._least_busy() as worker:
            async for batch in worker.run_segment(segment, leads, journalled):
                yield batch

    async def run_sample(self, numbers: Sequence[int], draws: int, attempt: int) -> AsyncIterator[Batch]:
        """Ask sampled steps on the worker that has the least to do."""
        with self._least_busy() as worker:
            async for batch in worker.sample(numbers, draws, attempt):
                yield batch

    @contextmanager
    def _least_busy(self) -> Iterator[Worker]:
        chosen = self._load.index(min(self._load))
        self._load[chosen] += 1
        try:
            yield self._workers[chosen]
        finally:
            self._load[chosen] -= 1

    async def sample(self, numbers: Sequence[int], draws: int) -> tuple[list[Sample], Counts]:
        """Ask sampled steps, shared out over the workers; without a journal, for measurements.

        Raises:
            ModelUnavailable, ModelRejected: From the model.
        """
        quotas = [numbers[i :: self.size] for i in range(self.size)]
        streams = [worker.sample(quota, draws) for worker, quota in zip(self._workers, quotas, strict=True)]
        return gathered(await asyncio.gather(*(collected(self._question, stream) for stream in streams)))

    async def lead(self, leads: Leads) -> None:
        """Let every segment that runs go on with other leads."""
        for worker in self._workers:
            await worker.lead(leads)

    def prices(self) -> tuple[float, float] | None:
        """What a prompt token and a generated one cost in USD, if the model has a price list."""
        listed = getattr(self._workers[0].model, "prices", None)
        return listed() if listed is not None else None

    async def stop(self) -> None:
        """Let every segment end at its next step."""
        for worker in self._workers:
            await worker.stop()

    async def close(self) -> None:
        """Release the models."""
        for worker in self._workers:
            await worker.close()

    async def shortage(self, worker: int, unit: Unit) -> tuple[float, float]:
        """Wait until a worker is short. Of workers that hold one purse the first speaks."""
        if not self._holds_lease(worker, unit):
            await asyncio.Event().wait()
        return await self._workers[worker].shortage(unit)

    def _holds_lease(self, worker: int, unit: Unit) -> bool:
        """Whether a worker is the first that holds its purse."""
        lease = self._workers[worker].leases[unit]
        return not any(other.leases[unit] is lease for other in self._workers[:worker])

    async def grant(self, worker: int, unit: Unit, amount: float) -> None:
        """Give a worker so much."""
        await self._workers[worker].grant(unit, amount)

    async def return_lease(self, worker: int, unit: Unit) -> tuple[float, float]:
        """Take back what a worker holds; nothing from the others that hold the same purse."""
        if not self._holds_lease(worker, unit):
            return 0.0, 0.0
        return await self._workers[worker].return_lease(unit)

    async def refusal(self, worker: int) -> None:
        """Wait until a worker has a refusal to tell of."""
        await self._workers[worker].refusal()

    async def rate_feedback(self, worker: int) -> dict[str, Feedback]:
        """What a worker saw; nothing where all workers share one model, and with it one pace."""
        models = [one.model for one in self._workers]
        shared = any(model is models[worker] for model in models[:worker] + models[worker + 1 :])
        return {} if shared else await self._workers[worker].rate_feedback()

    async def follow(self, worker: int, quotas: dict[str, Quota]) -> None:
        """Give a worker its shares."""
        await self._workers[worker].follow(quotas)


def default_workers() -> int:
    """One for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
