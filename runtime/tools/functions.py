"""Facts about a tool's function: its source, its annotations, whether it is async."""

import functools
import inspect
import os
import traceback
import typing
from collections.abc import Callable
from typing import Any


def is_async(function: Callable[..., Any]) -> bool:
    """Whether a function, or an object that is called like one, is ``async``."""
    return inspect.iscoroutinefunction(_plain(function))


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function by parameter name.

    Raises:
        NameError: One of them is written as text, and names what is not there.
    """
    plain = _plain(function)
    return typing.get_type_hints(plain) if inspect.isfunction(plain) or inspect.ismethod(plain) else {}


def place_of(function: Callable[..., Any]) -> str:
    """File and first line of a function: ``file.py:12``."""
    file, line = _source_of(function)
    return f"{os.path.basename(file)}:{line}"


def place_of_error(function: Callable[..., Any], error: BaseException) -> str:
    """The innermost line of the function's own file that an error went through.

    The innermost of any file, where its own is not on the way; the function's first line, where there is no way.
    """
    frames = list(traceback.extract_tb(error.__traceback__))
    file, _ = _source_of(function)
    if not frames:
        return place_of(function)
    frame = ([frame for frame in frames if frame.filename == file] or frames)[-1]
    return f"{os.path.basename(frame.filename)}:{frame.lineno}"


def _plain(function: Callable[..., Any]) -> Any:
    """A function as it was written: behind ``partial``, decorators, and objects that are called."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    return function if inspect.isroutine(function) else type(function).__call__


def _source_of(function: Callable[..., Any]) -> tuple[str, int]:
    plain = _plain(function)
    code = getattr(plain, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else (str(getattr(plain, "__module__", "builtin")), 0)
