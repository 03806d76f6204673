"""The events of a run as plain values, each with the earlier events that it follows from.

Only what a journal recorded is an event. What it did not keep, such as the prompt of a step whose replies were not
kept, is empty here and is nowhere made up again.
"""

from typing import Literal

import msgspec

What = Literal[
    "question", "reply", "ballot", "escalation", "alarm", "verdict", "undecided", "result", "intent", "seam broke",
    "retry", "conviction", "children", "mended", "failure", "shared", "aside", "review", "seam held",
    "contradiction", "evidence", "revision", "end",
]  # fmt: skip
"""Kinds of events.

``question``: a step was asked. ``ballot``: replies were counted or discarded. ``reply``: one that no ballot of the
journal belongs to, as its race was run again. ``escalation``: the step was asked on another level. ``verdict`` and
``undecided`` end a race. ``result``: what a tool or a sub-plan gave. ``intent``: a once-only call is about to be made.
``seam broke`` and ``retry``: a chain did not return its promise and was run again. ``conviction``: a decomposition did
not hold. ``children``: which children the next one goes on with. ``mended``: a repeated decomposition held.
``failure``: the failure of a node is its result. ``shared``: one reply stated so many steps in a row.
``aside`` and ``review``: a step waited for a person, who answered.
``seam held`` and ``contradiction``: how a segment ended. ``evidence``: what a step said about an assumption.
``revision``: a version of a plan was given up. ``end``: the run's status.
"""


class Event(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One event of a run. All texts are untrusted.

    Attributes:
        id: Number of the event in its run, 0-based; a later event has a larger one.
        what: Kind of the event.
        node: Path of the node, such as ``0.2.1``; ``root`` for the root.
        part: ``run`` (a chain's step), ``split`` (a decomposition), ``rows`` or ``sample``; empty where none applies.
        attempt: Which run of the chain, or which decomposition, 0-based.
        number: Which step of the attempt, 0-based; for ``rows`` the row within its chunk.
        after: Ids of the events that this one follows from directly; each is smaller than ``id``.
        kind: Class of the question, where the journal has it.
        role: Module in whose name it was asked, where the journal has it.
        system: System prompt, where the journal has it.
        prompt: The question as the model saw it, where the journal has it.
        text: The reply as it came, where the journal has it.
        candidate: What was read, decided, returned or failed; for ``result``, ``seam held``, ``evidence`` and
            ``revision`` JSON.
        flag: Name of the red flag that discarded the reply.
        why: What exactly was wrong, or why a run is not solved; for ``evidence`` and ``revision`` in words.
        count: Ballots that this event stands for: several only where all of a race agreed and no reply was kept. For
            ``shared``: steps.
        lead: Lead that was asked for.
        way: Level of the escalation.
        alarms: Alarms that the step raised.
        tool: Name of the tool whose result it is.
        arguments: What the tool was given, as JSON that may be cut short.
        elements: For ``children``: path elements. For ``revision``: those of the children that are given up with it,
            whose work is cancelled. For ``evidence``: the node's own, where it ended the node.
        remembered: Whether the verdict came from the cache of answers, so that nothing was asked.
        by_person: Whether a person decided.
    """

    id: int
    what: What
    node: str = "root"
    part: str = ""
    attempt: int = 0
    number: int = 0
    after: tuple[int, ...] = ()
    kind: str = ""
    role: str = ""
    system: str = ""
    prompt: str = ""
    text: str | None = None
    candidate: str | None = None
    flag: str = ""
    why: str = ""
    count: int = 1
    lead: int = 0
    way: str = ""
    alarms: tuple[str, ...] = ()
    tool: str = ""
    arguments: str = ""
    elements: tuple[int, ...] = ()
    remembered: bool = False
    by_person: bool = False

    @property
    def place(self) -> tuple[str, str, int, int]:
        """The step that the event belongs to: node, part, attempt and number."""
        return self.node, self.part, self.attempt, self.number


def path_of(node: str) -> tuple[int, ...]:
    """Return the path of a node from its name.

    Raises:
        ValueError: It is no name of a node.
    """
    return () if node == "root" else tuple(map(int, node.split(".")))
