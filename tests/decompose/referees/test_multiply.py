"""The referee of long multiplication finds the first wrong digit, and a wrong number."""

from typing import Any

import pytest

from surefoot.decompose.answer_keys.multiply import answers
from surefoot.decompose.plan import PlanStep
from surefoot.decompose.referees.multiply import verify
from surefoot.decompose.tasks.multiply import Multiply, SplitFacts
from tests.decompose.finished import Finished

TASK = Multiply(x="4059", y="708")


@pytest.fixture
def plan(walk: Any) -> list[PlanStep]:
    steps, candidates, _ = walk(TASK, answers)
    return [PlanStep(step.kind, step.reads, said) for step, said in zip(steps, candidates, strict=True)]


def test_a_right_plan(plan: list[PlanStep]) -> None:
    found = verify(TASK, Finished(plan, str(4059 * 708)))
    assert (found.valid, found.reached_goal, found.steps, found.first_error) == (True, True, len(plan), None)


def test_every_wrong_digit_is_found_in_its_place(plan: list[PlanStep]) -> None:
    for place, step in enumerate(plan):
        carry, digit = map(int, step.candidate.split(" "))
        for said in (f"{carry} {(digit + 1) % 10}", f"{(carry + 1) % 10} {digit}", f"{carry}{digit}", "x"):
            wrong = [*plan[:place], PlanStep(step.kind, step.reads, said), *plan[place + 1 :]]
            found = verify(TASK, Finished(wrong, str(4059 * 708)))
            assert (found.valid, found.reached_goal, found.steps) == (False, False, place)
            assert found.first_error is not None
            assert found.first_error.startswith(f"step {place}: ")


@pytest.mark.parametrize("output", ["2873771", "02873772", "", "2873772 ", None, 2873772])
def test_a_wrong_number_is_found(plan: list[PlanStep], output: Any) -> None:
    found = verify(TASK, Finished(plan, output))
    assert (found.valid, found.reached_goal) == (True, False)
    assert found.first_error is not None
    assert found.first_error.startswith("4059 x 708 is not ")


def test_decompositions_are_counted_as_steps_and_judged_by_the_number(plan: list[PlanStep]) -> None:
    split = PlanStep("split", SplitFacts("708"), "70 8")
    assert verify(TASK, Finished([split, *plan], str(4059 * 708))).steps == len(plan) + 1
