"""Answers are marked by the file's own; nothing else counts as an answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.decompose.plan import PlanStep
from surefoot.decompose.referees.questions import Marking, of_task, verify
from surefoot.decompose.tasks.questions import Questions

ENTRIES = [{"question": "Is water wet?", "answer": True}, {"question": "Is fire cold?", "answer": False}]
FILE = json.dumps(ENTRIES)


class Finished:
    """A finished run with one answer, or none."""

    def __init__(self, *plan: str) -> None:
        self.plan, self.output = plan, None

    def __iter__(self) -> Iterator[PlanStep]:
        yield PlanStep("decide", None, "yes")
        self.output: Any = {"plan": list(self.plan)}


@pytest.mark.parametrize(("number", "right", "wrong"), [(1, "yes", "no"), (2, "no", "yes")])
def test_an_answer_is_held_against_the_question_s_own_entry(number: int, right: str, wrong: str) -> None:
    task = Questions(file=FILE, number=number)
    good, bad = verify(task, Finished(right)), verify(task, Finished(wrong))
    assert (good.valid, good.reached_goal, good.steps, good.first_error) == (True, True, 1, None)
    assert (bad.valid, bad.reached_goal, bad.first_error) == (True, False, f"{wrong} is not the answer")


@pytest.mark.parametrize("plan", [(), ("perhaps",), ("yes", "no"), ("YES",), ("",), ("yes ",)])
def test_what_is_no_answer_is_not_valid(plan: tuple[str, ...]) -> None:
    found = verify(Questions(file=FILE), Finished(*plan))
    assert (found.valid, found.reached_goal, found.steps, found.first_error) == (False, False, 0, "no answer")


@pytest.mark.parametrize(
    "entry", [{"question": "Is it?"}, {"question": "Is it?", "answer": "maybe"}, {"question": "?", "answer": 1}]
)
def test_a_file_without_answers_can_be_asked_and_not_scored(entry: dict[str, Any]) -> None:
    task = Questions(file=json.dumps([ENTRIES[0], entry]))
    assert len(task.suite()) == 2
    with pytest.raises(ValueError, match="no answer that is yes or no"):
        of_task(task)


def test_a_random_answer_is_yes_or_no_and_ends_the_question() -> None:
    task = Questions(file=FILE)
    marking, problem = of_task(task), task.problem_of_run()
    assert marking == Marking(("yes", "no"))
    assert marking.legal_actions(problem, problem.start) == ("yes", "no")
    assert not marking.at_goal(problem, problem.start)
    assert marking.at_goal(problem, marking.after(problem, problem.start, "no"))
    assert marking.optimal(problem) == 1
