"""Puts the events of one question together again: what was asked, the ballots, how it ended."""

from collections.abc import Iterable, Iterator

import msgspec

from surefoot.runtime.execution.escalation.prompt_variants import FIRST
from surefoot.runtime.execution.kept_replies import LONGEST
from surefoot.runtime.records import LARGER
from surefoot.runtime.trace.events import Event

SAME_PROMPT = ("", LARGER, FIRST.name)
"""Levels of the escalation that ask in the words of the level before."""


class Race(msgspec.Struct, frozen=True):
    """One question with everything that was answered to it.

    Attributes:
        question: The event that asked it.
        ballots: In the order drawn.
        end: The verdict, or that it stayed undecided; ``None`` in a journal that was cut off.
        level: Number of the first ballot that answered the prompt which was kept; those before it were shown another.
        notes: Alarms and escalations, and replies that no ballot belongs to.
    """

    question: Event
    ballots: tuple[Event, ...]
    end: Event | None
    level: int = 0
    notes: tuple[Event, ...] = ()

    @property
    def candidate(self) -> str | None:
        """The candidate that won; ``None`` if none did."""
        return self.end.candidate if self.end is not None and self.end.what == "verdict" else None

    @property
    def asked(self) -> bool:
        """Whether the journal has the whole prompt."""
        return bool(self.question.prompt) and not _cut(self.question.prompt) and not _cut(self.question.system)

    @property
    def disputed(self) -> bool:
        """Whether a ballot was discarded or lost."""
        return any(ballot.candidate is None or ballot.candidate != self.candidate for ballot in self.ballots)

    @property
    def told(self) -> tuple[Event, ...]:
        """Ballots that answered the prompt which was kept and whose whole reply was kept."""
        return tuple(one for one in self.ballots[self.level :] if one.text is not None and not _cut(one.text))

    @property
    def winning(self) -> Event | None:
        """The last kept reply for the candidate that won, which is the one that decided where it was kept."""
        won = [one for one in self.told if one.candidate is not None and one.candidate == self.candidate]
        return won[-1] if won else None

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the question and of the event that ended it."""
        return (self.question.id,) if self.end is None else (self.question.id, self.end.id)


def _cut(text: str) -> bool:
    """Whether the journal may have only the beginning of a text."""
    return len(text) >= LONGEST


def races_in(events: Iterable[Event]) -> Iterator[Race | Event]:
    """Yield races where their last event stands, and all other events as they are."""
    question: Event | None = None
    ballots: list[Event] = []
    notes: list[Event] = []
    level = 0
    for event in events:
        if question is not None and (event.what == "question" or event.place != question.place):
            yield Race(question, tuple(ballots), None, level, tuple(notes))
            question = None
        if event.what == "question":
            question, ballots, notes, level = event, [], [], 0
        elif question is None:
            yield event
        elif event.what == "ballot":
            ballots.append(event)
        elif event.what in ("verdict", "undecided"):
            yield Race(question, tuple(ballots), event, level, tuple(notes))
            question = None
        else:
            notes.append(event)
            if event.what == "escalation" and event.way not in SAME_PROMPT:
                level = len(ballots)
    if question is not None:
        yield Race(question, tuple(ballots), None, level, tuple(notes))
