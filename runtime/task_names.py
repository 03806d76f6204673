"""What somebody may have meant by a name that is no task: a built-in one misspelt, or the classes of a module."""

import difflib
import pathlib
import types

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.user_code import import_for

SHOWN = 5
"""Classes that a message names, at most."""


def no_such_task(name: str, folder: pathlib.Path) -> str:
    """Return the line about a name without a class: the tasks of the module that it names, else all that is built in.

    Args:
        name: As it was given, such as ``books`` or ``./books.py``.
        folder: Where a user's module lies.

    Raises:
        UserCodeError: There is such a module, and its own code failed.
    """
    module = module_meant(name, folder)
    if module is None:
        near = difflib.get_close_matches(name, BUILT_IN_TASKS, 1)
        hint = f"did you mean {near[0]}? There are" if near else "use"
        return f"unknown task {name!r}: {hint} {', '.join(BUILT_IN_TASKS)}, or my_module:MyTask"
    found = tasks_in(import_for(f"task {name!r}", module, folder))
    if not found:
        return f"unknown task {name!r}: {module} has no class that is a surefoot.Task"
    return f"unknown task {name!r}: did you mean {_listed([f'{module}:{one}' for one in found])}?"


def module_meant(name: str, folder: pathlib.Path) -> str | None:
    """Return the dotted name of the module in a folder that a name or path such as ``./books.py`` means, if any."""
    path = pathlib.PurePath(name.removesuffix(".py"))
    parts = path.parts if len(path.parts) > 1 else tuple(str(path).split("."))
    if path.is_absolute() or not all(part.isidentifier() for part in parts):
        return None
    place = folder.joinpath(*parts)
    there = place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()
    return ".".join(parts) if there else None


def no_module(name: str, wanted: str, folder: pathlib.Path) -> str:
    """Return the line about a name that no module can have, with the module whose file it is."""
    meant = module_meant(name, folder)
    return f"{name!r} is not the name of a module" + (f"; did you mean {meant}:{wanted}?" if meant else "")


def tasks_in(module: types.ModuleType) -> list[str]:
    """Return the names of the task classes that a module defines, in the order in which it does."""
    mine = {name: one for name, one in vars(module).items() if getattr(one, "__module__", "") == module.__name__}
    return [name for name, one in mine.items() if isinstance(one, type) and issubclass(one, Task)]


def no_such_class(module: types.ModuleType, wanted: str) -> str:
    """Return the line about a module that has no task class of a name, with those that it has."""
    found = tasks_in(module)
    line = f"{module.__name__} has no task class {wanted}"
    near = difflib.get_close_matches(wanted, found, 1)
    return f"{line}; it has {_listed(near + [one for one in found if one not in near])}" if found else line


def _listed(names: list[str]) -> str:
    """Names as part of a sentence, not too many."""
    more = f" or {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
