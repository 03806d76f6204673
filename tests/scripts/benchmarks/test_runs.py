"""Whole runs from the command line: one is really made; the table's arithmetic is tested with made-up ones."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import click
import pytest

from surefoot.scripts.benchmarks import runs
from surefoot.scripts.benchmarks.runs import Result, main, run, surefoot

LOCAL = ("--model", "simulated", "--k", "1", "--address", "none", "--workers", "1")


def result(status: str = "solved", valid: bool = True, reached: bool = True, **ended: Any) -> Result:
    verified = {"valid": valid, "reached_goal": reached} if status == "solved" else None
    return Result({"status": status, "calls_per_step": 2.0, "seam_retries": 1, **ended}, verified, 3.0)


def test_a_run_is_made_and_verified() -> None:
    found = run("hanoi", "--disks", "3", *LOCAL)
    assert found.right
    assert (found.ended["steps"], found.ended["status"]) == (7, "solved")
    assert found.verified is not None
    assert found.wall_s > 0


@pytest.mark.parametrize(
    ("one", "right"),
    [
        (result(), True), (result(valid=False), False), (result(reached=False), False), (result("failed"), False),
    ],
)  # fmt: skip
def test_right_is_what_the_referee_agrees_with(one: Result, right: bool) -> None:
    assert one.right is right


def test_a_run_that_is_not_solved_is_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def said(*words: str) -> tuple[dict[str, Any], float]:
        asked.append(words[0])
        return {"status": "failed"}, 1.0

    monkeypatch.setattr(runs, "surefoot", said)
    assert run("hanoi").verified is None
    assert asked == ["run"]


def test_a_command_without_an_answer_says_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = subprocess.CompletedProcess(["x"], 1, "", "first\nno such file\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: silent)
    with pytest.raises(click.ClickException, match=r"^no such file$"):
        surefoot("run")


def test_the_table_has_a_row_for_each_kind_of_run(printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def made(*words: str) -> Result:
        asked.append(words)
        return result(valid="--seed" not in words or words[-1] != "1", calls_per_step=None if len(asked) > 3 else 2.0)

    monkeypatch.setattr(runs, "run", made)
    out = printed(main, "--disks", "3", "--seeds", "3", "--products", "2", "--address", "none")
    rows = [line for line in out.splitlines() if " of " in line]
    assert [row.split("  ")[0].strip() for row in rows] == [
        "3 disks, bundled, tree", "3 disks, bundled, chain --k 3",
        "12 disks, simulated p_error = 0.01, chain --k auto", "8-digit products, bundled, tree",
    ]  # fmt: skip
    assert "2 of 3" in rows[2]
    assert "0.667" in rows[2]  # a run without a step has no calls a step, and counts as 0
    assert json.dumps(asked[0]) == json.dumps(("hanoi", "--disks", "3", "--address", "none"))
    assert [words[-1] for words in asked[2:5]] == ["0", "1", "2"]
