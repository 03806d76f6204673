"""A stopping rule with an error budget: draw until the chance that the leader is wrong is small enough.

``FirstToAheadBy`` asks every step for the same lead, so the hardest step decides what all of them cost. Here each
step stops for itself, and the run's budget bounds the sum: with s steps and a budget of (1 - target) / s for each, the
probability that any verdict is wrong is at most 1 - target (union bound), *if the prior holds*.

Derivation. A step has a difficulty t with prior weight w_t: a ballot is right with p_t, gives the likeliest wrong
answer with q_t, and any other with r_t = 1 - p_t - q_t. Given that candidate c is right, ballots n have the likelihood
p^n_c q^m r^(n - n_c - m), where m is the count of the most frequent other candidate: that one is taken to be the
likeliest wrong answer. Each candidate named so far may be right, or one that nobody named yet; all are equally likely
beforehand. The posterior probability that the leader is wrong is the share of all likelihood, summed over difficulties
with their weights, that belongs to the others. It is a function of the tally alone, so the rule may be looked at after
every ballot without paying for it (a posterior does not depend on when one stopped), and a replay is exact.

The weights are learned: from pilots and from steps decided so far, by expectation-maximisation on (winner's ballots,
dissenting ballots), with pseudo-counts that keep hard steps possible however many easy ones were seen. That the
winner was right is taken for granted there, which errs by the budget.

Assumptions: ballots are independent given the difficulty; the right answer is the likeliest at every step (p > q); the
steps to come are drawn from the mixture that the steps so far were drawn from. What breaks the first or second is
looked for by ``surefoot.voting.alarms`` and caught by seams.

The same posterior, with other priors: Optimal Bayesian Stopping, arXiv 2602.05395; ConSol, arXiv 2503.17587.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.rule import Rule

TYPES: tuple[tuple[float, float], ...] = (
    (0.9999, 0.0001), (0.9997, 0.0003), (0.999, 0.001), (0.997, 0.003), (0.99, 0.01), (0.97, 0.03), (0.93, 0.07),
    (0.85, 0.15), (0.75, 0.25), (0.75, 0.17), (0.65, 0.35), (0.65, 0.24), (0.56, 0.44), (0.56, 0.3),
)  # fmt: skip
"""Difficulties: shares of the right and of the likeliest wrong answer. The last is the hardest step published."""

_LOGS = tuple((math.log(p), math.log(q), math.log(1 - p - q) if 1 - p - q > 1e-12 else -math.inf) for p, q in TYPES)
"""The same as logarithms, and that of what is left for other answers."""

PSEUDO_STEPS = 0.25
"""Weight of each difficulty before anything is seen, in steps."""


class Sequential(Rule, frozen=True, tag="sequential"):
    """A candidate wins when the chance that it is wrong is at most ``budget``.

    Attributes:
        budget: This step's share of the run's error budget, between 0 and 1, both excluded.
        weights: Of the difficulties in ``TYPES``; positive, adding up to 1.

    Raises:
        ValueError: The budget is out of range, or the weights are not a distribution over ``TYPES``.
    """

    budget: float
    weights: tuple[float, ...]

    learns: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.budget < 1:
            raise ValueError(f"an error budget is between 0 and 1, both excluded, not {self.budget}")
        if len(self.weights) != len(TYPES) or min(self.weights) < 0 or abs(sum(self.weights) - 1) > 1e-6:
            raise ValueError(f"the weights must be {len(TYPES)} shares that add up to 1, not {self.weights}")

    @classmethod
    def with_lead(cls, lead: int) -> FirstToAheadBy:
        """Make the plain lead that decides steps for which no sequential rule was learned."""
        return FirstToAheadBy(lead)

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        """Say whether the chance that the candidate is wrong is within the budget; see ``Rule.wins``."""
        return needed(self, (mine, *others), 1) == 0

    def fewest(self, ranking: tuple[int, ...], most: int) -> int:
        """Count the fewest further ballots that could bring a winner; see ``Rule.fewest``.

        A ballot for a third candidate may bring it sooner than one for the leader: it shows that the dissent is
        split, so that no rival is as strong as it looked.
        """
        fewest = needed(self, ranking, most)
        if len(ranking) == 2 and fewest > 2:
            fewest = min(fewest, 1 + needed(self, (*ranking, 1), fewest - 1))
        return fewest

    @classmethod
    def smallest_lead(cls, p: float, steps: int, target: float) -> int:
        """Find the smallest lead for steps that no sequential rule was learned for; see ``Rule.smallest_lead``."""
        return FirstToAheadBy.smallest_lead(p, steps, target)

    @classmethod
    def learned_rules(
        cls, budgets: Sequence[float], decided: Mapping[tuple[int, int], int], most: int
    ) -> dict[int, Rule]:
        """Make one rule for each budget, with weights from the steps decided so far; see ``Rule.learned_rules``."""
        weights = learned_weights(decided)
        rules = [cls(budget, weights) for budget in budgets]
        return {needed(rule, (), most): rule for rule in rules}


def chance_wrong(weights: tuple[float, ...], counts: tuple[int, ...]) -> float:
    """Compute the posterior probability of a wrong leader.

    Likelihoods are added as logarithms with the largest taken out: 0.5 to the 1,075th is 0 in floating point, and a
    sum of such terms would decide a step for which nothing speaks.

    Args:
        weights: Of the difficulties in ``TYPES``.
        counts: Ballots by candidate, most first; at least one ballot.
    """
    others = sum(counts) - counts[0]
    rivals, second = (*counts[1:], 0), counts[1] if len(counts) > 1 else 0
    right: list[float] = []
    wrong: list[float] = []
    for weight, logs in zip(weights, _LOGS, strict=True):
        if weight > 0:
            prior = math.log(weight)
            right.append(prior + _log_likelihood(logs, counts[0], second, others - second))
            for rival in rivals:
                wrong.append(prior + _log_likelihood(logs, rival, counts[0], others - rival))
    largest = max(max(right), max(wrong))
    if largest == -math.inf:
        return 1.0
    against = sum(math.exp(value - largest) for value in wrong)
    return against / (sum(math.exp(value - largest) for value in right) + against)


def _log_likelihood(logs: tuple[float, float, float], right: int, wrong: int, rest: int) -> float:
    """Of so many ballots for the right answer, for the likeliest wrong one and for others, under one difficulty."""
    return right * logs[0] + wrong * logs[1] + (rest * logs[2] if rest else 0.0)


@functools.lru_cache(maxsize=65536)
def needed(rule: Sequential, counts: tuple[int, ...], most: int) -> int:
    """Count the further ballots for the leader with which the leader wins; ``most`` if so many are not enough.

    Args:
        rule: The rule.
        counts: Ballots by candidate, most first; empty before the first ballot.
        most: Where to stop looking, 0 or more.
    """
    first, others = (counts[0], counts[1:]) if counts else (0, ())
    for more in range(most):
        if first + more and chance_wrong(rule.weights, (first + more, *others)) <= rule.budget:
            return more
    return most


def learned_weights(decided: Mapping[tuple[int, int], int], rounds: int = 60) -> tuple[float, ...]:
    """Learn the weights of the difficulties from steps decided so far.

    Args:
        decided: How many steps had so many ballots for the winner and so many for others.
        rounds: Of expectation-maximisation.
    """
    start = [1.0 / len(TYPES)] * len(TYPES)
    total = sum(decided.values())
    rows = [(count, _relative_likelihoods(w, d)) for (w, d), count in decided.items()]
    weights = start
    for _ in range(rounds):
        expected = [PSEUDO_STEPS] * len(TYPES)
        for count, likely in rows:
            mass = sum(a * b for a, b in zip(weights, likely, strict=True))
            for t, value in enumerate(likely):
                expected[t] += count * weights[t] * value / mass
        weights = [value / (total + PSEUDO_STEPS * len(TYPES)) for value in expected]
    return tuple(value / sum(weights) for value in weights)


def _relative_likelihoods(winner: int, dissent: int) -> list[float]:
    """Compute how likely each difficulty makes such a step, in units of the likeliest of them."""
    logs = [winner * math.log(p) + dissent * math.log(1 - p) for p, _ in TYPES]
    return [math.exp(value - max(logs)) for value in logs]
