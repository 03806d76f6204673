"""The referees of planning tasks refuse each kind of wrong plan, and read nothing but the actions."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.answer_keys.digit_hanoi import DigitRules
from surefoot.decompose.answer_keys.graph import FAR, RoomRules
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.plan import PlanStep
from surefoot.decompose.referees import digit_hanoi, graph, pddl, strips
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi, numbered
from surefoot.decompose.tasks.digit_lists import DigitLists, all_states
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.pddl_collections import Unread
from surefoot.decompose.tasks.rooms import BEST, Rooms

GOAL = "-/-/012"
SHORTEST = ("2AC", "1AB", "2CB", "0AC", "2BA", "1BC", "2AC")
LISTS = numbered(1)
CASTLE = Rooms(((1, 2), (2, 3), (3, 4), (1, 5), (5, 4)), chests=((4, 50), (3, 10)))
CHEST = Problem("chest", CASTLE, "1", BEST, 6)
ROOM = Problem("room", CASTLE, "1", "4", 6)


class Finished:
    """A finished plan whose output is known only once its steps were read to the end, as a journal's is."""

    def __init__(self, plan: tuple[str, ...], predicted: Any = ()) -> None:
        self._output = {"plan": list(plan), "predicted": list(predicted), "ended": "accepted"}
        self.output: Any = None

    def __iter__(self) -> Iterator[PlanStep]:
        yield PlanStep("propose", None, "2AC")
        self.output = self._output


def test_a_shortest_plan_of_the_lists_passes() -> None:
    found = digit_hanoi.judge(LISTS, SHORTEST)
    assert (found.valid, found.reached_goal, found.steps, found.first_error) == (True, True, 7, None)


@pytest.mark.parametrize(
    ("plan", "valid", "steps", "said"),
    [
        ((), True, 0, "does not end at the goal"),
        (SHORTEST[:-1], True, 6, "does not end at the goal"),
        ((*SHORTEST, "2CA"), True, 8, "does not end at the goal"),
        (("1AC", *SHORTEST), False, 0, "move 0: 1 is not the rightmost number of A"),
        (("2BC",), False, 0, "move 0: 2 is not the rightmost number of B"),
        (("2AC", "1AC"), False, 1, "move 1: C holds a number larger than 1"),
        ((*SHORTEST[:3], "0AB"), False, 3, "move 3: B holds a number larger than 0"),
        (("3AC",), False, 0, "3 is not the rightmost number of A"),
    ],
)
def test_a_wrong_plan_of_the_lists_is_refused_where_it_goes_wrong(
    plan: tuple[str, ...], valid: bool, steps: int, said: str
) -> None:
    found = digit_hanoi.judge(LISTS, plan)
    assert (found.valid, found.reached_goal, found.steps) == (valid, False, steps)
    assert found.first_error is not None
    assert said in found.first_error


@given(st.integers(0, 10**6))
def test_a_random_walk_over_the_lists_is_valid_and_one_changed_move_is_found(seed: int) -> None:
    """Against the answer key's rules, which were written apart from the referee's."""
    dice, rules, state, plan = random.Random(seed), DigitRules(3), LISTS.start, []
    for _ in range(8):
        moves = digit_hanoi.legal_actions(LISTS, state)
        assert sorted(moves) == rules.actions(state)
        plan.append(dice.choice(moves))
        assert digit_hanoi.after(LISTS, state, plan[-1]) == rules.after(state, plan[-1])
        state = rules.after(state, plan[-1])
    found = digit_hanoi.judge(LISTS, tuple(plan))
    assert (found.valid, found.reached_goal) == (True, digit_hanoi.at_goal(LISTS, state))
    before = LISTS.start
    for place, move in enumerate(plan):
        for wrong in rules.other_actions(before)[:3]:
            damaged = digit_hanoi.judge(LISTS, (*plan[:place], wrong, *plan[place + 1 :]))
            assert (damaged.valid, damaged.steps) == (False, place)
        before = rules.after(before, move)


@pytest.mark.parametrize("numbers", [2, 3])
def test_the_fewest_moves_are_the_answer_key_s(numbers: int) -> None:
    goal = f"-/-/{''.join(map(str, range(numbers)))}"
    for start in all_states(numbers):
        problem = Problem("p", DigitLists(numbers), start, goal, 9)
        assert digit_hanoi.optimal(problem) == DigitRules(numbers).distance(start, goal)


