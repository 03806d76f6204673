"""Where log events of a run go, and that structlog is imported for those alone that are seen."""

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from surefoot.runtime import logs
from surefoot.runtime.logs import WARNINGS, configure_logs, events_of, muted


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    """As in a process in which nobody has configured anything."""
    structlog.reset_defaults()
    WARNINGS.setLevel(logging.NOTSET)
    yield
    structlog.reset_defaults()
    WARNINGS.setLevel(logging.NOTSET)


def say(run: str = "runs/a") -> None:
    log = events_of(run)
    log.debug("segment sent", segment="0")
    log.info("run ended", status="solved")
    log.warning("worker lost", segment="1")


def test_a_program_that_configured_nothing_hears_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    say()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("imported", [True, False])
def test_warnings_alone_are_printed_by_default(
    imported: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as without:
        if not imported:
            without.delitem(sys.modules, "structlog")
        configure_logs("none")
        log = events_of("runs/a")
        log.info("run ended", status="solved")
    log.warning("worker lost", segment="1")
    out, err = capsys.readouterr()
    assert out == ""
    assert "worker lost" in err
    assert "runs/a" in err
    assert "run ended" not in err


def test_nothing_is_configured_before_there_is_something_to_warn_of(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(logs, "_configure", lambda level, form: asked.append(form))
    monkeypatch.delitem(sys.modules, "structlog")
    configure_logs("none")
    log = events_of("runs/a")
    log.info("run ended", status="solved")
    assert asked == []
    monkeypatch.setitem(sys.modules, "structlog", structlog)
    log.warning("worker lost")
    assert asked == ["text"]


def test_all_events_are_lines_of_json_if_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", verbose=True)
    say()
    lines = capsys.readouterr().err.splitlines()
    assert ['"event": "segment sent"' in lines[0], '"run": "runs/a"' in lines[1], len(lines)] == [True, True, 3]


def test_a_program_that_configured_structlog_gets_the_events(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.configure(processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory())
    say()
    assert '"event": "worker lost"' in capsys.readouterr().out


def test_a_run_that_is_none_is_silent_whatever_was_configured(capsys: pytest.CaptureFixture[str]) -> None:
    """Placebo: what is said before and after it."""
    configure_logs("json", verbose=True)
    with muted():
        say()
        log = events_of("runs/b")
    log.warning("late", segment="2")
    assert capsys.readouterr() == ("", "")
    say()
    assert capsys.readouterr().err.count("\n") == 3
