"""Looks: votes from a distribution, averaged over wordings, until the posterior is sure.

Where a model's choices can be scored, one question gives the probability of every answer at once. That is **one look**:
its verdict is the likeliest answer, with a margin. Drawing from it again gives copies, not votes: all of them carry the
same mistake. Further evidence comes from asking the same fact in other words, in another order of the examples, or of
another model: those are further looks.

Derivation. Look i gives answer a the share d_i(a), and all answers that it does not name the rest together. With
probability 1 - e its wording is sound, and then d_i(a) is the probability that a is right. With probability e it
misleads; in the worst case its share then belongs to the other side. Given that a is right a look counts

    q_i(a) = (1 - e) d_i(a) + e (1 - d_i(a)),

so that no look counts for more than the odds (1 - e) / e that looks have proven to be worth, and a look with a thin
margin counts for no more than its margin. Answers are equally likely beforehand, one that no look named is among them;
looks are independent, so that the posterior of a is the product of its q_i(a), over the sum for all answers: an average
of clipped log-odds over the wordings. The step ends when the chance that the leader is wrong is within the step's
budget. A question that is asked again has the same looks and the same verdict, so that a run has as many verdicts as
distinct questions, however many steps: with a budget of (1 - target) / q for each of q questions the chance that any
verdict is wrong is at most 1 - target (union bound). A run takes twice the questions that it knows of for q.

A model's shares may say less than they are worth. They are raised to a power first, the sharpness, which is learned
from how often looks with such shares named another answer than their question's winner (``sharpness.py``).

The rate e is learned from looks that were seen: Laplace's rule of succession on (looks for a winner, looks for others),
each distinct question counted once. A copy of a look is no observation, and no look.

Assumptions: wordings mislead independently of each other, given the question; a wording misleads as often as looks of
one question name different answers; under a sound wording shares are not bolder than they should be; the steps to come
are like those that e was learned from. What breaks the first is a fact that the model does not have in any wording: no
average over wordings can see that, and voters of different models are the remedy.

``wins`` and what follows from it (forecasts, certificates) take every look as fully confident: they know counts alone.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from surefoot.voting.ballot import Ballot
from surefoot.voting.race import Deadlocked, Verdict, Won
from surefoot.voting.rule import Rule
from surefoot.voting.sharpness import MOST as MOST_SHARPNESS
from surefoot.voting.sharpness import sharpened

UNPROVEN = 0.05
"""Rate of misleading wordings that is taken where nothing was seen of a model's looks."""
UNSURE = 1 - 1e-9
"""Budget of the baseline that goes on with whatever is likeliest."""
LEAST_RATE, MOST_RATE = 1e-6, 0.49
"""Between these the rate is held: looks prove no more, and a worse one would turn a vote round."""

Shares = Mapping[str, float]
"""The answers that a look names with their probabilities; what is missing from 1 belongs to all others together."""


class Looks(Rule, frozen=True, tag="looks"):
    """A candidate wins when the posterior over all looks says that it is wrong with at most ``budget``.

    Attributes:
        budget: This step's share of the run's error budget, between 0 and 1, both excluded.
        error: Rate of misleading wordings, above 0 and below one half.
        least: Fewest looks of a step, whatever they say; 1 or more.
        sharpness: Power to which shares are raised; 1 where nothing was learned of them.

    Raises:
        ValueError: An attribute is out of range.
    """

    budget: float
    error: float = UNPROVEN
    least: int = 1
    sharpness: float = 1.0

    learns: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.budget < 1:
            raise ValueError(f"an error budget is between 0 and 1, both excluded, not {self.budget}")
        if not 0 < self.error < 0.5:
            raise ValueError(f"the rate of misleading wordings is above 0 and below one half, not {self.error}")
        if self.least < 1:
            raise ValueError(f"a step takes at least 1 look, not {self.least}")
        if not 1 <= self.sharpness <= MOST_SHARPNESS:
            raise ValueError(f"the sharpness of shares is between 1 and {MOST_SHARPNESS:.0f}, not {self.sharpness}")

    @classmethod
    def with_lead(cls, lead: int) -> "Looks":
        """Make the rule that takes so many looks and then their likeliest answer, however unsure it is: the baseline.

        Raises:
            ValueError: ``lead`` is below 1.
        """
        return cls(UNSURE, UNPROVEN, lead)

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        """Say whether a candidate has won by so many looks that name it with full confidence; see ``Rule.wins``."""
        if mine + sum(others) < self.least:
            return False
        odds = math.log1p(-self.error) - math.log(self.error)
        # An answer that nobody named is among those that may be right.
        wrong = sum(math.exp((other - mine) * odds) for other in (*others, 0))
        return wrong / (1 + wrong) <= self.budget

    @classmethod
    def learned_rules(
        cls, budgets: Sequence[float], decided: Mapping[tuple[int, int], int], most: int
    ) -> dict[int, Rule]:
        """Make one rule for each budget, with the rate learned from looks seen so far; see ``Rule.learned_rules``."""
        error = misleading_rate(decided)
        rules = [cls(budget, error) for budget in budgets]
        return {rule.fewest((), most): rule for rule in rules}


