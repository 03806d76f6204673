"""Workers as Ray actors (Ray's word; the Actor of MAP is a module and lives in ``decompose/map``).

One Ray call runs one segment; its batches come back on a streaming generator. A worker that dies is replaced, and
its segments are sent again with what the journal holds of them.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, NamedTuple, cast

from surefoot.decompose.segment import Segment, segment_key
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import RunFailed
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Batch, Counts
from surefoot.runtime.worker.assignments import Assignments
from surefoot.runtime.worker.control import Message, R, decode_reply, encode
from surefoot.runtime.worker.metrics import RunMetrics
from surefoot.runtime.worker.ray_cluster import cores_of, last_line, start_ray
from surefoot.runtime.worker.ray_worker import RayWorker
from surefoot.runtime.worker.worker_pool import WorkerLost, default_workers

SEGMENTS_AT_ONCE = 1000
"""Concurrency of one worker in Ray's eyes; the coordinator sends fewer."""

LOSSES = ("RayActorError", "WorkerCrashedError", "NodeDiedError", "OutOfMemoryError", "ObjectLostError")
"""Ray's errors that say that a worker, its node or a batch that it held is gone; with the errors derived from them."""


TELL_AGAIN_S = 0.1
"""Seconds before a message that waits is told to the worker in a lost one's place."""


class Call(NamedTuple):
    """A call of a worker's method that yields batches.

    Attributes:
        method: The method.
        name: What Ray's dashboard calls it.
        arguments: Those of the method.
        segment_key: The segment, if it runs one.
    """

    method: str
    name: str
    arguments: tuple[Any, ...]
    segment_key: str | None = None


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
        self._remote = ray.remote(RayWorker)
        self._spawned = 0
        self._workers = [self._spawn(number) for number in range(count)]
        self._assignments = Assignments(count)
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
        key = segment_key(segment.node.path, segment.split)
        return self._stream(Call("run_segment", f"segment {key}", (segment, leads, journalled), key))

    def run_sample(self, numbers: Sequence[int], draws: int, attempt: int) -> AsyncIterator[Batch]:
        """Ask sampled steps on the worker that has the least to do; errors as for ``run_segment``."""
        return self._stream(Call("sample", f"{len(numbers)} sampled steps", (numbers, draws, attempt)))

    async def _stream(self, call: "Call") -> AsyncIterator[Batch]:
        """Call a method of the worker that has the least to do, and yield its batches."""
        with self._assignments.least_busy(call.segment_key) as chosen:
            async for batch in self._batches(chosen, call):
                yield batch

    async def _batches(self, chosen: int, call: "Call") -> AsyncIterator[Batch]:
        worker = self._workers[chosen]
        try:
            remote = getattr(worker, call.method).options(num_returns="streaming", name=call.name).remote
            batches = aiter(remote(*call.arguments))
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

    async def _within(self, awaited: Awaitable[Any]) -> Any:
        async with asyncio.timeout(self._config.worker_silence_s):
            return await awaited

    def _replace(self, number: int, lost: Any) -> None:
        """Put a new worker in the place of a lost one, once: each of its segments reports the loss."""
        if self._workers[number] is lost:
            self._ray.kill(lost)  # one that only cannot be reached must not go on asking
            self._workers[number] = self._spawn(number)

    async def tell(self, worker: int, message: Message[R]) -> R:
        """Tell one worker something and return its reply; for a worker that is dead or hangs, ``when_lost``.

        A message that ``waits`` is told again to the worker that takes a lost one's place.
        """
        while message.waits:
            try:
                return decode_reply(await self._workers[worker].receive_bytes.remote(encode(message)), message)
            except self._lost:
                await asyncio.sleep(TELL_AGAIN_S)
        told = self._workers[worker]
        try:
            return decode_reply(await self._within(told.receive_bytes.remote(encode(message))), message)
        except (*self._lost, TimeoutError):
            self._replace(worker, told)
            return cast(R, message.when_lost)

    async def tell_all(self, message: Message[R]) -> list[R]:
        """Tell every worker the same at once; their replies, by number."""
        return await asyncio.gather(*(self.tell(worker, message) for worker in range(self.size)))

    async def tell_holder(self, segment_key: str, message: Message[R]) -> R:
        """Tell the worker that runs a segment; ``when_lost`` if no worker runs it."""
        holder = self._assignments.holder(segment_key)
        return cast(R, message.when_lost) if holder is None else await self.tell(holder, message)

    def observe(self, counts: Counts, wall_s: float) -> None:
        """Export a run's totals for Prometheus."""
        self._metrics.update(counts, wall_s)

    async def close(self) -> None:
        """Leave the cluster; a cluster that was started for this run ends with it."""
        for worker in self._workers:
            self._ray.kill(worker)
        self._ray.shutdown()
