"""Algorithms 1 and 2 on a small map, where every module's answer is written down: what is asked, and what is taken."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.modular_planner import evaluator
from surefoot.decompose.modular_planner.actor import Rejected
from surefoot.decompose.modular_planner.branch import Branch, ask_met, ask_value, predicted
from surefoot.decompose.modular_planner.propose_action import Pursuit, Stuck, propose, propose_action, rejection
from surefoot.decompose.modular_planner.search import backed_up, best, expand, search
from surefoot.decompose.modular_planner.settings import Settings
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.digit_lists import DigitLists
from surefoot.decompose.tasks.rooms import Rooms
from tests.decompose.modular_planner.driving import run

WORLD = Rooms(((1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7)))
"""Two arms from room 1: 2-4-6 and 3-5-7."""


def pursuit(goal: str = "6", closed: str = "", **settings: Any) -> Pursuit:
    return Pursuit(Settings(cap=9, **settings), WORLD, goal, frozenset(closed.split()))


def modules(**said: Any) -> Callable[[Step], str]:
    """Answers by kind; of a mapping, by the state that is asked about, of a list, one after the other."""

    def answer(step: Step) -> str:
        found = said[step.kind]
        if isinstance(found, list):
            return str(found.pop(0))
        return str(found[step.reads.state]) if isinstance(found, dict) else str(found)

    return answer


def kinds(asked: list[Step]) -> list[str]:
    return [step.kind for step in asked]


def test_the_actor_is_shown_what_is_wanted_and_what_was_rejected() -> None:
    rejected = (Rejected("1-3", "visited"),)
    found, asked = run(propose(pursuit(breadth=3), "1", rejected), modules(propose="1-2"))
    assert found == ("1-2",)
    facts = asked[0].reads
    assert (facts.state, facts.goal, facts.breadth, facts.rejected) == ("1", "6", 3, rejected)
    _, asked = run(propose(pursuit(breadth=3, search=False), "1", ()), modules(propose="1-2"))
    assert asked[0].reads.breadth == 1


def test_the_monitor_is_asked_unless_it_is_switched_off() -> None:
    assert run(rejection(pursuit(), "1", "1-6"), modules(check="no door"))[0] == Rejected("1-6", "door")
    assert run(rejection(pursuit(), "1", "1-2"), modules(check="yes"))[0] is None
    found, asked = run(rejection(pursuit(monitor=False), "1", "1-6"), modules())
    assert (found, asked) == (None, [])


def test_feedback_goes_back_to_the_actor_until_all_pass() -> None:
    answer = modules(
        propose=["1-6; 1-2", "2-1; 1-3", "1-2; 1-3"], check=["no door", "yes", "no room", "yes", "yes", "yes"]
    )
    found, asked = run(propose_action(pursuit(), "1"), answer)
    assert found == ("1-2", "1-3")
    shown = [step.reads.rejected for step in asked if step.kind == "propose"]
    assert shown == [(), (Rejected("1-6", "door"),), (Rejected("1-6", "door"), Rejected("2-1", "room"))]


def test_an_actor_with_none_left_ends_the_asking() -> None:
    found, asked = run(propose_action(pursuit(), "1"), modules(propose="none"))
    assert (found, kinds(asked)) == ((), ["propose"])


def test_an_actor_that_never_proposes_anything_valid_is_stuck_after_so_many_tries() -> None:
    asked: list[str] = []

    def answer(step: Step) -> str:
        asked.append(step.kind)
        return "1-6" if step.kind == "propose" else "no door"

    with pytest.raises(Stuck, match="no valid action in 4 proposals"):
        run(propose_action(pursuit(proposals=4), "1"), answer)
    assert asked == ["propose", "check"] * 4


def test_an_action_that_names_its_state_is_not_predicted() -> None:
    found, asked = run(predicted(pursuit(), "1", "1-2"), modules())
    assert (found, asked) == ("2", [])
    lists = Pursuit(Settings(cap=9), DigitLists(3), "-/-/012")
    found, asked = run(predicted(lists, "012/-/-", "2AC"), modules(predict="01/-/2"))
    assert (found, kinds(asked)) == ("01/-/2", ["predict"])


def test_values_are_asked_for_with_the_lead_that_is_given() -> None:
    found, asked = run(ask_value(pursuit(), "2", 3), modules(value="17"))
    assert (found, asked[0].lead) == (17, 3)


def test_without_an_orchestrator_nobody_knows_whether_the_goal_is_met() -> None:
    assert run(ask_met(pursuit(), "6"), modules(reached="yes"))[0] is True
    assert run(ask_met(pursuit(), "5"), modules(reached="no"))[0] is False
    assert run(ask_met(pursuit(orchestrator=False), "6"), modules()) == (None, [])


def test_states_that_are_closed_are_proposed_again_as_visited() -> None:
    answer = modules(propose=["2-1", "2-4"], check="yes")
    found, asked = run(expand(pursuit(closed="1 2"), "2", ()), answer)
    assert found == (Branch("2-4", "4"),)
    assert [s.reads.rejected for s in asked if s.kind == "propose"] == [(), (Rejected("2-1", "visited"),)]
    open_again, asked = run(expand(pursuit(), "2", ()), modules(propose="2-1", check="yes"))
    assert open_again == (Branch("2-1", "1"),)


def test_one_open_state_among_closed_ones_is_enough() -> None:
    found, _ = run(expand(pursuit(closed="1"), "2", ()), modules(propose="2-1; 2-4", check="yes"))
    assert [branch.action for branch in found] == ["2-4"]


@pytest.mark.parametrize("said", ["2-1", "none"])
def test_a_state_without_a_way_on_is_stuck(said: str) -> None:
    with pytest.raises(Stuck, match="every action leads back"):
        run(expand(pursuit(closed="1 2"), "2", ()), modules(propose=said, check="yes"))


def test_without_search_the_first_valid_action_is_taken_unvalued() -> None:
    found, asked = run(search(pursuit(search=False), "1", (), ()), modules(propose="1-3", check="yes"))
    assert (found.action, kinds(asked)) == ("1-3", ["propose", "check"])


@pytest.mark.parametrize(("left", "right", "taken"), [(1, 2, "1-2"), (2, 1, "1-3"), (9, 3, "1-3")])
def test_a_search_of_one_layer_takes_the_lowest_value(left: int, right: int, taken: str) -> None:
    answer = modules(propose="1-2; 1-3", check="yes", reached="no", value={"2": left, "3": right})
    found, asked = run(search(pursuit(depth=1), "1", (), ()), answer)
    assert found.action == taken
    assert kinds(asked).count("value") == 2


def two_layers(values: dict[str, int]) -> Callable[[Step], str]:
    ways = {"1": "1-2; 1-3", "2": "2-4; 2-1", "3": "3-5; 3-1"}
    return modules(propose=ways, check="yes", reached="no", value=values)


def test_a_leaf_s_value_is_backed_up_to_its_first_action() -> None:
    found, asked = run(search(pursuit(), "1", (), ()), two_layers({"4": 8, "5": 2, "1": 9}))
    assert found.action == "1-3"
    assert {branch.state: branch.value for branch in found.below} == {"5": 2, "1": 9}
    assert {step.reads.state for step in asked if step.kind == "value"} == {"4", "5", "1"}
    assert run(search(pursuit(), "1", (), ()), two_layers({"4": 1, "5": 2, "1": 9}))[0].action == "1-2"


def test_a_layer_that_an_earlier_search_looked_at_is_not_asked_for_again() -> None:
    ready = (Branch("1-2", "2", met=False, value=4), Branch("1-3", "3", met=False, value=3))
    found, asked = run(search(pursuit(depth=1), "1", ready, ()), modules())
    assert (found.action, asked) == ("1-3", [])


def test_the_goal_ends_the_search_at_once() -> None:
    answer = modules(propose="4-2; 4-6", check="yes", reached={"2": "no", "6": "yes"}, value="0")
    found, asked = run(search(pursuit(), "4", (), ()), answer)
    assert (found.action, found.met, found.value) == ("4-6", True, 0)
    assert "value" not in kinds(asked)


def test_a_dead_end_below_is_the_last_choice_and_not_an_error() -> None:
    ways = {"1": "1-2; 1-3", "2": "none", "3": "3-5"}
    answer = modules(propose=ways, check="yes", reached="no", value={"5": 50})
    found, _ = run(search(pursuit(closed="1"), "1", (), ()), answer)
    assert found.action == "1-3"
    answer = modules(propose={**ways, "3": "none"}, check="yes", reached="no", value={})
    found, _ = run(search(pursuit(closed="1"), "1", (), ()), answer)
    assert found.value == evaluator.MOST


branches = st.recursive(
    st.builds(Branch, st.just("1-2"), st.just("2"), st.integers(0, 99)),
    lambda below: st.builds(
        lambda inner: Branch("1-3", "3", below=tuple(inner)), st.lists(below, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


def leaves(branch: Branch) -> list[int]:
    if not branch.below:
        assert branch.value is not None
        return [branch.value]
    return [value for below in branch.below for value in leaves(below)]


@given(branches)
def test_the_value_backed_up_is_the_lowest_of_all_leaves(branch: Branch) -> None:
    assert backed_up(branch) == min(leaves(branch))


@given(st.lists(branches, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_best_branch_does_not_depend_on_the_order_it_is_found_in(found: list[Branch], dice: Any) -> None:
    named = [
        Branch(f"1-{number}", branch.state, branch.value, None, branch.below) for number, branch in enumerate(found)
    ]
    shuffled = dice.sample(named, len(named))
    assert best(named, "1") == best(shuffled, "1")
    assert backed_up(best(named, "1")) == min(map(backed_up, named))


def test_ties_are_broken_by_the_facts_and_not_always_for_the_first() -> None:
    tied = [Branch("1-2", "2", 5), Branch("1-3", "3", 5)]
    taken = {best(tied, str(state)).action for state in range(40)}
    assert taken == {"1-2", "1-3"}
    assert len({best(tied, "7").action for _ in range(20)}) == 1


def test_a_branch_that_meets_the_goal_beats_a_lower_value() -> None:
    assert best([Branch("1-2", "2", 0), Branch("1-3", "3", 7, met=True)], "1").action == "1-3"
