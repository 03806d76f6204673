"""The workers of a run, seen from the coordinator: with Ray (``cluster.py``) or in this process."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from decompose.segment import Segment
from decompose.task import Task
from runtime.config import RunConfig
from runtime.models.places import News, Share
from runtime.models.port import Model
from runtime.records import Batch, Counts
from runtime.segment_runner import Leads
from runtime.worker import Sample, Worker

WORKER_LOSSES = 20
"""A segment whose worker dies so often in a row is what kills it."""


class WorkerLost(Exception):
    """A worker died with a segment; what it had sent is in the journal, and the segment can be sent again."""


class Crew(Protocol):
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

    async def sample(self, numbers: Sequence[int], draws: int) -> tuple[list[Sample], Counts]:
        """Ask sampled steps, shared out over the workers."""
        ...

    async def stop(self) -> None:
        """Let every segment end at its next step."""
        ...

    async def close(self) -> None:
        """Release the workers."""
        ...

    async def shortage(self, worker: int) -> tuple[float, float]:
        """Wait until a worker is short of money, and say what its first call lacks, and all, in USD."""
        ...

    async def grant(self, worker: int, usd: float) -> None:
        """Give a worker money; 0 says that there is no more."""
        ...

    async def empty_purse(self, worker: int) -> tuple[float, float]:
        """Take back what a worker holds and has not reserved; that, and what is reserved, in USD."""
        ...

    async def refusal(self, worker: int) -> None:
        """Wait until a worker has a refusal to tell of; see ``runtime/pacing.py``."""
        ...

    async def pace_news(self, worker: int) -> dict[str, News]:
        """What a worker saw at each of its endpoints since this was last asked."""
        ...

    async def follow(self, worker: int, shares: dict[str, Share]) -> None:
        """Give a worker its share of each endpoint's pace."""
        ...


class LocalCrew:
    """Workers in this process and event loop. A model that computes outside Python uses one core for each.

    Args:
        config: The run's configuration.
        task: The task.
        models: A model for each worker; opened from the configuration if missing.
    """

    def __init__(self, config: RunConfig, task: Task, models: Sequence[Model | None] | None = None) -> None:
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
        chosen = self._load.index(min(self._load))
        self._load[chosen] += 1
        try:
            async for batch in self._workers[chosen].run_segment(segment, leads, journalled):
                yield batch
        finally:
            self._load[chosen] -= 1

    async def sample(self, numbers: Sequence[int], draws: int) -> tuple[list[Sample], Counts]:
        """Ask sampled steps, shared out over the workers."""
        shares = [numbers[i :: self.size] for i in range(self.size)]
        parts = await asyncio.gather(*(w.sample(s, draws) for w, s in zip(self._workers, shares, strict=True)))
        return gathered(parts)

    async def stop(self) -> None:
        """Let every segment end at its next step."""
        for worker in self._workers:
            await worker.stop()

    async def close(self) -> None:
        """Release the models."""
        for worker in self._workers:
            await worker.close()

    async def shortage(self, worker: int) -> tuple[float, float]:
        """Wait until a worker is short of money. Of workers that hold one purse the first speaks."""
        purse = self._workers[worker].purse
        if any(other.purse is purse for other in self._workers[:worker]):
            await asyncio.Event().wait()
        return await self._workers[worker].shortage()

    async def grant(self, worker: int, usd: float) -> None:
        """Give a worker money."""
        await self._workers[worker].grant(usd)

    async def empty_purse(self, worker: int) -> tuple[float, float]:
        """Take back what a worker holds."""
        return await self._workers[worker].empty_purse()

    async def refusal(self, worker: int) -> None:
        """Wait until a worker has a refusal to tell of."""
        await self._workers[worker].refusal()

    async def pace_news(self, worker: int) -> dict[str, News]:
        """What a worker saw; nothing where all workers share one model, and with it one pace."""
        models = [one.model for one in self._workers]
        shared = any(model is models[worker] for model in models[:worker] + models[worker + 1 :])
        return {} if shared else await self._workers[worker].pace_news()

    async def follow(self, worker: int, shares: dict[str, Share]) -> None:
        """Give a worker its shares."""
        await self._workers[worker].follow(shares)


def gathered(parts: Sequence[tuple[list[Sample], Counts]]) -> tuple[list[Sample], Counts]:
    """The samples of several workers in the order of their numbers, and what they cost together."""
    counts = Counts()
    for _, part in parts:
        counts.add(part)
    return sorted((s for samples, _ in parts for s in samples), key=lambda s: s.number), counts


def default_workers() -> int:
    """One for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
