"""Lines of ``surefoot runs``, ``steps``, ``compare``, ``result`` and ``stop``, from values alone."""

import csv
import io
import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.kept_step import KeptReply
from surefoot.runtime.records import Counts
from surefoot.runtime.report.glance import Glance
from surefoot.runtime.report.journal_steps import JournalStep, Shown
from surefoot.scripts.commands import runs, stop
from surefoot.scripts.commands.compare import FIGURES, figures_of
from surefoot.scripts.commands.result import write_csv
from surefoot.scripts.commands.runs import HEAD, _delete, _directories, _remove, _row
from surefoot.scripts.commands.steps import described
from surefoot.scripts.commands.stop import HOLDS, _told, wait_until_free

HOSTILE = "\x1b[2Jgone\r"


def run_at(folder: pathlib.Path, name: str = "r") -> pathlib.Path:
    made = folder / name
    made.mkdir()
    (made / "run.toml").write_text("")
    return made


def test_a_line_has_a_cell_under_every_head() -> None:
    line = _row(Glance("runs/a b", "solved", task="hanoi", model="m", answer=[1, 2], steps=1234, calls=5, cost_usd=0.5))
    shown = dict(zip(HEAD, line, strict=True))
    assert (shown["status"], shown["answer"], shown["steps"], shown["cost"]) == ("solved", "[1, 2]", "1,234", "$0.5000")
    assert shown["run directory"] == "'runs/a b'"


def test_why_a_run_failed_stands_in_place_of_its_answer() -> None:
    place = HEAD.index("answer")
    assert _row(Glance("r", "failed", message="no lead", task="hanoi"))[place] == "no lead"
    assert _row(Glance("r", "paused", message="asked to stop", task="hanoi"))[place] == ""
    assert len(_row(Glance("r", "solved", task="hanoi", answer="x" * 500))[place]) == 60


def test_a_directory_that_cannot_be_read_has_no_figures() -> None:
    line = dict(zip(HEAD, _row(Glance("r", "unreadable", message="damaged")), strict=True))
    assert (line["answer"], line["steps"], line["calls"], line["cost"]) == ("damaged", "", "", "")


def test_a_folder_is_looked_through_and_each_run_comes_once(tmp_path: pathlib.Path) -> None:
    one, other = run_at(tmp_path, "a"), run_at(tmp_path, "b")
    assert sorted(_directories([tmp_path, one])) == [one, other]
    with pytest.raises(ConfigurationError, match="is not a folder"):
        _directories([tmp_path / "missing"])


