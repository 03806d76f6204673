"""A model of one's own on the command line, from a trial to a resumed run, and mistakes in its code."""

import pathlib
import shutil

import pytest

from tests.scripts.commands.console import ROOT, complaints, last_object, surefoot

QUIET = ("--address", "none", "--workers", "1", "--k", "1")
ASKED = ("map", "t.csv", "--question", "{text}", *QUIET, "--run-dir", "r", "--json")


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with the models and a table."""
    shutil.copy(ROOT / "tests" / "data" / "own" / "own_models.py", tmp_path)
    (tmp_path / "t.csv").write_text("text\nash\nbirch\n")
    return tmp_path


def test_a_table_is_tried_offline_and_resumed_elsewhere(folder: pathlib.Path) -> None:
    done = surefoot(folder, *ASKED, "--model", "own_models:Sound", "--max-calls", "1", "--chains-in-flight", "1")
    assert done.returncode == 3, done.stderr
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "own_models.py").write_text("raise SystemExit('never imported')")
    ended = surefoot(elsewhere, "resume", "../r", "--max-calls", "9", "--json")
    assert (ended.returncode, last_object(ended)["rows_failed"]) == (0, 0), ended.stderr
    unsealed = {"XDG_STATE_HOME": str(elsewhere)}  # as somebody else who received it
    assert last_object(surefoot(folder, "show", "r", "--json", more=unsealed))["model"] == "own_models:Sound"


def test_a_mistake_in_ask_is_one_line_and_show_says_the_same(folder: pathlib.Path) -> None:
    done = surefoot(folder, *ASKED, "--model", "own_models:Raises")
    assert done.returncode == 2, done.stderr
    (line,) = complaints(done)
    assert line.startswith("surefoot: Raises.ask")
    assert "own_models.py, line" in line
    kept = last_object(surefoot(folder, "show", "r", "--json"))
    assert (kept["status"], kept["message"]) == ("failed", line.removeprefix("surefoot: "))


def test_models_check_asks_one_step(folder: pathlib.Path) -> None:
    done = surefoot(folder, "models", "--check", "own_models:Sound", "--json")
    assert done.returncode in (0, 1), done.stderr
    assert last_object(done)["model"] == "own_models:Sound"
