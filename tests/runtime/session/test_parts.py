"""A plan of parts of which one stays undecided: as a failure that is a result, or as a step that waits for a person."""

import pathlib
from typing import Any

import pytest

import surefoot
from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime.session.review import give_answers, put_aside_in
from tests.runtime.execution.models import QUIET, Counted

OPTIONS: dict[str, Any] = {**QUIET, "k": 2, "max_ballots": 4}
UNDECIDED = "after 3"
"""The third question of the first part."""


class Parts(Task, frozen=True, kw_only=True):
    """Counts three numbers on from 1, from 11 and from 21; the last part puts the three lists together."""

    may_fail: bool = False

    def root(self) -> Node:
        return Node((), "all", (0,))

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        if goal != "all":
            return None
        parts = [Child("part", (Literal(first),), may_fail=self.may_fail) for first in (1, 11, 21)]
        return Expansion((*parts, Child("together", (Ref(0), Ref(1), Ref(2)))))

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return 10 if goal == "all" else 3

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return [list(inputs), []]

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        inputs, found = state
        if goal == "together" or len(found) == 3:
            return Done(inputs if goal == "together" else found)
        return Step("next", Role.ACTOR, inputs[0] + len(found))

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        return [state[0], [*state[1], int(candidate)]]

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"after {step.reads}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text if text.isdigit() else Flag("misformatted", text)


def answers(prompt: Prompt) -> Answers:
    number = int(prompt.user.split()[1])
    return Answers((str(number + 1),), (str(number + 2),))


def counted() -> Counted:
    return Counted(answers, say=lambda text, nth: ("4", "5")[nth % 2] if text == UNDECIDED else None)


@pytest.mark.parametrize("segment_steps", [1024, 1])
@pytest.mark.parametrize("calls", [5, 9, 14, 20])
def test_a_part_that_fails_after_decided_steps_is_asked_once(
    tmp_path: pathlib.Path, calls: int, segment_steps: int
) -> None:
    """Paused before, in and after the failure and resumed: only a race that was cut in its middle is held again."""
    options = {**OPTIONS, "segment_steps": segment_steps}
    first, again = counted(), counted()
    surefoot.run(Parts(may_fail=True), first, run_dir=tmp_path / "r", max_calls=calls, **options)
    run = surefoot.resume(tmp_path / "r", model=again, task=Parts(may_fail=True), max_calls=100)
    assert run.status == "solved"
    asked = [{text for text, _ in one.asked} for one in (first, again)]
    assert asked[0] & asked[1] <= {UNDECIDED}
    assert len(asked[0] | asked[1]) == 9
    failed, *others = run.output
    assert failed["failure"]["error"] == "StepDeadlocked"
    assert others == [[12, 13, 14], [22, 23, 24]]
    assert (run.counts.failed_nodes, run.counts.steps) == (1, 8)


@pytest.mark.parametrize("segment_steps", [1024, 1])
def test_a_step_that_waits_for_a_person_stops_only_what_depends_on_it(
    tmp_path: pathlib.Path, segment_steps: int
) -> None:
    """Everything else is asked before the run pauses, and nothing of it again once the person has answered."""
    options = {**OPTIONS, "segment_steps": segment_steps, "chains_in_flight": 1}
    first = counted()
    run = surefoot.run(Parts(), first, run_dir=tmp_path / "r", review=True, **options)
    assert (run.status, run.message) == ("paused", "1 step waits for a person")
    assert {text for text, _ in first.asked} == {f"after {number}" for number in (1, 2, 3, 11, 12, 13, 21, 22, 23)}
    [waiting] = put_aside_in(tmp_path / "r")
    give_answers(tmp_path / "r", [(waiting, "4")])
    again = counted()
    solved = surefoot.resume(tmp_path / "r", model=again, task=Parts())
    assert (solved.status, again.asked) == ("solved", [])
    assert solved.output == [[2, 3, 4], [12, 13, 14], [22, 23, 24]]


def test_without_review_the_same_step_ends_the_run(tmp_path: pathlib.Path) -> None:
    run = surefoot.run(Parts(), counted(), run_dir=tmp_path / "r", **OPTIONS)
    assert run.status == "failed"
    assert "no candidate led by 2" in run.message
