"""Workers as Ray actors (Ray's word; the Actor of MAP is a module of the planner).

One Ray call runs one segment; its batches come back on a streaming generator. A worker that dies is replaced, and
its segments are sent again with what the journal holds of them. When Ray itself is gone, the workers that still live
are stopped politely, and the run pauses.
"""

import asyncio
import atexit
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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
from surefoot.runtime.worker.control import Message, R, Stop, decode_reply, encode
from surefoot.runtime.worker.daemon_thread import in_daemon_thread
from surefoot.runtime.worker.metrics import RunMetrics
from surefoot.runtime.worker.ray_cluster import Cluster, last_line, start_ray
from surefoot.runtime.worker.ray_members import RayMembers
from surefoot.runtime.worker.ray_nodes import check_nodes
from surefoot.runtime.worker.ray_watch import Address, until_gone
from surefoot.runtime.worker.worker_pool import PoolLost, WorkerLost

TELL_AGAIN_S = 0.1
"""Seconds before a message that waits is told to the worker in a lost one's place."""
SIGN_S = 5.0
"""Seconds between two signs that work waits for a worker."""
LAST_BATCHES_S = 15.0
"""Seconds that workers are given for their last batches when Ray is gone; Ray ends this process after 60."""
LEAVE_S = 20.0
"""Seconds that leaving a Ray that is gone may take (measured: 5). Ending without it crashes in Ray's core."""
PART_S = 50.0
"""Seconds that leaving a Ray that lives may take; Ray ends this process 60 after it was lost."""


class Call(NamedTuple):
    """A call of a worker's method that yields batches.

    Attributes:
        method: The method.
        name: What Ray's dashboard calls it.
        arguments: Those of the method.
        segment_key: The segment, if it runs one.
        cost: What the work is expected to take, against other pieces.
    """

    method: str
    name: str
    arguments: tuple[Any, ...]
    segment_key: str | None = None
    cost: float = 1.0


