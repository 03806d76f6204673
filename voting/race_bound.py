"""How many races were won by a wrong answer, as far as their lengths can tell?

Each step has an unknown difficulty (``race_outcomes.difficulties``), drawn from an unknown mixture G. G is not fitted:
*every* mixture is considered under which the race lengths that were seen are credible. The number of races longer than
each of four lengths (``Rule.length_classes``) is binomial, so its probability under the true G lies in a
Clopper-Pearson interval; with a share of 1 - confidence for each, the true G is among those considered with at least
that confidence. Among them the largest expected number of wrong verdicts *given the lengths that were seen* is found by
linear programming, a fractional program for each class (Charnes and Cooper, 1962). The expected number bounds the
probability of one or more. (The construction is F-localization: Ignatiadis and Wager, JASA 2022.)

The lengths are those that the run's rule gives at each difficulty. A prior that a rule learned is not trusted: a step
that it stopped at for a wrong reason is counted as wrong.

Why a bound may be large although all ballots agree: of s steps, about 3 / s may be as hard as steps can be without
leaving a trace (the rule of three), and half of those that k ballots agreed on are wrong: 3 / 2^k of one step, however
many there are. No count of ballots can do better without saying how hard a step may be; ``rival`` says it.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from surefoot.voting.error_rate import clopper_pearson
from surefoot.voting.race_outcomes import difficulties, outcomes
from surefoot.voting.rule import Rule

LONGEST = 60
"""Races with more ballots than this share one class; they count as if a wrong answer had won half of them."""
LONGEST_IN_LEADS = 4
"""The same, where it is more, in multiples of the lead."""

INFEASIBLE = 2
"""What ``scipy.optimize.linprog`` says where no point fulfils the constraints; other failures are its own."""


class Bound(msgspec.Struct, frozen=True):
    """Bound on the number of wrong verdicts in one group of steps.

    Attributes:
        steps: Verdicts in the group.
        expected: Estimated number of wrong ones, under the mixture that fits best. No guarantee.
        bound: Upper bound on the expected number of wrong ones given the ballots, at the group's confidence.
        p_any: Upper bound on the probability that any is wrong.
        credible: Whether some mixture of allowed difficulties explains the race lengths at all.
        k: Lead that the races of the group asked for; 0 where they are chains before a seam.
    """

    steps: int
    expected: float
    bound: float
    credible: bool = True
    p_any: float = 1.0
    k: int = 0


def bound_of_races(
    rule: Rule,
    lengths: Mapping[int, int],
    confidence: float,
    also: float = 1.0,
    rival: float = 1.0,
) -> Bound:
    """Bound the number of wrong verdicts among races under one rule, whatever the mixture of difficulties.

    Args:
        rule: What decided.
        lengths: Races by unspoiled ballots.
        confidence: Of the bound.
        also: Probability that what would have shown a wrong verdict was wrong as well.
        rival: At every step a wrong answer has at most so many ballots for each of the right one's, up to 1.

    Raises:
        ValueError: A race is shorter than its lead.
    """
    import numpy as np

    total = sum(lengths.values())
    k = rule.agreeing
    seen, chance, wrong = _classes(rule, k, lengths, rival)
    expected = float(sum(n * w for n, w in zip(seen, _fitted_wrong(seen, chance, wrong), strict=True)))
    tails = np.cumsum(chance[::-1], axis=0)[::-1][1:]  # longer than each edge
    longer = [sum(seen[j:]) for j in range(1, len(seen))]
    limits = [_limits(count, total, (1 - confidence) / len(longer)) for count in longer]
    low, high = np.array([ends[0] for ends in limits]), np.array([ends[1] for ends in limits])
    rows = np.vstack([(tails - high[:, None]) / high[:, None], (low[:, None] - tails) / high[:, None]])
    worst = [_worst(chance[j], wrong[j], count / total, rows) for j, count in enumerate(seen) if count]
    counts = [count for count in seen if count]
    credible = all(w is not None for w in worst)
    if not credible:
        return Bound(total, expected * also, float(total), credible=False, k=k)
    each = [(n, also * min(1.0, w)) for n, w in zip(counts, worst, strict=True) if w is not None]
    none = math.prod(1 - any_wrong(n, w) for n, w in each)
    return Bound(total, expected * also, float(sum(n * w for n, w in each)), p_any=1 - none, k=k)


def _classes(rule: Rule, k: int, lengths: Mapping[int, int], rival: float) -> tuple[list[int], Any, Any]:
    """Races seen in each class of lengths, and by class and difficulty: its probability, and that of a wrong end."""
    import numpy as np

    if any(n < k for n in lengths):
        raise ValueError(f"a race with a lead of {k} has at least {k} ballots")
    grid, edges = difficulties(rival), rule.length_classes
    known = outcomes(rule, max(LONGEST, LONGEST_IN_LEADS * k), grid)
    seen = [0] * (len(edges) + 1)
    for n, count in lengths.items():
        seen[sum(n > edge for edge in edges)] += count
    chance = np.zeros((len(seen), len(grid)))
    wrong = np.zeros_like(chance)
    for n, right in known.right.items():
        row = sum(n > edge for edge in edges)
        chance[row] += right + known.wrong[n]
        wrong[row] += known.wrong[n]
    chance[-1] += known.undecided
    wrong[-1] += known.undecided / 2
    return seen, chance, wrong


def _limits(count: int, total: int, risk: float) -> tuple[float, float]:
    """Clopper-Pearson limits that spend most of the risk on the upper end: that is where wrong verdicts hide."""
    upper, lower = 1 - 2 * 0.9 * risk, 1 - 2 * 0.1 * risk
    return clopper_pearson(count, total, lower).low, clopper_pearson(count, total, upper).high


def _worst(chance: Any, wrong: Any, share: float, rows: Any) -> float | None:
    """Largest probability, over credible mixtures, that a race of one class was won by a wrong answer.

    The unknowns are y = G * share / P(G), where P is the probability of the class: then P . y = share, and
    wrong . y / share is the probability sought. ``rows`` are the limits on G, scaled; columns are scaled here by
    their largest entry: rates range over ten powers of ten.

    Returns:
        ``None`` if no mixture is credible; 1, which is never too small, where the program could not be solved.
    """
    import numpy as np
    from scipy.optimize import linprog

    scale = 1 / np.maximum(np.abs(rows).max(axis=0), chance / share)
    found = linprog(
        -wrong * scale / share,
        A_ub=rows * scale,
        b_ub=np.zeros(len(rows)),
        A_eq=(chance * scale / share)[None, :],
        b_eq=[1.0],
        method="highs",
    )
    if found.status == INFEASIBLE:
        return None
    return float(-found.fun) if found.status == 0 else 1.0


def _fitted_wrong(seen: list[int], chance: Any, wrong: Any) -> list[float]:
    weights = _em(seen, chance, 400)
    mass = chance @ weights
    return [float(w / m) if m > 0 else 0.0 for w, m in zip(wrong @ weights, mass, strict=True)]


def _em(seen: list[int], chance: Any, rounds: int) -> Any:
    import numpy as np

    counts = np.array(seen, dtype=float)
    weights = np.full(chance.shape[1], 1 / chance.shape[1])
    for _ in range(rounds):
        mass = np.maximum(chance @ weights, 1e-300)
        weights = weights * ((counts / mass) @ chance) / counts.sum()
    return weights


def any_wrong(steps: int, each: float) -> float:
    """Compute the probability of one wrong step or more among ``steps``, each wrong with probability ``each``."""
    return 1.0 if each >= 1 else -math.expm1(steps * math.log1p(-each))
