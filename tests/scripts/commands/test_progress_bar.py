"""The bar on a terminal, and the plain lines where there is none."""

import io
import pathlib
import sys

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.records import Counts
from surefoot.scripts.commands.progress import Progress


class Terminal(io.StringIO):
    """What says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def work(place: pathlib.Path, task: str = "hanoi", total: int = 7) -> None:
    with Progress(place, RunConfig(task=task, model="[bold]m:smile:"), total) as progress:
        progress.say("starting workers: two of them")
        progress.note("leads [chosen]")
        progress.update(Counts(steps=3, calls=9), 12.0)


def test_a_terminal_gets_a_bar_with_the_lines_above_it(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "stderr", terminal)  # here: between a fixture and a test, pytest puts its own there
    work(tmp_path)
    said = terminal.getvalue()
    assert "\x1b[1mhanoi\x1b[0m with [bold]m:smile: in" in said  # what a model is called is no markup
    assert "leads [chosen]" in said
    assert "3/7 steps" in said
    assert "9 calls" in said
    assert "two of them" not in said


def test_what_is_no_terminal_gets_lines_without_anything_to_draw(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work(tmp_path, "map")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("map with [bold]m:smile: in ")
    assert lines[1:3] == ["starting workers: two of them", "leads [chosen]"]
    assert lines[3].startswith("3/7 rows, 9 calls, 0 flags")
    assert lines[3].endswith(", 12 s")
    assert "\x1b" not in "".join(lines)


def test_where_nobody_knows_how_many_steps_there_are_none_are_said(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    work(tmp_path, total=0)
    assert capsys.readouterr().err.splitlines()[3].startswith("3 steps, 9 calls")
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "stderr", terminal)
    work(tmp_path, total=0)
    assert "3 steps" in terminal.getvalue()
    assert "3/0" not in terminal.getvalue()
