"""Lessons of which the loss counts only marked tokens, as arrays that a decoder is trained on; without torch."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from surefoot.scripts.bundled.lines import Block

PADDING: Final = "<padding>"
"""Token behind the end of lessons that are shorter than others beside them."""


class Lesson(msgspec.Struct, frozen=True):
    """A text to learn from.

    Attributes:
        tokens: In order.
        said: Which of them the loss counts.
    """

    tokens: tuple[str, ...]
    said: tuple[bool, ...]


def block_of(lessons: Sequence[Lesson], number: Mapping[str, int]) -> Block:
    """Return lessons as padded arrays; only the tokens that the mask of a lesson marks are to be said."""
    longest = max(len(one.tokens) for one in lessons)
    tokens = np.full((len(lessons), longest), number[PADDING])
    said = np.zeros((len(lessons), longest), dtype=bool)
    for row, one in enumerate(lessons):
        tokens[row, : len(one.tokens)] = [number[token] for token in one.tokens]
        said[row, : len(one.said)] = one.said
    places = np.broadcast_to(np.arange(longest), tokens.shape).copy()
    return Block(tokens, np.zeros_like(tokens), places, said)


def alike(batch: Sequence[Lesson], parts: int = 4) -> Iterator[Sequence[Lesson]]:
    """Divide a batch into parts of lessons of about one length, so that little is padded."""
    ordered = sorted(batch, key=lambda one: len(one.tokens))
    size = -(-len(ordered) // parts)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]
