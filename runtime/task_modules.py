"""Imports the module of a user's task from a folder, and nothing else from there.

The folder goes to the end of Python's import path: the task's module may import what lies beside it, such as a
``scripts.helpers`` of its own, and a file there that has the name of an installed package, such as ``jinja2.py``,
is never taken in its place.
"""

import importlib
import importlib.machinery
import importlib.util
import pathlib
import sys
from types import ModuleType

from surefoot.runtime.errors import ConfigurationError


def import_from(folder: pathlib.Path, name: str) -> ModuleType:
    """Import a module by its dotted name, from a folder where it lies there, else as Python finds it.

    Args:
        folder: Where the user's module lies.
        name: Such as ``my_module`` or ``my_package.my_module``.

    Raises:
        ConfigurationError: A module of that name was imported from elsewhere.
        ImportError: There is no such module; and whatever else its code raises.
    """
    folder = folder.resolve()
    top = name.partition(".")[0]
    spec = _found(folder, top)
    if spec is not None:
        _append(folder)
        if top not in sys.modules:
            _load(spec, top)
        elif not _is_same(spec, sys.modules[top]):
            raise ConfigurationError(
                f"a module {top} was imported already, from {place_of(sys.modules[top])}: the one in {folder} needs "
                "another name, or a process of its own"
            )
    return importlib.import_module(name)


def lies_in(folder: pathlib.Path, name: str) -> bool:
    """Whether the module of a dotted name, or the package that it is a part of, lies in a folder."""
    return _found(folder.resolve(), name.partition(".")[0]) is not None


def _found(folder: pathlib.Path, top: str) -> importlib.machinery.ModuleSpec | None:
    # Python's own modules and Surefoot's are never anybody's task, whatever lies in the folder.
    if top in sys.stdlib_module_names or top == "surefoot" or not top.isidentifier():
        return None
    # A file that was written a moment ago may not be in the list that Python keeps of the folder.
    importlib.invalidate_caches()
    return importlib.machinery.PathFinder.find_spec(top, [str(folder)])


def place_of(module: ModuleType) -> str:
    """The file that a module was read from, or the first folder of a package without one; empty if it has neither."""
    found = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
    return str(pathlib.Path(found).resolve()) if found else ""


def _append(folder: pathlib.Path) -> None:
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _load(spec: importlib.machinery.ModuleSpec, name: str) -> None:
    """Execute a module that Python's own search may not come to: another of its name may be installed."""
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        if spec.loader is not None and spec.origin is not None:
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


def _is_same(spec: importlib.machinery.ModuleSpec, module: ModuleType) -> bool:
    there = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    return place_of(module) == str(pathlib.Path(there).resolve())
