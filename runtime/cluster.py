"""Workers as Ray actors (Ray's word; the Actor of MAP is a module and lives in ``decompose/map``).

One Ray call runs one segment; its batches come back on a streaming generator. A worker that dies is replaced, and
its segments are sent again with what the journal holds of them.
"""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any

import decompose
import runtime
import voting
from decompose.segment import Segment
from decompose.task import Task
from runtime.config import BUILT_IN_TASKS, RunConfig
from runtime.crew import WORKER_LOSSES, WorkerLost, default_workers, gathered
from runtime.errors import ConfigurationError, RunFailed
from runtime.records import Batch, Counts
from runtime.segment_runner import Leads
from runtime.worker import Sample, Worker

SEGMENTS_AT_ONCE = 1000
"""Concurrency of one worker in Ray's eyes; the coordinator sends fewer."""


class RayCrew:
    """Workers on a Ray cluster.

    Args:
        config: The run's configuration; ``address`` says which cluster.
        task: The task.

    Raises:
        ConfigurationError: There is no cluster at the address.
    """

    def __init__(self, config: RunConfig, task: Task) -> None:
        ray = _start_ray(config, task)
        self._ray, self._config = ray, config
        self._task = task
        count = config.workers or (default_workers() if config.address == "auto" else _cores(ray))
        self._remote = ray.remote(Worker)
        self._workers = [self._spawn(number) for number in range(count)]
        self._load = [0] * count

    @property
    def size(self) -> int:
        """Number of workers."""
        return len(self._workers)

    def _spawn(self, number: int) -> Any:
        options = {"num_cpus": 1, "max_concurrency": SEGMENTS_AT_ONCE, "max_restarts": 0}
        return self._remote.options(**options).remote(self._config, self._task)

    async def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Run a segment on the worker that has the least to do.

        Raises:
            WorkerLost: The worker died; another one stands in its place.
        """
        chosen = self._load.index(min(self._load))
        worker = self._workers[chosen]
        self._load[chosen] += 1
        try:
            method = worker.run_segment.options(num_returns="streaming")
            batches = aiter(method.remote(segment, leads, journalled))
            while (reference := await self._within(anext(batches, None))) is not None:
                yield await self._within(reference)
        except self._ray.exceptions.RayActorError as error:
            if getattr(error, "actor_init_failed", False):
                raise RunFailed(f"a worker could not start: {_last_line(error)}") from error
            self._replace(chosen, worker)
            raise WorkerLost(_last_line(error)) from error
        except TimeoutError as error:
            self._ray.kill(worker)
            self._replace(chosen, worker)
            raise WorkerLost(f"no sign of life for {self._config.worker_silence_s:g} s") from error
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, MemoryError):
                self._ray.kill(worker)
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
            self._workers[number] = self._spawn(number)

    async def sample(self, numbers: Sequence[int], draws: int) -> tuple[list[Sample], Counts]:
        """Ask sampled steps, shared out over the workers."""
        shares = [list(numbers[i :: self.size]) for i in range(self.size)]
        try:
            parts = await asyncio.gather(*(self._sample(i, share, draws) for i, share in enumerate(shares)))
            return gathered(list(parts))
        except self._ray.exceptions.RayTaskError as error:
            raise error.as_instanceof_cause() from error

    async def _sample(self, number: int, share: list[int], draws: int) -> Any:
        """One worker's share; a worker that dies is replaced, and its share is asked again."""
        for losses in range(WORKER_LOSSES, 0, -1):
            worker = self._workers[number]
            try:
                return await worker.sample.remote(share, draws)
            except self._ray.exceptions.RayActorError as error:
                if losses == 1 or getattr(error, "actor_init_failed", False):
                    raise RunFailed(f"a worker died before the run began: {_last_line(error)}") from error
                self._replace(number, worker)
        raise AssertionError("unreachable")

    async def stop(self) -> None:
        """Let every segment end at its next step."""
        await asyncio.gather(*(w.stop.remote() for w in self._workers), return_exceptions=True)

    async def close(self) -> None:
        """Leave the cluster; a cluster that was started for this run ends with it."""
        for worker in self._workers:
            self._ray.kill(worker)
        self._ray.shutdown()


def _start_ray(config: RunConfig, task: Task) -> Any:
    """Import and connect. Ray's statistics and banners are off unless the user turned them on."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    import ray

    quiet = {"logging_level": "ERROR", "log_to_driver": False, "ignore_reinit_error": True}
    modules = [] if config.task in BUILT_IN_TASKS else [sys.modules[type(task).__module__.partition(".")[0]]]
    if config.address == "auto":
        shipped = {"py_modules": modules} if modules else {}
        try:
            ray.init(address="auto", runtime_env=shipped, **quiet)
        except ConnectionError:
            cores = config.workers or default_workers()
            local = {"num_cpus": cores, "include_dashboard": False, "runtime_env": shipped}
            ray.init(address="local", **local, **quiet)
        return ray
    _reach(config.address)
    try:
        ray.init(address=config.address, runtime_env={"py_modules": [decompose, runtime, voting, *modules]}, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        hint = "" if "RAY_AUTH_MODE" in os.environ else "; if it asks for a token, set RAY_AUTH_MODE=token"
        raise ConfigurationError(f"cannot join a Ray cluster at {config.address}: {line}{hint}") from error
    return ray


def _reach(address: str) -> None:
    """Fail at once where Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ConfigurationError(f"--address {address}: expected auto, none or HOST:PORT")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError as error:
        raise ConfigurationError(f"no Ray cluster at {address}: {error.strerror or error}") from error


def _cores(ray: Any) -> int:
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _last_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1].strip()
