"""Finding a Ray cluster, joining it or starting one, and saying in one line what stands in the way."""

import contextlib
import os
import pathlib
import socket
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import msgspec

import surefoot
from surefoot.decompose.task import Task
from surefoot.runtime.config import BUILT_IN_TASKS, RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker.core_lines import CoreLines
from surefoot.runtime.worker.worker_pool import default_workers

STAYS_HERE = ["__pycache__", "/scripts/bundled", "/scripts/benchmarks"]
"""What of Surefoot no node needs, as patterns of a ``.gitignore``: caches, training and measuring."""


class Cluster(msgspec.Struct, frozen=True):
    """A Ray that this process is connected to.

    Attributes:
        ray: The ``ray`` module.
        own: Whether it was started for this run and ends with it.
        address: HOST:PORT of its head.
        origin: How it was chosen, as one line for people.
    """

    ray: Any
    own: bool
    address: str
    origin: str


class Named(msgspec.Struct, frozen=True):
    """A cluster that the user runs or names.

    Attributes:
        address: HOST:PORT of its head.
        by: What names it, for people.
    """

    address: str
    by: str


def named_cluster(address: str) -> Named | None:
    """Find the cluster that an ``--address`` means; ``None`` where a run would start a Ray of its own, or none.

    ``auto`` means the one in RAY_ADDRESS, else the one that ``ray start`` noted on this machine, if it answers. A Ray
    that some process started for itself is noted nowhere, and is never joined.

    Raises:
        ConfigurationError: This is no address, or nothing answers at the one that the user named.
    """
    if address in ("none", "local"):
        return None
    if address != "auto":
        return _reached(Named(address, "--address"))
    told = os.environ.get("RAY_ADDRESS", "")
    if told == "local":
        return None
    if told and told != "auto":
        return _reached(Named(told, "RAY_ADDRESS"))
    noted = _noted_by_ray_start()
    return Named(noted, "a head that `ray start` started here") if noted and _answers(noted) else None


def start_ray(config: RunConfig, task: Task | None) -> Cluster:
    """Join the cluster that the configuration means, or start one on this machine.

    Ray's statistics and banners are off unless the user turned them on.

    Raises:
        ConfigurationError: The cluster cannot be joined.
    """
    named = named_cluster(config.address)
    if named is not None and is_here(named.address):
        use_kept_token()
    ray = _import_quietly()
    modules = [] if task is None else modules_of(config, task)
    quiet = {"logging_level": "ERROR", "log_to_driver": False, "ignore_reinit_error": True}
    if named is None:
        shipped = {"py_modules": modules, "excludes": STAYS_HERE} if modules else {}
        cores = config.workers or default_workers()
        with _nothing_asked(), _no_address_in_environment():
            ray.init(address="local", num_cpus=cores, include_dashboard=False, runtime_env=shipped, **quiet)
        return Cluster(ray, True, _head_of(ray), "a Ray of this run's own, on this machine")
    core = CoreLines()
    try:
        with core.caught():
            ray.init(address=named.address, runtime_env=shipped_with(modules), **quiet)
    except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        refused = "it asks for a token, and has refused the one sent" if core.unauthenticated else ""
        reason = (refused or one_line(error)) + token_hint(named.address)
        raise ConfigurationError(f"cannot join the Ray cluster at {named.address} ({named.by}): {reason}") from error
    return Cluster(ray, False, named.address, f"the Ray cluster at {named.address}, from {named.by}")


def shipped_with(modules: list[ModuleType]) -> dict[str, Any]:
    """Make the runtime environment that brings Surefoot and a task to nodes, by content hash, once a node.

    Nothing where this process is a job that ``surefoot launch`` submitted: the job's own environment has it all.
    """
    if '"py_modules"' in os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR", ""):
        return {}
    return {"py_modules": [surefoot, *modules], "excludes": STAYS_HERE}


