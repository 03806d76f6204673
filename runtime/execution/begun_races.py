"""Races of independent questions that have begun: what was said in each, so that a stop loses nothing that was paid.

A race over rows may take many rounds, and hundreds are under way at once. Whoever stops lets the replies come that were
asked for, begins no further round, and journals what was said; a race that goes on begins with that.
"""

import itertools
from collections import Counter
from collections.abc import Sequence

import msgspec

from surefoot.decompose.plan import Path
from surefoot.decompose.step import Flag
from surefoot.runtime.records import BEGUN, Contested, Record
from surefoot.runtime.untrusted import tame
from surefoot.voting.ballot import Ballot
from surefoot.voting.raised_lead import RaisedLead

Said = str | Flag
"""A candidate, or the red flag that discarded a reply."""


class RaceStopped(Exception):
    """The worker was asked to stop: no further round of this race is asked."""


class Begun(msgspec.Struct, frozen=True):
    """What the journal holds of a race that was cut short.

    Attributes:
        said: In the order drawn.
        cost_usd: What that cost; ``None`` where a price is unknown.
        k: Lead that it was asked with.
        counted: Whether it had a verdict and was counted as a race: it was held back until its lead was learned.
        raised: Lead that it had to have for that, as its ballots disagreed.
    """

    said: tuple[Said, ...] = ()
    cost_usd: float | None = 0.0
    k: int = 0
    counted: bool = False
    raised: int = 0

    @property
    def winner(self) -> str | None:
        """What most ballots named; ``None`` before the first."""
        named = Counter(one for one in self.said if isinstance(one, str))
        return max(named, key=named.__getitem__, default=None)

    @property
    def disputed(self) -> bool:
        """Whether two candidates were named."""
        return len({one for one in self.said if isinstance(one, str)}) > 1


NEW = Begun()
"""A race of which nothing is known."""


class BegunRaces:
    """The races of one piece of work that can be cut short, by the number of their step.

    Attributes:
        stopping: Whether no further rounds are to be asked.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._before: dict[int, Begun] = {}
        self._said: dict[int, list[Said]] = {}

    def open(self, number: int, before: Begun) -> None:
        """Let the race of a step be cut short from now on; it begins with what was said before."""
        self._before[number], self._said[number] = before, [*before.said]

    def before(self, number: int) -> Begun:
        """Return what was said of a step in earlier sessions."""
        return self._before.get(number, Begun())

    def next_round(self, number: int) -> None:
        """Say that a further round of a race is about to be asked.

        Raises:
            RaceStopped: It is not to be.
        """
        if self.stopping and number in self._said:
            raise RaceStopped

    def heard(self, number: int, said: Sequence[Said]) -> None:
        """Remember what was said in a race that can be cut short."""
        if number in self._said:
            self._said[number].extend(said)

    def close(self, number: int) -> tuple[Said, ...]:
        """Forget a race; return what was said in it, earlier sessions included."""
        self._before.pop(number, None)
        return tuple(self._said.pop(number, ()))


def record_of(path: Path, k: int, said: Sequence[Said], cost_usd: float | None, before: Begun = NEW) -> Record:
    """Return the record of a race that was cut short; ``before`` is what the journal held of it already."""
    ballots = tuple(
        Ballot(number, one) if isinstance(one, str) else Ballot(number, None, one.name)
        for number, one in enumerate(said)
    )
    details = tuple(tame(one.detail) if isinstance(one, Flag) else "" for one in said)
    costs = () if cost_usd == 0 else (cost_usd,)
    return Record(path, BEGUN, 0, before.raised, k, (Contested(k, ballots, details),), costs=costs)


def held_back(path: Path, k: int, entry: Contested, cost_usd: float | None) -> Record:
    """Return the record of a race that has a verdict and is asked on with a lead that is still to be learned."""
    raised = entry.rule.raised if isinstance(entry.rule, RaisedLead) else entry.k
    return record_of(path, k, _said(entry), cost_usd, Begun(raised=raised))


def begun_from(record: Record) -> Begun:
    """Read what a journal holds of a race that was cut short."""
    entry = record.entries[0] if record.entries else ""
    if not isinstance(entry, Contested):
        return Begun()
    return Begun(_said(entry), record.costs[0] if record.costs else 0.0, record.k, bool(record.first), record.first)


def _said(entry: Contested) -> tuple[Said, ...]:
    """What was said in a race, in the order drawn."""
    return tuple(
        ballot.candidate if ballot.candidate is not None else Flag(ballot.spoiled_by or "", detail or "")
        for ballot, detail in itertools.zip_longest(entry.ballots, entry.details[: len(entry.ballots)])
    )
