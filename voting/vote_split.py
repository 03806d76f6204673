"""How votes are best shared out among two classes of questions, at no more calls than now.

Closed forms of MAKER (arXiv 2511.09030, Eq. 9 and 16) for each class: with a lead of k, a question whose ballots are
right with probability p is decided wrong with probability 1 - 1 / (1 + r^k), r = (1 - p) / p, and takes
k (2 p_step - 1) / (2 p - 1) ballots. They are predictions: ballots of a question are taken as independent, and
questions of a class as equally hard.
"""

import itertools
from collections.abc import Iterator

import msgspec

from surefoot.voting.lead import expected_ballots

MOST_LEAD = 12
"""Largest lead that is considered."""
SURE = 1 - 1e-9
"""A right answer is never taken for surer than this: nothing that was counted can show it."""


class VotedClass(msgspec.Struct, frozen=True):
    """A class of questions as it is voted on.

    Attributes:
        questions: How many there are.
        p_right: Probability that a ballot which is counted is right, above 0.
        valid_rate: Share of the replies that are not discarded, above 0.
        lead: Lead that is asked for, 1 or more.
        audited: Share of the questions that has a lead of 2 where the others have 1.
    """

    questions: float
    p_right: float
    valid_rate: float
    lead: int
    audited: float = 0.0

    def wrong(self, lead: int) -> float:
        """Return the expected number of questions that are decided wrong with a lead."""
        p_right = min(SURE, self.p_right)
        # Not 1 - p_step, which is 0 where p_right is near 1.
        odds = [((1 - p_right) / p_right) ** (lead + more) for more in (0, 1)]
        return self.questions * self._audited(lead, *(one / (1 + one) for one in odds))

    def calls(self, lead: int) -> float:
        """Return the expected number of calls with a lead."""
        p_right = min(SURE, self.p_right)
        return self.questions * self._audited(
            lead, *(expected_ballots(p_right, lead + more, self.valid_rate) for more in (0, 1))
        )

    def _audited(self, lead: int, usual: float, more: float) -> float:
        """The mean over questions of what each takes with the lead, or with one more where it is audited."""
        share = self.audited if lead == 1 else 0.0
        return (1 - share) * usual + share * more


class Split(msgspec.Struct, frozen=True):
    """Leads for two classes, and what is to be expected of them.

    Attributes:
        first: Lead of the first class.
        second: Lead of the second class.
        calls: Expected calls.
        wrong: Expected questions that are decided wrong.
    """

    first: int
    second: int
    calls: float
    wrong: float


def split_of(first: VotedClass, second: VotedClass, leads: tuple[int, int]) -> Split:
    """Return what is to be expected of two leads."""
    calls = first.calls(leads[0]) + second.calls(leads[1])
    return Split(*leads, calls, first.wrong(leads[0]) + second.wrong(leads[1]))


def best_split(first: VotedClass, second: VotedClass, calls: float, fewest: int = 1) -> Split:
    """Return the leads with the fewest wrong questions at no more than so many calls; those of now where none does.

    Args:
        first: One class.
        second: The other.
        calls: Most calls that are to be expected.
        fewest: Smallest lead that is considered.
    """
    return min(_within(first, second, calls, fewest), key=lambda one: (one.wrong, one.calls))


def other_split(first: VotedClass, second: VotedClass, calls: float) -> Split:
    """Return what the calls come to where they go to the class that errs less: what a wrong diagnosis would do.

    The class that errs more keeps its lead at most, and the other gets as large a lead as the calls allow.
    """
    more = 0 if first.wrong(first.lead) >= second.wrong(second.lead) else 1
    kept = (first.lead, second.lead)[more]
    allowed = [one for one in _within(first, second, calls) if _leads(one)[more] <= kept]
    return max(allowed, key=lambda one: (_leads(one)[1 - more], -one.wrong))


def _leads(split: Split) -> tuple[int, int]:
    return split.first, split.second


def _within(first: VotedClass, second: VotedClass, calls: float, fewest: int = 1) -> Iterator[Split]:
    now = (first.lead, second.lead)
    yield split_of(first, second, now)
    considered = range(fewest, MOST_LEAD + 1)
    for leads in itertools.product(considered, considered):
        found = split_of(first, second, leads)
        if found.calls <= calls:
            yield found
