"""The baselines, question by question, with answers that are written down."""

from typing import Any

import pytest

from surefoot.decompose.modular_planner.baselines import (
    AGENTS,
    BEAM,
    ROUNDS,
    VALUE_SAMPLES,
    WIDTH,
    Asked,
    Beam,
    Debate,
    Leaf,
    TreeOfThought,
    way,
)
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.step import Done, Step
from surefoot.decompose.tasks.rooms import Rooms
from tests.decompose.modular_planner.driving import run

WORLD = Rooms((*((1, room) for room in range(2, 10)), (2, 20), (3, 20), (20, 21)))
PROBLEM = Problem("p", WORLD, "1", "21", 6)


def solve(method: Any, answer: Any) -> tuple[Done, list[Step]]:
    """Run turn after turn until the method has ended."""
    board, asked = method.begin(PROBLEM), []
    while (done := method.end(board)) is None:
        board, steps = run(method.turn(PROBLEM, board), answer)
        asked += steps
    return done, asked


@pytest.mark.parametrize(
    ("plans", "chosen"),
    [
        (["1-2; 2-20", "1-3; 3-20", "1-3; 3-20"], ["1-3", "3-20"]),
        (["1-2", "1-3", "1-4"], ["1-2"]),
        (["1-4", "1-3", "1-3", "1-4"], ["1-4"]),
    ],
)
def test_the_most_frequent_plan_wins_and_of_equals_the_first(plans: list[str], chosen: list[str]) -> None:
    said = iter(plans)
    done, asked = solve(Asked("in-context", 6, len(plans)), lambda step: next(said))
    assert done.output["plan"] == chosen
    assert len(asked) == len(plans)
    assert not done.failure


def test_a_question_for_one_plan_is_asked_once_with_its_style_and_cap() -> None:
    _, (step,) = solve(Asked("cot", 4), lambda step: "1-2")
    assert (step.reads.style, step.reads.cap, step.reads.state, step.reads.goal) == ("cot", 4, "1", "21")
    assert step.lead == 1


def test_agents_of_a_debate_read_the_others_plans_of_the_round_before() -> None:
    said = iter([f"1-{number}" for number in range(2, 2 + AGENTS * ROUNDS)])
    done, asked = solve(Debate(6), lambda step: next(said))
    assert len(asked) == AGENTS * ROUNDS == 6
    assert [step.reads.advice for step in asked] == [(), (), ("1-3",), ("1-2",), ("1-5",), ("1-4",)]
    assert done.output["plan"] == ["1-6"]  # the first agent's last


def tree(ways: dict[str, str], values: dict[str, int], goal: str = "21") -> Any:
    def answer(step: Step) -> str:
        if step.kind == "propose":
            return ways.get(step.reads.state, "none")
        if step.kind == "value":
            return str(values[step.reads.state])
        return "yes" if step.reads.state == goal else "no"

    return answer


def test_a_tree_of_thought_keeps_the_best_leaves_of_each_level() -> None:
    every = "; ".join(f"1-{room}" for room in range(2, 10))
    values = {str(room): room for room in range(2, 10)}
    board, asked = run(TreeOfThought(6).turn(PROBLEM, Beam((Leaf("1"),))), tree({"1": every}, values))
    assert [leaf.state for leaf in board.leaves] == ["2", "3", "4", "5", "6"]
    assert len(board.leaves) == BEAM < WIDTH
    assert [leaf.plan for leaf in board.leaves[:2]] == [("1-2",), ("1-3",)]
    assert sum(step.kind == "value" for step in asked) == 8 * VALUE_SAMPLES
    assert (board.level, board.ended) == (1, "")


def test_a_leaf_is_valued_by_the_mean_of_its_samples() -> None:
    samples = iter(["1", "2", "6"])
    fixed = {"propose": "1-2", "reached": "no"}
    board, _ = run(
        TreeOfThought(6).turn(PROBLEM, Beam((Leaf("1"),))), lambda step: fixed.get(step.kind) or next(samples)
    )
    assert board.leaves[0].value == 3.0


def test_a_tree_of_thought_ends_at_the_goal_with_the_way_to_it() -> None:
    ways = {"1": "1-2; 1-3", "2": "2-20", "3": "3-20", "20": "20-21"}
    done, asked = solve(TreeOfThought(6), tree(ways, {"2": 2, "3": 2, "20": 1, "21": 0}))
    assert done.output["plan"] == ["1-2", "2-20", "20-21"]
    assert done.output["ended"] == "accepted"
    assert {step.reads.breadth for step in asked if step.kind == "propose"} == {WIDTH}


@pytest.mark.parametrize(
    ("ways", "cap", "ended", "plan"),
    [
        ({"1": "1-2"}, 6, "no action left", ["1-2"]),
        ({}, 6, "no action left", []),
        ({"1": "1-2", "2": "2-1"}, 3, "its cap of 3", ["1-2", "2-1", "1-2"]),
    ],
)
def test_a_tree_of_thought_that_does_not_arrive_says_why(ways: Any, cap: int, ended: str, plan: list[str]) -> None:
    done, _ = solve(TreeOfThought(cap), tree(ways, {"1": 3, "2": 2}))
    assert done.output["plan"] == plan
    assert done.output["ended"] == ended
    assert ended in done.failure


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("zero-shot", Asked("zero-shot", 7)), ("in-context", Asked("in-context", 7)), ("cot", Asked("cot", 7)),
        ("best-of-n", Asked("in-context", 7, 9)), ("debate", Debate(7)), ("tot", TreeOfThought(7)),
    ],
)  # fmt: skip
def test_baselines_go_by_their_names(name: str, method: Any) -> None:
    assert way(name, 7, 9) == method


def test_a_name_that_no_baseline_has_is_an_error() -> None:
    with pytest.raises(KeyError):
        way("guess", 7, 9)
