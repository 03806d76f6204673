"""Errors in the code of somebody's task, as one line that names class, method, file and line.

``blame`` turns an exception that came out of a task's method into such an error; ``wrong_value`` says that a method
returned something it must not. Both return the error, for the caller to raise.
"""

import asyncio
import contextlib
import difflib
import inspect
import linecache
import os
import pathlib
import sys
import sysconfig
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import surefoot
from surefoot.runtime.cancelling import is_being_cancelled
from surefoot.runtime.errors import ConfigurationError, SurefootError, UserCodeError
from surefoot.runtime.task_modules import import_from
from surefoot.runtime.untrusted import tame

COROUTINE = "write def instead of async def: methods of a task are not coroutines"
"""Hint where a method returned a coroutine."""
MUTABLE = "write a tuple, as in words: tuple[str, ...] = ('a', 'b'), or msgspec.field(default_factory=lambda: [...])"
"""Hint where the default of a field is a list or a dict."""
CANCELLED = "the run did not cancel it: what it waited for was cancelled, as by a client that was closed"
"""Hint where a ``CancelledError`` came out of code of the user's."""


def blame(error: BaseException, owner: Any, method: str = "") -> SurefootError:
    """An exception that was raised in the code of a task, as the error to raise instead.

    Args:
        error: The exception, with its traceback.
        owner: The class of the task, or a function such as a referee, that was being called.
        method: Name of the method that was called; found in the traceback if it is missing.

    Returns:
        The exception itself if it is an error that Surefoot raises on purpose, else a ``UserCodeError``.
    """
    if isinstance(error, SurefootError):
        return error
    if isinstance(error, SyntaxError) and error.filename:
        return _error(name_of(owner), error.filename, error.lineno or 0, error.msg, "")
    frames = [frame for frame in _frames(error.__traceback__) if _is_users(frame[0].co_filename, owner)]
    name = method or next((code.co_name for code, _ in frames), "")
    place = f"{name_of(owner)}.{name}" if name and isinstance(owner, type) else name_of(owner)
    file, line = (frames[-1][0].co_filename, frames[-1][1]) if frames else _place(owner, method)
    if frames and frames[-1][0].co_name not in (name, "<module>"):
        place += f", in {frames[-1][0].co_name}"
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _error(place, file, line, text, _hint(error))


@contextlib.contextmanager
def blamed(owner: Any, method: str = "") -> Iterator[None]:
    """Raise as ``blame`` says whatever a block raises that calls a user's code.

    What is raised on purpose passes, also where a task group of the user's has gathered it; so does being cancelled.
    A ``CancelledError`` that nobody has asked for, as of a client that was closed, is the code's like any other. So is
    a ``KeyboardInterrupt`` in any thread but the main one, where Ctrl-C never arrives.

    Args:
        owner: The class, or the function, that is called.
        method: Name of the method.
    """
    try:
        yield
    except (Exception, SystemExit, KeyboardInterrupt, asyncio.CancelledError) as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        if isinstance(error, asyncio.CancelledError) and is_being_cancelled():
            raise
        if isinstance(error, ExceptionGroup) and error.subgroup(SurefootError) is not None:
            raise
        found = blame(error, owner, method)
        if found is error:
            raise
        raise found from error


def wrong_value(owner: Any, method: str, wanted: str, value: Any) -> UserCodeError:
    """The error to raise where a method, or a function, returned something it must not.

    Args:
        owner: The class of the task, or a function such as a referee.
        method: Name of the method; empty for a function.
        wanted: What it must return, for people, such as ``text or a Flag``.
        value: What it returned. A coroutine among it is closed: nobody will wait for it.
    """
    hint = ""
    if inspect.iscoroutine(value):
        value.close()
        hint, shown = COROUTINE, "a coroutine"
    elif inspect.isasyncgen(value) or inspect.isgenerator(value):
        hint, shown = "the method has a yield in it; it must return", "a generator"
    else:
        shown = f"{type(value).__name__} {tame(repr(value), 60)}"
    return fault(owner, method, f"must return {wanted}; it returned {shown}", hint)


def fault(owner: Any, method: str, text: str, hint: str = "") -> UserCodeError:
    """The error for a method that is wrong as a whole, pointing to the line of its definition."""
    place = f"{name_of(owner)}.{method}" if method else name_of(owner)
    return _error(place, *_place(owner, method), text, hint)


def name_of(owner: Any) -> str:
    """The name of a class, of a function, or of a file."""
    return str(getattr(owner, "__name__", owner))


def _error(place: str, file: str, line: int, text: str, hint: str) -> UserCodeError:
    shown = _shown(file)
    where = f" ({shown}, line {line})" if file else ""
    context = {"place": place, "file": file, "line": line, **({"hint": hint} if hint else {})}
    return UserCodeError(f"{place}{where}: {tame(text, 400)}", **context)


def _shown(file: str) -> str:
    """A file as short as it can be named from here."""
    here = os.path.relpath(file) if os.path.isabs(file) else file
    return file if here.startswith("..") else here


