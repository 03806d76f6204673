"""After a run: how likely is it that the plan has a wrong step, as far as its ballots can tell?

*Steps voted on.* Each step has an unknown difficulty (``outcomes.difficulties``), drawn from an unknown mixture G. G
is not fitted: *every* mixture is considered under which the race lengths that were seen are credible. The number of
races longer than k, k + 2, k + 4 and k + 8 ballots is binomial, so its probability under the true G lies in a
Clopper-Pearson interval; with a share of 1 - confidence for each, the true G is among those considered with at least
that confidence. Among them the largest expected number of wrong verdicts *given the lengths that were seen* is found by
linear programming, a fractional program for each class (Charnes and Cooper, 1962). The expected number bounds the
probability of one or more. (The construction is F-localization: Ignatiadis and Wager, JASA 2022.)

*Steps before a seam.* A chain with exactly one wrong step does not return its promise, and was run again. What can
pass is a chain with two. The share of chains that failed their seam bounds the mean number of wrong steps in a
chain, lambda, from above; two or more have probability 1 - exp(-lambda) (1 + lambda) (Poisson).

*Steps decided by the sequential rule.* Those whose first ballots all agreed are bounded in the same way, with one class
for them and one for the rest. The rest stopped when their posterior chance of being wrong was within the budget; they
count with the budget, which rests on the rule's learned prior.

What no count of ballots can see is a step at which a wrong answer is likelier than the right one.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from voting.error_rate import clopper_pearson
from voting.outcomes import difficulties, outcomes

LONGEST = 60
"""Races with more ballots than this share one class; they count as if a wrong answer had won half of them."""

ASSUMPTIONS = (
    "given its difficulty, the ballots of a step are independent of each other",
    "at every step the right answer is at least as likely as any single wrong one",
    "a step has at most two wrong answers that matter; more would split the wrong votes further",
    "steps of the same lead are alike in the mixture of their difficulties, whatever that mixture is",
    "a chain with exactly one wrong step does not return its promise, and wrong steps of a chain are independent",
)
BLIND = (
    "a step at which a wrong answer is likelier than the right one: its ballots agree, and look like an easy step's",
    "a task whose rules, prompts or goal are not what you meant",
)


class Bound(msgspec.Struct, frozen=True):
    """What is certified of one group of steps.

    Attributes:
        steps: Verdicts in the group.
        expected: Estimated number of wrong ones, under the mixture that fits best. No guarantee.
        bound: Upper bound on the expected number of wrong ones given the ballots, at the group's confidence.
        credible: Whether some mixture of allowed difficulties explains the race lengths at all.
    """

    steps: int
    expected: float
    bound: float
    credible: bool = True


class Certificate(msgspec.Struct, frozen=True):
    """An upper bound on the probability that the plan has any wrong step.

    Attributes:
        bound: The upper bound, 0 to 1.
        estimate: What the best fitting mixture gives. No guarantee.
        confidence: In at least so many of all runs the bound is not below the probability.
        voted: Of steps whose mistakes are final.
        seams: Of chains that were held against a promise; ``None`` if there are none.
        assumptions: Under which it holds, in words.
        blind: What it cannot see, in words.
        violations: Which assumptions the journal contradicts; the bound does not hold then.
    """

    bound: float
    estimate: float
    confidence: float
    voted: tuple[Bound, ...]
    seams: Bound | None
    assumptions: tuple[str, ...] = ASSUMPTIONS
    blind: tuple[str, ...] = BLIND
    violations: tuple[str, ...] = ()


def certify(
    races: Mapping[int, Mapping[int, int]],
    chains: int = 0,
    chains_failed: int = 0,
    confidence: float = 0.95,
    violations: tuple[str, ...] = (),
    budget: float | None = None,
) -> Certificate:
    """Certify a run.

    Args:
        races: By lead: how many verdicts were reached with how many unspoiled ballots. Only steps whose mistakes
            are final.
        chains: Chains that returned their promise.
        chains_failed: Times a chain did not.
        confidence: Between 0 and 1, both excluded.
        violations: Contradictions to the assumptions that are known already.
        budget: Error budget of one step if the sequential rule decided; ``None`` for first-to-ahead-by-k.

    Raises:
        ValueError: A race is shorter than its lead, or the confidence is out of range.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence must be between 0 and 1, both excluded, not {confidence}")
    groups = {k: dict(lengths) for k, lengths in races.items() if sum(lengths.values())}
    share = 1 - (1 - confidence) / (len(groups) + bool(chains)) if groups or chains else confidence
    voted = tuple(
        bound_of_races(k, lengths, share) if budget is None else bound_of_budget(k, lengths, share, budget)
        for k, lengths in sorted(groups.items())
    )
    seams = bound_of_chains(chains, chains_failed, share) if chains else None
    parts = [*voted, *([seams] if seams else [])]
    found = list(violations)
    if not all(part.credible for part in parts):
        found.append("no mixture of steps at which the right answer is the likeliest explains the race lengths")
    bound = 1.0 if not all(part.credible for part in parts) else min(1.0, sum(part.bound for part in parts))
    estimate = -math.expm1(-sum(part.expected for part in parts))
    return Certificate(bound, min(estimate, bound), confidence, voted, seams, violations=tuple(found))


