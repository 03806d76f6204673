"""Do answers go wrong together? Alarms at one step, with a stated rate of false ones over the whole run.

If ballots err independently and alike, a run of any length raises any alarm at all with probability
``FALSE_ALARMS`` at most. Where the budget goes:

* a tenth to the rates. They are not known, but estimated from the same run (and from its pilot) by counting *steps*
  with a dissenting (or spoiled) ballot rather than ballots: a few very hard steps then raise the estimate a little,
  not tenfold, and cannot hide behind themselves. Each estimate is replaced by the upper end of an interval that is
  missed with probability ``MISSED``; it is made anew whenever the run has doubled, which is at most 25 times.
* ``SHARE`` to each kind of alarm. The kinds that concern the run as a whole are in
  ``surefoot.voting.sequential_tests``.
* within a kind that concerns one step, the same to every race: ``SHARE / (2 max(n, r))``, with n the steps that
  the task expects and r the races held so far. That adds up to at most ``SHARE`` as long as fewer than 2.7 n races
  are held.
* within a race, 6 / (pi b)^2 of that to each number of ballots b at which it could be looked at (they add up to 1):
  the race stops when it is decided, so the number of ballots is random.
"""

import enum
import math
from collections.abc import Mapping, Sequence

import msgspec

from surefoot.voting.error_rate import clopper_pearson

FALSE_ALARMS = 0.01
"""Probability that a run with independent errors raises any alarm."""
MISSED = 2e-5
"""Probability that a rate is above what it is taken to be; 25 estimates of two rates use up a tenth of the budget."""


class Kind(enum.StrEnum):
    """Kinds of alarm: ways in which answers go wrong together."""

    DISAGREEMENT = "disagreement"
    """Too many ballots of one step dissent from its leader."""
    SAME_WRONG = "same-wrong-answer"
    """Fresh ballots, asked as before, repeat an answer that was refuted: it is wrong too often."""
    SPOILED_AGAIN = "spoiled-again"
    """Too many ballots of one step are spoiled."""
    DISAGREEMENTS_CLUSTER = "disagreements-cluster"
    """Too many steps of the run have two or more dissenting ballots: draws fail together."""
    SPOILED_CLUSTER = "spoiled-cluster"
    """Too many steps of the run have two or more spoiled ballots."""
    WAYS_TOGETHER = "ways-fail-together"
    """Another wording, other names or another model fails where the first way to ask did."""
    DRIFT = "drift"
    """The share of contested steps changes along the run."""


LIKELIEST_WRONG = 0.5
"""Chance of one wrong answer at a step, at most: voting assumes that the right one is at least as likely."""

SHARE = 0.9 * FALSE_ALARMS / len(Kind)
"""Of each kind of alarm."""


class Pattern(msgspec.Struct, frozen=True, order=True):
    """The ballots of one race, counted.

    Attributes:
        k: Lead that was asked for.
        valid: Unspoiled ballots.
        dissent: Those that did not name the leader.
        spoiled: Spoiled ballots.
    """

    k: int
    valid: int
    dissent: int
    spoiled: int

    def __str__(self) -> str:
        return f"{self.k}/{self.valid}/{self.dissent}/{self.spoiled}"


def pattern_of(text: str) -> Pattern:
    """Read a pattern from its text, such as ``3/5/1/0``."""
    k, valid, dissent, spoiled = map(int, text.split("/"))
    return Pattern(k, valid, dissent, spoiled)


class Raised(msgspec.Struct, frozen=True, array_like=True):
    """An alarm raised by the ballots of one step.

    Attributes:
        kind: What it is.
        p_value: Probability of ballots like these or worse if errors were independent.
        limit: Largest such probability that raises the alarm.
    """

    kind: Kind
    p_value: float
    limit: float


class Rates(msgspec.Struct, frozen=True):
    """Pessimistic rates of dissenting and of spoiled ballots, each from 0 to 1."""

    dissent: float
    spoiled: float


