"""Workers as Ray actors (Ray's word; the Actor of MAP is a module and lives in ``decompose/map``).

One Ray call runs one segment; its batches come back on a streaming generator. A worker that dies is replaced, and
its segments are sent again with what the journal holds of them.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any

from surefoot.decompose.segment import Segment, segment_key
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import RunFailed
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.budget_lease import Unit
from surefoot.runtime.models.limiter import Feedback, Quota
from surefoot.runtime.records import Batch, Counts
from surefoot.runtime.worker.metrics import RunMetrics
from surefoot.runtime.worker.ray_cluster import cores_of, last_line, start_ray
from surefoot.runtime.worker.worker import Worker
from surefoot.runtime.worker.worker_pool import WorkerLost, default_workers

SEGMENTS_AT_ONCE = 1000
"""Concurrency of one worker in Ray's eyes; the coordinator sends fewer."""

LOSSES = ("RayActorError", "WorkerCrashedError", "NodeDiedError", "OutOfMemoryError", "ObjectLostError")
"""Ray's errors that say that a worker, its node or a batch that it held is gone; with the errors derived from them."""


class RayPool:
    """Workers on a Ray cluster.

    Args:
        config: The run's configuration; ``address`` says which cluster.
        task: The task.

    Raises:
        ConfigurationError: There is no cluster at the address.
    """

    def __init__(self, config: RunConfig, task: Task) -> None:
        ray = start_ray(config, task)
        self._ray, self._config = ray, config
        self._task = task
        self._lost = tuple(getattr(ray.exceptions, name) for name in LOSSES)
        self._has_worked = False
        # A job on a cluster has RAY_ADDRESS, and is there for all of it.
        here = config.address == "auto" and "RAY_ADDRESS" not in os.environ
        count = config.workers or (default_workers() if here else cores_of(ray))
        self._remote = ray.remote(Worker)
        self._spawned = 0
        self._workers = [self._spawn(number) for number in range(count)]
        self._load = [0] * count
        self._metrics = RunMetrics(ray.util.metrics.Gauge, config)

    @property
    def size(self) -> int:
        """Number of workers."""
        return len(self._workers)

    def _spawn(self, number: int) -> Any:
        # The name is what the dashboard shows; it has to be new in its namespace.
        self._spawned += 1
        name = f"surefoot {self._config.task} worker {number} ({os.getpid()}.{self._spawned})"
        options = {"name": name, "num_cpus": 1, "max_concurrency": SEGMENTS_AT_ONCE, "max_restarts": 0}
        return self._remote.options(**options).remote(self._config, self._task, None, str(number))

    def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Run a segment on the worker that has the least to do.

        Raises:
            WorkerLost: The worker died; another one stands in its place.
        """
        name = f"segment {segment_key(segment.node.path, segment.split)}"
        return self._stream("run_segment", name, segment, leads, journalled)

    def run_sample(self, numbers: Sequence[int], draws: int, attempt: int) -> AsyncIterator[Batch]:
        """Ask sampled steps on the worker that has the least to do; errors as for ``run_segment``."""
        return self._stream("sample", f"{len(numbers)} sampled steps", numbers, draws, attempt)

    async def _stream(self, method: str, name: str, *arguments: Any) -> AsyncIterator[Batch]:
        """The batches of one piece of work, called ``name`` on Ray's dashboard."""
        chosen = self._load.index(min(self._load))
        worker = self._workers[chosen]
        self._load[chosen] += 1
        try:
            remote = getattr(worker, method).options(num_returns="streaming", name=name).remote
            batches = aiter(remote(*arguments))
            while (reference := await self._within(anext(batches, None))) is not None:
                yield await self._within(reference)
                self._has_worked = True
        except self._lost as error:
            if getattr(error, "actor_init_failed", False) and not self._has_worked:
                raise RunFailed(f"a worker could not start: {last_line(error)}") from error
            self._replace(chosen, worker)
            raise WorkerLost(last_line(error)) from error
        except TimeoutError as error:
            self._replace(chosen, worker)
            raise WorkerLost(f"no sign of life for {self._config.worker_silence_s:g} s") from error
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, MemoryError):
                self._replace(chosen, worker)
                raise WorkerLost("the worker ran out of memory") from error
            raise error.as_instanceof_cause() from error
        finally:
            self._load[chosen] -= 1

    async def _within(self, awaited: Awaitable[Any]) -> Any:
        async with asyncio.timeout(self._config.worker_silence_s):
            return await awaited

    def _replace(self, number: int, lost: Any) -> None:
        """Put a new worker in the place of a lost one, once: each of its segments reports the loss."""
        if self._workers[number] is lost:
            self._ray.kill(lost)  # one that only cannot be reached must not go on asking
            self._workers[number] = self._spawn(number)

    async def lead(self, leads: Leads) -> None:
        """Let every segment that runs go on with other leads; a worker that dies has them with its next segment."""
        await asyncio.gather(*(self._answer(number, "lead", leads) for number in range(self.size)))

    async def stop(self) -> None:
        """Let every segment end at its next step."""
        await asyncio.gather(*(self._answer(number, "stop") for number in range(self.size)))

    async def shortage(self, worker: int, unit: Unit) -> tuple[float, float]:
        """Wait until a worker is short of what a limit leaves, also if it is replaced meanwhile."""
        while True:
            try:
                needs, wants = await self._workers[worker].shortage.remote(unit)
                return needs, wants
            except self._lost:
                await asyncio.sleep(0.1)

    async def grant(self, worker: int, unit: Unit, amount: float) -> None:
        """Give a worker so much; a worker that is dead takes it along."""
        await self._answer(worker, "grant", unit, amount)

    async def return_lease(self, worker: int, unit: Unit) -> tuple[float, float]:
        """Take back what a worker holds; nothing from a dead one."""
        taken, reserved = await self._answer(worker, "empty_purse", unit) or (0.0, 0.0)
        return taken, reserved

    async def refusal(self, worker: int) -> None:
        """Wait until a worker has a refusal to tell of, also if it is replaced meanwhile."""
        while True:
            try:
                return await self._workers[worker].refusal.remote()  # type: ignore[no-any-return]
            except self._lost:
                await asyncio.sleep(0.1)

    async def rate_feedback(self, worker: int) -> dict[str, Feedback]:
        """What a worker saw; nothing from a dead one."""
        return await self._answer(worker, "pace_news") or {}

    async def follow(self, worker: int, quotas: dict[str, Quota]) -> None:
        """Give a worker its shares."""
        await self._answer(worker, "follow", quotas)

    async def _answer(self, number: int, method: str, *arguments: Any) -> Any:
        """What a method that never takes long returns; ``None`` from a worker that is dead or hangs."""
        worker = self._workers[number]
        try:
            return await self._within(getattr(worker, method).remote(*arguments))
        except (*self._lost, TimeoutError):
            self._replace(number, worker)

    def observe(self, counts: Counts, wall_s: float) -> None:
        """Export a run's totals for Prometheus."""
        self._metrics.update(counts, wall_s)

    async def close(self) -> None:
        """Leave the cluster; a cluster that was started for this run ends with it."""
        for worker in self._workers:
            self._ray.kill(worker)
        self._ray.shutdown()
