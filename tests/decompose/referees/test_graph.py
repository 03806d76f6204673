"""Walks through castles: what the referee calls solved and what it calls best agree with trying every walk."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.referees.graph import after, at_goal, judge, legal_actions, optimal
from surefoot.decompose.tasks.rooms import BEST, Rooms

LONGEST = 6
pairs = st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda pair: pair[0] != pair[1])
some = st.lists(pairs, max_size=3).map(tuple)
worlds = st.builds(
    Rooms,
    edges=st.lists(pairs, min_size=1, max_size=5, unique_by=frozenset).map(tuple),
    chests=st.lists(st.tuples(st.integers(1, 5), st.integers(-3, 9)), max_size=3, unique_by=lambda c: c[0]).map(tuple),
    locked=some,
    opened=some,
    one_way=some,
)


def problem(world: Rooms, start: int, goal: str, cap: int = LONGEST) -> Problem:
    return Problem("castle", world, str(start), goal, cap)


def walks(posed: Problem) -> Any:
    """All walks through doors, shortest first."""
    front: list[tuple[tuple[str, ...], str]] = [((), posed.start)]
    for _ in range(posed.cap + 1):
        yield from (walk for walk, _ in front)
        front = [
            ((*walk, action), after(posed, here, action))
            for walk, here in front
            for action in dict.fromkeys(legal_actions(posed, here))
        ]


@given(worlds, st.integers(1, 5), st.sampled_from(["1", "2", "3", BEST]))
def test_the_best_walk_is_the_shortest_that_is_solved(world: Rooms, start: int, goal: str) -> None:
    posed = problem(world, start, goal, cap=3)
    shortest = next((len(walk) for walk in walks(posed) if judge(posed, walk).reached_goal), None)
    best = optimal(posed)
    assert shortest == (best if best is not None and best <= 3 else None)


@settings(max_examples=50)
@given(worlds, st.integers(1, 5), st.sampled_from(["1", "4", BEST]), st.data())
def test_a_walk_is_judged_by_its_doors(world: Rooms, start: int, goal: str, data: st.DataObject) -> None:
    posed, here, walk = problem(world, start, goal), str(start), list[str]()
    while len(walk) < 5 and (open_doors := legal_actions(posed, here)) and not at_goal(posed, here):
        walk.append(data.draw(st.sampled_from(open_doors)))
        here = after(posed, here, walk[-1])
    told = judge(posed, tuple(walk))
    assert told.valid
    assert told.steps <= len(walk)
    if goal != BEST:
        assert told.reached_goal == at_goal(posed, here)
    assume(not at_goal(posed, here) and told.first_error != "another chest was collected before")
    others = [f"{here}-{room}" for room in range(1, 7) if f"{here}-{room}" not in legal_actions(posed, here)]
    wrong = data.draw(st.sampled_from([*others, f"{int(here) + 1}-{here}"]))
    told = judge(posed, (*walk, wrong))
    assert (told.valid, told.steps) == (False, len(walk))
    assert wrong in str(told.first_error)


CORRIDOR = Rooms(edges=((1, 2), (2, 3), (3, 4)))


@pytest.mark.parametrize(
    ("world", "start", "goal", "walk", "found"),
    [
        (CORRIDOR, 1, "3", ["1-2", "2-3"], (True, True, 2)),
        (CORRIDOR, 1, "3", ["1-2", "2-3", "3-2"], (True, True, 2)),  # what comes after the goal does not count
        (CORRIDOR, 3, "3", [], (True, True, 0)),
        (CORRIDOR, 1, "3", ["1-2"], (True, False, 1)),
        (CORRIDOR, 1, "3", ["1-3"], (False, False, 0)),
        (CORRIDOR, 1, "3", ["1-2", "1-2"], (False, False, 1)),  # from a room where one is not
        (Rooms(edges=((1, 2), (2, 3)), locked=((3, 2),)), 1, "3", ["1-2", "2-3"], (False, False, 1)),
        (Rooms(edges=((1, 2),), opened=((2, 3),)), 1, "3", ["1-2", "2-3"], (True, True, 2)),
        (Rooms(edges=((1, 2),), one_way=((2, 3),)), 3, "2", ["3-2"], (False, False, 0)),
        # The worth as it was changed counts, and a chest that is passed is collected.
        (Rooms(edges=CORRIDOR.edges, chests=((3, 5), (4, 9))), 1, BEST, ["1-2", "2-3"], (True, True, 2)),
        (Rooms(edges=((1, 2), (1, 3)), chests=((2, 5), (3, 9))), 1, BEST, ["1-3"], (True, True, 1)),
        (Rooms(edges=((1, 2), (1, 3)), chests=((2, 5), (3, 9))), 1, BEST, ["1-2", "2-1", "1-3"], (True, False, 3)),
        (
            Rooms(edges=((1, 2), (1, 3)), chests=((2, 5), (3, 9)), changed=((3, 1),)),
            1,
            BEST,
            ["1-2"],
            (True, True, 1),
        ),
    ],
)
def test_walks_of_known_castles(
    world: Rooms, start: int, goal: str, walk: list[str], found: tuple[bool, bool, int]
) -> None:
    told = judge(problem(world, start, goal), tuple(walk))
    assert (told.valid, told.reached_goal, told.steps) == found


def test_moves_after_the_cap_do_not_count() -> None:
    long_way = ("1-2", "2-1", "1-2", "2-3")
    assert judge(problem(CORRIDOR, 1, "3", cap=4), long_way).reached_goal
    told = judge(problem(CORRIDOR, 1, "3", cap=3), long_way)
    assert (told.valid, told.reached_goal, told.steps) == (True, False, 3)


def test_no_best_walk_is_named_where_doors_do_not_always_open() -> None:
    assert optimal(problem(Rooms(edges=((1, 2),), chances=((1, 2, 50),)), 1, "2")) is None
    assert optimal(problem(Rooms(edges=((1, 2),)), 1, "2")) == 1
