"""Calls a step: each row tells how many plans came out right, what a step took, and which protections were off."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from surefoot.scripts.benchmarks import calls
from surefoot.scripts.benchmarks.calls import PROTECTIONS, Outcome, main, one_run

TOWER: dict[str, Any] = {"task": "hanoi", "task_options": {"disks": 4}, "address": "none", "workers": 1}


def outcome(**changed: Any) -> Outcome:
    usual = {"right": True, "steps": 10, "calls": 30, "tokens_in": 1, "tokens_out": 1, "seam_retries": 0}
    return Outcome(**{**usual, "leads": "2/3x7", "wall_s": 1.0, **changed})


@pytest.mark.usefixtures("serial")
def test_the_smallest_table_has_a_row_for_each_rate(printed: Callable[..., str]) -> None:
    lines = printed(main, "--disks", "4", "--seeds", "2", "--rates", "0.01,0.001").splitlines()
    assert lines[0].startswith("4 disks, 15 steps, 2 seeds")
    assert [line.split()[:2] for line in lines[2:]] == [["0.01", "all"], ["0.001", "all"]]
    assert all("2 of 2" in line for line in lines[2:])


@pytest.mark.usefixtures("serial")
def test_an_ablation_leaves_out_each_protection_in_turn(
    printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, Any]] = []

    def seen(options: dict[str, Any]) -> Outcome:
        given.append(options)
        return outcome()

    monkeypatch.setattr(calls, "one_run", seen)
    lines = printed(main, "--disks", "3", "--seeds", "2", "--rates", "", "--ablation", "0.1").splitlines()
    assert len(lines) == 2 + len(PROTECTIONS)
    assert [run["seed"] for run in given] == [0, 1] * len(PROTECTIONS)
    assert {run["model"] for run in given} == {"simulated:p_error=0.1"}
    for number, (name, extra) in enumerate(PROTECTIONS):
        assert name in lines[2 + number]
        assert extra.items() <= given[2 * number].items()
    off = dict(PROTECTIONS)["all off"]
    assert off == {"seams": False, "k": 1, "red_flags": "none"}


def test_a_row_is_the_mean_of_its_runs_and_their_extremes() -> None:
    found = [
        outcome(calls=20, seam_retries=2, forecast=22.0), outcome(calls=40, right=False, leads="3/3x7", forecast=50.0)
    ]  # fmt: skip
    told = calls._row("0.1", "all", found)
    assert "1 of 2 (0.01 to 0.99)" in told
    assert "3.000 (2.000 to 4.000)" in told
    assert told.endswith(" 1             1.20   2/3x7 3/3x7")


def test_a_plan_that_is_wrong_is_not_counted_as_right() -> None:
    """The referee decides: with every protection off a model that errs at each third step builds a wrong plan."""
    sound = one_run({**TOWER, "model": "simulated", "k": 1})
    assert sound.right
    assert sound.steps == 15
    assert sound.calls >= 15
    assert re.fullmatch(r"\d+/\d+x\d+", sound.leads)
    off = dict(PROTECTIONS)["all off"]
    wrong = [one_run({**TOWER, "model": "simulated:p_error=0.3", "seed": seed, **off}) for seed in range(3)]
    assert not any(one.right for one in wrong)


def test_seams_that_did_not_hold_cost_calls_and_are_counted() -> None:
    erring = [one_run({**TOWER, "model": "simulated:p_error=0.2", "k": 1, "seed": seed}) for seed in range(4)]
    assert sum(one.seam_retries for one in erring) > 0
    assert all(one.calls > one.steps for one in erring if one.seam_retries)


@pytest.mark.parametrize(("valid", "reached"), [(True, True), (False, True), (True, False)])
def test_a_solved_run_is_right_where_the_referee_says_both(
    valid: bool, reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = SimpleNamespace(valid=valid, reached_goal=reached)
    monkeypatch.setattr(calls, "verification", lambda directory, config: verdict)
    assert one_run({**TOWER, "model": "simulated", "k": 1}).right is (valid and reached)
