"""Scores answers to the items of a file against the file's own ``answer``. Nothing that decides imports it."""

import json
from typing import Any

import msgspec

from surefoot.decompose.referees.tables import marks_of_table
from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.items import Item, Items, as_text
from surefoot.decompose.tasks.question_formats import records


class Marking(msgspec.Struct, frozen=True):
    """The right answers of a file, in the file's order."""

    right: tuple[str, ...]

    def judge(self, problem: Item, actions: tuple[str, ...]) -> Verification:
        """Return whether an answer is the file's own."""
        if len(actions) != 1:
            return Verification(False, False, 0, "no answer")
        reached = normal(actions[0]) == normal(self.right[problem.number - 1])
        return Verification(True, reached, 1, None if reached else f"{actions[0][:60]} is not the answer")

    def legal_actions(self, problem: Item, state: str) -> tuple[str, ...]:
        """Return nothing: a number or a list cannot be drawn by chance."""
        return ()

    def after(self, problem: Item, state: str, action: str) -> str:
        """Return the state after an answer: the answer itself."""
        return action

    def at_goal(self, problem: Item, state: str) -> bool:
        """Return whether a question was answered at all."""
        return state != problem.start

    def optimal(self, problem: Item) -> int:
        """Return 1: a question takes one answer."""
        return 1


def normal(text: Any) -> str:
    """Return an answer without what does not matter: blanks in a list, and what stands before ``####``."""
    told = as_text(text).rpartition("####")[2].strip()
    try:
        return as_text(json.loads(told))
    except (ValueError, RecursionError):
        return told


def of_task(task: Items) -> Marking:
    """Return the right answers of a task's file.

    Raises:
        ValueError: An entry has no answer.
    """
    found = [entry.get("answer") for entry in records(task.file or "[]")]
    for number, answer in enumerate(found, start=1):
        if answer is None:
            raise ValueError(f"file: question {number} has no answer")
    return Marking(tuple(map(as_text, found)))


def verify(task: Items, plan: FinishedPlan) -> Verification:
    """Judge the answer of a run that asked one question of a file, or all of them."""
    for _ in plan:  # the output is known only once the steps were read to their end
        pass
    marking = of_task(task)
    if not task.every:
        return marking.judge(task.problem_of_run(), (as_text(plan.output),))
    return marks_of_table(plan.output, [normal(one) for one in marking.right], normal)
