"""Votes over answers that may be near each other without being equal.

Counting needs classes, and nearness has none: 1.00 may be the same as 1.01, and 1.01 as 1.02, without 1.00 being the
same as 1.02. So a rule is needed that a replay can follow, and here it is:

    Each ballot, in the order drawn, joins the first earlier *representative* that it is the same as. If there is none,
    it is a representative itself. The representative is the candidate that is counted.

What follows, for any ``same`` that is symmetric and holds between every answer and itself:

* The candidates are a function of the ballots in the order drawn: nothing else enters, so neither does it a verdict.
* No drift. Whatever joins is the same as the representative itself, never only as another that joined. With a limit of
  0.01, ballots that count for one candidate lie within 0.01 of it and within 0.02 of each other, however many there
  are. (Joining the nearest *ballot* instead would gather 1.00, 1.01, ..., 2.00 as one answer.)
* Two representatives are never the same as each other: the later one would have joined. So a representative stays what
  it is when it is named again, and doing all of it twice changes nothing. Ballots can therefore be journalled with
  their representative as candidate, and a replay needs no ``same``: it works without the task's code.
* The winner is an answer that a ballot stated, never a mean that nobody stated.

What it costs: an unlucky first answer at the edge of the right ones splits their votes between two representatives.
That takes further ballots or ends undecided; it makes no wrong answer win that has not its lead. What a win says is
weaker than for equal answers by one limit: the ballots that won are within one limit of the winner, so if they are
within one limit of the truth, the winner is within two. Where that matters, ask for half the limit.

The error rates that leads are chosen by are those of representatives, given the first answers; ``measure`` sees them.
"""

from collections.abc import Callable, Iterable

import msgspec

from surefoot.voting.ballot import Ballot
from surefoot.voting.record_race import fields_of, joined

Same = Callable[[str, str], bool]
"""Whether two candidates are the same answer. Pure, symmetric, and true of two equal ones."""


class Representatives:
    """Turns candidates into their representatives, in the order drawn.

    Args:
        same: When two candidates are the same answer.
    """

    def __init__(self, same: Same) -> None:
        self._same = same
        self._first: list[str] = []

    def join(self, candidate: str) -> str:
        """The representative of the next candidate: the first that it is the same as, or itself."""
        for earlier in self._first:
            if self._same(earlier, candidate):
                return earlier
        self._first.append(candidate)
        return candidate


class FieldRepresentatives:
    """Representatives of near-equal answers for records whose fields are voted on one by one.

    Each field has representatives of its own.

    Args:
        same: When two values of a field, numbered from 0, are the same.
        fields: Number of fields.
    """

    def __init__(self, same: Callable[[int, str, str], bool], fields: int) -> None:
        self._fields = [Representatives(_of_field(same, number)) for number in range(fields)]

    def join(self, candidate: str) -> str:
        """The record of the representatives of its fields. A field that could not be read stays unread.

        Raises:
            ValueError: The candidate is no record of so many fields.
        """
        said = fields_of(candidate, len(self._fields))
        return joined(
            tuple(one if one is None else field.join(one) for field, one in zip(self._fields, said, strict=True))
        )


def gathered(ballots: Iterable[Ballot], into: Representatives | FieldRepresentatives) -> tuple[Ballot, ...]:
    """Ballots in the order drawn, each for the representative of its candidate. Spoiled ballots stay as they are.

    Args:
        ballots: In any order.
        into: Fresh representatives, or those that all earlier ballots of the race have joined.
    """
    return tuple(
        ballot if ballot.candidate is None else msgspec.structs.replace(ballot, candidate=into.join(ballot.candidate))
        for ballot in sorted(ballots, key=lambda ballot: ballot.draw)
    )


def _of_field(same: Callable[[int, str, str], bool], number: int) -> Same:
    return lambda a, b: same(number, a, b)
