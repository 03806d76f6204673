"""The families of generated problems with exact answers, by the name that ``surefoot bench`` takes."""

import random
import re
from collections.abc import Callable
from typing import Final

import msgspec

from surefoot.decompose.tasks.problems import bridges, crafting, dictionary, expressions, graphs, ledger

Drawn = Callable[[random.Random, int], str]


class Family(msgspec.Struct, frozen=True):
    """A family of generated problems of one kind.

    Attributes:
        text: What it is, in one line.
        pose: Draws a question of a size.
        size: Size where none is given.
        form: How an answer is written.
        read: Reads an answer: its canonical form, or ``None``.
        context: Draws what a question of a size is about, where that is kept apart from the question.
    """

    text: str
    pose: Drawn
    size: int
    form: str
    read: Callable[[str], str | None]
    context: Drawn | None = None


def number(text: str) -> str | None:
    """Return a whole number in canonical form."""
    bare = text.strip().rstrip(".").replace(",", "")
    return str(int(bare)) if re.fullmatch(r"[-+]?[0-9]{1,40}", bare) else None


def number_or_truth(text: str) -> str | None:
    """Return a whole number, ``true`` or ``false`` in canonical form."""
    word = text.strip().rstrip(".").lower()
    return word if word in ("true", "false") else number(text)


FAMILIES: Final = {
    "expressions": Family(
        "nested expressions, modulo 97 or of truth values; size: operators",
        expressions.pose, 16, "a whole number, true or false", number_or_truth,
    ),
    "graphs": Family(
        "names defined by names, modulo 97; size: computed names", graphs.pose, 12, "a whole number", number
    ),
    "chains": Family(
        "names each defined by the one before, modulo 97; size: steps", graphs.pose_chain, 16, "a whole number", number
    ),
    "bridges": Family("which place a start is connected to; size: gadgets", bridges.pose, 3, "a number", number),
    "crafting": Family(
        "how much of a raw thing a made one needs; size: recipes", crafting.pose, 8, "a whole number", number
    ),
    "ledger": Family(
        "counts over very many lines; size: lines", ledger.pose, 1000, "a whole number", number, ledger.context
    ),
    "dictionary": Family("running totals of words' values; size: turns", dictionary.pose, 50, "a whole number", number),
}  # fmt: skip
