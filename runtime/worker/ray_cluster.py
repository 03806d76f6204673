"""Ray: joining a cluster or starting one, a served model, and jobs. What runs there is ``ray_crew.py``'s."""

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import surefoot
from surefoot.decompose.task import Task
from surefoot.runtime.config import BUILT_IN_TASKS, RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker.worker_pool import default_workers


def serve_model(config: RunConfig, name: str, port: int, replicas: int) -> str:
    """Deploy a model on Ray Serve, on the cluster of ``config.address``; the base address of its OpenAI protocol.

    Each of ``replicas`` processes holds the model; ``port`` is that of every node.
    """
    from ray import serve

    from surefoot.runtime.models.factory import open_model
    from surefoot.runtime.models.openai_protocol import Endpoint

    class Surefoot:
        def __init__(self) -> None:
            self.endpoint = Endpoint(open_model(config), name)

        async def __call__(self, http: Any) -> Any:
            from starlette.responses import JSONResponse

            if http.url.path.endswith("/chat/completions"):
                status, reply = await self.endpoint.chat(await http.body())
                return JSONResponse(reply, status_code=status)
            return JSONResponse(self.endpoint.models())

    start_ray(config, None)
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
        ConfigurationError: There is no dashboard at the address, or it wants a token.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.exceptions import RayError
    from ray.job_submission import JobSubmissionClient

    environment: dict[str, Any] = {"py_modules": list(packages), "env_vars": {"PYTHONUNBUFFERED": "1"}}
    if pip:
        environment["pip"] = list(pip)
    try:
        client = JobSubmissionClient(dashboard)
        return str(client.submit_job(entrypoint=entrypoint, runtime_env=environment, metadata={"name": name}))
    except RayError as error:  # refused, such as for want of a token
        line = str(error).splitlines()[0].rstrip(".")
        raise ConfigurationError(f"cannot submit a job to {dashboard}: {line}{_token_hint()}") from error
    except (ConnectionError, RuntimeError) as error:
        raise ConfigurationError(f"cannot submit a job to {dashboard}: {last_line(error)}") from error


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


def start_ray(config: RunConfig, task: Task | None) -> Any:
    """Import and connect. Ray's statistics and banners are off unless the user turned them on."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    import ray
    import ray.util.metrics

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
        ray.init(address=config.address, runtime_env={"py_modules": [surefoot, *modules]}, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigurationError(f"cannot join a Ray cluster at {config.address}: {line}{_token_hint()}") from error
    return ray


def _token_hint() -> str:
    return "" if "RAY_AUTH_MODE" in os.environ else "; if it asks for a token, set RAY_AUTH_MODE=token"


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


def cores_of(ray: Any) -> int:
    """Cores of a cluster, 1 or more."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def last_line(error: BaseException) -> str:
    """What an error of Ray's says last, which is what it means."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1].strip()
