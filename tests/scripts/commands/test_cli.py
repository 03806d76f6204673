"""The command contract: JSON keys, exit codes, one clear line for bad input, nothing written or lost."""

import gc
import json
import pathlib
import subprocess
import sys

import pytest

from surefoot.scripts.commands.cli import COLLECTIONS, main
from tests import forked

SIMULATED = ["--model", "simulated:p_error=0.01", "--address", "none", "--workers", "1"]
KEYS = [
    "run_dir",
    "status",
    "steps",
    "calls",
    "calls_per_step",
    "red_flags",
    "failed_calls",
    "disagreements",
    "escalations",
    "seam_retries",
    "tokens_in",
    "tokens_out",
    "cost_usd",
    "wall_s",
    "k",
    "target",
]
MEASURE_KEYS = [
    "samples",
    "p_error",
    "p_error_low",
    "p_error_high",
    "valid_rate",
    "k_min",
    "predicted_calls",
    "predicted_cost_usd",
    "predicted_p_success",
    "collisions",
]


def surefoot(directory: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, in an empty folder."""
    command = [sys.executable, "-m", "surefoot.scripts.commands.cli", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(pathlib.Path(__file__).parents[3])}
    return forked.run(command, cwd=directory, env=environment, text=True)


def last_line(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """The JSON object that a command promises as its last line."""
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "hanoi", "--disks", "6"],
        ["run", "hanoi", "--disks", "6", "--strategy", "chain", "--k", "3"],
        ["run", "hanoi", "--disks", "5", "--state-by", "task", "--start", "b", "--goal", "a"],
        ["run", "hanoi", "--disks", "5", "--dialect", "chat"],
        ["run", "multiply", "--x", "4711", "--y", "9027"],
        ["run", "multiply", "--digits", "5", "--strategy", "chain"],
    ],
    ids=lambda arguments: " ".join(arguments[1:]),
)
def test_run_show_and_verify(tmp_path: pathlib.Path, arguments: list[str]) -> None:
    done = surefoot(tmp_path, *arguments, *SIMULATED, "--run-dir", "here", "--json")
    assert done.returncode == 0, done.stderr
    assert set(KEYS) <= set(last_line(done))
    assert last_line(done)["status"] == "solved"
    shown = surefoot(tmp_path, "show", "here", "--json")
    assert last_line(shown) == last_line(done) | {"levels": None, "batched": 0}, "nothing spoke about the plan"
    verified = surefoot(tmp_path, "verify", "here", "--json")
    assert verified.returncode == 0
    assert last_line(verified) == {
        "valid": True,
        "reached_goal": True,
        "steps": last_line(done)["steps"],
        "first_error": None,
    }
    again = surefoot(tmp_path, "resume", "here", "--json")
    assert again.returncode == 0
    assert last_line(again)["calls"] == last_line(done)["calls"], "a solved run asks nothing when it is resumed"


def test_a_run_that_must_fail_says_so(tmp_path: pathlib.Path) -> None:
    """Placebo of the one above: with every protection off and a model that errs, the plan cannot stand."""
    options = ["--model", "simulated:p_error=0.3", "--address", "none", "--no-seams", "--red-flags", "none", "--k", "1"]
    done = surefoot(tmp_path, "run", "hanoi", "--disks", "6", *options, "--run-dir", "here", "--json")
    assert done.returncode == 1
    assert last_line(done)["status"] == "failed"
    assert last_line(done)["message"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "hanoi", "--disks", "0"], "1..30"),
        (["run", "hanoi", "--disks", "31"], "1..30"),
        (["run", "hanoi", "--disks", "ten"], "1..30"),
        (["run", "hanoi", "--goal", "a"], "both peg a"),
        (["run", "juggling"], "unknown task"),
        (["run", "no_such_module:Task"], "no_such_module"),
        (["run", "hanoi", "--colour", "red"], "--colour"),
        (["run", "hanoi", "--strategy", "forest"], "chain|tree"),
        (["run", "hanoi", "--k", "0"], "--k"),
        (["run", "hanoi", "--k", "9", "--max-ballots", "5"], "--max-ballots"),
        (["run", "hanoi", "--red-flags", "purple"], "purple"),
        (["run", "hanoi", "--target", "2"], "--target"),
        (["run", "hanoi", "--config", "missing.toml"], "missing.toml"),
        (["run", "hanoi", "--model", "simulated:p_eror=1"], "p_eror"),
        (["run", "hanoi", "--model", "openai/gpt-4.1-mini"], "OPENAI_API_KEY"),
        (["run", "hanoi", "--model", "nobody"], "nobody"),
        (["run", "hanoi", "--model", "openai/x", "--api-base", "http://127.0.0.1:9/v1"], "cannot reach"),
        (["run", "hanoi", "--model", "simulated", "--address", "127.0.0.1:9"], "no Ray cluster"),
        (["run", "hanoi", "--model", "bundled", "--dialect", "chat"], "--dialect"),
        (["run", "multiply", "--state-by", "task"], "--state-by"),
        (["run"], "missing"),
        (["walk"], "walk"),
        (["show", "."], "not a run directory"),
        (["verify", "."], "not a run directory"),
        (["resume", "nowhere"], "not a run directory"),
        (["measure", "hanoi", "--samples", "0"], "--samples"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_gets_one_line_and_writes_nothing(tmp_path: pathlib.Path, arguments: list[str], says: str) -> None:
    done = surefoot(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    complaint = [line for line in done.stderr.splitlines() if line.startswith("surefoot: ")]
    assert len(complaint) == 1
    assert says in complaint[0]
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_unknown_keys_in_a_config_file_are_errors(tmp_path: pathlib.Path) -> None:
    (tmp_path / "run.toml").write_text('strategy = "chain"\nleed = 3\n')
    done = surefoot(tmp_path, "run", "hanoi", "--config", "run.toml", *SIMULATED)
    assert done.returncode == 2
    assert "leed" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["run.toml"]


def test_a_config_file_gives_defaults_that_the_command_line_overrides(tmp_path: pathlib.Path) -> None:
    (tmp_path / "mine.toml").write_text('strategy = "chain"\nk = 5\n[task_options]\ndisks = 4\n')
    done = surefoot(tmp_path, "run", "hanoi", "--config", "mine.toml", "--k", "2", *SIMULATED, "--json")
    assert done.returncode == 0, done.stderr
    found = last_line(done)
    assert (found["strategy"], found["k"], found["total_steps"]) == ("chain", 2, 15)


def test_a_run_directory_that_is_taken_is_left_alone(tmp_path: pathlib.Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "diary.txt").write_text("mine")
    done = surefoot(tmp_path, "run", "hanoi", *SIMULATED, "--run-dir", "taken")
    assert done.returncode == 2
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["diary.txt"]


def test_a_limit_pauses_and_a_higher_one_goes_on(tmp_path: pathlib.Path) -> None:
    limited = [*SIMULATED, "--flush-steps", "8", "--max-calls", "150", "--run-dir", "here", "--json"]
    done = surefoot(tmp_path, "run", "hanoi", "--disks", "9", *limited)
    assert done.returncode == 3, done.stderr
    assert last_line(done)["status"] == "paused"
    assert "--max-calls" in str(last_line(done)["message"])
    more = surefoot(tmp_path, "resume", "here", "--max-calls", "100000", "--json")
    assert more.returncode == 0, more.stderr
    assert last_line(more)["steps"] == 511
    assert surefoot(tmp_path, "verify", "here").returncode == 0


def test_measure_brackets_the_rate_of_the_simulated_model(tmp_path: pathlib.Path) -> None:
    """The interval is a 95 % one; for this seed it holds the true rate (a fixed outcome, not a chance)."""
    options = ["--model", "simulated:p_error=0.04", "--red-flags", "none", "--samples", "400", "--seed", "3"]
    done = surefoot(tmp_path, "measure", "hanoi", "--disks", "8", *options, "--json")
    assert done.returncode == 0, done.stderr
    found = last_line(done)
    assert set(MEASURE_KEYS) <= set(found)
    assert found["p_error_low"] <= 0.04 <= found["p_error_high"]  # type: ignore[operator]


def test_tasks_and_models_are_listed(tmp_path: pathlib.Path) -> None:
    assert set(last_line(surefoot(tmp_path, "tasks", "--json"))["tasks"]) >= {"hanoi", "multiply"}  # type: ignore[call-overload]
    assert set(last_line(surefoot(tmp_path, "models", "--json"))["models"]) >= {"bundled", "simulated"}  # type: ignore[call-overload]
    for command in ("tasks", "models"):
        assert "hanoi" in surefoot(tmp_path, "tasks").stdout, command


def test_log_events_are_json_lines_on_stderr(tmp_path: pathlib.Path) -> None:
    done = surefoot(tmp_path, "run", "hanoi", "--disks", "6", *SIMULATED, "--log-format", "json", "--verbose")
    events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert {"leads chosen", "segment sent", "segment ended", "run ended"} <= {event["event"] for event in events}
    assert all("run" in event for event in events)
    assert all("segment" in event for event in events if event["event"].startswith("segment"))


def test_a_command_looks_for_garbage_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """A coordinator of many workers spends half its time on that otherwise; see docs/scale.md."""
    chosen: list[tuple[int, ...]] = []
    monkeypatch.setattr(gc, "set_threshold", lambda *numbers: chosen.append(numbers))
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert chosen == [COLLECTIONS]
    assert COLLECTIONS[0] > 10 * 700, "Python's own"