def bound_of_chains(chains: int, failed: int, confidence: float) -> Bound:
    """Bound the number of chains that returned their promise in spite of two or more wrong steps."""
    rate = clopper_pearson(failed, chains + failed, 2 * confidence - 1 if confidence > 0.5 else confidence).high
    return Bound(chains, chains * _two_or_more(failed / (chains + failed)), chains * _two_or_more(rate))


def bound_of_races(k: int, lengths: Mapping[int, int], confidence: float) -> Bound:
    """Bound the number of wrong verdicts among races of one lead, whatever the mixture of difficulties."""
    import numpy as np

    total = sum(lengths.values())
    seen, chance, wrong = _classes(k, lengths)
    expected = float(sum(n * w for n, w in zip(seen, _fitted_wrong(seen, chance, wrong), strict=True)))
    tails = np.cumsum(chance[::-1], axis=0)[::-1][1:]  # longer than each edge
    longer = [sum(seen[j:]) for j in range(1, len(seen))]
    limits = [_limits(count, total, (1 - confidence) / len(longer)) for count in longer]
    low, high = np.array([ends[0] for ends in limits]), np.array([ends[1] for ends in limits])
    rows = np.vstack([(tails - high[:, None]) / high[:, None], (low[:, None] - tails) / high[:, None]])
    worst = [_worst(chance[j], wrong[j], count / total, rows) for j, count in enumerate(seen) if count]
    counts = [count for count in seen if count]
    credible = all(w is not None for w in worst)
    bound = sum(n * min(1.0, w) for n, w in zip(counts, worst, strict=True) if w is not None)
    return Bound(total, expected, float(bound) if credible else float(total), credible)


def bound_of_budget(k: int, lengths: Mapping[int, int], confidence: float, budget: float) -> Bound:
    """Bound the wrong verdicts of sequential races, of which those with ``k`` ballots were unanimous."""
    import numpy as np

    total, alike = sum(lengths.values()), lengths.get(k, 0)
    p, q, rest = np.array(difficulties()).T
    wrong = q**k + rest**k
    chance = p**k + wrong
    low, high = _limits(total - alike, total, 1 - confidence)
    rows = np.vstack([(1 - chance - high) / high, (low - 1 + chance) / high])
    worst = _worst(chance, wrong, alike / total, rows) if alike else 0.0
    contested = (total - alike) * budget
    if worst is None:
        return Bound(total, contested, float(total), credible=False)
    weights = _em([alike, total - alike], np.vstack([chance, 1 - chance]), 400)
    fitted = alike * float(wrong @ weights / max(chance @ weights, 1e-300))
    return Bound(total, fitted + contested, alike * worst + contested)


def fit_mixture(k: int, lengths: Mapping[int, int], rounds: int = 400) -> Any:
    """Weights of the difficulties that fit race lengths best (maximum likelihood, by expectation-maximisation)."""
    seen, chance, _ = _classes(k, lengths)
    return _em(seen, chance, rounds)


def _classes(k: int, lengths: Mapping[int, int]) -> tuple[list[int], Any, Any]:
    """Races seen in each class of lengths, and by class and difficulty: its probability, and that of a wrong end."""
    import numpy as np

    if any(n < k for n in lengths):
        raise ValueError(f"a race with a lead of {k} has at least {k} ballots")
    known = outcomes(k, max(LONGEST, 4 * k), difficulties())
    edges = [k, k + 2, k + 4, k + 8]
    seen = [0] * (len(edges) + 1)
    for n, count in lengths.items():
        seen[sum(n > edge for edge in edges)] += count
    chance = np.zeros((len(seen), len(difficulties())))
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
    return float(-found.fun) if found.status == 0 else None


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


def _two_or_more(rate: float) -> float:
    """Probability of two or more wrong steps in a chain of which a share ``rate`` has one or more."""
    if rate >= 1:
        return 1.0
    mean = -math.log1p(-rate)
    return -math.expm1(-mean) - mean * math.exp(-mean)
