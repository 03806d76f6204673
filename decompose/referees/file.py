"""The file's own answers, for scoring runs over its questions. Nothing that decides imports it."""

from typing import Any

from surefoot.decompose.referees.tables import marks_of_table
from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.compared_answers import compared
from surefoot.decompose.tasks.file_problems import FileProblem
from surefoot.decompose.tasks.question_formats import records

MARK = "####"
"""What stands before the answer of a GSM8K solution."""


def right_answers(task: FileProblem) -> list[str]:
    """Return the answers to the questions of a bench, in the form in which they are compared.

    Raises:
        ValueError: An entry has no answer, or one of another form. One line.
    """
    return [_right(number, entry, task.form) for number, entry in enumerate(records(task.file)[: task.count], start=1)]


def chance_answers(task: FileProblem, number: int) -> tuple[str, ...]:
    """Return what a guess may be: yes or no, or an answer to any of the file's questions."""
    return ("yes", "no") if task.form == "yes-no" else tuple(sorted(set(right_answers(task))))


def verify(task: FileProblem, plan: FinishedPlan) -> Verification:
    """Compare the answer of a run with the file's."""
    steps = sum(1 for _ in plan)
    if task.every:
        return marks_of_table(plan.output, right_answers(task))
    right = _right(task.number, records(task.file)[task.number - 1], task.form)
    reached = plan.output == right
    return Verification(True, reached, steps, None if reached else f"{plan.output} is not {right}")


def _right(number: int, entry: dict[str, Any], form: str) -> str:
    answer = entry.get("answer")
    if isinstance(answer, list) and answer:
        answer = answer[0]
    if isinstance(answer, bool):
        answer = "yes" if answer else "no"
    text = str(answer).rpartition(MARK)[2] if isinstance(answer, str | int | float) else ""
    found = compared(text, form)
    if found is None:
        raise ValueError(f"file: question {number} has no answer that is {form}: try another --form")
    return found
