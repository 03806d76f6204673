"""What was planted is found again: steps are looked up in the model's own dice, and what was caught is counted."""

import asyncio
from typing import Any

import pytest

from surefoot.runtime.config import open_task
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Contested, Counts
from surefoot.scripts.benchmarks.planted import (
    Ended,
    ObservedStep,
    asked,
    caught_of,
    config_of,
    model_of,
    several,
)
from surefoot.voting.ballot import Ballot

LEADS = Leads(2, 2, 7)
RACE = Contested(2, (Ballot(0, "a"), Ballot(1, "b"), Ballot(2, "b"), Ballot(3, "b")))


def step(planted: str = "hard", right: bool = False, stands: bool = False, entry: Any = "a") -> ObservedStep:
    return ObservedStep(planted, entry, right, stands)


def ended(valid: bool, *steps: ObservedStep) -> Ended:
    return Ended(True, valid, Counts(), LEADS, list(steps))


def test_a_race_is_as_long_as_its_ballots_and_one_that_agreed_has_none() -> None:
    assert (step().first_race, step(entry=RACE).first_race) == (0, 4)
    before = Contested(2, RACE.ballots, before=RACE.ballots[:2])
    assert step(entry=before).first_race == 2


def test_a_dispute_is_among_the_first_ballots() -> None:
    late = Contested(2, (Ballot(0, "a"), Ballot(1, "a"), Ballot(2, "b")))
    assert not step().disputed()
    assert step(entry=RACE).disputed()
    assert not step(entry=late).disputed()
    assert step(entry=late).disputed(3)
    assert not step(entry=RACE).flagged


@pytest.mark.parametrize(
    ("runs", "caught"),
    [
        ([ended(True, step())], (1, 1)),
        ([ended(False, step())], (0, 1)),  # the plan is wrong all the same
        ([ended(True, step(stands=True))], (0, 1)),
        ([ended(True, step(right=True))], (0, 0)),
        ([ended(True, step("shared"))], (0, 0)),
        ([ended(True, step(), step(stands=True)), ended(True, step())], (2, 3)),
    ],
)
def test_caught_is_wrong_and_no_longer_in_a_right_plan(runs: list[Ended], caught: tuple[int, int]) -> None:
    assert caught_of(runs, "hard") == caught


def test_what_ballots_disputed_can_be_left_out() -> None:
    runs = [ended(True, step(), step(entry=RACE))]
    assert caught_of(runs, "hard") == (2, 2)
    assert caught_of(runs, "hard", agreed=True) == (1, 1)


def test_every_step_of_a_run_is_looked_up() -> None:
    [one] = several(1, "p_error=0", disks=4, strategy="chain", k=1)
    assert (one.solved, one.valid, one.counts.steps) == (True, True, 15)
    assert len(one.steps) == 15
    assert all(found.right and found.stands and found.planted == "" for found in one.steps)


def test_a_step_that_went_wrong_is_seen_as_wrong() -> None:
    """A tenth of the answers are wrong and one vote decides: what the referee refuses has wrong steps."""
    runs = several(3, "p_error=0.2", disks=5, strategy="chain", k=1, seams=False)
    assert not any(run.valid for run in runs)
    assert all(any(not found.right for found in run.steps) for run in runs if run.steps)


def test_planted_steps_are_those_that_the_model_planted() -> None:
    [one] = several(1, "p_error=0.001,p_hard=0.3", disks=5, strategy="chain", k=3)
    assert {"hard"} <= {found.planted for found in one.steps} <= {"hard", ""}


def test_sampled_steps_are_of_the_kind_asked_for() -> None:
    config = config_of("p_error=0,p_hard=0.2", 1, disks=6, strategy="chain", rule="sequential", target=0.99)
    found = asyncio.run(asked(config, Leads(3, 3, 7), "hard", 6))
    assert [one.planted for one in found] == ["hard"] * 6
    easy = asyncio.run(asked(config, Leads(3, 3, 7), "", 6))
    assert all(one.right for one in easy)


def test_the_model_looked_up_is_the_runs_own() -> None:
    config = config_of("p_error=0,p_hard=0.5", 3, disks=5)
    model, task = model_of(config), open_task(config)
    kinds = {model.planted(task.prompt(task.sample_step(n), "compact"), config.seed) for n in range(40)}
    assert kinds == {"hard", ""}
    assert config.red_flags == "none"


def test_leads_heard_last_are_those_of_the_run() -> None:
    [one] = several(1, "p_error=0.02", disks=8)
    assert one.leads != Leads(1, 1, 1)
