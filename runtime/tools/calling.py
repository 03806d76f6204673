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

from runtime.tools.arguments import checked_arguments
from runtime.tools.attempt import Raised, Returned, TimedOut, attempt
from runtime.tools.contract import FailureKind, LookBack, Tool, ToolError, ToolFailed, ToolResult
from runtime.untrusted import tame

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
        outcome = await attempt(tool.function, given, tool.timeout_s)
        if isinstance(outcome, Returned):
            return _bounded(tool, outcome.value, number)
        if number == tool.attempts or not isinstance(outcome.error, tool.retried):
            return _failure(tool, tool.function, outcome, number)
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
    check = functools.partial(_call_positionally, tool.check, key, arguments)
    outcome = await attempt(_async_or_not(tool.check, check), {}, tool.timeout_s)
    if isinstance(outcome, Raised):
        return _failure(tool, tool.check, outcome, 1)
    return outcome.value if isinstance(outcome.value, LookBack) else _bounded(tool, outcome.value, 1)
