"""Which code and line an error becomes: whose fault it is decides."""

import json
import math

import click
import pytest

from surefoot.runtime import errors
from surefoot.scripts.commands.failures import Failure, Stopped, explain, first_cause
from surefoot.scripts.commands.output import (
    FAILED,
    PAUSED,
    USAGE,
    aligned,
    answer_in_short,
    failure,
    money,
    print_json,
    printable,
)


def aborted(by: BaseException) -> click.Abort:
    abort = click.Abort()
    abort.__cause__ = by
    return abort


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigurationError("x"), USAGE),
        (errors.UserCodeError("x"), USAGE),
        (errors.ModelRejected("x"), USAGE),
        (errors.RunDirectoryError("x"), USAGE),
        (click.UsageError("x"), USAGE),
        (click.FileError("x", "is gone"), USAGE),
        (errors.ModelUnavailable("x"), PAUSED),
        (errors.RunPaused("x"), PAUSED),
        (Stopped("SIGTERM"), PAUSED),
        (aborted(Stopped("SIGHUP")), PAUSED),
        (aborted(EOFError()), FAILED),
        (KeyboardInterrupt(), PAUSED),
        (errors.JournalError("x"), FAILED),
        (errors.RunFailed("x"), FAILED),
        (OSError(28, "No space left on device"), FAILED),
        (ZeroDivisionError("x"), FAILED),
        (ExceptionGroup("several", [KeyError("x"), ExceptionGroup("more", [errors.ConfigurationError("x")])]), USAGE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_code_says_whose_fault_it_is(error: BaseException, code: int) -> None:
    assert explain(error).code == code


def test_only_what_nobody_meant_has_a_traceback() -> None:
    assert explain(errors.JournalError("x")).traceback == ""
    try:
        _ = {}["gone"]
    except KeyError as error:
        found = explain(error)
    assert "test_failures.py" in found.message
    assert "Traceback" in found.traceback


def test_of_several_causes_the_one_that_was_meant_is_told() -> None:
    meant = errors.JournalError("the disk is full")
    group = BaseExceptionGroup("tasks", [ValueError("by the way"), BaseExceptionGroup("inner", [meant])])
    assert first_cause(group) is meant
    assert isinstance(first_cause(ExceptionGroup("tasks", [ValueError("a"), KeyError("b")])), ValueError)


def test_a_file_that_is_to_blame_is_named() -> None:
    assert explain(FileNotFoundError(2, "No such file or directory", "a.toml")).message.startswith("a.toml: No such")


def test_the_object_of_a_failure_is_one_line_whatever_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    told = failure("Kind", "two\nlines \x1b[2J", FAILED, run_dir="r")
    assert told == {
        "status": "failed",
        "error": {"type": "Kind", "message": "two lines \\x1b[2J", "run_dir": "r"},
        "exit_code": 1,
    }
    assert isinstance(explain(KeyError("x")), Failure)


def test_what_json_does_not_have_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1.5, math.nan, (math.inf, "\ud800")], "b": 10**30})
    assert json.loads(capsys.readouterr().out) == {"a": [1.5, None, [None, "\ud800"]], "b": 10**30}


def test_text_for_people() -> None:
    assert printable("a\tb\n\x1b[1m\u202e") == "a\tb\n\\x1b[1m\\u202e"
    assert (money(None), money(0.0), money(1234.5)) == ("unknown", "$0", "$1,234.5000")
    assert answer_in_short({"a": "x" * 300}, 20) == '{"a": "xxxxxxxxxx...'
    assert aligned([("name", "n"), ("a", "1"), ("long one", "1,000")], right=(1,)).splitlines() == [
        "name          n",
        "a             1",
        "long one  1,000",
    ]
