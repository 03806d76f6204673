"""Walks a task that asks for one fact at a time, without a model: each question is answered by a function."""

from collections.abc import Callable
from typing import Any

from surefoot.decompose.plan import PlanStep
from surefoot.decompose.step import Dialect, Prompt, Step
from tests.decompose.finished import Finished


def right_by(answers: Callable[[Prompt], Any]) -> Callable[..., str]:
    """Right answers of a task's key, read as a reply is."""

    def right(task: Any, step: Step, dialect: Dialect = "micro") -> str:
        said = task.parse(step, answers(task.prompt(step, dialect)).right[0], dialect)
        assert isinstance(said, str)
        return said

    return right


def walk(task: Any, say: Callable[[Any, Step], str]) -> Finished:
    """Answer question after question until the task returns its output, or its longest chain was asked."""
    root = task.root()
    state = task.begin(root.goal, root.inputs)
    steps: list[PlanStep] = []
    while isinstance(step := task.next_step(root.goal, state), Step):
        steps.append(PlanStep(step.kind, step.reads, say(task, step), state))
        state = task.advance(root.goal, state, steps[-1].candidate)
        if len(steps) > task.size(root.goal, root.inputs):  # where a run ends the chain
            return Finished(steps, None)
    return Finished(steps, step.output)
