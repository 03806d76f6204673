"""The published graph questions, regenerated."""

import pytest

from surefoot.decompose.answer_keys.graph import answers
from surefoot.decompose.referees import graph as referee
from surefoot.decompose.tasks.graph_navigation import PAIRS, GraphNavigation

VALUE = {1: 3, 2: 1, 3: 1, 4: 5, 5: 1, 6: 2, 7: 4, 9: 2, 10: 4, 11: 2, 12: 2, 13: 4, 14: 1}
DETOUR = {1: 4, 2: 1, 3: 1, 4: 4, 5: 1, 6: 2, 7: 4, 9: 2, 10: 4, 11: 2, 12: 2, 13: 3, 14: 1}
REVAL = {1: 3, 2: 5, 3: 2, 4: 1, 5: 5, 6: 1, 7: 2, 9: 1, 10: 2, 11: 4, 12: 1, 13: 2, 14: 5}
TO_1_AVOIDING_8 = {2: 2, 3: 5, 4: 2, 5: 2, 6: 4, 7: 1, 9: 4, 10: 1, 11: 1, 12: 4, 13: 1, 14: 2, 15: 3}


def lengths(task: GraphNavigation) -> dict[int, int | None]:
    return {int(problem.start): referee.optimal(problem) for problem in task.suite()}


def test_optimal_lengths_are_the_published_ones() -> None:
    shown = {start: steps for start, steps in VALUE.items() if start not in (1, 6)}
    assert lengths(GraphNavigation(question="valuepath")) == shown
    assert lengths(GraphNavigation(question="detour")) == DETOUR
    assert lengths(GraphNavigation(question="revaluation")) == REVAL
    transfer = GraphNavigation(question="transfer").suite()
    assert len(transfer) == 78
    to_one = [p for p in transfer if p.name.startswith("transfer 1/8 ")]
    assert {int(p.start): referee.optimal(p) for p in to_one} == TO_1_AVOIDING_8


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_step_paths_have_their_length(steps: int) -> None:
    problems = GraphNavigation(steps=steps).suite()
    assert len(problems) == 19
    assert {referee.optimal(problem) for problem in problems} == {steps}
    assert len(PAIRS[steps].split()) == 10


def test_a_wrong_chest_on_the_way_is_not_solved() -> None:
    problem = GraphNavigation(question="valuepath").suite()[2]
    assert problem.start == "4"
    through = referee.judge(problem, ("4-15", "15-9", "9-3", "3-8"))
    assert through.valid
    assert not through.reached_goal
    assert referee.judge(problem, ("4-7", "7-1", "1-11", "11-2", "2-8")).reached_goal
    assert not referee.judge(problem, ("4-8",)).valid
    assert not referee.judge(problem, ("7-1",)).valid


def test_after_the_detour_the_locked_door_is_invalid() -> None:
    problem = GraphNavigation(question="detour").suite()[0]
    assert not referee.judge(problem, ("1-11",)).valid
    assert referee.judge(problem, ("1-13", "13-11", "11-2", "2-8")).reached_goal


def test_seven_moves_are_too_many() -> None:
    problem = GraphNavigation(steps=2).suite()[0]
    back_and_forth = (f"{problem.start}-10", f"10-{problem.start}") if problem.start == "4" else ()
    assert referee.judge(problem, back_and_forth * 3).steps == len(back_and_forth) * 3


@pytest.mark.parametrize("question", ["steppath", "valuepath", "detour", "revaluation", "transfer"])
@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_the_key_reads_every_prompt(question: str, dialect: str) -> None:
    task = GraphNavigation(question=question)
    for number in range(60):
        step = task.sample_step(number)
        known = answers(task.prompt(step, dialect))  # type: ignore[arg-type]
        right = {task.parse(step, text, dialect) for text in known.right}  # type: ignore[arg-type]
        assert all(isinstance(candidate, str) for candidate in right)
        assert not right & {task.parse(step, text, dialect) for text in known.wrong}  # type: ignore[arg-type]


def test_graphs_of_ones_own_and_clear_errors() -> None:
    task = GraphNavigation(edges="1-2,2-3 3-4", start=1, goal=4)
    assert referee.optimal(task.problem_of_run()) == 3
    tree = GraphNavigation(graph="n7tree", start=3)
    assert referee.judge(tree.problem_of_run(), ("3-1", "1-2", "2-4")).reached_goal
    for wrong in ({"edges": "1-1"}, {"edges": "a-b"}, {"edges": ""}, {"chests": "8"}, {"start": 99}, {"problem": 500}):
        with pytest.raises(ValueError, match=r"edges|chests|room|problem"):
            GraphNavigation(**wrong)
