"""Calls tools: checks arguments, holds time-outs, tries again after listed errors, and bounds results.

Failures are values of named kinds. An error in a tool's own function is one line with its file and line.
"""

import asyncio
import functools
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from surefoot.runtime.tools.arguments import checked_arguments
from surefoot.runtime.tools.attempt import Raised, Returned, TimedOut, attempt
from surefoot.runtime.tools.contract import FailureKind, LookBack, Tool, ToolError, ToolFailed, ToolResult
from surefoot.runtime.tools.functions import is_async, place_of, place_of_error
from surefoot.runtime.unreadable import UNREADABLE
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
            tool, f"{place_of(tool.function)}: returned a coroutine; write `async def`, or await it", attempts
        )
    try:
        kept = msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return _crashed(tool, f"{place_of(tool.function)}: returned what cannot be kept: {error}", attempts)
    if len(kept) > tool.max_result_bytes:
        detail = f"the result has {len(kept):,} bytes, more than {tool.max_result_bytes:,}"
        return ToolFailed(tool.name, FailureKind.OUTPUT_LIMIT, detail, attempts)
    if b"null" in kept and _has_nan(value):  # which would be kept as null, and so as another value
        return _crashed(tool, f"{place_of(tool.function)}: returned what cannot be kept: nan or inf", attempts)
    try:
        return ToolResult(tool.name, msgspec.json.decode(kept), attempts, len(kept))
    except UNREADABLE as error:  # deeper, or numbers longer, than are read
        return _crashed(tool, f"{place_of(tool.function)}: returned what cannot be read back: {error}", attempts)


def _has_nan(value: Any) -> bool:
    """Whether there is a float in a value that is not a finite number."""
    if isinstance(value, float):
        return not math.isfinite(value)
    parts = [*value.keys(), *value.values()] if isinstance(value, Mapping) else value
    return isinstance(parts, list | tuple | set | frozenset) and any(map(_has_nan, parts))


def _failure(tool: Tool, function: Callable[..., Any], error: BaseException, attempts: int) -> ToolFailed:
    """What a raised error means."""
    if isinstance(error, TimedOut):
        return ToolFailed(tool.name, FailureKind.TIMEOUT, str(error), attempts)
    if isinstance(error, ToolError):
        return ToolFailed(tool.name, error.kind, tame(error.message, _DETAIL_LENGTH), attempts)
    line = f"{place_of_error(function, error)}: {type(error).__name__}: {_text_of(error)}"
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
