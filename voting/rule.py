"""What a voting rule is: when a candidate has won a race, and what races under it are expected to take.

A rule is a frozen value of a class in a file of its own. It has to give ``with_lead`` and ``wins``; the rest has
defaults that follow from these two by exact arithmetic, which a rule may replace by a closed form. A rule of this
package has one line in ``rules.py``; one of a user's is named ``my_module:MyRule``.

What every rule keeps to, so that journals stay readable and races can be replayed:

* ``wins`` depends on the counts alone. ``Race`` asks it about the candidate that was just named, and only while that
  one leads all others: nobody wins by a ballot for somebody else, nor while level with another.
* The journal names a rule by its class (``--rule``) and one number, the *lead*: so many ballots decide a race in which
  all agree, and fewer never do. ``with_lead(n).agreeing == n``.

Assumption of all forecasts here: ballots err independently at one rate, and wrong ones name one alternative (the worst
case for a given rate; MAKER, arXiv 2511.09030, section 3).
"""

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import msgspec

from surefoot.voting.two_candidates import expected_rounds, expected_valid_ballots, p_wrong_wins

MOST_LEAD = 64
"""Largest lead that is tried where a rule has no closed form for the one it needs."""


class Rule(msgspec.Struct, frozen=True):
    """Base of all voting rules; see the module's docstring for what a rule must keep to."""

    learns: ClassVar[bool] = False
    """Whether the rule finds out during the run how many ballots it needs. A lead cannot be asked for then."""

    @classmethod
    def with_lead(cls, lead: int) -> "Rule":
        """Make the rule for which ``lead`` agreeing ballots are just enough.

        Raises:
            ValueError: ``lead`` is below 1.
        """
        raise NotImplementedError(f"{cls.__name__} has no with_lead()")

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        """Say whether a candidate that leads all others has won.

        Args:
            mine: Its ballots, 1 or more; the last ballot was one of them.
            others: Ballots of the other candidates that were named, most first, each fewer than ``mine``.
        """
        raise NotImplementedError(f"{type(self).__name__} has no wins()")

    @property
    def agreeing(self) -> int:
        """Number of ballots that decide a race in which all agree: the number that journals name the rule by."""
        return self.fewest((), 2**16)

    def fewest(self, ranking: tuple[int, ...], most: int) -> int:
        """Count the fewest further ballots that could bring a winner; ``most`` if so many are not enough.

        By default those that would all name the leader. Too large a number wastes ballots; it changes no verdict.

        Args:
            ranking: Ballots by candidate, most first; empty before the first ballot.
            most: Where to stop looking, 0 or more.
        """
        first, others = (ranking[0], ranking[1:]) if ranking else (0, ())
        for more in range(1, most):
            if first + more > (others[0] if others else 0) and self.wins(first + more, others):
                return more
        return most

    def p_step(self, p: float) -> float:
        """Compute the probability that the right answer wins one step; ``p`` is that of a right ballot, 0 to 1."""
        return 1 - p_wrong_wins(self, p)

    def p_run(self, p: float, steps: int) -> float:
        """Compute the probability that no step goes wrong of so many that are alike; ``p`` as for ``p_step``."""
        wrong = p_wrong_wins(self, p)
        return 0.0 if wrong >= 1 else math.exp(steps * math.log1p(-wrong))

    def expected_ballots(self, p: float, valid_rate: float = 1.0) -> float:
        """Compute the mean number of ballots of one step, spoiled ones included.

        Args:
            p: Probability that an unspoiled ballot is right, 0 to 1.
            valid_rate: Share of ballots that are not spoiled, above 0 and at most 1.
        """
        return expected_valid_ballots(self, p) / valid_rate

    def expected_requests(self, p: float, valid_rate: float = 1.0) -> float:
        """Compute the mean number of rounds of one step, each of the fewest ballots that could end it.

        A round is one request, whose ballots share a prompt. Arguments as for ``expected_ballots``.
        """
        return expected_rounds(self, p, valid_rate)

    @classmethod
    def smallest_lead(cls, p: float, steps: int, target: float) -> int:
        """Find the smallest lead with which a run has no wrong step with the wanted probability.

        Args:
            p: Probability that an unspoiled ballot is right.
            steps: Steps of the run, 1 or more.
            target: The wanted probability, between 0 and 1, both excluded.

        Raises:
            ValueError: No lead up to ``MOST_LEAD`` is enough.
        """
        if p <= 0.5:
            raise ValueError(f"no lead is enough unless an answer is right more often than not: p is {p:.4g}")
        for lead in range(1, MOST_LEAD + 1):
            if cls.with_lead(lead).p_run(p, steps) >= target:
                return lead
        raise ValueError(
            f"no lead up to {MOST_LEAD} holds {steps:,} steps to {target} where {p:.4g} of ballots are right"
        )

    @classmethod
    def learned_rules(
        cls, budgets: Sequence[float], decided: Mapping[tuple[int, int], int], most: int
    ) -> dict[int, "Rule"]:
        """Make rules for a run's error budgets, by the number of agreeing ballots that each asks for; by default none.

        Args:
            budgets: For each rule the probability that a verdict under it may be wrong.
            decided: How many steps had so many ballots for the winner and so many for others.
            most: Cap on the ballots of a race.
        """
        return {}

    @property
    def length_classes(self) -> tuple[int, ...]:
        """Race lengths, in unspoiled ballots, after which the next class of lengths begins; see ``race_bound.py``."""
        return tuple(factor * self.agreeing for factor in (1, 2, 3, 4))


class LeadRule(Rule, frozen=True):
    """Base of rules with one parameter, a number of ballots ``k``.

    Attributes:
        k: The number, 1 or more. What it counts is for the rule to say.

    Raises:
        ValueError: ``k`` is below 1.
    """

    k: int

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k must be at least 1, not {self.k}")

    @classmethod
    def with_lead(cls, lead: int) -> Self:
        """Make the rule with this number; see ``Rule.with_lead``."""
        return cls(lead)
