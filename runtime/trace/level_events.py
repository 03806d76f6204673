"""The events that level switching is measured from, as plain values."""

from typing import Literal

import msgspec

from surefoot.decompose.plan import Path
from surefoot.runtime.report.plan_history import Levels, VersionSpan

__all__ = ("LevelEvent", "Levels", "VersionSpan")

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
