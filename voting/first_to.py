"""The paper's variant: draw until one answer has k ballots (MAKER, arXiv 2511.09030, section 4).

With two candidates a race ends after 2k - 1 unspoiled ballots at most. The price: for the same k a wrong answer wins
more often than under the rule that asks for a lead, so a longer run needs a larger k. Forecasts are the exact
arithmetic of ``two_candidates.py``.
"""

from surefoot.voting.rule import LeadRule


class FirstTo(LeadRule, frozen=True, tag="first-to"):
    """A candidate wins when it has ``k`` ballots, whatever the others have (the paper's variant)."""

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        """Say whether the candidate has ``k`` ballots; see ``Rule.wins``."""
        return mine >= self.k

    @property
    def agreeing(self) -> int:
        """Number of ballots that decide a race in which all agree: ``k``."""
        return self.k

    def fewest(self, ranking: tuple[int, ...], most: int) -> int:
        """Count the ballots that the leader is short of ``k``; see ``Rule.fewest``."""
        return min(most, self.k - (ranking[0] if ranking else 0))

    @property
    def length_classes(self) -> tuple[int, ...]:
        """Race lengths after which the next class begins: each dissenting ballot costs one more."""
        return self.k, self.k + 1, self.k + 2, self.k + 4
