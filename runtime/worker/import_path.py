"""What stands on the import path of Ray's workers: nothing that lies in the current folder comes before a package.

Ray puts the driver's current folder and the folder of its script first on the path of every worker, where a file
named like an installed package, such as ``msgspec.py``, is imported in its place.
"""

import importlib.metadata
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any


class Sealed(list[str]):
    """A list of folders that stays empty, whoever extends it."""

    def extend(self, folders: Iterable[str], /) -> None:
        """Add nothing to the path that workers import from."""


def job_without_folders(ray: Any) -> Any:
    """Make the configuration of a Ray job whose workers get no folder of the driver's on their path."""
    job = ray.job_config.JobConfig()
    job._py_driver_sys_path = Sealed()
    return job


def own_folders(path: Iterable[str] | None = None) -> list[str]:
    """List the folders on a Python path (by default this process's) that belong to no installation of Python.

    A user's task may import what lies beside it, as it does in this process.
    """
    installed = tuple(os.path.realpath(prefix) + os.sep for prefix in (sys.prefix, sys.base_prefix))
    folders = dict.fromkeys(os.path.realpath(folder or os.getcwd()) for folder in (sys.path if path is None else path))
    return [folder for folder in folders if os.path.isdir(folder) and not f"{folder}{os.sep}".startswith(installed)]


def is_installed() -> bool:
    """Whether any Python of this environment finds Surefoot, wherever it is started."""
    try:
        importlib.metadata.distribution("surefoot")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def appending(folders: list[str]) -> Callable[[], None]:
    """Make the function that puts folders last on a worker's path, before it imports anything of Surefoot.

    It is local so that it travels by value.
    """

    def append() -> None:
        import sys

        sys.path.extend(folder for folder in folders if folder not in sys.path)

    return append