def test_the_output_is_read_after_the_steps_and_predictions_are_not_believed() -> None:
    task = DigitHanoi(problem=1)
    assert digit_hanoi.verify(task, Finished(SHORTEST)).reached_goal
    liar = digit_hanoi.verify(task, Finished(("2AC",), predicted=[LISTS.start, GOAL]))
    assert (liar.valid, liar.reached_goal) == (True, False)
    way = GraphNavigation(edges="1-2 2-3", start=1, goal=3)
    assert graph.verify(way, Finished(("1-2", "2-3"))).reached_goal
    assert not graph.verify(way, Finished(("1-2",), predicted=["1", "3"])).reached_goal


@pytest.mark.parametrize(
    ("problem", "plan", "valid", "reached", "steps"),
    [
        (ROOM, ("1-5", "5-4"), True, True, 2),
        (ROOM, ("1-2", "2-3", "3-4"), True, True, 3),  # chests are nothing where a room is wanted
        (ROOM, ("1-5", "5-4", "4-3", "9-9"), True, True, 2),  # what comes after the goal is not read
        (ROOM, (), True, False, 0),
        (ROOM, ("1-5",), True, False, 1),
        (ROOM, ("1-4",), False, False, 0),
        (ROOM, ("5-4",), False, False, 0),
        (ROOM, ("1-5", "1-2"), False, False, 1),
        (CHEST, ("1-5", "5-4"), True, True, 2),
        (CHEST, ("1-2", "2-3", "3-4"), True, False, 3),  # the lesser chest was collected on the way
        (CHEST, ("1-2", "2-3"), True, False, 2),
        (CHEST, ("1-2", "2-1") * 3, True, False, 6),
        (CHEST, (*("1-2", "2-1") * 3, "1-5", "5-4"), True, False, 6),  # too late
    ],
)
def test_a_walk_is_judged_by_its_doors_its_chests_and_its_cap(
    problem: Problem, plan: tuple[str, ...], valid: bool, reached: bool, steps: int
) -> None:
    found = graph.judge(problem, plan)
    assert (found.valid, found.reached_goal, found.steps) == (valid, reached, steps)
    assert (found.first_error is None) == reached


@pytest.mark.parametrize(
    ("changes", "plan", "reached"),
    [
        ({}, ("1-5", "5-4"), True),
        ({"locked": ((5, 4),)}, ("1-5", "5-4"), False),
        ({"locked": ((4, 5),)}, ("1-5", "5-4"), False),
        ({"opened": ((1, 4),)}, ("1-4",), True),
        ({"one_way": ((1, 4),)}, ("1-4",), True),
        ({"one_way": ((4, 1),)}, ("1-4",), False),
        ({"changed": ((4, 5),)}, ("1-5", "5-4"), False),
        ({"changed": ((4, 5),)}, ("1-2", "2-3"), True),
        ({"changed": ((4, -50), (3, -1))}, ("1-5", "5-4"), False),
    ],
)
def test_a_castle_is_walked_as_it_is_now(changes: dict[str, Any], plan: tuple[str, ...], reached: bool) -> None:
    problem = msgspec.structs.replace(CHEST, world=msgspec.structs.replace(CASTLE, **changes))
    assert graph.judge(problem, plan).reached_goal is reached


edges = st.lists(
    st.tuples(st.integers(1, 7), st.integers(1, 7)).filter(lambda edge: edge[0] != edge[1]), min_size=1, max_size=12
).map(tuple)


@given(
    edges, st.lists(st.tuples(st.integers(1, 7), st.integers(-9, 9)), max_size=3, unique_by=lambda c: c[0]), st.data()
)
def test_the_referee_and_the_answer_key_agree_on_every_castle(edges: Any, chests: Any, data: st.DataObject) -> None:
    """Two programs that share no code: the doors of each room, the fewest steps, and where the goal is met."""
    world = Rooms(edges, tuple(chests))
    start = data.draw(st.sampled_from(world.rooms()))
    rules = RoomRules(world)
    for goal in (str(data.draw(st.sampled_from(world.rooms()))), BEST):
        problem = Problem("p", world, str(start), goal, 9)
        assert sorted(graph.legal_actions(problem, str(start))) == sorted(
            action for action in rules.actions(str(start)) for _ in range(
                sum(set(edge) == {int(room) for room in action.split("-")} for edge in edges)
            )
        )  # fmt: skip
        if goal == BEST and start in world.worths:
            continue  # a chest at the start itself counts as collected, and no prompt says where one came from
        fewest = graph.optimal(problem)
        assert (FAR if fewest is None else fewest) == rules.distance(str(start), goal)


