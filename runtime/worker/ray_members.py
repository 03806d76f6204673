"""The processes of a pool on Ray: starts workers, notes which of them live, and replaces those that died."""

import asyncio
import contextlib
import os
from collections.abc import Coroutine
from typing import Any

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.worker.control import Hello, Stop, encode
from surefoot.runtime.worker.daemon_thread import in_daemon_thread
from surefoot.runtime.worker.ray_cluster import Cluster, cores_of, last_line
from surefoot.runtime.worker.ray_worker import RayWorker
from surefoot.runtime.worker.worker_pool import default_workers

SEGMENTS_AT_ONCE = 1000
"""Concurrency of one worker in Ray's eyes; the coordinator sends fewer."""

LOSSES = ("RayActorError", "WorkerCrashedError", "NodeDiedError", "OutOfMemoryError", "ObjectLostError")
"""Ray's errors that say that a worker, its node or a batch that it held is gone; with the errors derived from them."""

LOOK_S = 5.0
"""Seconds between two looks at how many cores a cluster has."""


GATHER_S = 10.0
"""Seconds that the first worker waits for the others before work begins: the first segments are the largest."""


class RayMembers:
    """Workers by number. One that has not given a sign of life yet has lost nothing when it dies.

    Args:
        cluster: The Ray that they run on.
        config: The run's configuration.
        task: The task.

    Attributes:
        ready: Numbers of the workers that have given a sign of life and are not known to be dead.
        lost: Ray's errors that say that a worker is gone.
        has_worked: Whether some worker has sent a batch.
        failure: Why workers cannot start; empty while they can.
        stopping: Whether workers that start are told to stop.
    """

    def __init__(self, cluster: Cluster, config: RunConfig, task: Task) -> None:
        ray = cluster.ray
        self._ray, self._cluster, self._config, self._task = ray, cluster, config, task
        self._remote = ray.remote(RayWorker)
        self._spawned = self._failed_starts = 0
        count = config.workers or (default_workers() if cluster.own else cores_of(ray))
        self._workers = [self._spawn(number) for number in range(count)]
        self.ready: set[int] = set()
        self.lost: tuple[Any, ...] = tuple(getattr(ray.exceptions, name) for name in LOSSES)
        self.has_worked = self.stopping = self._gathered = False
        self.failure = ""
        self._news = asyncio.Event()
        self._replacing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._workers)

    def __getitem__(self, number: int) -> Any:
        return self._workers[number]

    def begin(self) -> None:
        """Wait for the workers' first signs of life, and for new cores where the cluster may grow."""
        for number, worker in enumerate(self._workers):
            self._keep(self._greet(number, worker))
        if self._config.workers is None and not self._cluster.own:
            self._keep(self._grow())

    @property
    def can_begin(self) -> bool:
        """Whether a worker lives, and in the beginning the others do as well or have had their time."""
        return self._gathered and bool(self.ready)

    async def until_can_begin(self, seconds: float) -> bool:
        """Wait, not longer than so many seconds, until work can begin or never can; whether it came to that."""
        if not self.can_begin and not self.failure:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), seconds)
        return self.can_begin or bool(self.failure)

    async def replace(self, number: int, lost: Any) -> None:
        """Put a new worker in the place of a lost one, once: each of its segments reports the loss."""
        async with self._replacing:
            if self._workers[number] is not lost:
                return
            self.ready.discard(number)
            # Not in the event loop: both wait for the head, and a head that is gone lets them wait for a minute.
            await in_daemon_thread(
                lambda: self._ray.kill(lost)
            )  # one that only cannot be reached must not go on asking
            self._workers[number] = await in_daemon_thread(lambda: self._spawn(number))
            self._keep(self._greet(number, self._workers[number]))

    def wake(self) -> None:
        """Let those look again who wait for a worker that lives."""
        self._news.set()

    async def end(self) -> None:
        """Start, replace and greet no worker any more."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def kill(self) -> None:
        """End all workers. Blocks until Ray has taken note."""
        for worker in self._workers:
            self._ray.kill(worker)

    def _spawn(self, number: int) -> Any:
        # The name is what the dashboard shows; it has to be new in its namespace.
        self._spawned += 1
        name = f"surefoot {self._config.task} worker {number} ({os.getpid()}.{self._spawned})"
        options = {"name": name, "num_cpus": 1, "max_concurrency": SEGMENTS_AT_ONCE, "max_restarts": 0}
        return self._remote.options(**options).remote(self._config, self._task, None, str(number))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _greet(self, number: int, worker: Any) -> None:
        """Wait for a worker's first sign of life, however long it takes; from then on it is given work."""
        try:
            await worker.receive_bytes.remote(encode(Stop() if self.stopping else Hello()))
        except self.lost as error:
            await self._start_failed(number, worker, error)
            return
        self._failed_starts = 0
        if self._workers[number] is worker:
            if not self.ready and not self._gathered:
                asyncio.get_running_loop().call_later(GATHER_S, self._gather)
            self.ready.add(number)
            if self._gathered or len(self.ready) == len(self):
                self._gather()

    def _gather(self) -> None:
        self._gathered = True
        self._news.set()

    async def _start_failed(self, number: int, worker: Any, error: Exception) -> None:
        """Replace a worker that died while it started; give up where they cannot start at all."""
        self._failed_starts += 1
        broken = getattr(error, "actor_init_failed", False) and not self.has_worked
        if broken or self._failed_starts > self._config.worker_losses * len(self):
            self.failure = f"a worker could not start: {last_line(error)}"
            self._news.set()
        else:
            await self.replace(number, worker)

    async def _grow(self) -> None:
        """Start a worker on each core that joins the cluster."""
        while True:
            await asyncio.sleep(LOOK_S)
            cores = await in_daemon_thread(lambda: cores_of(self._ray))
            while len(self) < cores:
                self._workers.append(await in_daemon_thread(lambda: self._spawn(len(self))))
                self._keep(self._greet(len(self) - 1, self._workers[-1]))
