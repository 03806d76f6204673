"""A lead that is raised for steps whose ballots disagree: two leads in one rule.

A step all of whose ballots agree is decided by ``k`` of them. Once any ballot names something else, the winner has to
lead every other candidate by ``raised``. Where steps are unequal, most of the disagreements are those of the few hard
steps: so these get the ballots, and the many easy ones are not asked more often for their sake.

What the rule cannot see is a hard step whose first ``k`` ballots name the same wrong answer. How many steps that
concerns can be told from the steps that did disagree: see ``agreed_errors.py``, which also chooses ``k``.
"""

from surefoot.voting.rule import Rule


class RaisedLead(Rule, frozen=True, tag="raised-lead"):
    """A candidate wins with ``k`` ballots if nothing else was named, else when it leads by ``raised`` ballots.

    Attributes:
        k: Ballots that decide a race in which all agree, 1 or more.
        raised: Lead of a race in which any ballot disagrees; not below ``k``.

    Raises:
        ValueError: A lead is out of range.
    """

    k: int
    raised: int

    def __post_init__(self) -> None:
        if not 1 <= self.k <= self.raised:
            raise ValueError(
                f"a raised lead is at least the first, and that at least 1, not {self.raised} and {self.k}"
            )

    @classmethod
    def with_lead(cls, lead: int) -> "RaisedLead":
        """Make the rule whose lead is raised by two ballots, as that of a suspect step is."""
        return cls(lead, lead + 2)

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        """Say whether the candidate leads by as much as its race asks for; see ``Rule.wins``."""
        return mine - others[0] >= self.raised if others else mine >= self.k

    @property
    def agreeing(self) -> int:
        """Number of ballots that decide a race in which all agree: ``k``."""
        return self.k

    def fewest(self, ranking: tuple[int, ...], most: int) -> int:
        """Count the ballots that the leader's lead is short of what its race asks for; see ``Rule.fewest``."""
        if len(ranking) > 1:
            return min(most, self.raised - ranking[0] + ranking[1])
        return min(most, self.k - sum(ranking))

    @property
    def length_classes(self) -> tuple[int, ...]:
        """Race lengths after which the next class begins: the shortest disputed race has ``raised + 2`` ballots."""
        return self.k, self.raised + 2, self.raised + 4, self.raised + 8
