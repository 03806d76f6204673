"""Ballots as a reader takes them in: a row of letters in the order drawn, and what each letter stands for."""

from collections import Counter
from collections.abc import Sequence

import msgspec

Written = tuple[str, bool]
"""A ballot: its candidate, or the flag that spoiled it and why; and whether it is spoiled."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SHOWN = 120
"""Letters of a row that are shown."""
KEYS = 6
"""Candidates, and kinds of spoiled ballots, that are written out."""


class Key(msgspec.Struct, frozen=True):
    """What a letter stands for.

    Attributes:
        letter: In the row.
        style: ``w`` for the winner, ``x`` for another candidate, ``s`` for spoiled ballots.
        count: Ballots.
        text: The candidate, or why they are spoiled; untrusted.
    """

    letter: str
    style: str
    count: int
    text: str


class Row(msgspec.Struct, frozen=True):
    """Ballots in the order drawn.

    Attributes:
        letters: (letter, style) each.
        more: Ballots that are not shown.
    """

    letters: tuple[tuple[str, str], ...]
    more: int


def lettered(winner: str, *lists: Sequence[Written]) -> tuple[list[Row], list[Key]]:
    """Rows of letters that share one key; the winner is A.

    Args:
        winner: The candidate that won, or nothing.
        lists: Ballots, one list a row.
    """
    named = Counter(text for ballots in lists for text, spoiled in ballots if not spoiled)
    spoiled = Counter(text for ballots in lists for text, bad in ballots if bad)
    others = [text for text, _ in sorted(named.items(), key=lambda item: (-item[1], item[0])) if text != winner]
    order = [*([winner] if winner in named else []), *others]
    letter = {text: LETTERS[min(number, len(LETTERS) - 1)] for number, text in enumerate(order)}
    keys = [Key(letter[text], "w" if text == winner else "x", named[text], text) for text in order[:KEYS]]
    keys += [Key("\N{MIDDLE DOT}", "s", count, text) for text, count in spoiled.most_common(KEYS)]
    rows = []
    for ballots in lists:
        marks = [
            ("\N{MIDDLE DOT}", "s") if bad else (letter[text], "w" if text == winner else "x") for text, bad in ballots
        ]
        rows.append(Row(tuple(marks[:SHOWN]), max(0, len(marks) - SHOWN)))
    return rows, keys