def blocks() -> Problem:
    problem = PddlPlanning().problem_of_run()
    assert isinstance(problem, Problem)
    return problem


def test_a_pddl_plan_is_refused_where_an_action_cannot_be_done() -> None:
    problem = blocks()
    world: Any = problem.world
    able = pddl.legal_actions(problem, problem.start)
    assert able
    after = pddl.after(problem, problem.start, able[0])
    twice = pddl.judge(problem, (able[0], able[0]))
    assert (twice.valid, twice.reached_goal, twice.steps) == (False, False, 1)
    assert twice.first_error is not None
    assert twice.first_error.startswith(f"action 1, {able[0]}: ")
    assert able[0] not in pddl.legal_actions(problem, after)
    for unknown in ("(fly a)", "(pick-up)", "(pick-up nobody)", "", "pick-up", "(pick-up a a a)"):
        found = strips.fault(world, strips.facts(problem.start), unknown)
        assert found is not None
        assert found.rule == "parameters"
        assert pddl.judge(problem, (unknown,)).steps == 0


def test_a_pddl_plan_that_stops_short_is_valid_and_not_at_the_goal() -> None:
    problem = blocks()
    assert not pddl.at_goal(problem, problem.start)
    found = pddl.judge(problem, ())
    assert (found.valid, found.reached_goal, found.first_error) == (True, False, "the plan does not end at the goal")
    done = msgspec.structs.replace(problem, goal=problem.start)
    assert pddl.judge(done, ()).reached_goal
    assert pddl.at_goal(done, done.start)


def test_a_goal_may_say_what_must_not_be() -> None:
    problem = blocks()
    world: Any = problem.world
    state = strips.facts(problem.start)
    some = next(iter(state))
    said = f"({' '.join(some)})"
    assert strips.holds(world, state, said)
    assert not strips.holds(world, state, f"(not {said})")
    assert strips.holds(world, state - {some}, f"(not {said})")
    assert not strips.holds(world, state, f"{said} (not {said})")


def test_small_worlds_are_searched_for_the_fewest_actions_and_large_ones_are_not() -> None:
    texts = "(define (problem p) (:domain blocksworld) (:objects a b) (:init {}) (:goal (on a b)))"
    start = "(ontable a) (ontable b) (clear a) (clear b) (handempty)"
    generated = PddlPlanning().problem_of_run()
    assert isinstance(generated, Problem)
    world: Any = generated.world
    few = msgspec.structs.replace(world, objects=tuple((name, ()) for name in "ab"))
    problem = Problem(texts, few, strips.text(strips.facts(start)), "(on a b)", 9)
    assert pddl.optimal(problem) == 2
    assert pddl.optimal(msgspec.structs.replace(problem, goal="(on a a)")) is None
    many = msgspec.structs.replace(world, objects=tuple((name, ()) for name in "abcdefg"))
    assert pddl.optimal(msgspec.structs.replace(problem, world=many)) is None


def test_a_problem_that_cannot_be_read_has_its_row_and_its_reason() -> None:
    unread = Unread("p07", "line 3: numeric effects are not supported")
    found = pddl.judge(unread, ())
    assert (found.valid, found.reached_goal, found.first_error) == (True, False, unread.why)
    assert pddl.legal_actions(unread, "") == []
    assert not pddl.at_goal(unread, "")


def test_only_its_own_referee_judges_a_problem() -> None:
    with pytest.raises(TypeError, match="not a PDDL problem"):
        pddl.judge(LISTS, ())


@pytest.mark.parametrize("seed", range(4))
def test_every_order_of_the_same_moves_is_judged_by_where_it_leads(seed: int) -> None:
    """Permutations of a right plan: exactly those that a simulation of lists lets through are valid."""
    rules = DigitRules(3)
    for plan in itertools.islice(itertools.permutations(SHORTEST), seed * 40, seed * 40 + 40):
        state, count = LISTS.start, 0
        for move in plan:
            if rules.broken(state, move):
                break
            state, count = rules.after(state, move), count + 1
        found = digit_hanoi.judge(LISTS, plan)
        assert (found.valid, found.steps) == (count == len(plan), count)
        assert found.reached_goal == (count == len(plan) and state == GOAL)
