"""Workers as Ray actors (Ray's word; the Actor of MAP is a module of the planner).

One Ray call runs one segment; its batches come back on a streaming generator. A worker that dies is replaced, and
its segments are sent again with what the journal holds of them. When Ray itself is gone, the workers that still live
are stopped politely, and the run pauses.
"""

import asyncio
import atexit
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, NamedTuple, cast

import msgspec

from surefoot.decompose.segment import Segment, segment_key
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import RunFailed
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Batch, Counts, Paused
from surefoot.runtime.worker.assignments import Assignments
from surefoot.runtime.worker.batch_stream import NO_WORKER
from surefoot.runtime.worker.control import Hello, Message, R, Stop, decode_reply, encode
from surefoot.runtime.worker.metrics import RunMetrics
from surefoot.runtime.worker.ray_cluster import Cluster, cores_of, last_line, start_ray
from surefoot.runtime.worker.ray_nodes import check_nodes
from surefoot.runtime.worker.ray_watch import Address, until_gone
from surefoot.runtime.worker.ray_worker import RayWorker
from surefoot.runtime.worker.worker_pool import PoolLost, WorkerLost, default_workers

SEGMENTS_AT_ONCE = 1000
"""Concurrency of one worker in Ray's eyes; the coordinator sends fewer."""

LOSSES = ("RayActorError", "WorkerCrashedError", "NodeDiedError", "OutOfMemoryError", "ObjectLostError")
"""Ray's errors that say that a worker, its node or a batch that it held is gone; with the errors derived from them."""

