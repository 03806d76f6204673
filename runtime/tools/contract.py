"""The contract of tools: a call gives a result or a typed failure, never an error as text among results.

A tool is a plain function, sync or async, of keyword arguments that are builtin values; it returns a builtin value. The
engine journals what it gave before anything uses it.
"""

import enum
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from surefoot.runtime.errors import ConfigurationError, SurefootError
from surefoot.runtime.tools.functions import hints_of

CALL_KEY: Final = "call_key"
"""The parameter, if a function has it, that is given the key of the call: the same key when a call is repeated."""

DEFAULT_RESULT_BYTES: Final = 1 << 20
JSON_BYTES_PER_BYTE: Final = 6
"""Bytes of JSON that one byte of text becomes at most: ``\\u0001``."""


class FailureKind(enum.StrEnum):
    """Why a tool gave no result."""

    TIMEOUT = "timeout"
    """It took longer than it may."""
    REFUSED = "refused"
    """It was asked for something that it does not do."""
    CRASHED = "crashed"
    """It has an error of its own."""
    MEMORY = "memory"
    """It needed more memory than it may have."""
    OUTPUT_LIMIT = "output-limit"
    """It gave, or wrote, more than it may."""
    BAD_ARGUMENTS = "bad-arguments"
    """It was called with arguments that it does not take."""
    NOT_INSTALLED = "not-installed"
    """A program or a file that it needs is not on this machine."""


class ToolError(SurefootError):
    """Raised by a tool's function to end the call with a failure of a named kind.

    Args:
        message: One line for people.
        kind: The kind of failure.
    """

    def __init__(self, message: str = "", kind: FailureKind = FailureKind.REFUSED) -> None:
        super().__init__(message, kind=kind)
        self.kind = kind


class ToolResult(msgspec.Struct, frozen=True, tag="result"):
    """The value that a tool returned for a call.

    Attributes:
        tool: The tool's name.
        value: A builtin value, as it reads after a round trip through the journal, which keeps JSON: a tuple has become
            a list, keys have become text, and binary data base64 text.
        attempts: How often the function was called for it, at least 1.
        size_bytes: Length of the value as JSON.
    """

    tool: str
    value: Any
    attempts: int
    size_bytes: int


class ToolFailed(msgspec.Struct, frozen=True, tag="failed"):
    """A typed failure: a tool gave no result.

    Attributes:
        tool: The tool's name.
        kind: Why.
        detail: One printable line; of a crash the file and the line: ``file.py:12: ZeroDivisionError: ...``.
        attempts: How often the function was called, 0 where its arguments were refused.
    """

    tool: str
    kind: FailureKind
    detail: str
    attempts: int = 1


class LookBack(enum.Enum):
    """Evidence, besides a result, about a once-only call that was begun before a crash."""

    NOT_HAPPENED = "not-happened"
    """It was not made, or had no effect: it may be made now."""
    CANNOT_TELL = "cannot-tell"
    """The tool has no way to say: a person has to."""


NOT_HAPPENED: Final = LookBack.NOT_HAPPENED
"""What the ``check`` of a once-only tool returns for a call that had no effect."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that nodes may call, and how it is called.

    Attributes:
        name: How plans and reports name it.
        function: Sync or async. A sync one runs in a thread, which cannot be ended: after its time it is left alone.
        timeout_s: Longest time of one attempt, in seconds.
        repeatable: Whether a call may be made again after a crash; ``False``: it must happen once.
        check: Of a once-only tool: given the call's key and its arguments, returns the recorded result of that call, or
            ``NOT_HAPPENED``. ``None``: the tool cannot tell.
        attempts: How often a call is tried, at least 1.
        retried: The errors after which it is tried again; ``TimeoutError`` stands for ``timeout_s`` as well.
        wait_s: Seconds before the second attempt; doubles with each one.
        max_result_bytes: Largest result, as JSON.
        ranked: Whether it gives ``passages`` with a ``text`` each, which the run's model puts in the order of their
            relevance to the argument ``query``; as many are kept as the result's ``limit`` says.

    Raises:
        ConfigurationError: The values contradict each other.
    """

    name: str
    function: Callable[..., Any]
    timeout_s: float
    repeatable: bool = True
    check: Callable[[str, Mapping[str, Any]], Any] | None = None
    attempts: int = 1
    retried: tuple[type[Exception], ...] = ()
    wait_s: float = 0.5
    max_result_bytes: int = DEFAULT_RESULT_BYTES
    ranked: bool = False

    def __post_init__(self) -> None:
        if fault := self._fault():
            raise ConfigurationError(f"tool {self.name!r}: {fault}", tool=self.name)

    def _fault(self) -> str | None:
        """What is wrong with these values, or ``None``."""
        if not self.name.isprintable() or not self.name:
            return "its name is empty or not printable"
        if not (math.isfinite(self.timeout_s) and self.timeout_s > 0):
            return f"timeout_s is {self.timeout_s}, and has to be above 0"
        if self.attempts < 1 or (self.attempts > 1 and not self.retried):
            return f"{self.attempts} attempts, after which errors? List them in `retried`"
        if self.attempts > 1 and not self.repeatable:
            return "a once-only tool is not tried again by itself"
        if self.check is not None and self.repeatable:
            return "`check` is for tools with repeatable=False"
        if any(error in (Exception, BaseException) for error in self.retried):
            return "`retried` lists errors by name; Exception is all of them"
        return _fault_of(self.function)


def _fault_of(function: Callable[..., Any]) -> str | None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return "its parameters cannot be read"
    if any(parameter.kind is inspect.Parameter.POSITIONAL_ONLY for parameter in parameters):
        return "it has positional-only parameters; tools are called by keyword"
    try:
        hints_of(function)
    except NameError as error:
        return f"its annotations cannot be read: {error}"
    return None
