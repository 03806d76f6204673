"""Right and plausible wrong replies to the one-fact questions of the ``micro`` dialect, read off the prompt's text.

For the simulated model, tests and measurements. Nothing that decides imports it.
"""

import re

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt


def micro_answers(prompt: Prompt) -> Answers:
    """All replies to a count, to the third of three, or to a look-up in a list of pairs.

    Raises:
        ValueError: The text is none of them.
    """
    last = prompt.user.splitlines()[-1]
    pegs = re.fullmatch("Pegs ([ABC]), ([ABC]),", last)
    if pegs:
        (right,) = set("ABC") - set(pegs.groups())
        return Answers((f" {right}",), (f" {pegs[1]}", f" {pegs[2]}"))
    if re.fullmatch("[a-z]+:", last):
        return _looked_up(prompt.user.splitlines())
    numbers = re.fullmatch(r"(?:\d+, )*(\d+), ", last)
    if not numbers:
        raise ValueError("not a question of one fact")
    number = int(numbers[1])
    return Answers((str(number + 1),), (str(number), str(number + 2)))


def _looked_up(lines: list[str]) -> Answers:
    """Replies to ``dress:`` after lines such as ``dress: bread``."""
    *shown, asked = [line.split(": ") for line in lines]
    known = {pair[0]: pair[1] for pair in shown if len(pair) == 2}
    right = known.get(asked[0].rstrip(":"))
    if right is None:
        raise ValueError("not a question of one fact")
    others = dict.fromkeys(name for pair in shown for name in pair if name != right)
    return Answers((f" {right}",), tuple(f" {name}" for name in others))
