"""A long run, killed and resumed: at few disks, in one process without Ray; and where processor time went."""

import os
import pathlib
import sys
from collections.abc import Callable

import click
import click.testing
import pytest

from surefoot.scripts.benchmarks import million
from surefoot.scripts.benchmarks.million import Used, committed, main, session, used_below

SLOW = ("--model", "simulated:latency_s=0.05", "--strategy", "chain", "--k", "1")


@pytest.fixture(autouse=True)
def without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = million.command
    local = ("--address", "none", "--workers", "1")
    monkeypatch.setattr(million, "command", lambda *words: kept(*words, *(local if words[0] == "run" else ())))
    monkeypatch.setattr(million, "LOOK_S", 0.1)


def test_a_run_that_is_not_killed_is_verified_and_told(printed: Callable[..., str]) -> None:
    lines = printed(main, "--disks", "4", "--model", "simulated", "--no-kill").splitlines()
    assert lines[0] == "15 steps, --shown all, simulated: solved, valid by the referee"
    assert "calls a step; " in lines[1]
    assert [line.split()[0] for line in lines[2:]] == ["workers", "coordinator", "Ray"]


def test_a_killed_run_is_resumed_to_its_end(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = tmp_path / "run"
    monkeypatch.setattr(million, "committed", lambda place: int((place / "journal.sqlite").exists()))
    end, used = session(run_dir, "run", "hanoi", "--disks", "6", *SLOW, "--run-dir", str(run_dir), kill_at=1)
    assert end == {}
    assert used
    monkeypatch.undo()  # what is resumed needs no more options
    assert committed(run_dir) < 63
    end, _ = session(run_dir, "resume", str(run_dir))
    assert (end["status"], end["steps"]) == ("solved", 63)


def test_a_run_that_ends_in_an_error_says_it(tmp_path: pathlib.Path) -> None:
    end, _ = session(tmp_path / "run", "no-such-command")
    assert end["status"] == "error"
    with pytest.raises(click.ClickException, match="No module named"):
        million_without_output(tmp_path)


def million_without_output(folder: pathlib.Path) -> None:
    """A command that dies without a word on stdout."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(million, "command", lambda *_: [sys.executable, "-m", "no_such_module"])
        session(folder / "run", "run")


@pytest.mark.parametrize("end", [{"status": "failed"}, {"status": "paused"}])
def test_a_run_that_is_not_solved_is_no_result(end: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(million, "session", lambda *_, **__: (end, {}))
    done = click.testing.CliRunner().invoke(main, ["--disks", "3"])
    assert done.exit_code == 1
    assert f"Error: {end['status']}: " in done.output


def test_nothing_is_committed_where_there_is_no_journal(tmp_path: pathlib.Path) -> None:
    assert committed(tmp_path) == 0
    (tmp_path / "journal.sqlite").touch()
    assert committed(tmp_path) == 0


@pytest.mark.skipif(not pathlib.Path("/proc/self/stat").exists(), reason="reads /proc")
def test_time_used_is_that_of_a_process_and_those_below_it() -> None:
    own = used_below(os.getpid())
    assert {process for process, _, _ in own} >= {os.getpid()}
    assert all(seconds >= 0 for seconds in own.values())
    assert sum(own.values()) > 0
    assert used_below(2**22 + 1) == {}


@pytest.mark.parametrize(
    ("line", "name"),
    [("ray::RayWorker.run", "workers"), ("python -m surefoot.scripts.commands.cli run", "coordinator"),
     ("gcs_server", "Ray")],
)  # fmt: skip
def test_processes_are_named_by_their_command_lines(line: str, name: str) -> None:
    assert million._named(line) == name


def test_shares_of_time_are_those_of_the_busiest_threads(capsys: pytest.CaptureFixture[str]) -> None:
    used: Used = {
        (1, "workers", 1): 1.0, (1, "workers", 2): 4.0, (1, "workers", 3): 0.5,
        (2, "coordinator", 4): 3.0, (3, "Ray", 5): 1.0, (3, "Ray", 6): 0.5,
    }  # fmt: skip
    million._tell(used)
    workers, coordinator, ray = capsys.readouterr().out.splitlines()
    assert "55% of 10 s" in workers
    assert workers.endswith("(busiest threads, second, all others: 40%, 10%, 5%)")
    assert "30% of 10 s" in coordinator
    assert ray.endswith("10%, 5%, 0%)")


def test_a_worker_that_ray_renames_counts_once(capsys: pytest.CaptureFixture[str]) -> None:
    million._tell({(1, "workers", 1): 2.0, (1, "Ray", 1): 1.0, (2, "coordinator", 2): 2.0})
    workers, coordinator, ray = capsys.readouterr().out.splitlines()
    assert "50% of 4 s" in workers
    assert "50% of 4 s" in coordinator
    assert "0% of 4 s" in ray
