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
KEEP = ("run", "map")
"""Commands that keep a run directory, which has to be named."""
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
    stay = 1 if arguments[0] == "map" else 2  # what a table is asked about is a file of this machine
    told = list(arguments[:stay]) + [
        one if before == "--output" or one.startswith("--output=") else _carried(one, folder)
        for before, one in zip(arguments[stay - 1 :], arguments[stay:], strict=False)
    ]
    packages = [str(pathlib.Path(str(surefoot.__file__)).parent), *task_packages(arguments)]
    carries = str(folder) if any(folder.iterdir()) else ""
    needs = tuple(requirements()) if pip else ()
    return JobRequest(entrypoint(told, pip), tuple(packages), carries, needs, "surefoot " + " ".join(arguments[:2]))


def check_arguments(arguments: Sequence[str]) -> None:
    """Refuse what cannot work as a job.

    Raises:
        ConfigurationError: No such command for a cluster, an address of its own, a relative run directory, or a table
            that is not there.
    """
    known = ", ".join(dict.fromkeys((*STARTS, *KEEP, *ON_RUNS)))
    if len(arguments) < 2 or arguments[0] not in (*STARTS, *KEEP, *ON_RUNS):
        raise ConfigurationError(
            f"what to launch follows --, such as: -- run hanoi --disks 20 --run-dir /data/tower ({known})"
        )
    if any(argument.split("=")[0] == "--address" for argument in arguments):
        raise ConfigurationError("--address is the cluster that the job runs on; leave it out")
    if arguments[0] in ON_RUNS:
        place = arguments[1]
    else:
        place = option_of(arguments, "--run-dir")
        if arguments[0] in KEEP and not place:
            raise ConfigurationError("say where on the head node the run is kept: --run-dir /ABSOLUTE/PATH")
    if place and not os.path.isabs(place):
        raise ConfigurationError(f"{place}: the run directory is on the head node and needs an absolute path")
    if arguments[0] == "map":
        _check_table(arguments)


def _check_table(arguments: Sequence[str]) -> None:
    """Refuse a table that cannot travel, and results that would be lost with the job's own folder."""
    if not pathlib.Path(arguments[1]).is_file():
        raise ConfigurationError(f"{arguments[1]}: there is no such file here; the table comes first, before options")
    output = option_of(arguments, "--output")
    if output and not os.path.isabs(output):
        raise ConfigurationError(f"{output}: the results are on the head node and need an absolute path")


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
    if arguments[0] not in (*STARTS, *KEEP):
        return []
    task = arguments[1]
    names = [] if task in BUILT_IN_TASKS or arguments[0] == "map" else [("task", task)]
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
