"""A run directory says what it is, holds its configuration, and refuses what is not one."""

import datetime
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError, JournalError, RunDirectoryError
from surefoot.runtime.journal import run_directory
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.journal.run_directory import (
    LIMITS,
    new_run_directory,
    parse_config,
    read_config,
    standing,
    write_config,
)
from surefoot.runtime.records import Counts

Configured = Callable[..., RunConfig]


def test_a_configuration_is_frozen_in_the_directory(configured: Configured, tmp_path: pathlib.Path) -> None:
    config = configured(options={"disks": 9, "goal": "b"}, k="auto", temperature=0.25, max_calls=7, api_base="http://x")
    write_config(tmp_path, config)
    assert read_config(tmp_path) == config
    assert [path.name for path in tmp_path.iterdir()] == ["run.toml"]
    with pytest.raises(RunDirectoryError, match="cannot write"):
        write_config(tmp_path / "missing", config)


def test_places_that_are_no_runs(configured: Configured, tmp_path: pathlib.Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RunDirectoryError, match=r"no run\.toml|not a run directory"):
            read_config(place)
    write_config(tmp_path, configured())
    with pytest.raises(RunDirectoryError, match="killed before it began"):
        standing(tmp_path)


@pytest.mark.parametrize(
    "text", ["nonsense", "task = 3", 'task = "hanoi"\nnonsense = 1', 'task = "hanoi"\nk = 0', "", "\x00", "k = 1"]
)
def test_configurations_that_cannot_be_read(tmp_path: pathlib.Path, text: str) -> None:
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"run\.toml"):
        parse_config(tmp_path / "run.toml")


def test_bytes_that_are_no_text(tmp_path: pathlib.Path) -> None:
    (tmp_path / "run.toml").write_bytes(b'task = "\xff\xfe"')
    with pytest.raises(ConfigurationError, match=r"run\.toml"):
        parse_config(tmp_path / "run.toml")


def test_a_new_run_takes_no_place_that_is_taken(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    for place, said in (("full", "exists and is not empty"), ("full/file", "is not a directory")):
        with pytest.raises(RunDirectoryError, match=said):
            new_run_directory(tmp_path / place, "hanoi")
    assert new_run_directory(tmp_path / "empty", "hanoi") == tmp_path / "empty"
    assert new_run_directory(tmp_path / "new", "hanoi") == tmp_path / "new"
    assert not (tmp_path / "new").exists()
    monkeypatch.chdir(tmp_path)
    named = new_run_directory(None, "my_module:MyTask")
    assert named.parent.name == "runs"
    assert named.name.startswith("my_module.MyTask-")


def test_runs_begun_at_the_same_moment_have_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    class Now(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Now":
            return cls(2026, 11, 28, 22, 30, 40, 845_000)

    monkeypatch.setattr(f"{run_directory.__name__}.datetime.datetime", Now)
    names = {new_run_directory(None, "map").name for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("map-20261128-223040-845-") for name in names)


async def test_standing_before_while_and_after(new_run: Any, planted: Any) -> None:
    run = new_run(k=2)
    write_config(run.directory, run.config)
    seen: list[str] = []
    assert await run.session(planted(hanoi.answers), max_calls=1) == "paused"
    paused = standing(run.directory)
    assert (paused.status, paused.message) == ("paused", "--max-calls 1 is reached")

    def look(counts: Counts, wall_s: float) -> None:
        seen.append(standing(run.directory).status)

    assert await run.session(planted(hanoi.answers), on_progress=look) == "solved"
    assert set(seen) == {"running"}
    solved = standing(run.directory)
    assert (solved.status, solved.message, solved.steps, solved.total_steps) == ("solved", "", 63, 63)
    assert (solved.task, solved.model, solved.strategy, solved.state_by) == ("hanoi", "simulated", "tree", "model")
    assert (solved.calls, solved.k) == (run.totals.calls, 2)
    assert solved.calls_per_step == round(solved.calls / 63, 4)
    assert solved.wall_s >= paused.wall_s > 0


def test_a_run_that_never_began(configured: Configured, tmp_path: pathlib.Path) -> None:
    write_config(tmp_path, configured())
    create_journal(tmp_path).close()
    found = standing(tmp_path)
    assert (found.status, found.steps, found.calls, found.calls_per_step, found.k) == ("paused", 0, 0, None, None)


def test_a_damaged_journal_is_named(configured: Configured, tmp_path: pathlib.Path) -> None:
    write_config(tmp_path, configured())
    (tmp_path / "journal.sqlite").write_bytes(b"nothing" * 999)
    with pytest.raises(JournalError, match=r"journal\.sqlite"):
        standing(tmp_path)


def test_limits_are_nothing_that_an_answer_depends_on() -> None:
    assert set(LIMITS) <= set(RunConfig.__struct_fields__)
    decide = {"task", "model", "k", "rule", "seed", "red_flags", "seams", "strategy", "state_by", "temperature"}
    assert not set(LIMITS) & decide
