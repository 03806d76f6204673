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
chain, lambda, from above; two or more have probability 1 - exp(-lambda) (1 + lambda) (Poisson). Where a task says that
only one sequence of checked steps leads from a chain's start to its promise, a kept promise has no wrong step.

*Decompositions whose statements were kept.* A wrong statement stands only if what is below it, which is asked
independently, comes out wrong as well, and in the same way. How often anything below comes out wrong is bounded by the
share of chain runs that did not return their promise; a wrong verdict counts with that probability.

*All together.* Given the race lengths, steps of one class are wrong independently and with the same probability w,
so that none of n is wrong with probability (1 - w)^n: the bound is one minus the product over all classes.

*Steps decided by the sequential rule.* The same, with the race lengths that this rule gives at each difficulty. The
prior that the rule learned is not trusted: a step that it stopped at for a wrong reason is counted as wrong.

What no count of ballots can see is a step at which a wrong answer is likelier than the right one.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from voting.error_rate import clopper_pearson
from voting.outcomes import difficulties, outcomes, sequential_outcomes
from voting.sequential import Sequential

LONGEST = 60
"""Races with more ballots than this share one class; they count as if a wrong answer had won half of them."""

MOST_LEAD = 24
"""Largest lead that is considered when it is said what a smaller bound would take."""

