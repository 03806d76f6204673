"""Finding a Ray cluster, joining it or starting one, and saying in one line what stands in the way."""

import contextlib
import os
import sys
from types import ModuleType
from typing import Any

import msgspec

import surefoot
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.own_code import own_code
from surefoot.runtime.worker.core_lines import CoreLines
from surefoot.runtime.worker.import_path import appending, is_installed, job_without_folders, own_folders
from surefoot.runtime.worker.own_ray import private_start, read_mode_again
from surefoot.runtime.worker.ray_address import Named, is_here, named_cluster, parts_of
from surefoot.runtime.worker.ray_token import token_is_kept, wants_token
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


def start_ray(config: RunConfig, task: Task | None) -> Cluster:
    """Join the cluster that the configuration means, or start one on this machine.

    Ray's statistics and banners are off unless the user turned them on.

    Raises:
        ConfigurationError: The cluster cannot be joined, or none can be started.
    """
    read_mode_again()
    named = named_cluster(config.address)
    if named is not None and wants_token(*parts_of(named)):
        if is_here(named.address):
            use_kept_token()
        if os.environ.get("RAY_AUTH_MODE") != "token":  # Ray itself would try for twenty seconds
            how = token_hint(named.address) or "; RAY_AUTH_MODE is set to something else"
            raise ConfigurationError(f"the Ray cluster at {named.address} ({named.by}) asks for a token{how}")
    ray = _import_quietly()
    modules = [] if task is None else modules_of(config, task)
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False, "ignore_reinit_error": True}
    if not _is_job():
        quiet["job_config"] = job_without_folders(ray)
    if named is None:
        return _started(ray, config, modules, _last_on_path(config, task, alone=True), quiet)
    return _joined(ray, named, shipped_with(modules) | _last_on_path(config, task), quiet)


def _started(
    ray: Any, config: RunConfig, modules: list[ModuleType | str], last: dict[str, Any], quiet: dict[str, Any]
) -> Cluster:
    """Start a Ray of the run's own; Surefoot is on this machine, so that only the user's modules travel."""
    shipped = {"py_modules": modules, "excludes": STAYS_HERE} if modules else {}
    cores = config.workers or default_workers()
    try:
        with private_start():
            ray.init(address="local", num_cpus=cores, include_dashboard=False, runtime_env=shipped | last, **quiet)
    except Exception as error:  # Ray raises no class of its own here
        ray.shutdown()
        raise ConfigurationError(
            f"a Ray could not be started on this machine: {one_line(error)}; --address none works without one"
        ) from error
    return Cluster(ray, True, _head_of(ray), "a Ray of this run's own, on this machine")


def _joined(ray: Any, named: Named, shipped: dict[str, Any], quiet: dict[str, Any]) -> Cluster:
    core = CoreLines()
    try:
        with core.caught():
            ray.init(address=named.address, runtime_env=shipped, **quiet)
    except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        reason = "it refuses the token that was sent" if core.unauthenticated else one_line(error)
        raise ConfigurationError(f"cannot join the Ray cluster at {named.address} ({named.by}): {reason}") from error
    return Cluster(ray, False, named.address, f"the Ray cluster at {named.address}, from {named.by}")


def shipped_with(modules: list[ModuleType | str]) -> dict[str, Any]:
    """Make the runtime environment that brings Surefoot and a task to nodes, by content hash, once a node.

    Nothing where this process is a job that ``surefoot launch`` submitted: the job's own environment has it all.
    """
    if _is_job():
        return {}
    return {"py_modules": [surefoot, *modules], "excludes": STAYS_HERE}


def _is_job() -> bool:
    """Whether this process is a job whose own environment brings Surefoot and the task to nodes."""
    return '"py_modules"' in os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR", "")


def _last_on_path(config: RunConfig, task: Task | None, alone: bool = False) -> dict[str, Any]:
    """Make the part of a runtime environment that puts the user's folders last on the path of workers.

    Nothing where no code of the user's is run, and in a job, which has its own folder on every node. A worker on this
    machine ``alone`` finds a Surefoot that is not installed in the same way.
    """
    own_code = task is not None and bool(_tops(config, task))
    if _is_job() or not (own_code or (alone and not is_installed())):
        return {}
    return {"worker_process_setup_hook": appending(own_folders())}


def _tops(config: RunConfig, task: Task) -> list[str]:
    """Name the packages of the user's that a run imports: those of its task, rule and method."""
    tops = [] if config.task in BUILT_IN_TASKS else [type(task).__module__.partition(".")[0]]
    return [*tops, *(name.split(":")[0].partition(".")[0] for name in (config.rule, config.strategy) if ":" in name)]


def modules_of(config: RunConfig, task: Task) -> list[ModuleType | str]:
    """Find the user's modules that workers need: those of its task, rule, method and models, whole packages."""
    tops = [] if config.task in BUILT_IN_TASKS else [type(task).__module__.partition(".")[0]]
    tops += [name.partition(":")[0].partition(".")[0] for name in own_code(config)]
    # What is in __main__ travels as values.
    return [
        _parcel(sys.modules[top]) for top in dict.fromkeys(_tops(config, task)) if top not in ("surefoot", "__main__")
    ]


def _parcel(module: ModuleType) -> ModuleType | str:
    """Give Ray a module, or the folder of a package without ``__init__`` that Python found twice on its path."""
    places = list(dict.fromkeys(getattr(module, "__path__", ())))
    return places[0] if len(places) == 1 and len(module.__path__) > 1 else module


def use_kept_token() -> None:
    """Use the token that Ray keeps for this machine's clusters (2.59 and later), unless the user chose otherwise."""
    if "RAY_AUTH_MODE" in os.environ or not token_is_kept():
        return
    os.environ["RAY_AUTH_MODE"] = "token"
    if "ray" in sys.modules:  # imported before: what it read of the environment is stale
        with contextlib.suppress(ImportError):
            from ray._private.authentication.authentication_token_setup import _enable_token_auth

            _enable_token_auth()


def token_hint(address: str) -> str:
    """Say what to set where a cluster asks for a token, as the end of a sentence; nothing if the user set the mode."""
    if "RAY_AUTH_MODE" in os.environ:
        return ""
    keeps = "" if is_here(address) else " and RAY_AUTH_TOKEN to that cluster's token"
    return f": set RAY_AUTH_MODE=token{keeps}"


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
