"""The journal's cost: a run is written, resumed without a question asked again, and its commits are timed."""

import asyncio
import json
import pathlib
from collections.abc import Callable, Iterator

import pytest

from surefoot.runtime.journal.journal import open_journal
from surefoot.scripts.benchmarks.journal import Timed, bench, config_of, resume_all, share_figures, write_run


@pytest.fixture(autouse=True)
def untimed() -> Iterator[None]:
    yield
    Timed.seconds = Timed.cpu_seconds = 0.0
    Timed.commits = 0


def test_one_json_line_of_a_run_and_its_resumption(printed: Callable[..., str], tmp_path: pathlib.Path) -> None:
    directory = tmp_path / "run"
    found = json.loads(printed(bench, "--disks", "4", "--run-dir", str(directory)))
    assert (found["steps"], found["asked_again"]) == (15, 0)
    size = (directory / "journal.sqlite").stat().st_size
    assert found["bytes_a_step"] == pytest.approx(size / 15, abs=0.01)
    assert found["resume_peak_mb"] > 10


def test_a_run_that_is_there_is_used_again(
    printed: Callable[..., str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from surefoot.scripts.benchmarks import journal

    written: list[int] = []

    def write(directory: pathlib.Path, disks: int) -> None:
        written.append(disks)
        directory.mkdir()
        (directory / "journal.sqlite").touch()

    monkeypatch.setattr(journal, "write_run", write)
    monkeypatch.setattr(journal, "resume_figures", lambda directory, disks: {"steps": disks})
    for _ in range(2):
        assert json.loads(printed(bench, "--disks", "5", "--run-dir", str(tmp_path / "run"))) == {"steps": 5}
    assert written == [5]


def test_a_written_run_stands_as_a_kill_just_before_the_end_leaves_it(tmp_path: pathlib.Path) -> None:
    write_run(tmp_path / "run", 4)
    journal = open_journal(tmp_path / "run", write=False)
    assert (journal.meta("status"), journal.totals.steps) == ("running", 15)
    journal.close()
    assert asyncio.run(resume_all(tmp_path / "run")) == 0


def test_the_model_of_the_written_run_errs_now_and_then() -> None:
    """Contested steps and seam retries have to be in the journal whose size is told."""
    config = config_of(4)
    assert config.model == "simulated:p_error=0.002"
    assert (config.task_options, config.k, config.workers, config.address) == ({"disks": 4}, 1, 1, "none")


def test_the_share_counts_every_commit(tmp_path: pathlib.Path) -> None:
    found = share_figures(tmp_path / "run", 4, "simulated:p_error=0.002")
    assert (found["steps"], found["model"]) == (15, "simulated:p_error=0.002")
    assert found["commits"] == Timed.commits > 0
    assert found["journal_share"] == pytest.approx(Timed.seconds / found["wall_s"], rel=0.2)
    assert found["calls"] >= 15


def test_share_is_printed_as_one_line(printed: Callable[..., str], tmp_path: pathlib.Path) -> None:
    options = ("--share", "--disks", "3", "--model", "simulated", "--run-dir", str(tmp_path / "run"))
    found = json.loads(printed(bench, *options))
    assert found["steps"] == 7
    assert set(found) == {
        "model", "steps", "calls", "wall_s", "cpu_s", "commits", "commit_s", "commit_cpu_s", "journal_share"
    }  # fmt: skip
