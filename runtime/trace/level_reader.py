"""Reads a journal as the events that level switching is measured from, in the order in which they became durable.

A batch holds the steps of several nodes side by side, without their order; they stand in plan order here, which the
measures do not depend on. Evidence was made durable at once and is the last of its batch; a revision is the first. A
broken promise is evidence where its segment's end says so, and a revision of the plan that stated it. A segment that
breaks a promise within itself keeps no word of when: its revision has no known evidence. The journal alone is read, and
no task's code is run.
"""

import pathlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from surefoot.decompose.plan import Path
from surefoot.runtime.execution.children import ATTEMPT
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.plan_versions import evidence_in, revision_in
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.payloads import unpack, winner
from surefoot.runtime.records import EVIDENCE, REVISED, Contradicted, Entry, Record
from surefoot.runtime.report.plan_history import PlanHistory
from surefoot.runtime.trace.examples import digest_of
from surefoot.runtime.trace.level_events import LevelEvent, Levels
from surefoot.runtime.trace.level_switching import LevelSwitching, levels_of
from surefoot.runtime.trace.record_order import in_plan_order

LONGEST = 200
"""Characters of why a version was given up."""


def levels_in(journal: JournalReader, rule: str) -> Levels:
    """Return how a run went back and forth between planning and execution.

    Args:
        journal: Open.
        rule: Name of the rule that the run's races were decided by.

    Raises:
        JournalError: It cannot be read.
    """
    return levels_of(level_events(journal, rule))


def levels_at(directory: pathlib.Path) -> Levels | None:
    """Return the measures of a run, or ``None`` where its totals say that nothing spoke about its plans.

    Args:
        directory: The run directory.

    Raises:
        RunDirectoryError: Not a run directory.
        JournalError: The journal cannot be read.
    """
    found = history_at(directory)
    return None if found is None else found.levels


def history_at(directory: pathlib.Path) -> PlanHistory | None:
    """Return how the plans of a run changed, or ``None`` where its totals say that nothing spoke about them.

    Args:
        directory: The run directory.

    Raises:
        RunDirectoryError: Not a run directory.
        JournalError: The journal cannot be read.
    """
    config = read_config(directory, whole=False)
    journal = open_journal(directory, write=False)
    try:
        counts, found = journal.totals, LevelSwitching()
        if not counts.broken_promises + counts.evidence + counts.revisions:
            return None
        for event in level_events(journal, config.rule):
            found.add(event)
    finally:
        journal.close()
    return PlanHistory(found.levels(), found.versions())


def level_events(journal: JournalReader, rule: str) -> Iterator[LevelEvent]:
    """Yield the events of a run in the order in which they became durable.

    Args:
        journal: Open.
        rule: Name of the rule that the run's races were decided by.

    Raises:
        JournalError: It cannot be read.
    """
    return _Reader(journal, rule).events()


