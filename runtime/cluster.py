"""Workers as Ray actors (Ray's word; the Actor of MAP is a module and lives in ``decompose/map``).

One Ray call runs one segment; its batches come back on a streaming generator. A worker that dies is replaced, and
its segments are sent again with what the journal holds of them.
"""

import asyncio
import contextlib
import importlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import decompose
import runtime
import voting
from decompose.segment import Segment, segment_key
from decompose.task import Task
from runtime.config import BUILT_IN_TASKS, RunConfig
from runtime.crew import WORKER_LOSSES, WorkerLost, default_workers, gathered
from runtime.errors import ConfigurationError, RunFailed
from runtime.metrics import RunMetrics
from runtime.models.places import News, Share
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
        # A job on a cluster has RAY_ADDRESS, and is there for all of it.
        here = config.address == "auto" and "RAY_ADDRESS" not in os.environ
        count = config.workers or (default_workers() if here else _cores(ray))
        self._remote = ray.remote(Worker)
        self._spawned = 0
        self._workers = [self._spawn(number) for number in range(count)]
        self._load = [0] * count
        self._metrics = RunMetrics(importlib.import_module("ray.util.metrics").Gauge, config)

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

    async def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Run a segment on the worker that has the least to do.

        Raises:
            WorkerLost: The worker died; another one stands in its place.
        """
        chosen = self._load.index(min(self._load))
        worker = self._workers[chosen]
        self._load[chosen] += 1
        try:
            shown = f"segment {segment_key(segment.node.path, segment.split)}"
            method = worker.run_segment.options(num_returns="streaming", name=shown)
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

    async def shortage(self, worker: int) -> tuple[float, float]:
        """Wait until a worker is short of money, also if it is replaced meanwhile."""
        while True:
            try:
                lacks, wants = await self._workers[worker].shortage.remote()
                return lacks, wants
            except self._ray.exceptions.RayActorError:
                await asyncio.sleep(0.1)

    async def grant(self, worker: int, usd: float) -> None:
        """Give a worker money; a worker that is dead takes it along."""
        with contextlib.suppress(self._ray.exceptions.RayActorError):
            await self._workers[worker].grant.remote(usd)

    async def empty_purse(self, worker: int) -> tuple[float, float]:
        """Take back what a worker holds; nothing from a dead one."""
        try:
            taken, reserved = await self._workers[worker].empty_purse.remote()
            return taken, reserved
        except self._ray.exceptions.RayActorError:
            return 0.0, 0.0

    async def refusal(self, worker: int) -> None:
        """Wait until a worker has a refusal to tell of, also if it is replaced meanwhile."""
        while True:
            try:
                return await self._workers[worker].refusal.remote()  # type: ignore[no-any-return]
            except self._ray.exceptions.RayActorError:
                await asyncio.sleep(0.1)

    async def pace_news(self, worker: int) -> dict[str, News]:
        """What a worker saw; nothing from a dead one."""
        try:
            return await self._workers[worker].pace_news.remote()  # type: ignore[no-any-return]
        except self._ray.exceptions.RayActorError:
            return {}

    async def follow(self, worker: int, shares: dict[str, Share]) -> None:
        """Give a worker its shares."""
        with contextlib.suppress(self._ray.exceptions.RayActorError):
            await self._workers[worker].follow.remote(shares)

    def observe(self, counts: Counts, wall_s: float) -> None:
        """Export a run's totals for Prometheus."""
        self._metrics.update(counts, wall_s)

    async def close(self) -> None:
        """Leave the cluster; a cluster that was started for this run ends with it."""
        for worker in self._workers:
            self._ray.kill(worker)
        self._ray.shutdown()


