"""Which kind of question a run found hard: ballots that lost or were discarded, from the journal alone."""

from collections.abc import Iterable, Mapping

import msgspec

from surefoot.runtime.records import Usage
from surefoot.runtime.report.journal_steps import JournalStep


class LostBallots(msgspec.Struct, frozen=True):
    """How the ballots to one kind of question went.

    Attributes:
        kind: Class of the question; each belongs to one role.
        ballots: Answers drawn.
        against: Those that lost their race, were discarded, or belong to a race that nobody won.
    """

    kind: str
    ballots: int
    against: int

    @property
    def share(self) -> float:
        """Return the share of ballots that lost or were discarded."""
        return self.against / self.ballots if self.ballots else 0.0


def lost_by_kind(steps: Iterable[JournalStep], asked: Mapping[str, Usage]) -> list[LostBallots]:
    """Return how many ballots each kind of question lost, the largest share first.

    Args:
        steps: Of a journal that keeps the replies of disputed steps, as journals do unless they keep none.
        asked: What the run counted by kind of question.
    """
    against: dict[str, int] = {}
    for step in steps:
        if step.kind:
            lost = sum(ballot.candidate is None or ballot.candidate != step.answer for ballot in step.ballots)
            against[step.kind] = against.get(step.kind, 0) + lost
    found = [LostBallots(kind, usage.calls, min(usage.calls, against.get(kind, 0))) for kind, usage in asked.items()]
    return sorted(found, key=lambda one: (-one.share, one.kind))
