"""Turns an error into an exit code, a line and a JSON object, in one place.

Imported only when something went wrong.
"""

import os
import traceback
from typing import Any

import click

from surefoot.decompose.task import NothingToAsk
from surefoot.runtime import errors
from surefoot.scripts.commands.output import FAILED, PAUSED, USAGE

TRACEBACK = "SUREFOOT_TRACEBACK"
"""Environment variable that has the traceback of an unexpected error printed as well."""


class Stopped(KeyboardInterrupt):
    """A signal asks the running command to end.

    Attributes:
        signal: Its name, such as ``SIGTERM``.
    """

    def __init__(self, signal: str = "SIGINT") -> None:
        super().__init__(signal)
        self.signal = signal


class Failure:
    """An error as a command reports it.

    Attributes:
        kind: Name of the error's class.
        message: One line for people.
        code: Exit code.
        hint: A second line that says what to do, or nothing.
        traceback: Where an unexpected error came from; empty for errors that are raised on purpose.
    """

    def __init__(self, kind: str, message: str, code: int, hint: str = "", trace: str = "") -> None:
        self.kind, self.message, self.code, self.hint, self.traceback = kind, message, code, hint, trace


def explain(error: BaseException) -> Failure:
    """Describe an error for the user, and choose the exit code."""
    error = first_cause(error)
    if isinstance(error, click.UsageError):
        return _usage(error)
    if isinstance(error, click.ClickException):
        return Failure(type(error).__name__, error.format_message(), USAGE)
    if isinstance(error, click.Abort):
        return explain(error.__cause__ or Stopped())
    if isinstance(error, KeyboardInterrupt):
        name = error.signal if isinstance(error, Stopped) else "SIGINT"
        return Failure("Stopped", f"stopped by {name} before it was done", PAUSED)
    if isinstance(error, errors.SurefootError):
        return _on_purpose(error)
    if isinstance(error, NothingToAsk):
        return Failure("ConfigurationError", str(error), USAGE, "--k 1, or another number, needs no sampled steps")
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return Failure(type(error).__name__, f"{place}{error.strerror or error}", FAILED, trace=_trace(error))
    return _unexpected(error)


def first_cause(error: BaseException) -> BaseException:
    """The most telling error inside nested groups: one raised on purpose, else the first."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    causes = [first_cause(inner) for inner in error.exceptions]
    return next((cause for cause in causes if isinstance(cause, errors.SurefootError)), causes[0])


def _usage(error: click.UsageError) -> Failure:
    where = error.ctx.command_path if error.ctx is not None else "surefoot"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return Failure("UsageError", f"something is missing after {where!r} (see {where} --help)", USAGE)
    return Failure("UsageError", f"{error.format_message()} (see {where} --help)", USAGE)


def _on_purpose(error: errors.SurefootError) -> Failure:
    yours = isinstance(error, errors.ConfigurationError | errors.ModelRejected)
    later = isinstance(error, errors.ModelUnavailable | errors.RunPaused)
    code = USAGE if yours else PAUSED if later else FAILED
    return Failure(type(error).__name__, str(error), code, str(error.context.get("hint", "")))


def _unexpected(error: BaseException) -> Failure:
    """A defect of Surefoot, or of something it uses."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    message = f"this should not happen: {type(error).__name__}: {error}{place}"
    return Failure(type(error).__name__, message, FAILED, f"{TRACEBACK}=1 shows where it comes from", _trace(error))


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def told(failure: Failure) -> dict[str, Any]:
    """Facts that the JSON object of a failure has besides its class, message and code."""
    return {"hint": failure.hint} if failure.hint else {}
