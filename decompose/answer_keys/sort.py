"""Right and wrong answers to the comparisons of sorting. Nothing that decides imports it."""

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.turns import answers_by
from surefoot.decompose.step import Prompt


def answers(prompt: Prompt) -> Answers:
    """Return the smaller of the two numbers that a prompt shows, and the larger as what is wrong."""
    return answers_by(_solve, prompt)


def _solve(kind: str, facts: str) -> tuple[list[str], list[str]]:
    numbers = sorted(facts.split(), key=int)
    return numbers[:1], numbers[1:]