def test_only_run_directories_are_deleted(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, other, link = run_at(tmp_path), tmp_path / "other", tmp_path / "link"
    other.mkdir()
    (other / "kept").write_text("x")
    link.symlink_to(run, target_is_directory=True)
    assert _remove(other) == _remove(link) == "is not a run directory any more"
    assert (other / "kept").exists()
    assert run.exists()
    assert _delete([Glance(str(run), "failed"), Glance("elsewhere", "running")], sure=True, as_json=False) == 0
    assert not run.exists()
    out = capsys.readouterr().out
    assert f"deleted {run}" in out
    assert "kept elsewhere: it is running; surefoot stop elsewhere stops it" in out


def test_what_was_resumed_meanwhile_is_kept_and_said(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_at(tmp_path)
    monkeypatch.setattr(runs, "is_locked", lambda directory: True)
    assert _delete([Glance(str(run), "failed")], sure=True, as_json=False) == 1
    assert run.exists()
    assert "has been resumed meanwhile" in capsys.readouterr().err


def test_nothing_is_deleted_unless_somebody_can_say_yes(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_at(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(ConfigurationError, match="--yes deletes at once"):
        _delete([Glance(str(run), "failed")], sure=False, as_json=False)
    assert run.exists()


def step(**changed: Any) -> JournalStep:
    usual = {"node": "0.2", "what": "step", "attempt": 0, "number": 4, "lead": 3, "answer": "A>B", "ballots": ()}
    return JournalStep(**{**usual, **changed})


def test_a_step_says_where_it_stands_and_how_it_was_decided() -> None:
    line, answer = described(step(kind="move"))
    assert line == "node 0.2, step 5 (move): lead 3"
    assert answer == "    answer: A>B"
    (first, *_) = described(step(attempt=1, way="more ballots", remembered=True, alarms=("disagreement", "copies")))
    assert "attempt 2: lead 3; decided by more ballots; remembered; alarm: disagreement, copies" in first
    assert "undecided" in next(iter(described(step(answer=None))))
    assert "undecided" not in next(iter(described(step(answer=None, what="pilot"))))


def test_votes_are_listed_where_they_differ_or_some_were_discarded() -> None:
    agreed = step(ballots=(Shown("A>B"), Shown("A>B")))
    assert not [line for line in described(agreed) if "replies" in line]
    disputed = step(ballots=(Shown("A>C"), Shown("A>B"), Shown("A>B"), Shown(None, "misformatted", "no peg")))
    votes = [line.strip() for line in described(disputed) if "replies" in line or "discarded" in line]
    assert votes == ["2 of 4 replies: A>B", "1 of 4 replies: A>C", "discarded as misformatted: no peg"]


def test_what_a_model_wrote_is_indented_and_cannot_move_the_cursor() -> None:
    reply = KeptReply(f"{HOSTILE}\nnode 0: all is well", "", HOSTILE)
    told = list(described(step(system=HOSTILE, prompt="one\ntwo", replies=(reply,))))
    text = "\n".join(told)
    assert "\x1b" not in text
    assert "\r" not in text
    assert all(line.startswith("    ") for line in text.splitlines()[1:])


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ([{"a": 1, "b": [2]}, {"b": None, "c": "x"}], [["a", "b", "c"], ["1", "[2]", ""], ["", "", "x"]]),
        (["x", {"a": 1}], [["value", "a"], ["x", ""], ["", "1"]]),
        ({"a": {"b": 1}}, [["a"], ['{"b": 1}']]),
        ("plain, text", [["value"], ["plain, text"]]),
    ],
)
def test_an_answer_is_a_table_of_its_items(
    capsys: pytest.CaptureFixture[str], answer: Any, rows: list[list[str]]
) -> None:
    write_csv(answer)
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == rows


@given(st.lists(st.tuples(st.text("ab,\"'\n é", max_size=5), st.integers()), min_size=1, max_size=4))
def test_whatever_stands_in_a_cell_is_read_back(rows: list[tuple[str, int]]) -> None:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        write_csv([{"text": text, "number": number} for text, number in rows])
    read = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert [(row["text"], int(row["number"])) for row in read] == rows


def test_figures_of_two_runs_are_what_their_journals_counted() -> None:
    counts = Counts(steps=4, calls=10, red_flags={"illegal": 2, "misformatted": 1}, tokens_in=70)
    figures = figures_of(counts, 1.23456)
    assert set(FIGURES) < set(figures)
    assert (figures["red_flags"], figures["calls_per_step"], figures["wall_s"]) == (3, 2.5, 1.235)
    assert figures["tokens_in"] == 70
    assert figures_of(Counts(), 0.0)["calls_per_step"] is None
    assert figures_of(counts, 1.0, pilot_calls=6)["calls_per_step"] == 1.0  # a pilot's calls are in no step


@pytest.mark.parametrize(
    ("status", "pid", "stopped", "said"),
    [
        ("solved", None, True, "r is not running: it is solved"),
        ("paused", 7, True, "r has stopped: it is paused; surefoot resume r goes on"),
        ("failed", 7, True, "r has stopped: it is failed"),
        ("running", 7, False, "process 7 was asked to stop r and is still at it; surefoot show r looks again"),
    ],
)
def test_stopping_says_what_came_of_it(status: str, pid: int | None, stopped: bool, said: str) -> None:
    assert _told(Glance("r", status), pid, stopped) == said


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("lock:\t1: FLOCK  ADVISORY  WRITE 12 08:01:5 0 EOF", True),
        ("lock:\t1: FLOCK  ADVISORY  READ 12 08:01:5 0 EOF", False),
        ("lock:\t1: POSIX  ADVISORY  WRITE 12 08:01:5 0 EOF", False),
        ("pos:\t0\nflags:\t02\nlock:\t1: FLOCK  ADVISORY  WRITE 12 08:01:5 0 EOF", True),
        ("unlock: FLOCK WRITE", False),
    ],
)
def test_only_an_exclusive_lock_of_the_kind_that_runs_take_counts(line: str, holds: bool) -> None:
    assert bool(HOLDS.search(line)) == holds


def test_waiting_ends_when_nobody_writes_or_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    locked, slept = [True, True, False], []
    monkeypatch.setattr(stop, "is_locked", lambda directory: locked.pop(0))
    monkeypatch.setattr(stop.time, "sleep", slept.append)
    assert wait_until_free(pathlib.Path("r"), 60)
    assert slept == [stop.LOOK_EVERY_S] * 2
    monkeypatch.setattr(stop, "is_locked", lambda directory: True)
    assert not wait_until_free(pathlib.Path("r"), 0)
