"""Climbing, question by question: what is asked when, and when the search is left to decide."""

from collections.abc import Generator
from typing import Any

import pytest

from surefoot.decompose.modular_planner.actor import Rejected
from surefoot.decompose.modular_planner.branch import Branch
from surefoot.decompose.modular_planner.hill_climbing import FURTHER, hill_climb, nearer
from surefoot.decompose.modular_planner.propose_action import Pursuit, Stuck
from surefoot.decompose.modular_planner.search import search
from surefoot.decompose.modular_planner.settings import settings_of
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.rooms import Rooms

WORLD = Rooms(((1, 2), (1, 3), (1, 4), (2, 5)))


def pursuit(closed: str = "", without: str = "") -> Pursuit:
    settings = settings_of("surefoot", 9, None, None, without)
    return Pursuit(settings, WORLD, "5", frozenset(closed.split()))


def run(asking: Generator[Step, str, Any], said: list[str]) -> tuple[Any, list[str], list[Step]]:
    """The result, kinds in order, steps; all that is said has to be used."""
    asked: list[Step] = []
    try:
        step = next(asking)
        while True:
            asked.append(step)
            step = asking.send(said.pop(0))
    except StopIteration as end:
        assert said == []
        return end.value, [step.kind for step in asked], asked


@pytest.mark.parametrize(
    ("branch", "is_nearer"),
    [
        (Branch("1-2", "2", 3), True), (Branch("1-2", "2", 4), False), (Branch("1-2", "2", 9), False),
        (Branch("1-2", "2", 9, met=True), True), (Branch("1-2", "2", None), False),
        (Branch("1-2", "2", 4, False), False),
    ],
)  # fmt: skip
def test_nearer_is_below_the_value_here_or_at_the_goal(branch: Branch, is_nearer: bool) -> None:
    assert nearer(branch, 4) is is_nearer


def test_the_first_action_that_is_nearer_is_taken_and_the_next_is_not_even_checked() -> None:
    found, kinds, _ = run(hill_climb(pursuit(), "1", 4, ()), ["1-2; 1-3", "yes", "3"])
    assert [branch.action for branch in found] == ["1-2"]
    assert found[0].met is False
    assert kinds == ["propose", "check", "value"]


def test_a_state_that_is_said_to_be_the_goal_is_tested_before_it_is_believed() -> None:
    found, kinds, _ = run(hill_climb(pursuit(), "1", 4, ()), ["1-2", "yes", "0", "yes"])
    assert (found[0].met, found[0].value) == (True, 0)
    assert kinds == ["propose", "check", "value", "reached"]
    found, _, _ = run(hill_climb(pursuit(), "1", 4, ()), ["1-2", "yes", "0", "no"])
    assert (found[0].met, found[0].value) == (False, 1)


def test_a_rule_that_is_broken_costs_one_question_and_the_action_is_shown_with_it() -> None:
    said = ["1-5; 1-3", "no door", "yes", "6", "no", "6", "1-2", "yes", "3"]
    found, kinds, asked = run(hill_climb(pursuit(), "1", 4, ()), said)
    assert [branch.action for branch in found] == ["1-2"]
    assert kinds[:4] == ["propose", "check", "check", "value"]
    rejected = [step.reads.rejected for step in asked if step.kind == "propose"][1]
    assert rejected == (Rejected("1-5", "door"), Rejected("1-3", FURTHER))


def test_what_is_no_nearer_is_valued_again_with_the_run_s_lead() -> None:
    said = ["1-2; 1-3", "yes", "6", "no", "yes", "7", "no", "3"]
    found, kinds, asked = run(hill_climb(pursuit(), "1", 4, ()), said)
    assert [branch.action for branch in found] == ["1-2"]
    leads = [step.lead for step in asked if step.kind == "value"]
    assert leads == [1, 1, None]
    assert kinds.count("reached") == 2


def test_two_rounds_without_a_nearer_action_leave_the_choice_to_the_search() -> None:
    first = ["1-2", "yes", "6", "no", "6"]
    second = ["1-3", "yes", "5", "no", "5"]
    found, kinds, _ = run(hill_climb(pursuit(), "1", 4, ()), [*first, *second])
    assert [(branch.action, branch.value) for branch in found] == [("1-2", 6), ("1-3", 5)]
    assert kinds.count("propose") == 2
    chosen, _, _ = run(search(pursuit(), "1", (), (), here=4), [*first, *second])
    assert chosen.action == "1-3"


def test_an_actor_with_none_left_ends_the_rounds() -> None:
    found, _, _ = run(hill_climb(pursuit(), "1", 4, ()), ["1-2", "yes", "6", "no", "6", "none"])
    assert [branch.action for branch in found] == ["1-2"]


def test_nothing_but_closed_states_is_a_dead_end() -> None:
    asking = hill_climb(pursuit(closed="2 3"), "1", 4, ())
    with pytest.raises(Stuck, match="not visited"):
        run(asking, ["1-2; 1-3", "yes", "yes", "none"])


def test_without_an_orchestrator_the_evaluator_alone_is_believed() -> None:
    found, kinds, _ = run(hill_climb(pursuit(without="orchestrator"), "1", 4, ()), ["1-2", "yes", "0"])
    assert (found[0].value, found[0].met) == (0, None)
    assert kinds == ["propose", "check", "value"]
