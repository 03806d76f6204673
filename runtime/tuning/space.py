"""What a search for a wording is about: candidates, edits at three scales, and records of real calls.

The searches know no more of a candidate than this, so that the ones that are shipped are tested on the landscapes for
which figures are published as well as on wordings.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from surefoot.decompose.wordings.edit import Edit, Scale

W = TypeVar("W")


class Space(Protocol[W]):
    """The candidates of one search, all of them hashable values."""

    @property
    def start(self) -> W:
        """The candidate that is there already."""

    def edits(self, candidate: W, scale: Scale, /) -> Sequence[Edit]:
        """Return all edits of one scale that change a candidate."""

    def edited(self, candidate: W, edit: Edit, /) -> W:
        """Return the candidate after an edit."""

    def drawn(self, below: Callable[[int], int], /) -> W:
        """Draw a candidate from the whole space; ``below(n)`` gives a random whole number from 0 to n - 1."""

    def features(self, candidate: W, /) -> frozenset[str]:
        """Name what candidates are compared by."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of the real calls of one query.

    Attributes:
        right: Replies that were read as the right answer.
        calls: All of them, the discarded ones included.
        by_question: Right replies to each question, in the order in which they were asked; empty if not told apart.
    """

    right: int
    calls: int
    by_question: tuple[int, ...] = ()


class Record(msgspec.Struct, Generic[W], frozen=True):
    """One query of a search: a candidate, and what became of it."""

    candidate: W
    outcome: Outcome


class Measured(msgspec.Struct, Generic[W], frozen=True):
    """A candidate with all that was measured of it.

    Attributes:
        candidate: The candidate.
        outcome: Of all queries about it together.
    """

    candidate: W
    outcome: Outcome

    @property
    def share(self) -> float:
        """Share of right replies among those that were drawn."""
        return self.outcome.right / self.outcome.calls

    @property
    def cautious(self) -> float:
        """Share of right replies less half of its largest standard error: few calls do not win by luck."""
        return self.share - 0.5 / math.sqrt(self.outcome.calls)


def together(records: Iterable[Record[W]]) -> list[Measured[W]]:
    """Add up the queries about each candidate, in the order of first queries."""
    found: dict[W, Outcome] = {}
    for record in records:
        before, new = found.get(record.candidate, Outcome(0, 0)), record.outcome
        found[record.candidate] = Outcome(before.right + new.right, before.calls + new.calls)
    return [Measured(candidate, outcome) for candidate, outcome in found.items()]
