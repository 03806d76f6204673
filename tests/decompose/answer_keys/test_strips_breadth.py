"""The search in breadth, held against distances that the referee alone knows."""

import pytest

from surefoot.decompose.answer_keys.strips_breadth import Found, Wanted, back, in_breadth, plan_of
from surefoot.decompose.answer_keys.strips_ground import Action, Change, Ground, holds
from surefoot.decompose.answer_keys.strips_states import States
from tests.decompose.answer_keys.small_worlds import NAMES, Small, distances, everywhere, small

PLENTY = 10_000


def follow(one: Small, state: int, plan: tuple[Action, ...]) -> int:
    """Where a plan ends; every action can be done where it is done."""
    for action in plan:
        assert holds(action.needs, state)
        state = one.states.after(state, action)
    return state


@pytest.mark.parametrize("name", NAMES)
def test_plans_are_shortest_from_everywhere(name: str) -> None:
    one = small(name)
    fewest = distances(one)
    assert max(fewest.values()) >= 3
    for state in everywhere(one):
        found = in_breadth(one.wanted, one.states.read(state) or 0, PLENTY)
        if state not in fewest:
            assert found == Found(None, complete=True)
            continue
        assert found.plan is not None
        assert len(found.plan) == fewest[state]
        assert one.wanted.met(follow(one, one.states.read(state) or 0, found.plan))


def test_of_equally_short_plans_the_first_by_name_is_taken() -> None:
    one = small("ferry", "(aboard x)")
    assert [action.said for action in in_breadth(one.wanted, one.first, PLENTY).plan or ()] == ["(board x p)"]
    swap = small("ferry", "(at x q) (at y p)")
    plan = [action.said for action in in_breadth(swap.wanted, swap.first, PLENTY).plan or ()]
    assert plan == ["(board x p)", "(sail p q)", "(land x q)", "(board y q)", "(sail q p)", "(land y p)"]


def test_a_goal_that_is_met_needs_nothing_and_no_state_is_looked_at() -> None:
    one = small("ferry", "(here p)")
    assert in_breadth(one.wanted, one.first, 0) == Found(())


def test_a_search_that_is_cut_short_does_not_say_that_there_is_no_plan() -> None:
    one = small("blocks")
    cut = in_breadth(one.wanted, one.first, 3)
    assert cut.plan is None
    assert not cut.complete
    assert in_breadth(one.wanted, one.first, PLENTY).plan


def test_a_goal_that_nothing_leads_to_is_known_to_have_no_plan() -> None:
    one = small("ferry", "(aboard x) (aboard y)")
    assert in_breadth(one.wanted, one.first, PLENTY) == Found(None, complete=True)


def test_few_states_waiting_beside_many_looked_at_is_narrow() -> None:
    """On a line every state has one follower; blocks have many."""
    one = small("blocks")
    assert not in_breadth(one.wanted, one.first, 20).narrow
    narrow = States(_counter(200))
    cut = in_breadth(Wanted(narrow, 1 << 200), 1, 100)
    assert cut.narrow
    assert len(in_breadth(Wanted(narrow, 1 << 199), 1, PLENTY).plan or ()) == 199


def _counter(count: int) -> Ground:
    actions = tuple(
        Action(f"(go {n:03})", (1 << n, ()), Change((0, ()), 1 << (n + 1), 1 << n, 0, 0), ()) for n in range(count)
    )
    return Ground({f"(at {n})": 1 << n for n in range(count + 1)}, {}, frozenset(), (), {}, actions)


@pytest.mark.parametrize("name", ["ferry", "blocks"])
def test_the_way_back_is_the_shortest_over_known_states(name: str) -> None:
    """What is known is the way of one plan; from every other state the sum of both parts is the least there is."""
    one = small(name)
    plan = in_breadth(one.wanted, one.first, PLENTY).plan
    assert plan
    known, state = {}, one.first
    for number, action in enumerate(plan):
        known[state] = len(plan) - number
        state = one.states.after(state, action)
    fewest = distances(one)
    for text in everywhere(one, most=80):
        begin = one.states.read(text) or 0
        found = back(one.wanted, begin, PLENTY, known)
        if text not in fewest:
            continue
        assert found is not None
        way, behind = found
        ended = follow(one, begin, way)
        assert known[ended] == behind if not one.wanted.met(ended) else behind == 0
        assert len(way) + behind == fewest[text]


def test_there_is_no_way_back_where_nothing_known_is_near() -> None:
    one = small("blocks")
    assert back(one.wanted, one.first, 3, {}) is None
    assert back(one.wanted, one.first, PLENTY, {one.first: 7}) is not None


def test_a_plan_is_read_off_its_origins() -> None:
    one = small("ferry", "(at x q)")
    plan = in_breadth(one.wanted, one.first, PLENTY).plan or ()
    origins, state = {one.first: None}, one.first
    for action in plan:
        after = one.states.after(state, action)
        origins[after] = (state, action)  # type: ignore[assignment]
        state = after
    assert plan_of(origins, state) == plan  # type: ignore[arg-type]
    assert plan_of(origins, one.first) == ()  # type: ignore[arg-type]
