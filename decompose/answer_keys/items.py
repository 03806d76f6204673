"""Right and wrong replies to the questions of products and lists. Nothing that decides imports it."""

from surefoot.decompose.answer_keys import multiply, sort
from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt


def answers(prompt: Prompt) -> Answers:
    """Return all right and wrong replies to a comparison, or to a digit of a product."""
    return sort.answers(prompt) if prompt.user.startswith("smaller ") else multiply.answers(prompt)
