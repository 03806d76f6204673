"""Runs as things: listed, compared, stopped, deleted; their answers and their steps read from the journal alone."""

import csv
import io
import json
import os
import pathlib
import shutil
import subprocess
from typing import Any

import pytest

from surefoot.runtime.journal.journal import open_journal
from surefoot.scripts.commands.stop import holder_of
from tests.scripts.commands.console import ROOT, complaints, last_object, started, surefoot

NOISY = ("--model", "simulated:p_error=0.05,p_format=0.02", "--k", "2", "--address", "none", "--workers", "1")


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with two solved runs that differ in their seed."""
    folder = tmp_path_factory.mktemp("two")
    for seed in ("1", "2"):
        done = surefoot(folder, "run", "hanoi", "--disks", "6", *NOISY, "--seed", seed, "--run-dir", f"runs/s {seed}")
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def runs(two_runs: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of them, to be changed."""
    shutil.copytree(two_runs / "runs", tmp_path / "runs")
    return tmp_path


def keep_answer(directory: pathlib.Path, answer: Any) -> None:
    """Make a run one of a task of somebody's own, which returned so much; there is no such module."""
    config = directory / "run.toml"
    config.write_text(config.read_text().replace('task = "hanoi"', 'task = "mine:Mine"'))
    journal = open_journal(directory, write=True)
    journal.set_meta(output=answer)
    journal.close()


def test_runs_are_listed_with_status_task_model_answer_and_cost(runs: pathlib.Path) -> None:
    keep_answer(runs / "runs" / "s 1", {"end": 0})
    listed = last_object(surefoot(runs, "runs", "--json"))["runs"]
    listed.sort(key=lambda one: str(one["run_dir"]))
    assert [one["run_dir"] for one in listed] == ["runs/s 1", "runs/s 2"]
    assert [(one["status"], one["task"], one["answer"]) for one in listed] == [
        ("solved", "mine:Mine", {"end": 0}),
        ("solved", "hanoi", listed[1]["answer"]),
    ]
    assert len(listed[1]["answer"]) == 63, "the answer of a tower is its moves"
    text = surefoot(runs, "runs").stdout
    assert '{"end": 0}' in text
    assert "'runs/s 1'" in text, "what is printed can be typed"
    assert surefoot(runs, "runs", "runs/s 2", "--json").stdout.count("run_dir") == 1


def test_a_damaged_run_hides_no_other(runs: pathlib.Path) -> None:
    (runs / "runs" / "s 1" / "journal.sqlite").write_bytes(b"no database at all" * 300)
    (runs / "runs" / "s 2" / "run.toml").write_text('task = "hanoi"\nleed = 3\n')
    done = surefoot(runs, "runs", "--json")
    assert done.returncode == 0
    assert [one["status"] for one in last_object(done)["runs"]] == ["unreadable", "unreadable"]


