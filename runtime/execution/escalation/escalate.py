"""Climbs the ladder with one step whose first race ended undecided or raised an alarm.

The rungs are more ballots with a larger lead, then every other way to ask (``ladder.py``). A rung's verdict
stands if its own ballots raise no alarm, or if another way names the same candidate; a task with one way to ask has
only its larger lead. There is no winner by being the last. What does not stand here goes up: the chain is run a second
time, then the parent's decomposition is asked again, then the run stops and says where.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from surefoot.runtime.execution.escalation.prompt_variants import FIRST, PromptVariant
from surefoot.runtime.records import LARGER, Contested
from surefoot.voting.alarms import Kind, Pattern, Raised
from surefoot.voting.ballot import Ballot
from surefoot.voting.looks import Looks
from surefoot.voting.sequential import Sequential


class EscalationLevel(msgspec.Struct, frozen=True):
    """One way to ask a step again: a prompt variant, a lead, and whether the first race's ballots count.

    Attributes:
        name: What reports call it.
        variant: How it asks.
        k: Lead.
        goes_on: Whether it goes on with the ballots of the first race.
    """

    name: str
    variant: PromptVariant
    k: int
    goes_on: bool = False


class RaceResult(msgspec.Struct, frozen=True):
    """One race over a step, finished or not: what it asked, its ballots and its winner.

    Attributes:
        variant: How it was asked.
        k: Lead.
        ballots: In the order drawn.
        details: Why the spoiled ones were discarded.
        rule: What decided, if it is not the run's rule with lead ``k``.
        winner: ``None`` if it ended undecided, or was left because of an alarm.
        raised: Alarms.
        fields: Fields that had a race of their own each; 0 for whole answers.
    """

    variant: PromptVariant
    k: int
    ballots: tuple[Ballot, ...]
    details: tuple[str, ...]
    rule: Sequential | Looks | None
    winner: str | None
    raised: tuple[Raised, ...] = ()
    fields: int = 0

    @property
    def leader(self) -> str | None:
        """Candidate that the race would decide for: its winner, or the only one with most ballots."""
        ranking = Counter(b.candidate for b in self.ballots if b.candidate is not None).most_common(2)
        tied = len(ranking) == 2 and ranking[0][1] == ranking[1][1]
        return self.winner or (None if tied or not ranking else ranking[0][0])

    @property
    def pattern(self) -> Pattern:
        """Counts of the race's ballots: valid, valid but against the leading candidate, and spoiled."""
        return pattern_of_ballots(self.k, self.ballots)


def pattern_of_ballots(k: int, ballots: Sequence[Ballot]) -> Pattern:
    """Count ballots with lead ``k``: valid, valid but against the leading candidate, and spoiled."""
    named = Counter(ballot.candidate for ballot in ballots if ballot.candidate is not None)
    valid = named.total()
    return Pattern(k, valid, valid - max(named.values(), default=0), len(ballots) - valid)


def levels_above(first: RaceResult, variants: Sequence[PromptVariant], larger: int) -> list[EscalationLevel]:
    """Escalation levels to try after a first race, in order.

    Args:
        first: The race.
        ways: The way it was asked in, and those after it.
        larger: Lead of a suspect step, more than the first race's.
    """
    disputed = any(one.kind is Kind.DISAGREEMENT for one in first.raised)
    k = larger if disputed else first.k
    goes_on = first.raised and (len(variants) == 1 or (disputed and (k > first.k or first.winner is None)))
    more = [EscalationLevel(LARGER, variants[0], k, goes_on=True)] if goes_on else []
    return [*more, *(EscalationLevel(variant.name, variant, k) for variant in variants[1:])]


async def escalate(
    first: RaceResult, levels: Sequence[EscalationLevel], hold_race: Callable[[EscalationLevel], Awaitable[RaceResult]]
) -> tuple[RaceResult | None, list[tuple[EscalationLevel, RaceResult]]]:
    """Hold further races over one step until one decides; return that race, if any, and all that were held.

    Args:
        first: The race that did not stand.
        rungs: What to try.
        hold: Holds the race of a rung.
    """
    tried: list[tuple[EscalationLevel, RaceResult]] = []
    for level in levels:
        result = await hold_race(level)
        tried.append((level, result))
        if stands(first, [one for _, one in tried]):
            return result, tried
    last = tried[-1][1] if tried else first
    alone = tried and all(level.goes_on for level, _ in tried)
    return (last if alone and last.winner is not None else None), tried


def stands(first: RaceResult, tried: Sequence[RaceResult]) -> bool:
    """Whether the last race decides the step: no alarm, or a race in another wording chose the same candidate."""
    last = tried[-1]
    if last.winner is None or not last.raised:
        return last.winner is not None
    return any(one.winner == last.winner and one.variant != last.variant for one in (first, *tried[:-1]))


def raised_in_all(first: RaceResult, tried: Sequence[RaceResult]) -> tuple[Raised, ...]:
    """Alarms of a step's first race, and one more if a race in another wording raised an alarm too."""
    again = [one for result in tried if result.variant != first.variant for one in result.raised]
    if not first.raised or not again:
        return first.raised
    worst = min(again, key=lambda one: one.p_value)
    return (*first.raised, Raised(Kind.WAYS_TOGETHER, worst.p_value, worst.limit))


def entry_of(
    result: RaceResult, before: Sequence[RaceResult] = (), raised: tuple[Raised, ...] = (), name: str = ""
) -> Contested:
    """A step's journal entry: the ballots of its last race, and those of the escalation levels before."""
    below = tuple(ballot for one in before for ballot in one.ballots)
    details = result.details + tuple(text for one in before for text in one.details)
    variant = name or ("" if result.variant == FIRST else result.variant.name)
    fields = result.fields
    return Contested(result.k, result.ballots, details, result.rule, variant, below, raised=raised, fields=fields)


def tally_of(result: RaceResult) -> tuple[tuple[str, int], ...]:
    """Unspoiled ballots by candidate, most first."""
    named = Counter(ballot.candidate for ballot in result.ballots if ballot.candidate is not None)
    return tuple(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def leaves(raised: tuple[Raised, ...], level: EscalationLevel | None) -> bool:
    """Whether a race is left: the first one at any alarm, that of another way where replies cannot be read."""
    return level is None or (not level.goes_on and any(one.kind is Kind.SPOILED_AGAIN for one in raised))
