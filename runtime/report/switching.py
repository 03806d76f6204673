"""How a run went back and forth between plan and steps: measured from the records of its journal alone.

A benchmark's score does not show whether a plan follows what is found; these figures do. All of them count voted steps,
in the order in which the journal holds them; nothing of the task is run.
"""

from collections.abc import Iterable, Sequence

import msgspec

from surefoot.decompose.plan import Path
from surefoot.decompose.revision import Revision
from surefoot.runtime.journal.plan_versions import evidence_in, records_of, revision_in
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.records import EVIDENCE, REVISED, Record

FIRST = range(1024)
"""Path elements that the children of a first version may have; see ``runtime/execution/children.py``."""


class Switching(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal says of one run's plans and steps.

    Attributes:
        steps: Voted steps that were decided, dropped ones included.
        switches: Changes between work on a plan (deciding or revising one) and work on steps.
        revisions: Versions of plans that were given up.
        latency: Voted steps between a report of evidence and the revision that it made, each.
        depth: Levels from the node that reported evidence up to the node whose plan it revised, each.
        moved: Parts that had begun, do not rest on what was refuted, and are not taken over: the edit distance of
            unaffected nodes between versions. 0 is a plan that stays stable.
        thrash: Versions that take for granted what the version before the last did, and the last did not.
        planned: Nodes below the root whose own plan was asked for: their parent's plan was a sketch there.
        refined: Those of them whose plan was revised by what was found below them.
        dropped_steps: Voted steps of parts that the newest versions do not hold.
        late_steps: Steps of parts resting on an assumption, journalled after the evidence that refuted it.
    """

    steps: int = 0
    switches: int = 0
    revisions: int = 0
    latency: tuple[int, ...] = ()
    depth: tuple[int, ...] = ()
    moved: int = 0
    thrash: int = 0
    planned: int = 0
    refined: int = 0
    dropped_steps: int = 0
    late_steps: int = 0

    @property
    def rate(self) -> float:
        """Switches between levels for each voted step."""
        return self.switches / max(1, self.steps)


def switching_in(journal: JournalReader) -> Switching:
    """Return the figures of a run, from its journal.

    Raises:
        JournalError: It cannot be read.
    """
    return switching_of(records_of(journal))


def switching_of(records: Iterable[Record]) -> Switching:
    """Return the figures of records in the order in which they were written."""
    tally = _Tally()
    for record in records:
        tally.take(record)
    return tally.figures()


class _Tally:
    """What has to be known of the records so far."""

    def __init__(self) -> None:
        self.steps = self.switches = 0
        self.at_plan: bool | None = None
        self.begun: dict[Path, list[int]] = {}
        self.reported: dict[Path, int] = {}
        self.revisions: dict[Path, list[Revision]] = {}
        self.latency: list[int] = []
        self.children: dict[tuple[Path, int], tuple[int, ...]] = {}
        self.planned: set[Path] = set()

    def take(self, record: Record) -> None:
        """Count one record."""
        if record.part == "run" and record.k:
            self.steps += len(record.entries)
            self.begun.setdefault(record.path, []).extend([self.steps] * len(record.entries))
            self._switch(at_plan=False)
        elif record.part == "split":
            self.steps += len(record.entries)
            self.planned.add(record.path)
            self._switch(at_plan=True)
        elif record.part == EVIDENCE and any(one.refutes for one in evidence_in(record)):
            self.reported.setdefault(record.path, self.steps)
        elif record.part == REVISED:
            self._revise(record.path, revision_in(record))
        elif record.part == "children":
            self.children[record.path, record.attempt] = record.children

    def _switch(self, *, at_plan: bool) -> None:
        self.switches += self.at_plan is not None and self.at_plan != at_plan
        self.at_plan = at_plan

    def _revise(self, path: Path, revision: Revision) -> None:
        self._switch(at_plan=True)
        self.revisions.setdefault(path, []).append(revision)
        seen = [self.reported[one.source] for one in revision.triggers if one.source in self.reported]
        if revision.because == "evidence" and seen:
            self.latency.append(self.steps - min(seen))

    def figures(self) -> Switching:
        """Return the figures."""
        every = [(path, one) for path, found in sorted(self.revisions.items()) for one in found]
        below = self.planned - {()}
        return Switching(
            steps=self.steps,
            switches=self.switches,
            revisions=len(every),
            latency=tuple(self.latency),
            depth=tuple(len(one.source) - len(path) for path, revised in every for one in revised.triggers[:1]),
            moved=sum(self._moved(path, one) for path, one in every),
            thrash=sum(_thrash(found) for found in self.revisions.values()),
            planned=len(below),
            refined=len(below & set(self.revisions)),
            dropped_steps=sum(self._dropped(path) for path in self.revisions),
            late_steps=sum(self._late(path, one) for path, one in every),
        )

    def _elements(self, path: Path, version: int) -> Sequence[int]:
        return self.children.get((path, version)) or (FIRST if not version else ())

    def _parts(self, path: Path) -> dict[int, list[int]]:
        """Moments of the steps below each part of a node, by its path element."""
        parts: dict[int, list[int]] = {}
        for node, moments in self.begun.items():
            if len(node) > len(path) and node[: len(path)] == path:
                parts.setdefault(node[len(path)], []).extend(moments)
        return parts

    def _moved(self, path: Path, revision: Revision) -> int:
        """Begun parts of a version that nothing was found against and that the next version does not take over."""
        following = self.children.get((path, revision.version))
        if following is None or revision.because != "evidence":
            return 0
        stood = set(self._elements(path, revision.parent)) - set(revision.dropped)
        return len((stood & set(self._parts(path))) - set(following))

    def _dropped(self, path: Path) -> int:
        newest = max(one.version for one in self.revisions[path])
        last = max((version for node, version in self.children if node == path), default=newest)
        alive = self._elements(path, last)
        return sum(len(moments) for element, moments in self._parts(path).items() if element not in alive)

    def _late(self, path: Path, revision: Revision) -> int:
        """Steps of parts that rest on what was refuted, after the report; the report's own step is not one."""
        seen = [self.reported[one.source] for one in revision.triggers if one.source in self.reported]
        if not seen or revision.because != "evidence":
            return 0
        sources = {one.source[: len(path) + 1] for one in revision.triggers}
        late = 0
        for node, moments in self.begun.items():
            if node[: len(path)] == path and node[len(path) : len(path) + 1] and node[len(path)] in revision.dropped:
                own = node[: len(path) + 1] in sources
                late += 0 if own else sum(moment > min(seen) for moment in moments)
        return late


def _thrash(revisions: Sequence[Revision]) -> int:
    """Versions that go back to what was taken for granted two versions before."""
    taken = [frozenset(map(str, one.rests_on)) for one in sorted(revisions, key=lambda one: one.parent)]
    return sum(one == third != other for one, other, third in zip(taken, taken[1:], taken[2:], strict=False))
