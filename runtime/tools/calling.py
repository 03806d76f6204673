"""Calls tools: checks arguments, holds time-outs, tries again after listed errors, and bounds results.

Failures are values of named kinds. An error in a tool's own function is one line with its file and line.
"""

import asyncio
import functools
import inspect
import os
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from surefoot.runtime.tools.arguments import checked_arguments
from surefoot.runtime.tools.attempt import Raised, Returned, TimedOut, attempt, is_async
from surefoot.runtime.tools.contract import FailureKind, LookBack, Tool, ToolError, ToolFailed, ToolResult
from surefoot.runtime.untrusted import tame

_DETAIL_LENGTH = 500


async def call_tool(tool: Tool, arguments: Mapping[str, Any], *, key: str) -> ToolResult | ToolFailed:
    """Call a tool, again where one of its listed errors says so.

    Args:
        tool: The tool.
        arguments: Builtin values by parameter name.
        key: Names this call; given to functions that have a parameter ``call_key``.

    Returns:
        The result, or why there is none. Only being cancelled raises.
    """
    given = checked_arguments(tool, arguments, key)
    if isinstance(given, ToolFailed):
        return given
    number = 1
    while True:
        call = functools.partial(tool.function, **given)
        outcome = await attempt(call, on_loop=is_async(tool.function), timeout_s=tool.timeout_s)
        if isinstance(outcome, Returned):
            return _bounded(tool, outcome.value, number)
        if number == tool.attempts or not isinstance(outcome.error, tool.retried):
            return _failure(tool, tool.function, outcome.error, number)
        await asyncio.sleep(tool.wait_s * 2 ** (number - 1))
        number += 1


async def look_back(tool: Tool, arguments: Mapping[str, Any], *, key: str) -> ToolResult | ToolFailed | LookBack:
    """Find out whether a once-only call happened that was begun before a crash.

    Returns:
        Its recorded result; ``NOT_HAPPENED``; ``CANNOT_TELL`` where the tool has no ``check``; or a failure of the
        check itself, after which nothing is known.
    """
    if tool.check is None:
        return LookBack.CANNOT_TELL
    given = checked_arguments(tool, arguments, key)
    if isinstance(given, ToolFailed):
        return LookBack.NOT_HAPPENED  # such a call is refused before it is made
    check = functools.partial(tool.check, key, arguments)
    outcome = await attempt(check, on_loop=is_async(tool.check), timeout_s=tool.timeout_s)
    if isinstance(outcome, Raised):
        return _failure(tool, tool.check, outcome.error, 1)
    return outcome.value if isinstance(outcome.value, LookBack) else _bounded(tool, outcome.value, 1)


def _bounded(tool: Tool, value: Any, attempts: int) -> ToolResult | ToolFailed:
    """A returned value as a result, if it can be kept and is not too large."""
    if inspect.iscoroutine(value):
        value.close()
        return _crashed(
            tool, f"{_place_of(tool.function)}: returned a coroutine; write `async def`, or await it", attempts
        )
    try:
        kept = msgspec.msgpack.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return _crashed(tool, f"{_place_of(tool.function)}: returned what cannot be kept: {error}", attempts)
    if len(kept) > tool.max_result_bytes:
        detail = f"the result has {len(kept):,} bytes, more than {tool.max_result_bytes:,}"
        return ToolFailed(tool.name, FailureKind.OUTPUT_LIMIT, detail, attempts)
    try:
        return ToolResult(tool.name, msgspec.msgpack.decode(kept), attempts, len(kept))
    except (msgspec.DecodeError, RecursionError, TypeError) as error:  # deeper than is read, or unhashable keys
        return _crashed(tool, f"{_place_of(tool.function)}: returned what cannot be read back: {error}", attempts)


def _failure(tool: Tool, function: Callable[..., Any], error: BaseException, attempts: int) -> ToolFailed:
    """What a raised error means."""
    if isinstance(error, TimedOut):
        return ToolFailed(tool.name, FailureKind.TIMEOUT, str(error), attempts)
    if isinstance(error, ToolError):
        return ToolFailed(tool.name, error.kind, tame(error.message, _DETAIL_LENGTH), attempts)
    line = f"{_place_of_error(function, error)}: {type(error).__name__}: {_text_of(error)}"
    if isinstance(error, MemoryError):
        return ToolFailed(tool.name, FailureKind.MEMORY, tame(line, _DETAIL_LENGTH), attempts)
    return _crashed(tool, line, attempts)


def _crashed(tool: Tool, detail: str, attempts: int) -> ToolFailed:
    return ToolFailed(tool.name, FailureKind.CRASHED, tame(detail, _DETAIL_LENGTH), attempts)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the text of a foreign error is foreign code, too; there is no await inside
        return "its text cannot be read"


def _place_of_error(function: Callable[..., Any], error: BaseException) -> str:
    """The innermost line of the function's own file; of any file, where its own is not on the way."""
    frames = traceback.extract_tb(error.__traceback__)
    file, _ = _source_of(function)
    own = [frame for frame in frames if frame.filename == file]
    if not frames:
        return _place_of(function)
    frame = (own or list(frames))[-1]
    return f"{os.path.basename(frame.filename)}:{frame.lineno}"


def _place_of(function: Callable[..., Any]) -> str:
    file, line = _source_of(function)
    return f"{os.path.basename(file)}:{line}"


def _source_of(function: Callable[..., Any]) -> tuple[str, int]:
    """File and first line of a function, seen through ``partial`` and decorators."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else (getattr(function, "__module__", None) or "builtin", 0)
