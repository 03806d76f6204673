"""Checks the arguments of a call against the function's own signature; arguments come from models and are hostile."""

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from surefoot.runtime.tools.contract import CALL_KEY, FailureKind, Tool, ToolFailed
from surefoot.runtime.tools.functions import hints_of
from surefoot.runtime.untrusted import tame


def checked_arguments(tool: Tool, arguments: Mapping[str, Any], key: str) -> dict[str, Any] | ToolFailed:
    """The arguments as the function's annotations say, with the call's key where the function takes it."""
    signature = inspect.signature(tool.function)
    if CALL_KEY in arguments:
        return _bad(tool, f"{CALL_KEY} is given by the engine")
    given = dict(arguments)
    if CALL_KEY in signature.parameters:
        given[CALL_KEY] = key
    try:
        signature.bind(**given)
    except TypeError as error:
        return _bad(tool, f"{error}; it takes {_parameters(signature)}")
    hints = hints_of(tool.function)
    for name, hint in hints.items():
        if name in arguments and name in signature.parameters:
            try:
                given[name] = msgspec.convert(given[name], hint)
            except msgspec.ValidationError as error:
                return _bad(tool, f"{name}: {error}")
    return given


def _parameters(signature: inspect.Signature) -> str:
    names = [name for name in signature.parameters if name != CALL_KEY]
    return f"({', '.join(names)})"


def _bad(tool: Tool, detail: str) -> ToolFailed:
    return ToolFailed(tool.name, FailureKind.BAD_ARGUMENTS, tame(detail, 500), attempts=0)
