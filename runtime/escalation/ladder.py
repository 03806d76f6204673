"""The ways in which one question can be asked: what an escalation climbs before it gives up.

More ballots with a larger lead come first (``Leads.suspect``). When that is not enough, or when a chain came back
with the wrong output, the next run asks in another way: in another wording, with its facts under other names, or of
another model. A mistake that belongs to one prompt, which all its draws share and no vote can remove, is not made by
the others. What stands at the end of the ladder is the parent's decomposition again, and then a typed report.
"""

from typing import Any

import msgspec

from decompose.step import Dialect, Flag, Prompt, Step
from decompose.task import Task
from runtime.untrusted import can_be_kept


class Way(msgspec.Struct, frozen=True):
    """One way to ask.

    Attributes:
        name: What reports call it.
        wording: Of the task's ``wordings``.
        disguise: Of the task's ``disguises``; 0 is none.
        fallback: Ask the fallback model.
    """

    name: str
    wording: int = 0
    disguise: int = 0
    fallback: bool = False


FIRST = Way("the same again")
"""How every question is asked first; a second run of a chain that asks so has only new draws."""


LARGER = "a larger lead"
"""Name of the rung below all other ways to ask: more ballots of the same way."""

AGAIN = "the decomposition again"
"""Name of the rung above a segment; after it the run stops."""


def ways_of(task: Task, dialect: Dialect, has_fallback: bool) -> tuple[Way, ...]:
    """The rungs, in the order climbed. The ``compact`` dialect has one wording."""
    wordings = range(1, task.wordings) if dialect == "chat" else range(0)
    return (
        FIRST,
        *(Way("another wording", wording=number) for number in wordings),
        *(Way("other names", disguise=number) for number in range(1, task.disguises + 1)),
        *([Way("the fallback model", fallback=True)] if has_fallback else []),
    )


class Asked(msgspec.Struct, frozen=True):
    """A step as one way asks it: worded, read and checked under that way's names, answered under the step's own."""

    task: Task
    step: Step
    way: Way
    dialect: Dialect

    @property
    def prompt(self) -> Prompt:
        """What the model is shown. A task with one wording need not know that there can be more."""
        if not self.way.wording:
            return self.task.prompt(self.step, self.dialect)
        return self.task.prompt(self.step, self.dialect, self.way.wording)

    def read(self, text: str, flags: Any) -> str | Flag:
        """The candidate that a reply names, or the first red flag raised against it."""
        candidate = self.task.parse(self.step, text, self.dialect)
        if isinstance(candidate, Flag):
            return candidate
        if not can_be_kept(candidate):
            return Flag("misformatted", candidate)
        found = self.task.check(self.step, candidate)
        if found is not None and found.name in flags:
            return found
        return self.task.undisguise(candidate, self.way.disguise) if self.way.disguise else candidate


def asked(task: Task, step: Step, way: Way, dialect: Dialect) -> Asked:
    """A step in one way."""
    return Asked(task, task.disguise(step, way.disguise) if way.disguise else step, way, dialect)