class RayPool:
    """Workers on a Ray cluster: made in any thread, used in one event loop.

    Args:
        config: The run's configuration; ``address`` says which cluster.
        task: The task.
        cluster: A Ray that is joined already; by default the one that the configuration means.

    Attributes:
        origin: Which Ray the workers are on and how it was chosen, as one line for people.

    Raises:
        ConfigurationError: There is no cluster at the address, or a node of it cannot run workers.
    """

    def __init__(self, config: RunConfig, task: Task, cluster: Cluster | None = None) -> None:
        cluster = cluster or start_ray(config, task)
        self._ray, self._config, self.origin = cluster.ray, config, cluster.origin
        if not cluster.own:
            check_nodes(cluster, config)
        self._members = RayMembers(cluster, config, task)
        self._assignments = Assignments(len(self._members))
        self._metrics = RunMetrics(cluster.ray.util.metrics.Gauge, config)
        self._processes = _processes_of(cluster.ray)
        self._gone = ""
        self._cut: asyncio.Future[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """Number of workers, those that only start included; it grows where the cluster does."""
        return len(self._members)

    def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Run a segment on the worker that has the least to do.

        Raises:
            WorkerLost: The worker died; another one stands in its place.
            PoolLost: Ray is gone.
            RunFailed: Workers cannot start.
        """
        key = segment_key(segment.node.path, segment.split)
        return self._stream(Call("run_segment", f"segment {key}", (segment, leads, journalled), key, segment.cost))

    def run_sample(self, numbers: Sequence[int], draws: int, attempt: int) -> AsyncIterator[Batch]:
        """Ask sampled steps on the worker that has the least to do; errors as for ``run_segment``."""
        return self._stream(Call("sample", f"{len(numbers)} sampled steps", (numbers, draws, attempt)))

    async def _stream(self, call: Call) -> AsyncIterator[Batch]:
        """Call a method of the worker that has the least to do, among those that live, and yield its batches."""
        self._begin()
        while not self._members.can_begin:
            self._check()
            if not await self._members.until_can_begin(SIGN_S):
                yield _waiting("none has started yet")
        self._assignments.grow(self.size)
        with self._assignments.least_busy(call.segment_key, self._members.ready, call.cost) as chosen:
            async for batch in self._batches(chosen, call):
                if self._gone and isinstance(batch.end, Paused):  # say why it stopped
                    batch = msgspec.structs.replace(batch, end=Paused(self._gone))
                yield batch

    async def _batches(self, chosen: int, call: Call) -> AsyncIterator[Batch]:
        members, worker = self._members, self._members[chosen]
        try:
            remote = getattr(worker, call.method).options(num_returns="streaming", name=call.name).remote
            batches = aiter(remote(*call.arguments))
            while (reference := await self._within(anext(batches, None))) is not None:
                yield await self._within(reference)
                members.has_worked = True
        except members.lost as error:
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

    async def tell(self, worker: int, message: Message[R]) -> R:
        """Tell one worker something and return its reply.

        For a worker that is dead, hangs or only starts, the reply is ``when_lost``. A message that ``waits`` is told
        again to the worker that takes a lost one's place.
        """
        self._begin()
        if message.waits:
            return await self._tell_whoever_lives(worker, message)
        while not self._gone and not await self._members.until_can_begin(SIGN_S):
            pass
        if worker in self._members.ready:
            told = self._members[worker]
            try:
                return decode_reply(await self._within(told.receive_bytes.remote(encode(message))), message)
            except (*self._members.lost, TimeoutError):
                await self._replace(worker, told)
            except PoolLost:
                pass
        return cast(R, message.when_lost)

    async def _tell_whoever_lives(self, worker: int, message: Message[R]) -> R:
        """Tell the worker of a number something, and again the one that takes its place."""
        while True:
            if worker in self._members.ready:
                with contextlib.suppress(*self._members.lost):
                    return decode_reply(await self._members[worker].receive_bytes.remote(encode(message)), message)
            await asyncio.sleep(TELL_AGAIN_S)

    async def tell_all(self, message: Message[R]) -> list[R]:
        """Tell every worker the same at once; their replies, by number."""
        self._members.stopping = self._members.stopping or isinstance(message, Stop)
        return await asyncio.gather(*(self.tell(worker, message) for worker in range(self.size)))

    async def tell_holder(self, segment_key: str, message: Message[R]) -> R:
        """Tell the worker that runs a segment; ``when_lost`` if no worker runs it."""
        holder = self._assignments.holder(segment_key)
        return cast(R, message.when_lost) if holder is None else await self.tell(holder, message)

    def observe(self, counts: Counts, wall_s: float) -> None:
        """Export a run's totals for Prometheus."""
        self._metrics.update(counts, wall_s)

    async def close(self) -> None:
        """Leave the cluster; a Ray that was started for this run ends with it."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await self._members.end()
        if self._gone:
            await self._leave(LEAVE_S)
        else:
            await self._leave(PART_S, self._members.kill)

    async def _leave(self, seconds: float, first: Callable[[], None] = lambda: None) -> None:
        """Leave in so many seconds, with or without the head's answer, for which Ray waits; also when Python ends.

        A head that goes away in this moment is not watched any more.
        """

        def leave() -> None:
            first()
            self._ray.shutdown()

        try:
            await asyncio.wait_for(in_daemon_thread(leave), seconds)
        except TimeoutError:
            atexit.unregister(self._ray.shutdown)

    def _begin(self) -> None:
        """Begin to watch, in the event loop that the pool is used in."""
        if self._cut is None:
            self._cut = asyncio.get_running_loop().create_future()
            self._watching = asyncio.create_task(self._watch())
            self._members.begin()

    async def _watch(self) -> None:
        """When Ray is gone: have the workers that live end their segments, then cut what still waits."""
        gone = await until_gone(self._processes, encrypted=os.environ.get("RAY_USE_TLS", "0") != "0")
        self._gone = f"Ray is gone ({gone}); resume goes on, on a new cluster with --address"
        self._members.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_BATCHES_S):
                await self.tell_all(Stop())
                await self._assignments.until_idle()
        assert self._cut is not None
        self._cut.set_result(None)

    async def _within(self, awaited: Awaitable[Any]) -> Any:
        """Await something, unless it takes longer than a worker may be silent or Ray is gone."""
        assert self._cut is not None
        waiting = asyncio.ensure_future(awaited)
        try:
            both = {waiting, self._cut}
            await asyncio.wait(both, timeout=self._config.worker_silence_s, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
            if self._cut.done():
                raise PoolLost(self._gone)
            raise TimeoutError
        finally:
            waiting.cancel()

    async def _replace(self, number: int, lost: Any) -> None:
        """Replace a lost worker, unless Ray is gone: it may be why the worker is lost, and starting waits for it."""
        assert self._cut is not None
        if self._gone:
            return
        replacing = asyncio.ensure_future(self._members.replace(number, lost))
        try:
            await asyncio.wait({replacing, self._cut}, return_when=asyncio.FIRST_COMPLETED)
            if replacing.done():
                replacing.result()
        finally:
            replacing.cancel()

    def _check(self) -> None:
        """Raise what makes it useless to wait for a worker."""
        if self._gone:
            raise PoolLost(self._gone)
        if self._members.failure:
            raise RunFailed(self._members.failure)


def _waiting(detail: str) -> Batch:
    """Make a sign of life that says why nothing is done yet."""
    return Batch(b"", Counts(), None, ((NO_WORKER, {"detail": detail}),), alive=True)


def _processes_of(ray: Any) -> dict[str, Address]:
    """Find the processes of Ray that the coordinator cannot do without, by what people call them."""
    context = ray.get_runtime_context()
    host, _, port = context.gcs_address.rpartition(":")
    processes = {"its head": (host.strip("[]"), int(port))}
    for node in ray.nodes():
        if node["NodeID"] == context.get_node_id():
            processes["this machine's raylet"] = (node["NodeManagerAddress"], int(node["NodeManagerPort"]))
    return processes