def misleading_rate(decided: Mapping[tuple[int, int], int]) -> float:
    """Estimate how often a wording misleads: Laplace's rule on looks that named another answer than their question's.

    Args:
        decided: How many distinct questions had so many looks for the winner and so many for others.
    """
    others = sum(other * count for (_, other), count in decided.items())
    total = sum((mine + other) * count for (mine, other), count in decided.items())
    return min(MOST_RATE, max(LEAST_RATE, (others + 1) / (total + 2)))


def chances_wrong(looks: Sequence[Shares], error: float, sharpness: float = 1.0) -> list[tuple[str, float]]:
    """Compute for each answer that a look names the posterior chance that it is wrong, likeliest answers first.

    Args:
        looks: Of one question, each in another wording; one or more.
        error: Rate of misleading wordings.
        sharpness: Power to which the shares are raised.
    """
    names = sorted({name for look in looks for name in look})
    believed = [sharpened(look, sharpness) for look in looks]
    score = {name: _score(believed, name, error) for name in names}
    unnamed = _score(believed, None, error)
    most = max([*score.values(), unnamed])
    weight = {name: math.exp(value - most) for name, value in score.items()}
    total = math.fsum([*weight.values(), math.exp(unnamed - most)])
    ranked = sorted(names, key=lambda name: (-weight[name], name))
    # What all others weigh, not 1 minus a share next to 1, which would round small chances away.
    rest = {name: math.fsum([weight[other] for other in names if other != name]) for name in ranked}
    return [(name, (rest[name] + math.exp(unnamed - most)) / total) for name in ranked]


def _score(looks: Sequence[tuple[Shares, float]], name: str | None, error: float) -> float:
    """Log-likelihood of all looks if an answer is right; ``None`` is an answer that no look names.

    Where a look does not name the answer, its share is at most what the look leaves over.
    """
    shares = (rest if name is None else look.get(name, rest) for look, rest in looks)
    return math.fsum(math.log((1 - error) * share + error * (1 - share)) for share in shares)


class LookRace:
    """Weighs the looks of one step, in the order taken, until there is a verdict.

    Args:
        rule: When a candidate has won.
        max_looks: The cap: the race ends ``Deadlocked`` when so many looks, spoiled ones included, left it unsure.

    Raises:
        ValueError: ``max_looks`` is below 1.
    """

    __slots__ = ("_cast", "_looks", "_max", "_named", "_rule", "_spoiled", "_verdict")

    def __init__(self, rule: Looks, max_looks: int) -> None:
        if max_looks < 1:
            raise ValueError(f"a race needs room for at least 1 look, not {max_looks}")
        self._rule, self._max = rule, max_looks
        self._looks: list[Shares] = []
        self._named: Counter[str] = Counter()
        self._cast = self._spoiled = 0
        self._verdict: Verdict | None = None

    def cast(self, ballot: Ballot) -> Verdict | None:
        """Take the next look and say whether the race ends with it.

        Raises:
            ValueError: The race is over, or the look is not the next one. The race is unchanged.
        """
        if self._verdict is not None:
            raise ValueError(f"look {ballot.draw} comes after the verdict")
        if ballot.draw != self._cast:
            raise ValueError(f"look {ballot.draw} is out of order: the next one is {self._cast}")
        self._cast += 1
        if ballot.candidate is None:
            self._spoiled += 1
        else:
            self._named[ballot.candidate] += 1
            self._looks.append(shares_of(ballot))
            self._verdict = self._won()
        if self._verdict is None and self._cast == self._max:
            ranking = sorted(self._named.items(), key=lambda item: (-item[1], item[0]))
            self._verdict = Deadlocked(self._cast, tuple(ranking), self._spoiled)
        return self._verdict

    def _won(self) -> Won | None:
        if len(self._looks) < self._rule.least:
            return None
        (leader, wrong), *rivals = chances_wrong(self._looks, self._rule.error, self._rule.sharpness) or [("", 1.0)]
        if wrong > self._rule.budget or (rivals and rivals[0][1] <= wrong):
            return None
        others = [count for name, count in self._named.items() if name != leader]
        return Won(leader, self._cast, max(1, self._named[leader] - max(others, default=0)))

    @property
    def verdict(self) -> Verdict | None:
        """Verdict of the race, ``None`` while undecided."""
        return self._verdict

    def fewest(self) -> int:
        """Count the looks worth taking next: one, as each may be the last; 0 when the race is over."""
        return 0 if self._verdict is not None else 1


def shares_of(ballot: Ballot) -> Shares:
    """Return what a look says of each answer; a ballot without shares is fully confident in its candidate.

    Shares come from journals, which may hold anything: what is no probability counts as none.
    """
    if not ballot.shares:
        return {} if ballot.candidate is None else {ballot.candidate: 1.0}
    kept = {name: share for name, share in ballot.shares if 0 <= share <= 1}
    total = math.fsum(kept.values())
    return kept if total <= 1 else {name: share / total for name, share in kept.items()}


def replay_looks(rule: Looks, max_looks: int, looks: Iterable[Ballot]) -> Verdict | None:
    """Decide a race of looks again, in any order; ``None`` if they do not decide it.

    Raises:
        ValueError: The looks are not numbered 0, 1, 2, ... each exactly once.
    """
    ordered = sorted(looks, key=lambda look: look.draw)
    race = LookRace(rule, max_looks)
    for look in ordered:
        if race.cast(look) is not None:
            break
    return race.verdict
