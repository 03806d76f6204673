"""Puts a task's question in a wording: what a run asks where ``--wordings`` names one for that kind of question."""

from typing import Any

import msgspec

from surefoot.decompose.step import Dialect, Prompt, Step
from surefoot.decompose.task import Task
from surefoot.decompose.typed.template import Template
from surefoot.decompose.wordings.wording import ASKED, Put, Wording, put


def worded(task: Task, step: Step, dialect: Dialect, wording: Wording) -> Put:
    """Put a step in a wording.

    Args:
        task: Words the question itself.
        step: What is asked.
        dialect: For which kind of model.
        wording: What is laid around the question, or put in its place.

    Raises:
        ValueError: The wording names a fact that the question does not have.
    """
    asked = task.prompt(step, dialect)
    plain = set(Template(wording.question).fields) <= {ASKED}
    return put(wording, asked, {} if plain else facts_of(task, step, dialect, asked))


def facts_of(task: Task, step: Step, dialect: Dialect, asked: Prompt) -> dict[str, str]:
    """Name the facts of a question that another text for it may use.

    What the step reads is there by the names of its fields (``reads`` where it has none), and ``question_1`` and so on
    are the texts of the task's other wordings where only the text differs.
    """
    reads = msgspec.to_builtins(step.reads)
    named = reads if isinstance(reads, dict) else {"reads": reads}
    facts = {str(name): _text(value) for name, value in named.items()}
    for number in range(1, task.wordings if dialect != "compact" else 1):
        other = task.prompt(step, dialect, number)
        if msgspec.structs.replace(other, user=asked.user) == asked:
            facts[f"{ASKED}_{number}"] = other.user
    return facts


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