def modules_of(config: RunConfig, task: Task) -> list[ModuleType]:
    """Find the user's modules that workers need: the one that the task's class is in, whole if it is a package."""
    top = type(task).__module__.partition(".")[0]
    if config.task in BUILT_IN_TASKS or top in ("surefoot", "__main__"):  # what is in __main__ travels as values
        return []
    return [sys.modules[top]]


def use_kept_token() -> None:
    """Use the token that Ray keeps for this machine's clusters (2.59 and later), unless the user chose otherwise."""
    if "RAY_AUTH_MODE" in os.environ or not _token_is_kept():
        return
    os.environ["RAY_AUTH_MODE"] = "token"
    if "ray" in sys.modules:  # imported before: what it read of the environment is stale
        with contextlib.suppress(ImportError):
            from ray._private.authentication.authentication_token_setup import _enable_token_auth

            _enable_token_auth()


def token_hint(address: str) -> str:
    """What to try where a cluster refuses for want of a token, as the end of a sentence; empty if one was used."""
    if "RAY_AUTH_MODE" in os.environ:
        return ""
    keeps = "" if is_here(address) else " and RAY_AUTH_TOKEN to that cluster's token"
    return f"; if it asks for a token, set RAY_AUTH_MODE=token{keeps}"


def is_here(address: str) -> bool:
    """Whether HOST or HOST:PORT, with or without a scheme, is this machine: only then can its host be bound."""
    host = host_of(address)
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(place)
    except OSError:
        return False
    return True


def host_of(address: str) -> str:
    """Return the host in HOST:PORT or an http address."""
    rest = address.rpartition("://")[2].split("/")[0]
    return rest.rpartition(":")[0].strip("[]") or rest


def cores_of(ray: Any) -> int:
    """Count the cores of a cluster, 1 or more."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def last_line(error: BaseException) -> str:
    """Return the last line of an error of Ray's, which says what it means."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1].strip()


def one_line(error: BaseException) -> str:
    """Return an error of Ray's as one line; for another version of Ray or Python with both versions."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    if "ersion" in lines[0]:
        return " ".join(lines)[:300]
    return lines[0].rstrip(".")


def _import_quietly() -> Any:
    """Import Ray with its statistics turned off."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    import ray
    import ray.util.metrics
    import ray.util.scheduling_strategies

    return ray


def _head_of(ray: Any) -> str:
    return str(ray.get_runtime_context().gcs_address)


def _token_is_kept() -> bool:
    if os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH"):
        return True
    return (pathlib.Path.home() / ".ray" / "auth_token").is_file()


def _noted_by_ray_start() -> str:
    """The address in the file that ``ray start`` writes and ``ray stop`` removes; empty if there is none.

    A process that starts a Ray for itself does not write it.
    """
    folder = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or tempfile.gettempdir()
    try:
        return (pathlib.Path(folder) / "ray" / "ray_current_cluster").read_text().strip()
    except OSError:
        return ""


def _reached(named: Named) -> Named:
    """Return a named cluster if something answers at its address; Ray itself would wait for minutes."""
    host, port = _parsed(named)
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        reason = error.strerror or error
        raise ConfigurationError(f"no Ray cluster at {named.address} ({named.by}): {reason}") from error
    return named


def _answers(address: str) -> bool:
    try:
        _reached(Named(address, ""))
    except ConfigurationError:
        return False
    return True


def _parsed(named: Named) -> tuple[str, int]:
    host, _, port = named.address.rpartition(":")
    if not host or not port.isdigit():
        raise ConfigurationError(f"{named.by} {named.address}: expected auto, local, none or HOST:PORT")
    return host.strip("[]"), int(port)


@contextlib.contextmanager
def _no_address_in_environment() -> Iterator[None]:
    """Keep Ray from reading an address of ``auto`` where one of our own is started."""
    kept = os.environ.pop("RAY_ADDRESS", None)
    try:
        yield
    finally:
        if kept is not None:
            os.environ["RAY_ADDRESS"] = kept


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
