"""The paper's rule: draw until one answer leads every other by k ballots (MAKER, arXiv 2511.09030, section 4).

Its closed forms are in ``lead.py``. Assumption of all of them: independent ballots that are right with the same
probability, wrong ones naming one alternative.
"""

from surefoot.voting import lead
from surefoot.voting.rule import LeadRule


class FirstToAheadBy(LeadRule, frozen=True, tag="first-to-ahead-by"):
    """A candidate wins when it leads every other by ``k`` ballots (the paper's rule)."""

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        """Say whether the lead over the second is ``k``; see ``Rule.wins``."""
        return mine - (others[0] if others else 0) >= self.k

    @property
    def agreeing(self) -> int:
        """Number of ballots that decide a race in which all agree: ``k``."""
        return self.k

    def fewest(self, ranking: tuple[int, ...], most: int) -> int:
        """Count the ballots that the leader's lead is short of ``k``; see ``Rule.fewest``."""
        lead = ranking[0] if ranking else 0
        if len(ranking) > 1:
            lead -= ranking[1]
        return min(most, self.k - lead)

    def p_step(self, p: float) -> float:
        """Compute the probability that the right answer wins one step (Eq. 9)."""
        return lead.p_step(p, self.k)

    def p_run(self, p: float, steps: int) -> float:
        """Compute the probability that none of so many steps goes wrong (Eq. 13)."""
        return lead.p_full(p, self.k, steps)

    def expected_ballots(self, p: float, valid_rate: float = 1.0) -> float:
        """Compute the mean number of ballots of one step, spoiled ones included (Eq. 16 and 19)."""
        return lead.expected_ballots(p, self.k, valid_rate)

    def expected_requests(self, p: float, valid_rate: float = 1.0) -> float:
        """Compute the mean number of rounds of one step; see ``lead.expected_requests``."""
        return lead.expected_requests(p, self.k, valid_rate)

    @classmethod
    def smallest_lead(cls, p: float, steps: int, target: float) -> int:
        """Find the smallest lead that holds the target over a run (Eq. 14); arguments as for ``Rule.smallest_lead``.

        Raises:
            ValueError: ``p`` is at most 0.5: no lead is enough; or an argument is out of range.
        """
        return lead.k_min(p, steps, target)

    @property
    def length_classes(self) -> tuple[int, ...]:
        """Race lengths after which the next class begins: each pair of ballots that cancel out costs two more."""
        return self.k, self.k + 2, self.k + 4, self.k + 8
