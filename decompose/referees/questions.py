"""Scores answers to the questions of a file against the file's own ``answer``. Nothing that decides imports it."""

import msgspec

from surefoot.decompose.referees.tables import marks_of_table
from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.question_file import Question
from surefoot.decompose.tasks.question_formats import records, yes_or_no
from surefoot.decompose.tasks.questions import Questions

ANSWERS = ("yes", "no")


class Marking(msgspec.Struct, frozen=True):
    """The right answers of a question file, in the file's order."""

    right: tuple[str, ...]

    def judge(self, problem: Question, actions: tuple[str, ...]) -> Verification:
        """Return whether an answer is the file's own."""
        # A failed run has no action at all, and that is no wrong answer but none.
        valid = len(actions) == 1 and actions[0] in ANSWERS
        if not valid:
            return Verification(False, False, 0, "no answer")
        reached = actions[0] == self.right[problem.number - 1]
        return Verification(True, reached, 1, None if reached else f"{actions[0]} is not the answer")

    def legal_actions(self, problem: Question, state: str) -> tuple[str, ...]:
        """Return yes and no, for the random-legal row of a table."""
        return ANSWERS

    def after(self, problem: Question, state: str, action: str) -> str:
        """Return the state after an answer: the answer itself."""
        return action

    def at_goal(self, problem: Question, state: str) -> bool:
        """Return whether a question was answered at all."""
        return state != problem.start

    def optimal(self, problem: Question) -> int:
        """Return 1: a question takes one answer."""
        return 1


def of_task(task: Questions) -> Marking:
    """Return the right answers of a task's question file.

    Raises:
        ValueError: An entry has no answer, so that nothing can be scored.
    """
    found = []
    for number, entry in enumerate(records(task.file or "[]"), start=1):
        answer = yes_or_no(entry.get("answer"))
        if answer is None:
            raise ValueError(f"file: question {number} has no answer that is yes or no")
        found.append(answer)
    return Marking(tuple(found))


def verify(task: Questions, plan: FinishedPlan) -> Verification:
    """Judge the answer of a run that asked one question of a file, or all of them."""
    # The output is known only once the steps were read to their end.
    for _ in plan:
        pass
    marking = of_task(task)
    if not task.every:
        return marking.judge(task.problem_of_run(), tuple(plan.output["plan"]))
    return marks_of_table(plan.output, [marking.right[question.number - 1] for question in task.suite()])