def serve_model(config: RunConfig, name: str, port: int, replicas: int) -> str:
    """Deploy a model on Ray Serve, on the cluster of ``config.address``; the base address of its OpenAI protocol.

    Each of ``replicas`` processes holds the model; ``port`` is that of every node.
    """
    from ray import serve

    from runtime.models.factory import open_model
    from runtime.models.openai_protocol import Endpoint

    class Surefoot:
        def __init__(self) -> None:
            self.endpoint = Endpoint(open_model(config), name)

        async def __call__(self, http: Any) -> Any:
            from starlette.responses import JSONResponse

            if http.url.path.endswith("/chat/completions"):
                status, reply = await self.endpoint.chat(await http.body())
                return JSONResponse(reply, status_code=status)
            return JSONResponse(self.endpoint.models())

    _start_ray(config, None)
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    options = {"name": name, "num_replicas": replicas, "max_ongoing_requests": 256}
    application = serve.deployment(Surefoot, **options).bind()
    serve.run(application, name=f"surefoot {name}", route_prefix="/v1", blocking=False)
    return f"http://127.0.0.1:{port}/v1"


def submit_job(dashboard: str, entrypoint: str, packages: Sequence[str], pip: Sequence[str], name: str) -> str:
    """Start a command as a job on a Ray cluster; its id. The packages travel along, the nodes need no checkout.

    Args:
        dashboard: Address of the cluster's dashboard, such as ``http://127.0.0.1:8265``.
        entrypoint: Shell command, run on the head node.
        packages: Directories of Python packages that the job imports.
        pip: Requirements to install on the nodes; none if they are there.
        name: What the dashboard calls it.

    Raises:
        ConfigurationError: There is no dashboard at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.job_submission import JobSubmissionClient

    environment: dict[str, Any] = {"py_modules": list(packages), "env_vars": {"PYTHONUNBUFFERED": "1"}}
    if pip:
        environment["pip"] = list(pip)
    try:
        client = JobSubmissionClient(dashboard)
        return str(client.submit_job(entrypoint=entrypoint, runtime_env=environment, metadata={"name": name}))
    except (ConnectionError, RuntimeError) as error:
        raise ConfigurationError(f"cannot submit a job to {dashboard}: {_last_line(error)}") from error


def follow_job(dashboard: str, job: str, print_log: Callable[[str], None]) -> bool:
    """Print a job's output until it ends; whether it succeeded."""
    from ray.job_submission import JobStatus, JobSubmissionClient

    client = JobSubmissionClient(dashboard)

    async def follow() -> None:
        async for text in client.tail_job_logs(job):
            print_log(text)

    asyncio.run(follow())
    while not client.get_job_status(job).is_terminal():
        time.sleep(0.2)
    return bool(client.get_job_status(job) == JobStatus.SUCCEEDED)


def _start_ray(config: RunConfig, task: Task | None) -> Any:
    """Import and connect. Ray's statistics and banners are off unless the user turned them on."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    import ray

    quiet = {"logging_level": "ERROR", "log_to_driver": False, "ignore_reinit_error": True}
    modules = (
        [] if task is None or config.task in BUILT_IN_TASKS else [sys.modules[type(task).__module__.partition(".")[0]]]
    )
    if config.address == "auto":
        shipped = {"py_modules": modules} if modules else {}
        try:
            ray.init(address="auto", runtime_env=shipped, **quiet)
        except ConnectionError:
            cores = config.workers or default_workers()
            local = {"num_cpus": cores, "include_dashboard": False, "runtime_env": shipped}
            with _nothing_asked():
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


@contextlib.contextmanager
def _nothing_asked() -> Iterator[None]:
    """Start a local Ray without the process that asks three clouds' metadata services whether it runs there.

    It serves the usage statistics, and it asks also when they are off; without a dashboard it does nothing else.
    """
    from ray._private.node import Node

    started = Node.start_api_server
    if os.environ["RAY_USAGE_STATS_ENABLED"] == "0":
        Node.start_api_server = lambda node, **_: setattr(node, "_webui_url", None)
    try:
        yield
    finally:
        Node.start_api_server = started


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
