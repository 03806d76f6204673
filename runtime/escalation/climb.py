"""Climbs the ladder with one step whose first race ended undecided or raised an alarm.

The rungs are more ballots with a larger lead, then every other way to ask (``ladder.py``). A rung's verdict
stands if its own ballots raise no alarm, or if another way names the same candidate; a task with one way to ask has
only its larger lead. There is no winner by being the last. What does not stand here goes up: the chain is run a second
time, then the parent's decomposition is asked again, then the run stops and says where.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from runtime.escalation.ladder import FIRST, LARGER, Way
from runtime.records import Contested
from voting.alarms import Kind, Pattern, Raised
from voting.ballot import Ballot
from voting.sequential import Sequential


class Rung(msgspec.Struct, frozen=True):
    """One thing to try.

    Attributes:
        name: What reports call it.
        way: How it asks.
        k: Lead.
        goes_on: Whether it goes on with the ballots of the first race.
    """

    name: str
    way: Way
    k: int
    goes_on: bool = False


class Held(msgspec.Struct, frozen=True):
    """One race, as far as it was held.

    Attributes:
        way: How it was asked.
        k: Lead.
        ballots: In the order drawn.
        details: Why the spoiled ones were discarded.
        rule: What decided, if it is not the run's rule with lead ``k``.
        winner: ``None`` if it ended undecided, or was left because of an alarm.
        raised: Alarms.
    """

    way: Way
    k: int
    ballots: tuple[Ballot, ...]
    details: tuple[str, ...]
    rule: Sequential | None
    winner: str | None
    raised: tuple[Raised, ...] = ()

    @property
    def leader(self) -> str | None:
        """What it would have decided: its winner, or the only candidate with most ballots."""
        ranking = Counter(b.candidate for b in self.ballots if b.candidate is not None).most_common(2)
        tied = len(ranking) == 2 and ranking[0][1] == ranking[1][1]
        return self.winner or (None if tied or not ranking else ranking[0][0])

    @property
    def pattern(self) -> Pattern:
        """Its ballots, counted."""
        return pattern_of_ballots(self.k, self.ballots)


def pattern_of_ballots(k: int, ballots: Sequence[Ballot]) -> Pattern:
    """Ballots of a race, counted."""
    named = Counter(ballot.candidate for ballot in ballots if ballot.candidate is not None)
    valid = named.total()
    return Pattern(k, valid, valid - max(named.values(), default=0), len(ballots) - valid)


def rungs_above(first: Held, ways: Sequence[Way], larger: int) -> list[Rung]:
    """What to try after a first race, in order.

    Args:
        first: The race.
        ways: The way it was asked in, and those after it.
        larger: Lead of a suspect step, more than the first race's.
    """
    disputed = any(one.kind is Kind.DISAGREEMENT for one in first.raised)
    k = larger if disputed else first.k
    goes_on = first.raised and (len(ways) == 1 or (disputed and (k > first.k or first.winner is None)))
    more = [Rung(LARGER, ways[0], k, goes_on=True)] if goes_on else []
    return [*more, *(Rung(way.name, way, k) for way in ways[1:])]


async def climb(
    first: Held, rungs: Sequence[Rung], hold: Callable[[Rung], Awaitable[Held]]
) -> tuple[Held | None, list[tuple[Rung, Held]]]:
    """The race that stands, if one does, and all that were held.

    Args:
        first: The race that did not stand.
        rungs: What to try.
        hold: Holds the race of a rung.
    """
    tried: list[tuple[Rung, Held]] = []
    for rung in rungs:
        held = await hold(rung)
        tried.append((rung, held))
        if stands(first, [one for _, one in tried]):
            return held, tried
    last = tried[-1][1] if tried else first
    alone = tried and all(rung.goes_on for rung, _ in tried)
    return (last if alone and last.winner is not None else None), tried


def stands(first: Held, tried: Sequence[Held]) -> bool:
    """Whether the last race decides: without an alarm, or in another way for the same candidate as one before."""
    last = tried[-1]
    if last.winner is None or not last.raised:
        return last.winner is not None
    return any(one.winner == last.winner and one.way != last.way for one in (first, *tried[:-1]))


def raised_in_all(first: Held, tried: Sequence[Held]) -> tuple[Raised, ...]:
    """The alarms of the first race; where another way raised one too, that ways fail together."""
    again = [one for held in tried if held.way != first.way for one in held.raised]
    if not first.raised or not again:
        return first.raised
    worst = min(again, key=lambda one: one.p_value)
    return (*first.raised, Raised(Kind.WAYS_TOGETHER, worst.p_value, worst.limit))


def entry_of(held: Held, before: Sequence[Held] = (), raised: tuple[Raised, ...] = (), name: str = "") -> Contested:
    """A race as the journal keeps it, with the ballots of the rungs below it."""
    below = tuple(ballot for one in before for ballot in one.ballots)
    details = held.details + tuple(text for one in before for text in one.details)
    way = name or ("" if held.way == FIRST else held.way.name)
    return Contested(held.k, held.ballots, details, held.rule, way, below, raised=raised)


def tally_of(held: Held) -> tuple[tuple[str, int], ...]:
    """Unspoiled ballots by candidate, most first."""
    named = Counter(ballot.candidate for ballot in held.ballots if ballot.candidate is not None)
    return tuple(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def leaves(raised: tuple[Raised, ...], rung: Rung | None) -> bool:
    """Whether a race is left: the first one at any alarm, that of another way where replies cannot be read."""
    return rung is None or (not rung.goes_on and any(one.kind is Kind.SPOILED_AGAIN for one in raised))
