"""The searches for a wording, by name: random search, hill climbing, and planning in a latent model.

A search is a pure function of the space, of the records so far and of a seed. So a search whose process was killed
goes on from its records, and the records alone say what was asked and why.
"""

import random
from collections.abc import Sequence
from typing import Any, Protocol

from surefoot.decompose.wordings.edit import SCALES
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tuning.planning import Planning
from surefoot.runtime.tuning.space import Record, Space, W, together


class Search(Protocol):
    """Chooses what is asked next, and says at the end which candidates look best."""

    def propose(self, space: Space[W], records: Sequence[Record[W]], seed: int) -> W | None:
        """Return the next candidate to ask about; ``None`` if no query is expected to be worth its calls."""

    def ranked(self, space: Space[W], records: Sequence[Record[W]], seed: int) -> list[W]:
        """Return the candidates that were asked about, the best first."""


class RandomSearch:
    """Draws candidates from the whole space: the baseline that any other search has to beat."""

    def propose(self, space: Space[W], records: Sequence[Record[W]], seed: int) -> W | None:
        """Return the start, then one random candidate after the other."""
        if not records:
            return space.start
        return space.drawn(random.Random(f"random search {seed} {len(records)}").randrange)

    def ranked(self, space: Space[W], records: Sequence[Record[W]], seed: int) -> list[W]:
        """Return the candidates by their measured shares, less half a standard error."""
        return by_measure(records)


class HillClimbing:
    """Edits the best so far at random, and goes on with the edited one if it was answered at least as well."""

    def propose(self, space: Space[W], records: Sequence[Record[W]], seed: int) -> W | None:
        """Return the start, then one random edit of where the climb stands."""
        if not records:
            return space.start
        at = records[0]
        for record in records[1:]:
            if record.outcome.right * at.outcome.calls >= at.outcome.right * record.outcome.calls:
                at = record
        dice = random.Random(f"hill climbing {seed} {len(records)}")
        offered = [edits for scale in SCALES if (edits := space.edits(at.candidate, scale))]
        return space.edited(at.candidate, dice.choice(dice.choice(offered))) if offered else None

    def ranked(self, space: Space[W], records: Sequence[Record[W]], seed: int) -> list[W]:
        """Return the candidates by their measured shares, less half a standard error."""
        return by_measure(records)


def by_measure(records: Sequence[Record[W]]) -> list[W]:
    """Return the candidates by their measured shares of right replies, less half a standard error."""
    return [one.candidate for one in sorted(together(records), key=lambda one: -one.cautious)]


SEARCHES: dict[str, type[Any]] = {
    "planning": Planning,
    "random": RandomSearch,
    "hill-climbing": HillClimbing,
}


def search_named(name: str) -> Search:
    """Return a search by its name.

    Raises:
        ConfigurationError: There is none.
    """
    if name not in SEARCHES:
        raise ConfigurationError(f"unknown search {name!r}: use {', '.join(SEARCHES)}")
    found: Search = SEARCHES[name]()
    return found
