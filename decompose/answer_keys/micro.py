"""Right and plausible wrong replies to the one-fact questions of the ``micro`` dialect, read off the prompt's text.

For the simulated model, tests and measurements. Nothing that decides imports it.
"""

import re

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt


def micro_answers(prompt: Prompt) -> Answers:
    """All replies to a count or to the third of three.

    Raises:
        ValueError: The text is neither.
    """
    last = prompt.user.splitlines()[-1]
    pegs = re.fullmatch("Pegs ([ABC]), ([ABC]),", last)
    if pegs:
        (right,) = set("ABC") - set(pegs.groups())
        return Answers((f" {right}",), (f" {pegs[1]}", f" {pegs[2]}"))
    numbers = re.fullmatch(r"(?:\d+, )*(\d+), ", last)
    if not numbers:
        raise ValueError("not a question of one fact")
    number = int(numbers[1])
    return Answers((str(number + 1),), (str(number), str(number + 2)))