class Limits(msgspec.Struct, frozen=True):
    """What one step is held against; with the defaults nothing is ever raised.

    Attributes:
        dissent: Pessimistic rate of dissenting ballots; 1 where nothing is known.
        spoiled: Pessimistic rate of spoiled ballots.
        each: Share of a kind's budget that one race may use up.
    """

    dissent: float = 1.0
    spoiled: float = 1.0
    each: float = 0.0


def rates_of(patterns: Mapping[Pattern, int]) -> Rates:
    """Estimate the rates from the first ``k`` ballots of each race, counting races; 1 where none could show it."""
    dissent = [(p.k, p.dissent > 0, count) for p, count in patterns.items() if p.k > 1]
    spoiled = [(p.k, p.spoiled > 0, count) for p, count in patterns.items()]
    return Rates(_rate(dissent), _rate(spoiled))


def _rate(rows: Sequence[tuple[int, bool, int]]) -> float:
    """Upper limit of a ballot's rate from how many races show it, pooled over leads."""
    races = sum(count for _, _, count in rows)
    if not races:
        return 1.0
    ballots = sum(k * count for k, _, count in rows) / races
    share = clopper_pearson(sum(count for _, hit, count in rows if hit), races, 1 - 2 * MISSED).high
    return -math.expm1(math.log1p(-min(share, 1 - 1e-12)) / ballots)


def limits_of(patterns: Mapping[Pattern, int], steps: int) -> Limits:
    """What the steps to come are held against.

    Args:
        patterns: How many races had which ballots so far.
        steps: That the task expects of the whole plan.
    """
    rates = rates_of(patterns)
    return Limits(rates.dissent, rates.spoiled, SHARE / (2 * max(1, steps, sum(patterns.values()))))


def raised_by(pattern: Pattern, limits: Limits) -> tuple[Raised, ...]:
    """Find the alarms that the ballots of one race raise. Cheap enough to be called after every ballot."""
    found = []
    for kind, n, hits, rate in (
        (Kind.DISAGREEMENT, pattern.valid, pattern.dissent, limits.dissent),
        (Kind.SPOILED_AGAIN, pattern.valid + pattern.spoiled, pattern.spoiled, limits.spoiled),
    ):
        if hits > 1:
            p, limit = at_least(hits, n, rate), limits.each * 6 / (math.pi * n) ** 2
            if p <= limit:
                found.append(Raised(kind, p, limit))
    return tuple(found)


def repeats(again: int, ballots: int, limits: Limits) -> Raised | None:
    """Find the alarm that fresh ballots repeat a refuted answer, if they do so too often.

    If errors are independent, a fresh ballot names a given wrong answer with at most the rate of dissent; and, where no
    rate is known yet, with at most one half, as at every step the right answer is at least as likely as any wrong one.

    Args:
        again: Fresh ballots that name the refuted answer.
        ballots: All fresh ballots; may be looked at after every one.
        limits: What is known of the run.
    """
    p, limit = (
        at_least(again, ballots, min(limits.dissent, LIKELIEST_WRONG)),
        limits.each * 6 / (math.pi * max(1, ballots)) ** 2,
    )
    return Raised(Kind.SAME_WRONG, p, limit) if again and p <= limit else None


def at_least(hits: int, n: int, rate: float) -> float:
    """Binomial tail: probability of ``hits`` or more of ``n``."""
    if hits <= 0 or rate >= 1:
        return 1.0
    if rate <= 0 or hits > n:
        return 0.0
    odds = math.log(rate) - math.log1p(-rate)
    first = math.lgamma(n + 1) - math.lgamma(hits + 1) - math.lgamma(n - hits + 1) + hits * odds + n * math.log1p(-rate)
    total = part = 1.0
    for i in range(hits, n):
        part *= (n - i) / (i + 1) * math.exp(odds)
        total += part
    return min(1.0, math.exp(first) * total)
