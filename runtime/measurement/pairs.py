"""How the errors of two models go together, and what a mix that takes turns from the first ballot would need.

On each step the share of wrong answers of one model is held against that of the other. If two answers, one of each,
go wrong independently given the step, both are wrong with probability mean(a b) over steps with the shares a and b;
were errors unrelated to the step as well, with mean(a) mean(b). The correlation of two such answers is

    (mean(a b) - mean(a) mean(b)) / sqrt(mean(a) (1 - mean(a)) mean(b) (1 - mean(b)))

from 0 (nothing in common) to 1 (always wrong together). A model held against other answers of itself shows the
correlation that its own votes suffer from: the arm to compare with.

Assumption of the forecast: a step's ballots of a mix err at the mean of the members' rates there, and rates vary over
steps as a Beta does; all wrong answers of a step count as one. The mix is worth having where its errors spread less.
"""

import itertools
import math
from collections import Counter
from collections.abc import Sequence

from surefoot.runtime.forecast.measured import Mix, MixNeed, PairRate
from surefoot.runtime.measurement.scoring import Scored
from surefoot.voting.beta_binomial import (
    ballots_beta_binomial,
    fit_beta_binomial,
    k_min_beta_binomial,
    p_step_beta_binomial,
)


def mix_of(names: Sequence[str], members: Sequence[Sequence[Scored]], steps: int, target: float) -> Mix:
    """Hold the errors of models that were asked the same steps against each other.

    Args:
        names: Of the models, two or more; a name may stand twice, with answers of its own.
        members: For each of them the same steps, in the same order, scored.
        steps: Steps of the run whose mistakes are final, 1 or more.
        target: Wanted probability of a run without error, between 0 and 1, both excluded.
    """
    pairs = [_pair(names[i], members[i], names[j], members[j]) for i, j in itertools.combinations(range(len(names)), 2)]
    alone = [_need(name, [member], steps, target) for name, member in zip(names, members, strict=True)]
    return Mix(list(names), pairs, alone, _need(",".join(names), members, steps, target))


def _pair(first: str, mine: Sequence[Scored], second: str, other: Sequence[Scored]) -> PairRate:
    """Compare two models over the steps at which both gave an answer that can be read."""
    both = [(a, b) for a, b in zip(mine, other, strict=True) if a.readable and b.readable]
    shares = [(sum(a.readable) / len(a.readable), sum(b.readable) / len(b.readable)) for a, b in both]
    n = max(1, len(shares))
    p, q = sum(a for a, _ in shares) / n, sum(b for _, b in shares) / n
    together = sum(a * b for a, b in shares) / n
    spread = math.sqrt(p * (1 - p) * q * (1 - q))
    return PairRate(
        first=first,
        second=second,
        steps=len(both),
        p_error_first=p,
        p_error_second=q,
        both_wrong=together,
        both_wrong_expected=p * q,
        alike=sum(_alike(a, b) for a, b in both) / n,
        correlation=(together - p * q) / spread if spread > 0 else None,
    )


def _alike(a: Scored, b: Scored) -> float:
    """Probability that an answer of each is the same wrong one."""
    mine, other = _wrong_answers(a), _wrong_answers(b)
    return sum(n * other[name] for name, n in mine.items()) / (len(a.readable) * len(b.readable))


def _wrong_answers(one: Scored) -> Counter[str]:
    return Counter(
        ballot.candidate
        for ballot, wrong in zip(one.sample.ballots, one.wrong, strict=True)
        if wrong and ballot.candidate is not None
    )


def _need(name: str, members: Sequence[Sequence[Scored]], steps: int, target: float) -> MixNeed:
    """What a run by models that take turns would need, from the spread of their pooled errors."""
    rows = []
    for step in zip(*members, strict=True):
        # As many answers of each, so that none outvotes the others.
        fewest = min(len(one.readable) for one in step)
        rows.append((sum(sum(one.readable[:fewest]) for one in step), fewest * len(step)))
    wrong, readable = sum(row[0] for row in rows), sum(row[1] for row in rows)
    p_error = wrong / readable if readable else None
    spread = fit_beta_binomial([row for row in rows if row[1]])
    lost = sum(2 * w > n for w, n in rows if n)
    if spread is None:
        return MixNeed(name, p_error, lost, None, None, None)
    lead = k_min_beta_binomial(spread, steps, target)
    calls = ballots_beta_binomial(spread, lead) if lead is not None else None
    sure = p_step_beta_binomial(spread, lead) ** steps if lead is not None else None
    return MixNeed(name, p_error, lost, lead, calls, sure)