def _frames(trace: types.TracebackType | None) -> Iterator[tuple[types.CodeType, int]]:
    """Code and line of every frame, the outermost first."""
    while trace is not None:
        yield trace.tb_frame.f_code, trace.tb_lineno
        trace = trace.tb_next


def _is_users(file: str, owner: Any) -> bool:
    """Whether a file is the user's: the task's own, or one that belongs neither to Python, a library nor Surefoot."""
    if file in _files_of(owner):
        return True
    others = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    others.append(os.path.dirname(str(surefoot.__file__)))
    return not file.startswith(("<", *(f"{folder}{os.sep}" for folder in others if folder)))


def _files_of(owner: Any) -> set[str]:
    """The files that a class and its bases, or a function, are written in; not those of Surefoot."""
    classes = owner.__mro__ if isinstance(owner, type) else ()
    codes = [_code(value) for one in classes if not _is_ours(one) for value in vars(one).values()]
    codes.append(_code(owner))
    return {code.co_filename for code in codes if code is not None}


def _is_ours(owner: Any) -> bool:
    return str(getattr(owner, "__module__", "")).partition(".")[0] in ("surefoot", "msgspec", "builtins")


def _place(owner: Any, method: str) -> tuple[str, int]:
    """File and line where a method or function is defined; of the class where it lacks the method."""
    code = _code(getattr(owner, method, None) if method else owner)
    if code is not None:
        return code.co_filename, code.co_firstlineno
    file = str(getattr(sys.modules.get(getattr(owner, "__module__", "")), "__file__", None) or "")
    return file, _line_of_class(file, name_of(owner))


def _line_of_class(file: str, name: str) -> int:
    lines = linecache.getlines(file)
    return next((number for number, line in enumerate(lines, 1) if line.startswith(f"class {name}")), 1)


def _code(value: Any) -> types.CodeType | None:
    """The code of a function, whatever it is wrapped in."""
    if isinstance(value, staticmethod | classmethod | property):
        value = value.fget if isinstance(value, property) else value.__func__
    if isinstance(value, Callable) and not isinstance(value, type):  # type: ignore[arg-type]
        value = inspect.unwrap(value)
    code = getattr(value, "__code__", None)
    return code if isinstance(code, types.CodeType) else None


def _hint(error: BaseException) -> str:
    """A second line that often helps, or nothing."""
    if isinstance(error, AttributeError) and error.name and error.obj is not None:
        near = difflib.get_close_matches(error.name, dir(error.obj), 1)
        return f"did you mean {near[0]!r}?" if near else ""
    if isinstance(error, asyncio.CancelledError):
        return CANCELLED
    if isinstance(error, TypeError) and "coroutine" in str(error):
        return COROUTINE
    if isinstance(error, TypeError) and "mutable collection" in str(error):
        return MUTABLE
    return ""


def import_for(asked: str, module: str, folder: pathlib.Path) -> types.ModuleType:
    """Import the module of a task, rule or method that a user names as ``my_module:MyClass``.

    Args:
        asked: What asks for it, such as ``--rule my_module:MyRule``, for the error's line.
        module: Its dotted name.
        folder: Where the module lies, if not where Python finds it.

    Raises:
        ConfigurationError: There is no such module.
        UserCodeError: The module's own code failed.
    """
    try:
        return import_from(folder, module)
    except ConfigurationError:
        raise
    except (Exception, SystemExit) as error:  # the module is the user's, and runs when it is imported
        if isinstance(error, ModuleNotFoundError) and module.startswith(error.name or "?"):
            raise ConfigurationError(f"{asked}: {error}") from error
        raise blame(error, module) from error


def load_named(asked: str, name: str, folder: pathlib.Path | None = None) -> Any:
    """Return what a user names as ``my_module:my_name``, whose module is imported if it is not yet.

    Args:
        asked: What asks for it, such as ``--model my_module:MyModel``, for the error's line.
        name: The module's dotted name, a colon, and a name in it.
        folder: Where the module lies, if not where Python finds it; by default the current folder.

    Raises:
        ConfigurationError: There is no such module, or no such name in it.
        UserCodeError: The module's own code failed.
    """
    module, _, attribute = name.partition(":")
    found = sys.modules.get(module)
    if found is None or not hasattr(found, attribute):
        found = import_for(asked, module, folder or here())
    if not hasattr(found, attribute):
        near = difflib.get_close_matches(attribute, dir(found), 1)
        raise ConfigurationError(
            f"{asked}: {module} has no {attribute}" + (f"; did you mean {near[0]}?" if near else "")
        )
    return getattr(found, attribute)


def here() -> pathlib.Path:
    """Return the folder that the process stands in now.

    Raises:
        ConfigurationError: It cannot be used; it may have been deleted.
    """
    try:
        return pathlib.Path.cwd()
    except OSError as error:
        raise ConfigurationError(f"the current folder cannot be used: {error.strerror}") from error
