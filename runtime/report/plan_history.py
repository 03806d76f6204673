"""How a run's plans changed: what is measured of going back and forth between levels, and their versions, as values."""

import msgspec

from surefoot.decompose.plan import Path


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
        stale_steps: Those of these steps that rest on what the evidence refuted, over all revisions; where that is
            unknown those that the next version did not go on with.
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


class PlanHistory(msgspec.Struct, frozen=True):
    """How a run's plans changed, for a page.

    Attributes:
        levels: What is measured.
        versions: Of every plan that was revised, nodes in plan order.
    """

    levels: Levels
    versions: list[VersionSpan] = []
