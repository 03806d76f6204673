"""The events that level switching is measured from, and the measures that come of them, as plain values."""

from typing import Literal

import msgspec

from surefoot.decompose.plan import Path

What = Literal["step", "decomposition", "evidence", "revision"]
"""A step executes. The others are about the plan: a version was made, something speaks for or against it, it was given
up."""


class LevelEvent(msgspec.Struct, frozen=True):
    """One event of a run, as far as it matters between which levels work goes back and forth.

    Attributes:
        what: Kind of the event.
        path: Node of the step or of the plan; for evidence the node that it came from.
        count: Steps that this event stands for.
        version: Of a decomposition the version made, 0-based; of a revision the version given up.
        says: What the version says or takes for granted, untrusted: equal texts are the same plan; empty if unknown.
        refutes: Of evidence: whether it speaks against the plan.
        triggers: Of a revision: nodes that its evidence came from; empty if unknown.
        children: Of a decomposition and of a revision: path elements of the version's children, as far as known.
        affected: Of a revision: those of them that its evidence speaks against, or that read one of these; ``None`` if
            unknown.
        why: Of a revision: in words, untrusted.
    """

    what: What
    path: Path
    count: int = 1
    version: int = 0
    says: str = ""
    refutes: bool = True
    triggers: tuple[Path, ...] = ()
    children: tuple[int, ...] = ()
    affected: tuple[int, ...] | None = None
    why: str = ""


class VersionSpan(msgspec.Struct, frozen=True):
    """One version of a node's plan along the run.

    Attributes:
        path: The node.
        version: 0-based.
        start: Steps that the run had committed when it was made.
        end: The same when it was given up; ``None`` if it never was.
        kept: Children taken over from the version before.
        evidence: Steps that the run had committed when each piece of evidence against it was durable.
        why: What gave it up, in words; untrusted.
    """

    path: Path
    version: int
    start: int
    end: int | None = None
    kept: int = 0
    evidence: tuple[int, ...] = ()
    why: str = ""


class Levels(msgspec.Struct, frozen=True):
    """How a run went back and forth between planning and execution. Counts are of the whole run.

    Attributes:
        steps: Steps committed, those of versions that were given up included.
        decompositions: Versions of plans.
        evidence: Reports about what a plan takes for granted, broken promises among them.
        unanswered: Those of them that speak against a plan and revised none.
        revisions: Versions that were given up.
        switches: Changes of level: down to the first step right below a version, up with each revision.
        switch_rate: Switches a step; 0 without steps.
        latency: Steps committed below a revised node between the evidence and its revision: the mean over those
            revisions whose evidence is known; ``None`` without any.
        latency_most: The most of any revision.
        stale_steps: Those of these steps that the next version did not go on with, over all revisions.
        stability: Share of begun children that nothing spoke against and that the next version goes on with; ``None``
            if no revision left any.
        replaced: The others: how many unaffected children were replaced.
        depth: Mean length of the revised nodes' paths; ``None`` without revisions.
        depths: Revisions by that length.
        thrash: Versions that say the same as an earlier one of their node, which was given up.
        sketches: Nodes with a plan of their own, without those below children that were given up.
        refined: Those of them that evidence from below gave another version.
        refined_share: Their share; ``None`` without any.
    """

    steps: int = 0
    decompositions: int = 0
    evidence: int = 0
    unanswered: int = 0
    revisions: int = 0
    switches: int = 0
    switch_rate: float = 0.0
    latency: float | None = None
    latency_most: int | None = None
    stale_steps: int = 0
    stability: float | None = None
    replaced: int = 0
    depth: float | None = None
    depths: dict[str, int] = {}
    thrash: int = 0
    sketches: int = 0
    refined: int = 0
    refined_share: float | None = None
