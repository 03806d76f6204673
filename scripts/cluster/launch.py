"""Describes a cluster job: the command on the head node, and the packages and files that travel with it.

Everything that travels is named by the hash of its content: Ray stores it once in the cluster and unpacks it once on
each node, however many jobs and workers use it.
"""

import hashlib
import importlib.metadata
import itertools
import os
import pathlib
import shlex
import shutil
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder

import surefoot
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.own_code import is_own_model
from surefoot.runtime.worker.ray_jobs import JobRequest

STARTS = ("run", "measure")
"""Commands whose second word is a task."""
ON_RUNS = ("resume", "show", "result", "steps", "verify", "stop")
"""Commands whose second word is a run directory, on the head node."""

FIND_PYTHON = (
    r"P=$(sed -n 's#^.* \(/.*\)/lib[^/]*/python3[^/]*/site-packages/ray/_raylet.so$#\1/bin/python3#p' "
    r"/proc/$PPID/maps 2>/dev/null | head -n 1); "
    r'[ -x "$P" ] || P=python3; '
)
"""Shell that finds the interpreter that the head's Ray runs in: the one whose Ray the job's supervisor, which is the
shell's parent, has loaded. The first ``python3`` on the path may be any other."""


def job_of(arguments: Sequence[str], pip: bool, folder: pathlib.Path) -> JobRequest:
    """Describe the job that runs a command of surefoot on a cluster.

    Args:
        arguments: Those of ``surefoot``, from the command on.
        pip: Whether Ray is to install the dependencies on the nodes.
        folder: An empty directory, which is filled with the files that travel.

    Raises:
        ConfigurationError: The command cannot run as a job, or a task or a file is not there.
    """
    check_arguments(arguments)
    told = list(arguments[:2]) + [_carried(one, folder) for one in arguments[2:]]
    packages = [str(pathlib.Path(str(surefoot.__file__)).parent), *task_packages(arguments)]
    carries = str(folder) if any(folder.iterdir()) else ""
    needs = tuple(requirements()) if pip else ()
    return JobRequest(entrypoint(told, pip), tuple(packages), carries, needs, "surefoot " + " ".join(arguments[:2]))


def check_arguments(arguments: Sequence[str]) -> None:
    """Refuse what cannot work as a job.

    Raises:
        ConfigurationError: No such command for a cluster, an address of its own, or a relative run directory.
    """
    if len(arguments) < 2 or arguments[0] not in (*STARTS, *ON_RUNS):
        known = ", ".join((*STARTS, *ON_RUNS))
        raise ConfigurationError(
            f"what to launch follows --, such as: -- run hanoi --disks 20 --run-dir /data/tower ({known})"
        )
    if any(argument.split("=")[0] == "--address" for argument in arguments):
        raise ConfigurationError("--address is the cluster that the job runs on; leave it out")
    if arguments[0] in ON_RUNS:
        place = arguments[1]
    else:
        place = option_of(arguments, "--run-dir")
        if arguments[0] == "run" and not place:
            raise ConfigurationError("say where on the head node the run is kept: --run-dir /ABSOLUTE/PATH")
    if place and not os.path.isabs(place):
        raise ConfigurationError(f"{place}: the run directory is on the head node and needs an absolute path")


def option_of(arguments: Sequence[str], name: str) -> str:
    """The value of an option, given as ``--name value`` or ``--name=value``; empty if the option is absent."""
    for argument, following in itertools.zip_longest(arguments, arguments[1:], fillvalue=""):
        if argument == name:
            return following
        if argument.startswith(name + "="):
            return argument.partition("=")[2]
    return ""


def entrypoint(arguments: Sequence[str], pip: bool) -> str:
    """The shell command of a job: ``surefoot`` with these arguments, in the interpreter that has what it needs."""
    # With --pip, Ray puts the environment that it made first on the path.
    python = "P=python3; " if pip else FIND_PYTHON
    return python + 'exec "$P" -m surefoot.scripts.cluster.on_head ' + shlex.join(arguments)


def task_packages(arguments: Sequence[str]) -> list[str]:
    """The files or folders of the user's own modules that a command names: of its task, models, rule and method.

    Raises:
        ConfigurationError: There is no such module here.
    """
    if arguments[0] not in STARTS:
        return []
    task = arguments[1]
    names = [] if task in BUILT_IN_TASKS else [("task", task)]
    for option in ("--model", "--fallback-model", "--rule", "--strategy"):
        value = option_of(arguments, option)
        if is_own_model(value) or (option in ("--rule", "--strategy") and ":" in value):
            names.append((option, value))
    return list(dict.fromkeys(_package_of(what, name) for what, name in names))


def _package_of(what: str, name: str) -> str:
    """The file or folder of the module of a name such as ``my_module:MyTask``; ``what`` asks for it."""
    top = name.partition(":")[0].partition(".")[0]
    found: ModuleSpec | None = PathFinder.find_spec(top, [str(pathlib.Path.cwd()), *sys.path])
    if found is None or found.origin is None:
        raise ConfigurationError(f"{what} {name!r}: there is no module {top!r} here to send along")
    origin = pathlib.Path(found.origin)
    return str(origin.parent if origin.name == "__init__.py" else origin)


def requirements() -> list[str]:
    """Surefoot's dependencies without Ray, as a job cannot change the Ray that runs it."""
    declared = importlib.metadata.requires("surefoot") or []
    return [one for one in declared if "extra ==" not in one and not one.startswith("ray")]


def _carried(argument: str, folder: pathlib.Path) -> str:
    """An argument; where it names a file of this machine, a copy in ``folder``, named by the hash of its content."""
    option, equals, value = argument.rpartition("=") if argument.startswith("--") else ("", "", argument)
    place = pathlib.Path(value)
    try:
        if not value or (argument.startswith("-") and not equals) or not place.is_file():
            return argument
        digest = hashlib.sha256(place.read_bytes()).hexdigest()[:16]
        name = f"{digest}-{place.name}"
        shutil.copyfile(place, folder / name)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{value}: {getattr(error, 'strerror', None) or error}") from error
    return f"{option}{equals}{name}"
