"""Dictionary sums (the long-horizon task of arXiv 2509.09677): look up words and keep a running total, turn by turn."""

import random
import re
from collections.abc import Mapping, Sequence

import msgspec

WORDS = (
    "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "haven", "ivory", "jolly", "karma", "lemon", "mango",
    "noble", "ocean", "pearl", "quilt", "raven", "solar", "tulip", "ultra", "vivid", "wheat", "xenon", "yield", "zebra",
)  # fmt: skip
WORDS_A_TURN = 2


class Totals(msgspec.Struct, frozen=True):
    """What a question adds up.

    Attributes:
        values: What each word stands for.
        turns: The words of each turn, in order.
        begins: The total before the first turn; 0 in questions that are drawn, others where some turns are done.
    """

    values: dict[str, int]
    turns: list[list[str]]
    begins: int = 0

    def part(self, number: int, before: str) -> str:
        """Return the question for the total after a turn (from 0), with the total before it as a text."""
        return f"What is {' + '.join([before, *(str(self.values[word]) for word in self.turns[number])])}?"


def pose(rng: random.Random, size: int) -> str:
    """Return a question of so many turns."""
    values = {word: rng.randint(-99, 99) for word in WORDS}
    return worded(values, [rng.choices(WORDS, k=WORDS_A_TURN) for _ in range(size)])


def worded(values: Mapping[str, int], turns: Sequence[Sequence[str]], begins: int = 0) -> str:
    """Return the question what the total of turns is, from a total with which it begins."""
    meaning = ", ".join(f"{word} = {value}" for word, value in values.items())
    told = "; ".join(map(" ".join, turns))
    return (
        f"With {meaning}: begin with {begins} and add what the words of each turn stand for: {told}. What is the total?"
    )


def read(question: str) -> Totals | None:
    """Return what is to be added; ``None`` where it asks something else."""
    found = re.fullmatch(
        r"With (.+): begin with (-?\d{1,12}) and add what the words of each turn stand for: ([a-z; ]+)\."
        r" What is the total\?",
        question,
    )
    if found is None:
        return None
    values = {word: int(value) for word, value in re.findall(r"(\w+) = (-?\d{1,9})", found[1])}
    turns = [turn.split() for turn in found[3].split("; ")]
    if not all(turn and all(word in values for word in turn) for turn in turns):
        return None
    return Totals(values, turns, int(found[2]))
