"""Right and plausible wrong sums of a dictionary, read off the prompt. Nothing that decides imports it."""

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.turns import answers_by
from surefoot.decompose.step import Prompt


def answers(prompt: Prompt) -> Answers:
    """Return the sum with the word's value; wrong with the sign turned, a carry forgotten, or the value left out."""
    return answers_by(_solve, prompt)


def _solve(kind: str, facts: str) -> tuple[list[str], list[str]]:
    asked, _, listed = facts.partition(" | ")
    total, word = asked.split()
    value = int(dict(part.split("=") for part in listed.split())[word])
    slips = (int(total) - value, int(total) + value + 10, int(total) + value - 1, int(total))
    return [str(int(total) + value)], [str(slip) for slip in slips]
