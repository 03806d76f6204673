"""MAP as a method: the plan of a problem's world is its answer, beside what other methods make of the same question."""

from typing import Any

import pytest

from surefoot.decompose.methods.asking import Turning
from surefoot.decompose.methods.modular import Modular
from surefoot.decompose.problem import Problem
from surefoot.decompose.step import Done, Flag, Role, Step
from surefoot.decompose.tasks.generated import Generated
from tests.decompose.methods.worlds import Counter, Counting, answers, way


def walked(task: Problem, wrong_at: int = -1) -> tuple[list[Step], Done]:
    """Run a problem with right replies, but for the question of one number, which is answered wrongly."""
    node = task.root()
    state, asked = task.begin(node.goal, node.inputs), list[Step]()
    while not isinstance(step := task.next_step(node.goal, state), Done):
        assert isinstance(step, Step)
        known = answers(task.prompt(step, "chat"))
        text = known.wrong[0] if len(asked) == wrong_at else known.right[0]
        said = task.parse(step, text, "chat")
        asked.append(step)
        assert len(asked) < 300
        if not isinstance(said, Flag):
            state = task.advance(node.goal, state, said)
    return asked, step


@pytest.mark.parametrize(("first", "wanted"), [(5, 8), (3, 12), (12, 1), (7, 7)])
def test_the_plan_is_the_answer_and_what_another_method_says(first: int, wanted: int) -> None:
    planned, done = walked(Counting(first=first, wanted=wanted, method="modular"))
    _, whole = walked(Counting(first=first, wanted=wanted, method="direct"))
    assert done.output == whole.output == way(str(first), str(wanted))
    assert not done.failure
    roles = {step.role for step in planned}
    expected = {Role.ACTOR, Role.MONITOR, Role.PREDICTOR, Role.EVALUATOR} if first != wanted else set()
    assert expected <= roles
    assert Role.TASK_DECOMPOSER not in roles


def test_a_question_shows_one_module_s_facts_and_is_worded_as_in_a_planning_task() -> None:
    asked, _ = walked(Counting(method="modular"))
    task, planning = Counting(method="modular"), Counter()
    for step in asked:
        assert task.prompt(step, "compact") == planning.prompt(step, "chat")
        assert "how does" not in task.prompt(step, "chat").user  # the question in words is not shown


def test_a_wrong_module_leads_elsewhere() -> None:
    """The placebo: with one wrong verdict of the Predictor the plan is another, or there is none."""
    right, done = walked(Counting(method="modular"))
    number = next(n for n, step in enumerate(right) if step.role is Role.PREDICTOR)
    _, ended = walked(Counting(method="modular"), wrong_at=number)
    assert ended.output != done.output or ended.failure


def test_checks_are_the_same_if_they_name_the_same_rule() -> None:
    task = Counting(method="modular")
    check = next(step for step in walked(task)[0] if step.kind == "check")
    assert task.same(check, "no range: it is above", "no range: it would be 14")
    assert not task.same(check, "yes", "no range")
    assert not Counting().same(check, "no range: it is above", "no range: it would be 14")


def test_a_candidate_that_contradicts_its_question_is_flagged() -> None:
    task = Counting(method="modular")
    asked, _ = walked(task)
    proposal = next(step for step in asked if step.role is Role.ACTOR)
    assert isinstance(task.parse(proposal, "I cannot say.", "chat"), Flag)


def test_there_is_no_way_without_a_failure_that_says_so() -> None:
    _, done = walked(Counting(first=0, wanted=8, method="modular"))
    assert done.failure.startswith("the plan was given up")


def test_a_problem_without_a_world_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="Generated offers no world to plan in") as refused:
        Generated(family="chains", length=4, method="modular")
    assert "\n" not in str(refused.value)

    class Some(Counting, frozen=True, kw_only=True):
        def world(self, number: int) -> Any:
            return None

    task = Some(method="modular")
    node = task.root()
    done = task.next_step(node.goal, task.begin(node.goal, node.inputs))
    assert isinstance(done, Done)
    assert "has no world" in done.failure


def test_the_board_is_a_function_of_the_answers() -> None:
    task = Counting(method="modular")
    node, method = task.root(), Modular()
    first = task.next_step(node.goal, Turning(()))
    assert first == task.next_step(node.goal, Turning(()))
    assert isinstance(first, Step)
    assert method.splits(task, node) is False
