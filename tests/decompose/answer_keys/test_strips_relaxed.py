"""Relaxed plans and the greedy search that goes by them."""

import pytest

from surefoot.decompose.answer_keys.strips_breadth import Found, in_breadth
from surefoot.decompose.answer_keys.strips_ground import Action, holds
from surefoot.decompose.answer_keys.strips_search import find_plan, greedy, without_detours
from tests.decompose.answer_keys.small_worlds import NAMES, Small, distances, everywhere, small

PLENTY = 10_000


def growing(one: Small, state: int, names: set[str]) -> int:
    """Do actions of these names as long as they bring anything, with nothing ever becoming false."""
    layers, actions = one.states.ground.layers, [one.states.by_name[name] for name in sorted(names)]
    while True:
        before = state
        for action in actions:
            if not holds(action.needs, state):
                continue
            for change in (action.always, *(c for c in action.changes if holds(c.when, state))):
                state |= change.adds | change.frees
        for rules, heads in layers:
            state |= sum({bit for bit, when in rules if holds(when, state) and not state & bit})
            for _, opposite in heads:
                state |= opposite
        if state == before:
            return state


@pytest.mark.parametrize("name", NAMES)
def test_a_relaxed_plan_is_there_wherever_a_plan_is(name: str) -> None:
    one = small(name)
    for text, steps in distances(one).items():
        relaxed = one.heuristic(one.states.read(text) or 0, one.wanted.goal)
        assert relaxed is not None
        assert (relaxed.length == 0) == (steps == 0)
        if name != "switches":  # there, what is negated or one of several comes for nothing, but not at once
            assert bool(relaxed.first) == (steps > 0)


@pytest.mark.parametrize("name", ["ferry", "blocks"])
def test_the_first_actions_of_a_relaxed_plan_can_be_done_at_once(name: str) -> None:
    one = small(name)
    for text in distances(one):
        state = one.states.read(text) or 0
        relaxed = one.heuristic(state, one.wanted.goal)
        assert relaxed is not None
        assert all(holds(one.states.by_name[said].needs, state) for said in relaxed.first)


@pytest.mark.parametrize("name", NAMES)
def test_there_is_no_relaxed_plan_exactly_where_nothing_that_grows_reaches_the_goal(name: str) -> None:
    for goal in (None, "(fused b)" if name == "switches" else None):
        one = small(name, goal)
        every = set(one.states.by_name)
        for text in everywhere(one, most=60):
            state = one.states.read(text) or 0
            reached = growing(one, state, every) & one.wanted.goal == one.wanted.goal
            assert (one.heuristic(state, one.wanted.goal) is not None) == reached


def test_relaxed_plans_count_each_action_once() -> None:
    """Both cars have to be fetched from where they are: one sailing serves both, and a relaxed plan counts it once."""
    one = small("ferry", "(at x q) (at y p)")
    relaxed = one.heuristic(one.first, one.wanted.goal)
    assert relaxed is not None
    assert relaxed.length == 5
    assert relaxed.first == {"(board x p)", "(sail p q)"}


def test_the_goal_of_what_is_true_already_costs_nothing() -> None:
    one = small("ferry", "(here p) (empty)")
    relaxed = one.heuristic(one.first, one.wanted.goal)
    assert relaxed is not None
    assert (relaxed.length, relaxed.first) == (0, frozenset())


def follow(one: Small, plan: tuple[Action, ...]) -> int:
    state = one.first
    for action in plan:
        assert holds(action.needs, state)
        state = one.states.after(state, action)
    return state


@pytest.mark.parametrize("name", NAMES)
def test_the_greedy_search_finds_a_plan_that_can_be_carried_out(name: str) -> None:
    one = small(name)
    found = greedy(one.wanted, one.heuristic, one.first, 5_000)
    assert found.plan is not None
    assert one.wanted.met(follow(one, found.plan))
    shortest = in_breadth(one.wanted, one.first, PLENTY).plan
    assert shortest is not None
    assert len(shortest) <= len(found.plan) <= 3 * len(shortest)


def test_the_greedy_search_says_whether_it_gave_up_or_there_is_nothing() -> None:
    one = small("blocks")
    assert greedy(one.wanted, one.heuristic, one.first, 0) == Found(None, complete=False)
    never = small("ferry", "(aboard x) (aboard y)")
    assert greedy(never.wanted, never.heuristic, never.first, 5_000) == Found(None, complete=True)


@pytest.mark.parametrize("narrow", [True, False])
def test_either_order_of_searches_ends_in_a_plan(narrow: bool) -> None:
    one = small("blocks")
    plan = find_plan(one.wanted, one.heuristic, one.first, narrow).plan
    assert plan is not None
    assert one.wanted.met(follow(one, plan))
    if narrow:  # then breadth comes first, and its plans are shortest
        assert plan == in_breadth(one.wanted, one.first, PLENTY).plan


def test_detours_are_left_out_with_what_needs_them() -> None:
    one = small("ferry", "(at x q)")
    names = [
        "(sail p q)", "(board y q)", "(land y q)", "(sail q p)", "(board x p)", "(sail p q)", "(sail q p)",
        "(sail p q)", "(land x q)",
    ]  # fmt: skip
    long = tuple(one.states.by_name[name] for name in names)
    assert one.wanted.met(follow(one, long))
    short = without_detours(one.wanted, one.first, long)
    assert [action.said for action in short] == ["(board x p)", "(sail p q)", "(land x q)"]
    assert without_detours(one.wanted, one.first, short) == short


def test_what_a_plan_needs_is_never_left_out() -> None:
    one = small("blocks")
    plan = in_breadth(one.wanted, one.first, PLENTY).plan or ()
    assert without_detours(one.wanted, one.first, plan) == plan