class _Reader:
    """Turns batches into events. What is held is a few numbers for each node, and nothing for a step."""

    def __init__(self, journal: JournalReader, rule: str) -> None:
        self._journal, self._rule = journal, rule
        self._known: Counter[tuple[Path, str, int]] = Counter()
        """Steps of each attempt that have come; a session that goes on may write some again."""
        self._begun: defaultdict[Path, set[int]] = defaultdict(set)
        """Path elements of the children of each node that have begun."""
        self._children: dict[Path, tuple[int, ...]] = {}
        """Path elements of the newest version, where a record says them."""
        self._asked: dict[Path, LevelEvent] = {}
        """Later versions that are told once it is known which children they go on with."""
        self._reported: set[tuple[Path, str, int, int]] = set()
        """Steps whose evidence has come."""
        self._untrue: list[Path] = []
        """Nodes that contradicted their promise, and revised nothing yet."""

    def events(self) -> Iterator[LevelEvent]:
        outcomes = self._journal.outcomes().items()
        # Those with evidence about an assumption have a record of it.
        ended = {key: one for key, one in outcomes if isinstance(one, Contradicted) and one.evidence is None}
        left = {key: len(self._journal.payloads(key)) for key in ended}
        splits: set[Path] = set()
        for segment, payload in self._journal.written():
            for record in _in_order(unpack(payload), splits):
                if record.part == "broken" and "#" in segment and segment in ended:  # no decomposition was decided
                    yield self._contradiction(ended.pop(segment))
                yield from self._of(record)
            left[segment] = left.get(segment, 0) - 1
            if segment in ended and not left[segment] and "#" not in segment:
                yield self._contradiction(ended[segment])
        yield from self._asked.values()

    def _of(self, record: Record) -> Iterator[LevelEvent]:
        if record.part == "run":
            yield from self._steps(record)
        elif record.part == "split":
            yield from self._split(record)
        elif record.part == "children":
            yield self._version(record)
        elif record.part == "broken":
            yield from self._broken(record)
        elif record.part == EVIDENCE:
            yield from self._evidence(record)
        elif record.part == REVISED:
            yield from self._revised(record)

    def _steps(self, record: Record) -> Iterator[LevelEvent]:
        if not self._new(record):
            return
        path = self._begin(record.path)
        for length in range(len(path)) if self._asked else ():
            made = self._asked.get(path[:length])
            if made is not None and path[length] >= made.version * ATTEMPT:  # else it is of an earlier version
                yield self._asked.pop(path[:length])
        yield LevelEvent("step", path, self._new(record, take=True))

    def _split(self, record: Record) -> Iterator[LevelEvent]:
        if not record.entries or not self._new(record, take=True):
            return
        path = self._begin(record.path)
        made = LevelEvent("decomposition", path, version=record.attempt, says=_says(record.entries[0], self._rule))
        if record.attempt:
            self._asked[path] = made
        else:
            yield made

    def _version(self, record: Record) -> LevelEvent:
        path = record.path
        asked = self._asked.pop(path, None)
        self._children[path] = record.children
        says = asked.says if asked is not None and asked.version == record.attempt else ""
        return LevelEvent("decomposition", path, version=record.attempt, says=says, children=record.children)

    def _broken(self, record: Record) -> Iterator[LevelEvent]:
        path = record.path
        if path in self._asked:
            yield self._asked.pop(path)
        triggers = tuple(one for one in self._untrue if one[: len(path)] == path)
        self._untrue = [one for one in self._untrue if one not in triggers]
        children = self._current(path, record.attempt)
        yield LevelEvent(
            "revision", path, version=record.attempt, triggers=triggers, children=children, why="a promise was broken"
        )

    def _evidence(self, record: Record) -> Iterator[LevelEvent]:
        place = (record.path, record.part, record.attempt, record.first)
        if place not in self._reported:
            self._reported.add(place)
            yield from (LevelEvent("evidence", record.path, refutes=one.refutes) for one in evidence_in(record))

    def _revised(self, record: Record) -> Iterator[LevelEvent]:
        path, revision = record.path, revision_in(record)
        if path in self._asked:
            yield self._asked.pop(path)
        began = revision.because == "evidence"  # else the version was given up before any child of its began
        yield LevelEvent(
            "revision",
            path,
            version=revision.parent,
            says=digest_of(*sorted(map(str, revision.rests_on))) if revision.rests_on else "",
            triggers=tuple(report.source for report in revision.triggers),
            children=self._current(path, revision.parent) if began else (),
            affected=revision.dropped if began else None,
            why=str(revision)[:LONGEST],
        )

    def _contradiction(self, outcome: Contradicted) -> LevelEvent:
        self._untrue.append(outcome.path)
        return LevelEvent("evidence", outcome.path)

    def _current(self, path: Path, version: int) -> tuple[int, ...]:
        """Path elements of a version's children that have begun."""
        begun = self._begun.get(path, set())
        known = self._children.get(path)
        return tuple(sorted(begun & set(known) if known is not None else {e for e in begun if e >= version * ATTEMPT}))

    def _begin(self, path: Path) -> Path:
        for length in range(len(path)):
            self._begun[path[:length]].add(path[length])
        return path

    def _new(self, record: Record, *, take: bool = False) -> int:
        """How many steps of a record have not come before; if taken, they count as come from now on."""
        key = (record.path, record.part, record.attempt)
        end = record.first + len(record.entries)
        found = max(0, end - max(record.first, self._known[key]))
        if take:
            self._known[key] = max(self._known[key], end)
        return found


def _in_order(records: Iterable[Record], splits: set[Path]) -> list[Record]:
    """The records of a batch: versions that were given up before it, what was done, and what was found at its end."""
    known = list(records)
    found = [one for one in known if one.part == EVIDENCE]
    others = [one for one in known if one.part not in (EVIDENCE, REVISED)]
    left, told = in_plan_order(others, splits), list[Record]()
    for revised in sorted((one for one in known if one.part == REVISED), key=lambda one: (one.path, one.attempt)):
        told += [*(one for one in left if _is_of(one, revised)), revised]
        left = [one for one in left if not _is_of(one, revised)]
    return [*told, *left, *found]


def _is_of(record: Record, revised: Record) -> bool:
    """Whether a record made a version of a plan that was given up, or one before."""
    made = record.part in ("split", "children") and record.attempt <= revised.attempt
    return made and record.path == revised.path


def _says(entry: Entry, rule: str) -> str:
    """What stands for the text of a decomposition; empty where its ballots decide nothing."""
    try:
        return digest_of(winner(entry, rule))
    except ValueError:
        return ""
