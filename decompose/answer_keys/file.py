"""Replies to questions of a file from its own answers, for the simulated model: a question is answered, never split.

No key knows the world: sub-questions of a question stand in no file. So methods are told that a question needs none.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.problems import told_by
from surefoot.decompose.methods.rewoo import PLANS
from surefoot.decompose.referees.file import right_answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.file_problems import FileProblem

WRONG = {"text": "something else", "number": "-1", "yes-no": "", "list": "[]"}


def answers_of(options: dict[str, Any]) -> Callable[[Prompt], Answers]:
    """Return the answer key to the file among a problem's options.

    Raises:
        ValueError: An entry has no answer.
    """
    task = msgspec.convert({key: value for key, value in options.items() if key != "state_by"}, FileProblem)
    right = dict(zip(task.questions(), right_answers(task), strict=True))

    def answers(prompt: Prompt) -> Answers:
        told = told_by(prompt)
        if told.kind in ("split", "dependencies"):
            return Answers(("Sub-questions: none",), ("1. Who knows?",))
        if told.kind in PLANS:
            return Answers((f"#E1 = Ask[{told.question}]",), ("#E1 = Ask[Who knows?]",))
        if told.kind == "shape":
            return Answers(("Shape: 1 1 yes",), ("Shape: 4 4 no",))
        if told.kind == "evidence":
            return Answers(("Missing: none",), ("Missing: 9",))
        said = right.get(told.question) or next(iter(told.all("Found")), "nothing")
        wrong = WRONG[task.form] or ("no" if said == "yes" else "yes")
        label = "Conclusion" if told.kind.startswith("subtask") else "Answer"
        return Answers((f"{label}: {said}",), (f"{label}: {wrong}",))

    return answers
