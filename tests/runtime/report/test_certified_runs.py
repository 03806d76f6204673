"""What the report certifies of whole runs: by the plan's end where that shows it, and by ballots."""

import pathlib

import pytest

from surefoot.runtime.report.facts import facts_of
from surefoot.voting.certificate import Certificate
from tests.runtime.simulated_runs import checked, run


def certified(directory: pathlib.Path) -> Certificate:
    return facts_of(directory).certificate


@pytest.mark.parametrize("options", [{"strategy": "tree", "leaf_steps": 3}, {"strategy": "chain"}])
def test_the_end_of_a_checked_plan_shows_that_it_is_right(tmp_path: pathlib.Path, options: dict[str, str]) -> None:
    """Lead 1: ballots alone can say nothing. Placebo: the same runs without the checks."""
    for seed in range(4):
        directory = tmp_path / f"checked-{seed}"
        status, _ = run(directory, "p_error=0.05", disks=6, k=1, seed=seed, **options)
        found = certified(directory)
        assert bool(found.proof) is (status == "solved") is (status == "solved" and checked(directory).valid)
        assert found.bound == (0.0 if found.proof else found.by_ballots)
        assert found.by_ballots > 0.5
    placebo = tmp_path / "unchecked"
    assert run(placebo, "p_error=0.001", disks=6, k=1, red_flags="none", **options)[0] == "solved"
    assert not certified(placebo).proof


def test_a_plan_whose_parts_were_never_held_together_is_not_shown_right(tmp_path: pathlib.Path) -> None:
    """Without seams the parts of a tree may not fit: here one of them is wrong, and the last still ends in the goal."""
    for seed in range(12):
        directory = tmp_path / str(seed)
        status, _ = run(directory, "p_error=0.05", disks=6, k=1, leaf_steps=3, seed=seed, seams=False)
        assert not certified(directory).proof
        if status == "solved" and not checked(directory).valid:
            return
    pytest.fail("no run went wrong: this shows nothing")


def test_a_plan_that_fails_in_spite_of_its_verdicts_has_no_certificate(tmp_path: pathlib.Path) -> None:
    """All ballots of a prompt are wrong alike: no count sees it, but the chain does not get to its goal."""
    misled, placebo = tmp_path / "misled", tmp_path / "placebo"
    options = {"disks": 7, "strategy": "chain", "k": 3, "red_flags": "none"}
    assert run(misled, "p_error=0.001,p_shared=0.02", **options)[0] == "failed"
    assert "the plan failed" in str(certified(misled).violations)
    assert run(placebo, "p_error=0.001", **options)[0] == "solved"
    assert not certified(placebo).violations
