"""Dictionary sums (the long-horizon task of arXiv 2509.09677): look up words and keep a running total, turn by turn."""

import random
import re

WORDS = (
    "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "haven", "ivory", "jolly", "karma", "lemon", "mango",
    "noble", "ocean", "pearl", "quilt", "raven", "solar", "tulip", "ultra", "vivid", "wheat", "xenon", "yield", "zebra",
)  # fmt: skip
WORDS_A_TURN = 2


def pose(rng: random.Random, size: int) -> str:
    """Return a question of so many turns."""
    values = {word: rng.randint(-99, 99) for word in WORDS}
    meaning = ", ".join(f"{word} = {value}" for word, value in values.items())
    turns = "; ".join(" ".join(rng.choices(WORDS, k=WORDS_A_TURN)) for _ in range(size))
    return f"With {meaning}: begin with 0 and add what the words of each turn stand for: {turns}. What is the total?"


def read(question: str) -> tuple[dict[str, int], list[list[str]]] | None:
    """Return the words' values and the words of each turn; ``None`` where it asks something else."""
    found = re.fullmatch(
        r"With (.+): begin with 0 and add what the words of each turn stand for: ([a-z; ]+)\. What is the total\?",
        question,
    )
    if found is None:
        return None
    values = {word: int(value) for word, value in re.findall(r"(\w+) = (-?\d{1,9})", found[1])}
    turns = [turn.split() for turn in found[2].split("; ")]
    return (values, turns) if all(word in values for turn in turns for word in turn) else None
