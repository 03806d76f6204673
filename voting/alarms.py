"""Do answers go wrong together? Alarms with a stated rate of false ones over the whole run.

If ballots err independently and alike, a run of any length raises any alarm at all with probability
``FALSE_ALARMS`` at most. The budget is shared equally by the kinds of alarm, and within a kind by all steps (or
stretches) that could raise it. Rates are not known but estimated from the same run, by counting *steps* with a
dissenting (or spoiled) ballot rather than ballots: a few very hard steps then raise the estimate a little, not
tenfold, and cannot hide behind themselves. Each estimate is replaced by the upper end of an interval that is missed
once in ten thousand.

A race stops when it is decided, so the number of ballots is random: a limit is paid for at every number of ballots
n at which it could be looked at, with the weight 6 / (pi n)^2 (they add up to 1).
"""

import enum
import math
from collections.abc import Mapping, Sequence

import msgspec

from voting.error_rate import clopper_pearson

FALSE_ALARMS = 0.01
"""Probability that a run with independent errors raises any alarm."""
BLOCKS = 16
"""Stretches of a run that are compared with each other."""


class Kind(enum.StrEnum):
    """What went wrong together."""

    DISAGREEMENT = "disagreement"
    """Too many ballots of one step dissent from its winner."""
    SPOILED_AGAIN = "spoiled-again"
    """Too many ballots of one step are spoiled."""
    DISAGREEMENTS_CLUSTER = "disagreements-cluster"
    """Too many steps have two or more dissenting ballots: errors sit on the same steps."""
    SPOILED_CLUSTER = "spoiled-cluster"
    """Too many steps have two or more spoiled ballots."""
    DRIFT = "drift"
    """The share of contested steps changes along the run."""


class Pattern(msgspec.Struct, frozen=True, order=True):
    """The ballots of one decided step, counted.

    Attributes:
        k: Lead that was asked for.
        valid: Unspoiled ballots.
        dissent: Those that did not name the winner.
        spoiled: Spoiled ballots.
    """

    k: int
    valid: int
    dissent: int
    spoiled: int


class Alarm(msgspec.Struct, frozen=True):
    """One thing that independent errors do not do.

    Attributes:
        kind: What it is.
        steps: How many steps (or stretches) raise it.
        p_value: Probability of the most extreme one if errors were independent, for one step (or stretch).
        limit: Largest such probability that raises the alarm.
        detail: The evidence, for people.
    """

    kind: Kind
    steps: int
    p_value: float
    limit: float
    detail: str


class Rates(msgspec.Struct, frozen=True):
    """Pessimistic rates of a ballot, for each: that it dissents, and that it is spoiled."""

    dissent: float
    spoiled: float


def rates_of(patterns: Mapping[Pattern, int], guess: float = 0.0) -> Rates:
    """Estimate the rates from the first ``k`` ballots of each step, counting steps.

    Args:
        patterns: How many steps had which ballots.
        guess: A rate of dissent that is known otherwise, such as a pilot's; the larger counts.
    """
    dissent = [(p.k, p.dissent > 0, count) for p, count in patterns.items() if p.k > 1]
    spoiled = [(p.k, p.spoiled > 0, count) for p, count in patterns.items()]
    return Rates(max(guess, _rate(dissent)), _rate(spoiled))


def _rate(rows: Sequence[tuple[int, bool, int]]) -> float:
    """Upper limit of a ballot's rate from how many steps show it, pooled over leads."""
    steps = sum(count for _, _, count in rows)
    if not steps:
        return 0.0
    ballots = sum(k * count for k, _, count in rows) / steps
    share = clopper_pearson(sum(count for _, hit, count in rows if hit), steps, 1 - 2e-4).high
    return -math.expm1(math.log1p(-min(share, 1 - 1e-12)) / ballots)


def raised_by(pattern: Pattern, rates: Rates, steps: int) -> dict[Kind, float]:
    """Which alarms one step raises, with the probability of such ballots under independence."""
    each = FALSE_ALARMS / len(Kind) / max(1, steps)
    found = {}
    for kind, n, hits, rate in (
        (Kind.DISAGREEMENT, pattern.valid, pattern.dissent, rates.dissent),
        (Kind.SPOILED_AGAIN, pattern.valid + pattern.spoiled, pattern.spoiled, rates.spoiled),
    ):
        if hits > 1:
            p = _at_least(hits, n, rate)
            if p <= each * 6 / (math.pi * n) ** 2:
                found[kind] = p
    return found


