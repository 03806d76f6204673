"""Replies to questions of ``surefoot ask`` that are questions of a generated family, for the simulated model."""

from collections.abc import Callable
from typing import Any

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Prompt


def answers_of(options: dict[str, Any]) -> Callable[[Prompt], Answers]:
    """Return the answer key of a question.

    Raises:
        ValueError: It is no question of a generated family.
    """
    try:
        answer_of(" ".join(str(options.get("text", "")).split()), str(options.get("about", "")))
    except ValueError as error:
        raise ValueError("the simulated model knows the answers to generated problems only: name a --model") from error
    return answers
