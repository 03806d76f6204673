"""Correlated errors: each claim prints its arms, the placebos among them, and the shares are counted rightly."""

import sys
from typing import Any

import pytest

from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Contested, Counts
from surefoot.scripts.benchmarks import correlation
from surefoot.scripts.benchmarks.correlation import main
from surefoot.scripts.benchmarks.planted import Ended, ObservedStep
from surefoot.voting.ballot import Ballot

LEADS = Leads(2, 2, 7)


def contested(*candidates: str, raised: bool = False) -> Contested:
    ballots = tuple(Ballot(draw, candidate) for draw, candidate in enumerate(candidates))
    return Contested(2, ballots, raised=(object(),) if raised else ())  # type: ignore[arg-type]


def claim(name: str, runs: int, disks: int, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> list[str]:
    monkeypatch.setattr(correlation, "SAMPLED", 4)
    monkeypatch.setattr(sys, "argv", ["x", "--claim", name, "--runs", str(runs), "--disks", str(disks)])
    main()
    lines: list[str] = capsys.readouterr().out.splitlines()
    assert all(line.startswith(f"{name:7} ") for line in lines)
    return lines


def test_hard_steps_are_told_in_runs_and_one_by_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = claim("hard", 1, 5, monkeypatch, capsys)
    assert [name in line for name, line in zip(
        ("--rule sequential", "one by one", "placebo: --k 3 --no-ladder", "one by one", "placebo: easy"), lines,
        strict=True,
    )] == [True] * 5  # fmt: skip
    assert "4 hard steps of 4" in lines[1]
    assert "4 hard steps of 4" in lines[3]
    assert "easy steps of 31" in lines[4]


def test_chance_has_seams_and_a_placebo_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = claim("chance", 1, 4, monkeypatch, capsys)
    assert ["seams" in lines[0], "placebo: --no-seams" in lines[1]] == [True, True]
    assert all("of 1 plans right" in line for line in lines)


def test_shared_has_two_placebos(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = claim("shared", 1, 3, monkeypatch, capsys)
    assert [line.split("  ")[0].removeprefix("shared  ").strip() for line in lines] == [
        "shared", "shared", "shared", "shared"
    ]  # fmt: skip
    assert sum("placebo" in line for line in lines) == 2
    assert sum("--fallback-model" in line for line in lines) == 1


def test_false_alarms_add_up_the_independent_arms_and_no_placebo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def several(runs: int, profile: str, **_: Any) -> list[Ended]:
        alarms = {"same-wrong-answer": 2} if "p_shared" in profile or "p_error=0.01" in profile else {}
        return [Ended(True, True, Counts(alarms=alarms), LEADS, []) for _ in range(runs)]

    monkeypatch.setattr(correlation, "several", several)
    lines = claim("false", 10, 3, monkeypatch, capsys)
    assert "0 of 10 runs of 31 steps raise any alarm" in lines[0]
    assert "10 of 10 runs of 31 steps raise any alarm; same-wrong-answer 20" in lines[3]
    assert "1 of 1 runs" in lines[4]
    assert "10 of 40 (12.69% to 41.20%) runs raise any alarm" in lines[-1]


def test_a_claim_counts_wrong_verdicts_where_the_first_two_ballots_disagree() -> None:
    agreed = ObservedStep("hard", "a", right=False)
    right = ObservedStep("hard", contested("a", "b", "a", "a"), right=True)
    wrong = ObservedStep("hard", contested("a", "b", "b", "b"), right=False)
    other = ObservedStep("", contested("a", "b", "b", "b"), right=False)
    told = correlation._hard("arm", [agreed, right, wrong, other])
    assert "3 hard steps of 4" in told
    assert "1 of 2 (" in told
    assert "0 of 0" in told  # no race of six


def test_only_long_disputes_are_held_against_alarms() -> None:
    long = contested("a", "b", "a", "b", "a", "b", raised=True)
    silent = contested("a", "b", "a", "b", "a", "b")
    short = contested("a", "b", raised=True)
    told = correlation._hard("arm", [ObservedStep("hard", one, right=True) for one in (long, silent, short)])
    assert "1 of 2 (1.26% to 98.74%) raise an alarm" in told


def test_a_share_has_its_interval() -> None:
    assert correlation._share(0, 100) == "0 of 100 (0.00% to 3.62%)"
    assert correlation._share(1_000, 2_000).startswith("1,000 of 2,000 (47.79%")
