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
    if last.startswith("Rooms "):
        return _looked_up(prompt.user.splitlines())
    numbers = re.fullmatch(r"(?:\d+, )*(\d+), ", last)
    if not numbers:
        raise ValueError("not a question of one fact")
    number = int(numbers[1])
    return Answers((str(number + 1),), (str(number), str(number + 2)))


def _looked_up(lines: list[str]) -> Answers:
    """Replies to ``Rooms 24,`` after lines such as ``Rooms 24, 22``."""
    pairs = [re.findall("[0-9]+", line) for line in lines]
    known = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    if len(pairs[-1]) != 1 or pairs[-1][0] not in known:
        raise ValueError("not a question of one fact")
    right = known[pairs[-1][0]]
    others = dict.fromkeys(room for pair in pairs[:-1] for room in pair if room != right)
    return Answers((f" {right}",), tuple(f" {room}" for room in others))
