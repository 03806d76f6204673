"""The versions of a plan: an immutable chain in which each names its parent and what made it necessary."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from surefoot.decompose.assumptions import Assumption, Evidence, Findings
from surefoot.decompose.plan import Path

When = Literal["at-once", "end-of-pass", "never"]
"""When evidence revises a plan: as soon as it is durable, once all parts of the plan have ended, or not at all."""
Because = Literal["evidence", "restated", "undecided"]
"""Why a version was given up: evidence against it, an assumption that was refuted before, or no decided plan."""


class Report(msgspec.Struct, frozen=True):
    """Evidence with the node that it came from.

    Attributes:
        source: The node whose step said it.
        evidence: What it said.
    """

    source: tuple[int, ...]
    evidence: Evidence


class Revision(msgspec.Struct, frozen=True):
    """Why one version of a node's plan was given up for the next; what the journal keeps of it.

    Attributes:
        parent: Number of the version that was given up, 0-based.
        because: What kind of reason.
        triggers: The reports that gave the reason, in the order in which they came; at least one.
        rests_on: What the version that was given up took for granted.
        dropped: Path elements of its children that rest on what was refuted, and of those that read them.
    """

    parent: int
    because: Because
    triggers: tuple[Report, ...]
    rests_on: tuple[Assumption, ...] = ()
    dropped: tuple[int, ...] = ()

    @property
    def version(self) -> int:
        """Number of the version that follows."""
        return self.parent + 1

    def __str__(self) -> str:
        why = "; ".join(str(report.evidence) for report in self.triggers)
        return why if self.because == "evidence" else f"{self.because}: {why}"


class PlanVersion(msgspec.Struct, frozen=True):
    """One version of one node's plan.

    Attributes:
        path: The node.
        version: 0-based.
        parent: Version before it; ``None`` for the first.
        trigger: The revision that made it; ``None`` for the first.
    """

    path: Path
    version: int = 0
    parent: int | None = None
    trigger: Revision | None = None


class StaleRevision(ValueError):
    """A revision of a version that is not the newest any more."""


class VersionChain(msgspec.Struct, frozen=True):
    """All versions of one node's plan. A value: a revision gives a new chain.

    Attributes:
        versions: The first one first.
    """

    versions: tuple[PlanVersion, ...]

    @property
    def head(self) -> PlanVersion:
        """The newest version."""
        return self.versions[-1]

    @property
    def findings(self) -> Findings:
        """What was found against all versions but the newest."""
        return findings_of(one.trigger for one in self.versions if one.trigger is not None)

    def revised(self, revision: Revision) -> "VersionChain":
        """Return the chain with one version more: compare and swap on the number of the version.

        Raises:
            StaleRevision: The revision is about another version than the newest.
        """
        head = self.head
        if revision.parent != head.version:
            raise StaleRevision(f"version {revision.parent} is revised, and the newest is {head.version}")
        following = PlanVersion(head.path, head.version + 1, head.version, revision)
        return VersionChain((*self.versions, following))


def first_version(path: Path) -> VersionChain:
    """Return the chain of a plan that was not revised yet."""
    return VersionChain((PlanVersion(path),))


def findings_of(revisions: Iterable[Revision]) -> Findings:
    """Return what revisions found out, in order; a plan that only restates what was refuted finds nothing."""
    given_up = [one for one in revisions if one.because == "evidence"]
    evidence = tuple(report.evidence for one in given_up for report in one.triggers)
    return Findings(evidence, given_up[-1].rests_on if given_up else ())