def alarms(
    patterns: Mapping[Pattern, int], blocks: Sequence[tuple[int, int]] = (), guess: float = 0.0
) -> tuple[Alarm, ...]:
    """All alarms of a run.

    Args:
        patterns: How many steps had which ballots.
        blocks: For each stretch of the run: steps, and contested ones among them. The first ``BLOCKS`` count.
        guess: A rate of dissent that is known otherwise.
    """
    steps = sum(patterns.values())
    rates = rates_of(patterns, guess)
    found = [
        alarm for kind in (Kind.DISAGREEMENT, Kind.SPOILED_AGAIN) for alarm in _single(kind, patterns, rates, steps)
    ]
    limit = FALSE_ALARMS / len(Kind)
    for kind, rate, counted in (
        (Kind.DISAGREEMENTS_CLUSTER, rates.dissent, {p: (p.dissent, p.k > 1) for p in patterns}),
        (Kind.SPOILED_CLUSTER, rates.spoiled, {p: (p.spoiled, True) for p in patterns}),
    ):
        those = [(p, count) for p, count in patterns.items() if counted[p][1]]
        twice = sum(count for p, count in those if counted[p][0] > 1)
        mean = sum(count * _twice(p.k + 1, rate) for p, count in those)
        p_value = _at_least_poisson(twice, mean)
        if twice > 1 and p_value <= limit:
            text = f"{twice} steps with two or more, {mean:.3g} expected at most"
            found.append(Alarm(kind, twice, p_value, limit, text))
    return (*found, *_drift(blocks[:BLOCKS]))


def _single(kind: Kind, patterns: Mapping[Pattern, int], rates: Rates, steps: int) -> list[Alarm]:
    raised = {p: raised_by(p, rates, steps) for p in patterns if p.dissent > 1 or p.spoiled > 1}
    hits = {p: one[kind] for p, one in raised.items() if kind in one}
    if not hits:
        return []
    worst = min(hits, key=lambda p: hits[p])
    n = worst.valid if kind is Kind.DISAGREEMENT else worst.valid + worst.spoiled
    count = worst.dissent if kind is Kind.DISAGREEMENT else worst.spoiled
    rate = rates.dissent if kind is Kind.DISAGREEMENT else rates.spoiled
    limit = FALSE_ALARMS / len(Kind) / steps * 6 / (math.pi * n) ** 2
    text = f"the worst has {count} of {n} ballots, at a rate of {rate:.3g} at most"
    return [Alarm(kind, sum(patterns[p] for p in hits), hits[worst], limit, text)]


def _drift(blocks: Sequence[tuple[int, int]]) -> list[Alarm]:
    """Hold each stretch against all: given the totals, its contested steps are hypergeometric."""
    from scipy.stats import hypergeom

    steps, contested = sum(n for n, _ in blocks), sum(c for _, c in blocks)
    if len(blocks) < 2 or not contested:
        return []
    limit = FALSE_ALARMS / len(Kind) / (2 * len(blocks))
    tails = []
    for number, (n, c) in enumerate(blocks):
        law = hypergeom(steps, contested, n)
        tails.append((min(float(law.sf(c - 1)), float(law.cdf(c))), number))
    p_value, number = min(tails)
    if p_value > limit:
        return []
    n, c = blocks[number]
    text = f"stretch {number + 1} of {len(blocks)}: {c} of {n} steps contested, {contested} of {steps} in the whole run"
    return [Alarm(Kind.DRIFT, sum(p <= limit for p, _ in tails), p_value, limit, text)]


def _twice(k: int, rate: float) -> float:
    """Probability of two or more such ballots before ``k`` others came."""
    return max(0.0, 1 - (1 - rate) ** k * (1 + k * rate))


def _at_least(hits: int, n: int, rate: float) -> float:
    from scipy.special import bdtrc

    return float(bdtrc(hits - 1, n, rate)) if hits > 0 else 1.0


def _at_least_poisson(hits: int, mean: float) -> float:
    """Poisson tail; an upper bound for a sum of independent rare events above its mean, up to rounding."""
    from scipy.special import pdtrc

    return float(pdtrc(hits - 1, mean)) if hits > 0 else 1.0