ASSUMPTIONS = (
    "given its difficulty, the ballots of a step are independent of each other",
    "at every step the right answer is at least as likely as any single wrong one",
    "a step has at most two wrong answers that matter; more would split the wrong votes further",
    "steps of the same lead are alike in the mixture of their difficulties, whatever that mixture is",
    "a chain with exactly one wrong step does not return its promise; chains are alike, their wrong steps independent",
    "a wrong statement of a decomposition is kept only if what is below it comes out wrong as well: independently, and "
    "no more often than chains do not return their promise",
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
        p_any: Upper bound on the probability that any is wrong.
        credible: Whether some mixture of allowed difficulties explains the race lengths at all.
    """

    steps: int
    expected: float
    bound: float
    credible: bool = True
    p_any: float = 1.0


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
        stated: Of decompositions whose statements were kept.
        needed: What a smaller bound would take, in words; empty if it is small.
    """

    bound: float
    estimate: float
    confidence: float
    voted: tuple[Bound, ...]
    seams: Bound | None
    assumptions: tuple[str, ...] = ASSUMPTIONS
    blind: tuple[str, ...] = BLIND
    violations: tuple[str, ...] = ()
    stated: tuple[Bound, ...] = ()
    needed: str = ""


def certify(
    races: Mapping[int, Mapping[int, int]],
    chains: int = 0,
    chains_failed: int = 0,
    confidence: float = 0.95,
    violations: tuple[str, ...] = (),
    rules: Mapping[int, Sequential] | None = None,
    stated: Mapping[int, Mapping[int, int]] | None = None,
    one_way: bool = False,
) -> Certificate:
    """Certify a run.

    Args:
        races: By lead: how many verdicts were reached with how many unspoiled ballots. Only steps whose mistakes
            are final.
        chains: Chains that returned their promise.
        chains_failed: Times a chain did not.
        confidence: Between 0 and 1, both excluded.
        violations: Contradictions to the assumptions that are known already.
        rules: The sequential rule by the number of agreeing ballots that it asks for, where it decided.
        stated: As ``races``, of decompositions whose statements the seams below them kept.
        one_way: Whether only one sequence of checked steps leads from a chain's start to its promise.

    Raises:
        ValueError: A race is shorter than its lead, or the confidence is out of range.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence must be between 0 and 1, both excluded, not {confidence}")
    final, kept = ({k: dict(n) for k, n in group.items() if sum(n.values())} for group in (races, stated or {}))
    decided = rules or {}
    parts = len(final) + len(kept) + bool(chains)
    share = 1 - (1 - confidence) / parts if parts else confidence

    unkept = _share_failed(chains, chains_failed, share) if chains else 1.0
    voted = tuple(bound_of_races(k, lengths, share, rule=decided.get(k)) for k, lengths in sorted(final.items()))
    below = tuple(bound_of_races(k, lengths, share, unkept, decided.get(k)) for k, lengths in sorted(kept.items()))
    seams = bound_of_chains(chains, chains_failed, share, one_way=one_way) if chains else None
    found = [*voted, *below, *([seams] if seams else [])]
    wrong = list(violations)
    if not all(part.credible for part in found):
        wrong.append("no mixture of steps at which the right answer is the likeliest explains the race lengths")
    p_any = -math.expm1(sum(math.log1p(-min(part.p_any, 1 - 1e-15)) for part in found))
    most = 1.0 if not all(part.credible for part in found) else min(1.0, p_any)
    estimate = -math.expm1(-sum(part.expected for part in found))
    needed = _needed(final, confidence) if most > 1 - confidence and not rules else ""
    return Certificate(
        most, min(estimate, most), confidence, voted, seams, violations=tuple(wrong), stated=below, needed=needed
    )


def bound_of_chains(chains: int, failed: int, confidence: float, *, one_way: bool = False) -> Bound:
    """Bound the number of chains that returned their promise in spite of two or more wrong steps."""
    if one_way:
        return Bound(chains, 0.0, 0.0, p_any=0.0)
    each = _two_or_more(_share_failed(chains, failed, confidence))
    return Bound(chains, chains * _two_or_more(failed / (chains + failed)), chains * each, p_any=_any(chains, each))


def _share_failed(chains: int, failed: int, confidence: float) -> float:
    """Upper limit of the share of chain runs that do not return their promise."""
    return clopper_pearson(failed, chains + failed, 2 * confidence - 1 if confidence > 0.5 else confidence).high


def _any(steps: int, each: float) -> float:
    """Probability that any of so many is wrong, if each is with this probability."""
    return 1.0 if each >= 1 else -math.expm1(steps * math.log1p(-each))


def _needed(races: Mapping[int, Mapping[int, int]], confidence: float) -> str:
    """The lead at which as many steps, if all their ballots agreed, would be certified at the confidence."""
    steps = sum(sum(lengths.values()) for lengths in races.values())
    for k in range(1, MOST_LEAD + 1) if steps else ():
        if bound_of_races(k, {k: steps}, confidence).p_any <= 1 - confidence:
            return (
                f"{steps:,} steps whose mistakes are final can be certified to {1 - confidence:.2g} with a lead of {k} "
                "if their ballots agree: with a smaller one a few hard ones cannot be excluded; or with seams"
            )
    return ""


def bound_of_races(
    k: int, lengths: Mapping[int, int], confidence: float, also: float = 1.0, rule: Sequential | None = None
) -> Bound:
    """Bound the number of wrong verdicts among races of one lead, whatever the mixture of difficulties.

    Args:
        k: The lead.
        lengths: Races by unspoiled ballots.
        confidence: Of the bound.
        also: Probability that what would have shown a wrong verdict was wrong as well.
        rule: What decided, if it was the sequential rule; ``k`` is the fewest ballots that it asks for then.
    """
    import numpy as np

    total = sum(lengths.values())
    seen, chance, wrong = _classes(k, lengths, rule)
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
        return Bound(total, expected * also, float(total), credible=False)
    each = [(n, also * min(1.0, w)) for n, w in zip(counts, worst, strict=True) if w is not None]
    none = math.prod(1 - _any(n, w) for n, w in each)
    return Bound(total, expected * also, float(sum(n * w for n, w in each)), p_any=1 - none)


def fit_mixture(k: int, lengths: Mapping[int, int], rounds: int = 400) -> Any:
    """Weights of the difficulties that fit race lengths best (maximum likelihood, by expectation-maximisation)."""
    seen, chance, _ = _classes(k, lengths)
    return _em(seen, chance, rounds)


def _classes(k: int, lengths: Mapping[int, int], rule: Sequential | None = None) -> tuple[list[int], Any, Any]:
    """Races seen in each class of lengths, and by class and difficulty: its probability, and that of a wrong end."""
    import numpy as np

    if any(n < k for n in lengths):
        raise ValueError(f"a race with a lead of {k} has at least {k} ballots")
    if rule is None:
        known, edges = outcomes(k, max(LONGEST, 4 * k), difficulties()), [k, k + 2, k + 4, k + 8]
    else:
        # One dissenting ballot costs such a race many more, so that its lengths lie further apart.
        known = sequential_outcomes(rule, LONGEST, difficulties())
        edges = [k, 2 * k, 3 * k, 4 * k]
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