def test_listing_a_run_needs_no_task_and_runs_none(runs: pathlib.Path) -> None:
    config = runs / "runs" / "s 1" / "run.toml"
    config.write_text(config.read_text().replace('task = "hanoi"', 'task = "evil:T"'))
    for place in (runs, config.parent):
        (place / "evil.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    for command in (["runs"], ["steps", "runs/s 1"], ["compare", "runs/s 1", "runs/s 2"]):
        assert surefoot(runs, *command).returncode == 0
    assert not (runs / "ran").exists()


def test_deleting_asks_first_and_spares_what_was_not_named(runs: pathlib.Path) -> None:
    refused = surefoot(runs, "runs", "runs/s 1", "--delete")
    assert refused.returncode == 2
    assert "--yes" in complaints(refused)[0]
    assert (runs / "runs" / "s 1").exists()
    assert last_object(surefoot(runs, "runs", "--status", "failed", "--delete", "--yes", "--json"))["deleted"] == []
    done = last_object(surefoot(runs, "runs", "runs/s 1", "--delete", "--yes", "--json"))
    assert done == {"deleted": ["runs/s 1"], "kept": [], "failed": []}
    assert [path.name for path in (runs / "runs").iterdir()] == ["s 2"]


def test_two_runs_are_compared(runs: pathlib.Path) -> None:
    found = last_object(surefoot(runs, "compare", "runs/s 1", "runs/s 2", "--json"))
    assert found["options"] == {"seed": [1, 2]}
    assert found["same_output"] is True, "both seeds found the same moves"
    assert found["a"]["figures"]["steps"] == found["b"]["figures"]["steps"] == 63
    assert found["a"]["figures"]["calls"] != found["b"]["figures"]["calls"]
    for name, answer in (("s 1", [1]), ("s 2", [2])):
        keep_answer(runs / "runs" / name, answer)
    assert "the answers DIFFER" in surefoot(runs, "compare", "runs/s 1", "runs/s 2").stdout
    assert "the answers are the same" in surefoot(runs, "compare", "runs/s 1", "runs/s 1").stdout


@pytest.mark.parametrize(
    ("answer", "text", "lines", "table"),
    [
        ("green\ngreen", "green\ngreen\n", ['"green\\ngreen"'], [{"value": "green\ngreen"}]),
        (
            [{"a": 1, "b": [2]}, {"a": 3}],
            None,
            ['{"a": 1, "b": [2]}', '{"a": 3}'],
            [{"a": "1", "b": "[2]"}, {"a": "3", "b": ""}],
        ),
        (42, "42\n", ["42"], [{"value": "42"}]),
        ("\x1b[2Jred", "\\x1b[2Jred\n", ['"\\u001b[2Jred"'], None),
    ],
)  # fmt: skip
def test_an_answer_is_printed_in_four_ways(
    runs: pathlib.Path, answer: Any, text: str | None, lines: list[str], table: list[dict[str, str]] | None
) -> None:
    keep_answer(runs / "runs" / "s 1", answer)
    plain = surefoot(runs, "result", "runs/s 1").stdout
    assert plain == text if text is not None else json.loads(plain) == answer
    found = last_object(surefoot(runs, "result", "runs/s 1", "--json"))
    assert found == {"run_dir": "runs/s 1", "status": "solved", "output": answer}
    assert surefoot(runs, "result", "runs/s 1", "--jsonl").stdout.splitlines() == lines
    if table is not None:
        rows = csv.DictReader(io.StringIO(surefoot(runs, "result", "runs/s 1", "--csv").stdout))
        assert list(rows) == table


def test_the_answer_of_a_built_in_task_is_made_from_its_plan(runs: pathlib.Path) -> None:
    moves = last_object(surefoot(runs, "result", "runs/s 1", "--json"))["output"]
    assert len(moves) == 63
    lines = surefoot(runs, "result", "runs/s 1", "--jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == moves


def test_a_run_without_an_answer_says_so_and_what_can_be_done(tmp_path: pathlib.Path) -> None:
    limited = ("--flush-steps", "8", "--max-calls", "40", "--run-dir", "r")
    assert surefoot(tmp_path, "run", "hanoi", "--disks", "7", *NOISY, *limited).returncode == 3
    done = surefoot(tmp_path, "result", "r", "--json")
    assert done.returncode == 1
    assert "r has no answer: it is paused (--max-calls 40 is reached" in last_object(done)["error"]["message"]
    assert last_object(done)["error"]["hint"] == "surefoot resume r goes on"


def test_steps_are_chosen_by_dispute_flag_kind_and_node(runs: pathlib.Path) -> None:
    def chosen(*options: str) -> list[dict[str, Any]]:
        found = last_object(surefoot(runs, "steps", "runs/s 1", "--limit", "0", *options, "--json"))["steps"]
        return list(found)

    everything = chosen()
    plan = [one for one in everything if one["what"] == "step"]
    assert len(plan) == 63
    assert all(one["answer"] for one in plan)
    disputed, flagged = chosen("--disputed"), chosen("--flagged")
    assert disputed == [one for one in everything if one["disputed"]]
    assert flagged == [one for one in everything if one["flagged"]]
    assert 0 < len(disputed) < len(everything)
    assert all(len({b["candidate"] for b in one["ballots"]} - {None}) > 1 for one in disputed)
    assert all(any(b["flag"] and b["why"] for b in one["ballots"]) for one in flagged)
    assert {one["node"] for one in chosen("--node", "0")} == {"0"}
    assert [one["node"] for one in chosen("--kind", "decomposition")] == ["root"]
    limited = last_object(surefoot(runs, "steps", "runs/s 1", "--limit", "2", "--json"))
    assert (len(limited["steps"]), limited["more"]) == (2, True)


def test_steps_count_what_the_run_counted(runs: pathlib.Path) -> None:
    found = last_object(surefoot(runs, "steps", "runs/s 1", "--limit", "0", "--json"))["steps"]
    run = last_object(surefoot(runs, "show", "runs/s 1", "--json"))
    assert sum(len(one["ballots"]) for one in found) == run["calls"]
    assert sum(bool(b["flag"]) for one in found for b in one["ballots"]) == run["red_flags"]
    assert sum(len({b["candidate"] for b in one["ballots"]} - {None}) > 1 for one in found) == run["disagreements"]


def test_a_run_in_another_process_is_stopped_politely(tmp_path: pathlib.Path) -> None:
    with started(tmp_path) as run:
        with (
            (tmp_path / "r" / "lock").open() as lock,
            subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[lock.fileno()]),
        ):  # somebody who merely has the file open is not meant
            assert holder_of(tmp_path / "r") == run.pid
            done = surefoot(tmp_path, "stop", "r", "--json")
        out, err = run.communicate(timeout=60)
    found = last_object(done)
    assert done.returncode == 0, done.stderr
    assert (found["pid"], found["stopped"], found["status"]) == (run.pid, True, "paused")
    assert run.returncode == 3, err
    assert json.loads(out.splitlines()[-1])["message"] == "interrupted by SIGTERM"
    again = surefoot(tmp_path, "stop", "r")
    assert (again.returncode, again.stdout) == (0, "r is not running: it is paused\n")


def test_a_run_that_goes_on_is_not_deleted(tmp_path: pathlib.Path) -> None:
    with started(tmp_path) as run:
        done = surefoot(tmp_path, "runs", "r", "--delete", "--yes", "--json")
        assert last_object(done) == {"deleted": [], "kept": ["r"], "failed": []}
        surefoot(tmp_path, "stop", "r")
        run.communicate(timeout=60)
    assert (tmp_path / "r" / "journal.sqlite").exists()


def test_a_lock_that_nobody_holds_is_nobodys(tmp_path: pathlib.Path) -> None:
    """Placebo arm: it is the lock that is looked for, not the file."""
    directory = pathlib.Path(shutil.copytree(ROOT / "tests" / "data" / "golden_format_2", tmp_path / "r"))
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT)
    try:
        assert holder_of(directory) is None
    finally:
        os.close(descriptor)
