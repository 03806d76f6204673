"""Reads from the journal which steps are put aside for review, and the answers that a person gave."""

import msgspec

from surefoot.decompose.plan import Path, node_name
from surefoot.decompose.step import Flag, Step
from surefoot.runtime.errors import AwaitsReview
from surefoot.runtime.execution.decider import Decider
from surefoot.runtime.models.port import Reply
from surefoot.runtime.records import ASIDE, PERSON, REVIEWED, Contested, Record

Place = tuple[Path, int, int]
"""A node, the attempt, and the number of a step within the attempt."""


LONGEST_DETAIL = 200
"""Characters of what is wrong with an answer that are said."""


class Reviews:
    """What the journal holds of steps that are put aside, and of answers that a person gave.

    Args:
        wanted: Whether undecided steps are put aside; else they end a run, or a row, as they do without a person.

    Attributes:
        answered: What a person answered, by place.
        aside: Places of steps that were put aside.
    """

    def __init__(self, wanted: bool = False) -> None:
        self.wanted = wanted
        self.answered: dict[Place, Contested] = {}
        self.aside: set[Place] = set()

    def load(self, record: Record) -> None:
        """Take in a record of a step that was put aside, or of a person's answer; the last answer counts."""
        place = (record.path, record.attempt, record.first)
        if record.part == ASIDE:
            self.aside.add(place)
        elif record.part == REVIEWED and isinstance(record.entries[0], Contested):
            self.answered[place] = record.entries[0]

    def knows(self, place: Place) -> bool:
        """Return whether a step was put aside or answered, so that it has to be asked for by itself."""
        return place in self.aside or place in self.answered

    def waits(self, place: Place) -> bool:
        """Return whether a step waits for a person: it was put aside and has no answer yet."""
        return self.wanted and place in self.aside and place not in self.answered

    def answer_to(self, step: Step, place: Place, steps: Decider) -> tuple[str, Contested] | None:
        """Return what a person answered to a step, as its candidate and its entry; ``None`` if nobody did.

        An answer that no ballot named is read as a reply of the model would be.

        Raises:
            AwaitsReview: It cannot be read; what does not depend on the step goes on.
        """
        entry = self.answered.get(place)
        if entry is None or entry.decided is None:
            return None
        named = {ballot.candidate for ballot in (*entry.before, *entry.ballots)}
        if entry.decided in named:
            return entry.decided, entry
        read = steps.judge(step, Reply(entry.decided))
        if isinstance(read, Flag):
            node = node_name(place[0])
            raise AwaitsReview(
                f"what a person answered to node {node}, step {place[2] + 1} cannot be read: {read.name} "
                f"{read.detail[:LONGEST_DETAIL]}; surefoot review RUN_DIR --again takes another answer"
            )
        return read, msgspec.structs.replace(entry, decided=read)


def for_review(place: Place, k: int, entry: Contested, cost_usd: float | None = 0.0) -> Record:
    """Return the record of a step that is put aside, with its ballots and what they cost."""
    path, attempt, number = place
    return Record(path, ASIDE, attempt, number, k, (entry,), costs=costs_of(cost_usd))


def costs_of(cost_usd: float | None) -> tuple[float | None, ...]:
    """Return the costs of a record with one entry: none where it was free."""
    return () if cost_usd == 0 else (cost_usd,)


def reviewed(place: Place, k: int, entry: Contested, answer: str) -> Record:
    """Return the record of what a person answered to a step; it keeps the ballots, which decided nothing."""
    path, attempt, number = place
    decided = msgspec.structs.replace(entry, way=PERSON, decided=answer)
    return Record(path, REVIEWED, attempt, number, k, (decided,))