TELL_AGAIN_S = 0.1
"""Seconds before a message that waits is told to the worker in a lost one's place."""
LOOK_S = 5.0
"""Seconds between two looks at how many cores the cluster has, and at whether work waits for a worker."""
LAST_BATCHES_S = 15.0
"""Seconds that workers are given for their last batches when Ray is gone; Ray ends this process after 60."""
LEAVE_S = 5.0
"""Seconds that leaving a Ray that is gone may take."""


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
    """Workers on a Ray cluster: made in any thread, used in one event loop.

    Args:
        config: The run's configuration; ``address`` says which cluster.
        task: The task.

    Attributes:
        origin: Which Ray the workers are on and how it was chosen, as one line for people.

    Raises:
        ConfigurationError: There is no cluster at the address, or a node of it cannot run workers.
    """

    def __init__(self, config: RunConfig, task: Task) -> None:
        cluster = start_ray(config, task)
        ray = cluster.ray
        self._ray, self._cluster, self._config, self._task = ray, cluster, config, task
        self.origin = cluster.origin
        if not cluster.own:
            check_nodes(cluster, config)
        self._lost = tuple(getattr(ray.exceptions, name) for name in LOSSES)
        self._has_worked = False
        count = config.workers or (default_workers() if cluster.own else cores_of(ray))
        self._remote = ray.remote(RayWorker)
        self._spawned = self._failed_starts = 0
        self._workers = [self._spawn(number) for number in range(count)]
        self._assignments = Assignments(count)
        self._metrics = RunMetrics(ray.util.metrics.Gauge, config)
        self._processes = _processes_of(cluster)
        self._ready: set[int] = set()
        self._one_more = asyncio.Event()
        self._replacing = asyncio.Lock()
        self._stopped, self._gone, self._start_error = False, "", ""
        self._cut: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def size(self) -> int:
        """Number of workers, those that only start included; it grows where the cluster does."""
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
            PoolLost: Ray is gone.
        """
        key = segment_key(segment.node.path, segment.split)
        return self._stream(Call("run_segment", f"segment {key}", (segment, leads, journalled), key))

    def run_sample(self, numbers: Sequence[int], draws: int, attempt: int) -> AsyncIterator[Batch]:
        """Ask sampled steps on the worker that has the least to do; errors as for ``run_segment``."""
        return self._stream(Call("sample", f"{len(numbers)} sampled steps", (numbers, draws, attempt)))

    async def _stream(self, call: Call) -> AsyncIterator[Batch]:
        """Call a method of the worker that has the least to do, among those that live, and yield its batches."""
        self._begin()
        while not self._ready:
            self._check()
            if not await self._within_look(self._one_more.wait()):
                yield _waiting("none has started yet")
        with self._assignments.least_busy(call.segment_key, self._ready) as chosen:
            async for batch in self._batches(chosen, call):
                yield self._explained(batch)

    async def _batches(self, chosen: int, call: Call) -> AsyncIterator[Batch]:
        worker = self._workers[chosen]
        try:
            remote = getattr(worker, call.method).options(num_returns="streaming", name=call.name).remote
            batches = aiter(remote(*call.arguments))
            while (reference := await self._within(anext(batches, None))) is not None:
                yield await self._within(reference)
                self._has_worked = True
        except self._lost as error:
            await self._replace(chosen, worker)
            raise WorkerLost(last_line(error)) from error
        except TimeoutError as error:
            await self._replace(chosen, worker)
            raise WorkerLost(f"no sign of life for {self._config.worker_silence_s:g} s") from error
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, MemoryError):
                await self._replace(chosen, worker)
                raise WorkerLost("the worker ran out of memory") from error
            raise error.as_instanceof_cause() from error

    def _explained(self, batch: Batch) -> Batch:
        """A batch; where its segment stopped because Ray is gone, the end says so."""
        if self._gone and isinstance(batch.end, Paused):
            return msgspec.structs.replace(batch, end=Paused(self._gone))
        return batch

    async def tell(self, worker: int, message: Message[R]) -> R:
        """Tell one worker something and return its reply.

        For a worker that is dead, hangs or only starts, the reply is ``when_lost``. A message that ``waits`` is told
        again to the worker that takes a lost one's place.
        """
        self._begin()
        while message.waits:
            with contextlib.suppress(*self._lost):
                if worker in self._ready:
                    return decode_reply(await self._workers[worker].receive_bytes.remote(encode(message)), message)
            await asyncio.sleep(TELL_AGAIN_S)
        while not self._ready and not self._gone and not self._start_error:
            await self._within_look(self._one_more.wait())
        told = self._workers[worker]
        if worker in self._ready:
            try:
                return decode_reply(await self._within(told.receive_bytes.remote(encode(message))), message)
            except (*self._lost, TimeoutError):
                await self._replace(worker, told)
            except PoolLost:
                pass
        return cast(R, message.when_lost)

    async def tell_all(self, message: Message[R]) -> list[R]:
        """Tell every worker the same at once; their replies, by number."""
        self._stopped = self._stopped or isinstance(message, Stop)
        return await asyncio.gather(*(self.tell(worker, message) for worker in range(self.size)))

    async def tell_holder(self, segment_key: str, message: Message[R]) -> R:
        """Tell the worker that runs a segment; ``when_lost`` if no worker runs it."""
        holder = self._assignments.holder(segment_key)
        return cast(R, message.when_lost) if holder is None else await self.tell(holder, message)

    async def _within(self, awaited: Awaitable[Any]) -> Any:
        """What is awaited, unless it takes too long or Ray is gone."""
        assert self._cut is not None
        waiting = asyncio.ensure_future(awaited)
        try:
            await asyncio.wait(
                {waiting, self._cut}, timeout=self._config.worker_silence_s, return_when=asyncio.FIRST_COMPLETED
            )
            if waiting.done():
                return waiting.result()
            self._check(cut=self._cut.done())
            raise TimeoutError
        finally:
            waiting.cancel()

    async def _within_look(self, awaited: Awaitable[Any]) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(awaited, LOOK_S)
            return True
        return False

    def _check(self, cut: bool = True) -> None:
        """Raise what makes it useless to go on with these workers."""
        if self._gone and cut:
            raise PoolLost(self._gone)
        if self._start_error:
            raise RunFailed(self._start_error)

    def _begin(self) -> None:
        """Begin to watch, in the event loop that the pool is used in."""
        if self._cut is None:
            self._cut = asyncio.get_running_loop().create_future()
            self._keep(self._watch())
            for number, worker in enumerate(self._workers):
                self._keep(self._greet(number, worker))
            if self._config.workers is None and not self._cluster.own:
                self._keep(self._grow())

    def _keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self) -> None:
        """When Ray is gone: have the workers that live end their segments, then cut what still waits."""
        gone = await until_gone(self._processes, encrypted=os.environ.get("RAY_USE_TLS", "0") != "0")
        self._gone = f"Ray is gone ({gone}); resume goes on, on a new cluster with --address"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_BATCHES_S):
                await self.tell_all(Stop())
                await self._assignments.until_idle()
        assert self._cut is not None
        self._cut.set_result(None)
        self._one_more.set()

    async def _greet(self, number: int, worker: Any) -> None:
        """Wait for a worker's first sign of life, however long it takes; from then on it is given work."""
        try:
            await worker.receive_bytes.remote(encode(Stop() if self._stopped else Hello()))
        except self._lost as error:
            await self._start_failed(number, worker, error)
            return
        self._failed_starts = 0
        if self._workers[number] is worker:
            self._ready.add(number)
            self._one_more.set()

    async def _start_failed(self, number: int, worker: Any, error: Exception) -> None:
        """A worker that dies while it starts has lost nothing; but one that cannot start would do so for ever."""
        self._failed_starts += 1
        broken = getattr(error, "actor_init_failed", False) and not self._has_worked
        if broken or self._failed_starts > self._config.worker_losses * self.size:
            self._start_error = f"a worker could not start: {last_line(error)}"
            self._one_more.set()
        else:
            await self._replace(number, worker)

    async def _replace(self, number: int, lost: Any) -> None:
        """Put a new worker in the place of a lost one, once: each of its segments reports the loss."""
        async with self._replacing:
            if self._gone or self._workers[number] is not lost:
                return
            self._ready.discard(number)
            if not self._ready:
                self._one_more.clear()
            # Not in the event loop: both wait for the head, and a head that is gone lets them wait for a minute.
            await asyncio.to_thread(self._ray.kill, lost)  # one that only cannot be reached must not go on asking
            self._workers[number] = await asyncio.to_thread(self._spawn, number)
            self._keep(self._greet(number, self._workers[number]))

    async def _grow(self) -> None:
        """Start a worker on each core that joins the cluster."""
        while True:
            await asyncio.sleep(LOOK_S)
            cores = 0 if self._gone else await asyncio.to_thread(cores_of, self._ray)
            while self.size < cores:
                worker = await asyncio.to_thread(self._spawn, self.size)
                self._workers.append(worker)
                self._assignments.grow(self.size)
                self._keep(self._greet(self.size - 1, worker))

    def observe(self, counts: Counts, wall_s: float) -> None:
        """Export a run's totals for Prometheus."""
        self._metrics.update(counts, wall_s)

    async def close(self) -> None:
        """Leave the cluster; a Ray that was started for this run ends with it."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._gone:
            await self._leave_what_is_gone()
        else:
            await asyncio.to_thread(self._leave)

    def _leave(self) -> None:
        for worker in self._workers:
            self._ray.kill(worker)
        self._ray.shutdown()

    async def _leave_what_is_gone(self) -> None:
        """Leave without the head's answer, which Ray waits for: not longer than ``LEAVE_S``, nor at the end."""
        atexit.unregister(self._ray.shutdown)
        leaving = threading.Thread(target=self._ray.shutdown, name="leave Ray", daemon=True)
        leaving.start()
        left = asyncio.get_running_loop().time() + LEAVE_S
        while leaving.is_alive() and asyncio.get_running_loop().time() < left:  # noqa: ASYNC110  (a thread tells nobody)
            await asyncio.sleep(TELL_AGAIN_S)


def _waiting(detail: str) -> Batch:
    """A sign of life that says why nothing is done yet."""
    return Batch(b"", Counts(), None, ((NO_WORKER, {"detail": detail}),), alive=True)


def _processes_of(cluster: Cluster) -> dict[str, Address]:
    """The processes of Ray that the coordinator cannot do without, by what people call them."""
    ray = cluster.ray
    host, _, port = cluster.ray.get_runtime_context().gcs_address.rpartition(":")
    here = ray.get_runtime_context().get_node_id()
    processes = {"its head": (host.strip("[]"), int(port))}
    for node in ray.nodes():
        if node["NodeID"] == here:
            processes["this machine's raylet"] = (node["NodeManagerAddress"], int(node["NodeManagerPort"]))
    return processes
