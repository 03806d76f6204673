"""A run in one line: what its status means, where runs lie, and how old they are."""

import pathlib
from typing import Any

import pytest

from surefoot.runtime.records import Counts
from surefoot.runtime.report import glance as module
from surefoot.runtime.report.glance import (
    ANSWER,
    DEEPEST,
    OUTPUT,
    age,
    answer_in,
    cost_of,
    glance,
    is_bench,
    is_run,
    runs_below,
    status_of,
)
from tests.runtime.journal.in_memory import InMemoryJournal


def run_at(path: pathlib.Path) -> pathlib.Path:
    path.mkdir(parents=True)
    (path / "run.toml").write_text("")
    return path


def journal(**values: Any) -> InMemoryJournal:
    made = InMemoryJournal()
    made.set_meta(**values)
    return made


@pytest.mark.parametrize(
    ("kept", "locked", "told"),
    [
        ({"status": "solved", "message": "x"}, False, ("solved", "")),
        ({"status": "failed", "message": "why"}, False, ("failed", "why")),
        ({"status": "paused", "message": "asked"}, False, ("paused", "asked")),
        (
            {"status": "running"},
            False,
            ("paused", "its process ended without a word: it was killed, or its disk was full"),
        ),
        ({}, False, ("paused", "its process ended without a word: it was killed, or its disk was full")),
        ({"status": "paused", "message": "asked"}, True, ("running", "")),
    ],
)
def test_a_run_whose_process_is_gone_is_paused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, kept: dict[str, str], locked: bool, told: tuple[str, str]
) -> None:
    monkeypatch.setattr(module, "is_locked", lambda directory: locked)
    assert status_of(tmp_path, journal(**kept)) == told


def test_the_answer_is_what_the_task_made_of_the_output() -> None:
    assert answer_in(journal()) is None
    assert answer_in(journal(**{OUTPUT: [1, 2]})) == [1, 2]
    assert answer_in(journal(**{OUTPUT: [1, 2], ANSWER: {"made": None}})) is None
    assert answer_in(journal(**{OUTPUT: [1, 2], ANSWER: {"made": "three"}})) == "three"


def test_a_price_that_is_not_known_is_not_nothing() -> None:
    assert cost_of(Counts(cost_usd=0.1234567)) == 0.123457
    assert cost_of(Counts(cost_usd=5.0, unpriced_calls=1)) is None


def test_runs_are_found_in_folders_but_not_behind_links_or_in_other_runs(tmp_path: pathlib.Path) -> None:
    found = {run_at(tmp_path / name) for name in ("a", "b/c", "b/d")}
    run_at(tmp_path / "a" / "inner")
    run_at(tmp_path / ".hidden")
    (tmp_path / "link").symlink_to(tmp_path / "b", target_is_directory=True)
    assert set(runs_below(tmp_path)) == found
    assert list(runs_below(tmp_path / "a")) == [tmp_path / "a"]
    assert list(runs_below(tmp_path / "nowhere")) == []


def test_folders_are_not_searched_without_end(tmp_path: pathlib.Path) -> None:
    deep = tmp_path.joinpath(*"x" * (DEEPEST + 1))
    run_at(deep)
    assert list(runs_below(tmp_path)) == [deep]
    far = tmp_path.joinpath(*"y" * (DEEPEST + 2))
    run_at(far)
    assert list(runs_below(tmp_path)) == [deep]


def test_what_is_a_run_and_what_a_table_of_runs(tmp_path: pathlib.Path) -> None:
    assert not is_run(tmp_path)
    assert is_run(run_at(tmp_path / "a"))
    assert not is_bench(tmp_path)
    (tmp_path / "bench.json").write_text("{}")
    assert is_bench(tmp_path)


def test_a_damaged_run_is_a_line_like_others(tmp_path: pathlib.Path) -> None:
    damaged = run_at(tmp_path / "a")
    (damaged / "run.toml").write_text("no toml = = =")
    found = glance(damaged)
    assert found.status == "unreadable"
    assert "\n" not in found.message
    assert found.message
    assert found.changed > 0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "60 min"), (3600, "1 h"), (86400, "1 d"), (10 * 86400, "10 d"),
     (-5, "0 s")],
)  # fmt: skip
def test_how_long_ago(seconds: float, told: str) -> None:
    assert age(1e9 - seconds, now=1e9) == told


def test_a_moment_that_is_not_known_has_no_age() -> None:
    assert age(0.0, now=1e9) == ""
