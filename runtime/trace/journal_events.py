"""Reads a journal as the events of its run in causal order: nothing refers to what comes later.

Segments come in the order of their first batch, batches in the order written, entries of a batch in plan order. That a
decomposition of the coordinator's did not hold is filed with the decomposition; here it comes when it happened, before
the decomposition is asked again. The journal alone is read: no task's code is needed, and none is run.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from surefoot.decompose.plan import Path, node_name
from surefoot.runtime.journal.plan_versions import evidence_in, revision_in
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.journal.rows import Outcome
from surefoot.runtime.kept_step import KeptStep
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import (
    ASIDE,
    EVIDENCE,
    FAILED_NODES,
    REVIEWED,
    REVISED,
    SHARED,
    TOOL,
    Contested,
    Finished,
    Record,
)
from surefoot.runtime.trace.events import Event
from surefoot.runtime.trace.race_events import StepEntry, race_events
from surefoot.runtime.trace.record_order import Item, items_of

NOTES = {
    "broken": "conviction", "children": "children", "mended": "mended", "failed": "failure", "intent": "intent",
    SHARED: "shared", ASIDE: "aside", REVIEWED: "review", EVIDENCE: "evidence", REVISED: "revision",
}  # fmt: skip
"""Parts of records that are one event each, and what the event is called."""

MOST_RETRIES = 1024
"""Runs of a chain that are told to have failed where its next one is met; a received journal may claim any number."""

Chain = tuple[Path, int, int]
"""Node, attempt, and number of the step within the attempt."""


def events_of(journal: JournalReader, rule: str) -> Iterator[Event]:
    """Yield every event of a run in causal order, with no more than one segment's replies held at a time.

    Args:
        journal: Open.
        rule: Name of the rule that the run's races were decided by.

    Raises:
        JournalError: It cannot be read.
    """
    return _Trace(journal, rule).events()


class _Segment(msgspec.Struct):
    """What is held while one segment is read.

    Attributes:
        replies: Prompts and replies whose step has not come yet, by place.
        tools: Tool and arguments whose result has not come yet, by place.
        known: Steps of each attempt that have come; a session that goes on may write some again.
        rows: Rows that have come.
        splits: Nodes that were split.
        latest: Last event of each node.
        last: Last event of the segment.
    """

    replies: dict[Chain, list[KeptStep]] = {}
    tools: dict[Chain, tuple[str, str]] = {}
    known: Counter[tuple[Path, str, int]] = msgspec.field(default_factory=Counter)
    rows: set[tuple[Path, int]] = set()
    splits: set[Path] = set()
    latest: dict[Path, int] = {}
    last: int | None = None


class _Trace:
    """Turns records into events, and gives these their ids."""

    def __init__(self, journal: JournalReader, rule: str) -> None:
        self._journal, self._rule = journal, rule
        self._next = 0
        self._split: dict[Path, int] = {}
        """Last event of the nodes that the coordinator split."""
        self._waiting: dict[Path, list[Item]] = {}
        """Notes about decompositions of the coordinator's that are told when the decomposition is asked again."""
        self._broken: list[tuple[Path, int]] = []
        """Segments that contradicted their promise, with the event that says so."""
        self._evidence: dict[Path, list[int]] = {}
        """Events of evidence by the node that it came from."""
        self._told: set[tuple[Path, str, int, int]] = set()
        """Evidence and revisions that have come; a session that goes on may write some again."""

    def events(self) -> Iterator[Event]:
        outcomes = self._journal.outcomes()
        segments = self._journal.segments()
        for key in segments:
            if key != FAILED_NODES:
                yield from self._of_segment(key, outcomes.get(key))
        for path in list(self._waiting):
            yield from self._notes_of(path)
        if FAILED_NODES in segments:
            yield from self._of_segment(FAILED_NODES, None)
        status, message = self._journal.meta("status"), self._journal.meta("message")
        if status is not None:
            yield self._event((), None, (), what="end", candidate=str(status), why=str(message or ""))

    def _of_segment(self, key: str, outcome: Outcome | None) -> Iterator[Event]:
        alone = "#" in key  # a decomposition that the coordinator asked for
        segment = _Segment()
        for payload in self._journal.payloads(key):
            records = unpack(payload)
            _take_aside(segment, records)
            for item in items_of(records, segment.splits):
                path = item.record.path
                if alone and item.record.part in ("broken", "children", "mended", REVISED):
                    self._waiting.setdefault(path, []).append(item)
                    continue
                if alone:
                    yield from self._notes_of(path)
                yield from self._of_item(segment, item)
                if alone and path in segment.latest:
                    self._split[path] = segment.latest[path]
        yield from self._left_over(segment)
        if outcome is not None and not alone:
            yield from self._ending(key, segment, outcome)

    def _notes_of(self, path: Path) -> Iterator[Event]:
        """Notes that wait: the news that a decomposition did not hold follows from what contradicted it."""
        for item in self._waiting.pop(path, ()):
            if item.record.part == REVISED:
                for event in self._revised(item.record, self._split.get(path)):
                    self._split[path] = event.id
                    yield event
                continue
            below = [number for broken, number in self._broken if broken[: len(path)] == path]
            known = self._split.get(path)
            after = below[-1:] if item.record.part == "broken" and below else [] if known is None else [known]
            event = self._note(item, tuple(after))
            self._split[path] = event.id
            yield event

    def _of_item(self, segment: _Segment, item: Item) -> Iterator[Event]:
        record, path = item.record, item.record.path
        if record.part in (EVIDENCE, REVISED):
            told = self._found(segment, record) if record.part == EVIDENCE else self._revised(record, segment.last)
            yield from (self._noted(segment, path, event) for event in told)
            return
        if record.part in NOTES:
            before = segment.last if record.part in ("broken", "mended", "failed") else None
            after = (before,) if before is not None else self._parents(segment, path)
            yield self._noted(segment, path, self._note(item, after))
            return
        if _is_known(segment, item):
            return
        yield from self._retried(segment, item)
        if item.entry is None:
            return
        if isinstance(item.entry, str) and not record.k:
            yield self._noted(segment, path, self._result(segment, item))
            return
        yield from self._race(segment, item)

    def _found(self, segment: _Segment, record: Record) -> Iterator[Event]:
        """What a step said about assumptions, one event each."""
        if self._again(record):
            return
        for number, evidence in enumerate(evidence_in(record)):
            own = record.path[-1:] if number in record.children else ()
            told = {"candidate": str(record.entries[number]), "why": str(evidence), "elements": own}
            after = self._parents(segment, record.path)
            place = {"attempt": record.attempt, "number": record.first}
            event = self._event(record.path, "run", after, what="evidence", **told, **place)
            self._evidence.setdefault(record.path, []).append(event.id)
            yield event

    def _revised(self, record: Record, last: int | None) -> Iterator[Event]:
        """That a version of a plan was given up: it follows from the evidence against it."""
        if self._again(record):
            return
        revision = revision_in(record)
        triggers = {number for one in revision.triggers for number in self._evidence.get(one.source, ())[-1:]}
        after = tuple(sorted(triggers | ({last} if last is not None else set())))
        told = {"candidate": str(record.entries[0]), "why": str(revision), "elements": revision.dropped}
        yield self._event(record.path, "split", after, what="revision", attempt=record.attempt, **told)

    def _again(self, record: Record) -> bool:
        """Whether a record of evidence or of a revision has come before; if not, it counts as come from now on."""
        key = (record.path, record.part, record.attempt, record.first)
        known = key in self._told
        self._told.add(key)
        return known

    def _retried(self, segment: _Segment, item: Item) -> Iterator[Event]:
        """That a chain did not return its promise and is run again, told where its next run begins."""
        record, path = item.record, item.record.path
        if record.part not in ("run", "undecided") or not record.attempt or path in segment.splits:
            return
        if segment.known[path, "retry", 0] >= record.attempt:
            return
        first = max(segment.known[path, "retry", 0], record.attempt - MOST_RETRIES)
        for attempt in range(first, record.attempt):
            for what, told in (("seam broke", attempt), ("retry", attempt + 1)):
                after = self._parents(segment, path)
                yield self._noted(segment, path, self._event(path, "run", after, what=what, attempt=told))
        segment.known[path, "retry", 0] = record.attempt

    def _result(self, segment: _Segment, item: Item) -> Event:
        record = item.record
        tool, arguments = segment.tools.pop((record.path, record.attempt, item.number), ("", ""))
        more = {"attempt": record.attempt, "number": item.number, "tool": tool, "arguments": arguments}
        after = self._parents(segment, record.path, with_children=True)
        return self._event(record.path, record.part, after, what="result", candidate=str(item.entry), **more)

    def _race(self, segment: _Segment, item: Item) -> Iterator[Event]:
        """The events of one question: each follows from the question, and the verdict from all ballots."""
        record, path = item.record, item.record.path
        kept = tuple(segment.replies.pop((path, record.attempt, item.number), ()))
        part = record.part
        if part == "undecided":
            part = "split" if path in segment.splits else "run"
        assert item.entry is not None
        decided = None if record.part == "sample" else record.part != "undecided"
        step = StepEntry(item.entry, record.k, decided, kept)
        after = () if record.part in ("rows", "sample") else self._parents(segment, path)
        more = {"attempt": record.attempt, "number": item.number}
        question, drawn, event = -1, list[int](), None
        for told in race_events(step, self._rule):
            if question < 0:
                event = self._event(path, part, after, **told, **more)
                question = event.id
            else:
                ends = told["what"] in ("verdict", "undecided")
                event = self._event(path, part, tuple(drawn) if ends else (question,), **told, **more)
                drawn.append(event.id)
            yield event
        assert event is not None
        self._noted(segment, path, event)

    def _left_over(self, segment: _Segment) -> Iterator[Event]:
        """Replies that were kept of steps that the journal does not hold: their worker died first."""
        for (path, attempt, number), steps in segment.replies.items():
            for kept in steps:
                place = {"attempt": attempt, "number": number}
                asked = {"kind": kept.kind, "role": kept.role, "system": kept.system, "prompt": kept.user}
                question = self._event(path, "", self._parents(segment, path), what="question", **asked, **place)
                yield question
                for reply in kept.replies:
                    read = {"flag": reply.flag, "why": reply.read} if reply.flag else {"candidate": reply.read}
                    yield self._event(path, "", (question.id,), what="reply", text=reply.text, **read, **place)

    def _ending(self, key: str, segment: _Segment, outcome: Outcome) -> Iterator[Event]:
        path = segment_path(key)
        if path is None:
            return
        after = () if segment.last is None else (segment.last,)
        if isinstance(outcome, Finished):
            output = msgspec.json.encode(outcome.output, order="sorted").decode()
            yield self._event(path, "", after, what="seam held", candidate=output)
            return
        event = self._event(outcome.path, "", after, what="contradiction", why=outcome.detail)
        self._broken.append((path, event.id))
        yield event

    def _note(self, item: Item, after: tuple[int, ...]) -> Event:
        record = item.record
        more: dict[str, Any] = {"attempt": record.attempt, "number": record.first}
        if record.part == SHARED:
            more["count"] = record.k
        if record.part == "children":
            more["elements"] = record.children
        if record.part in ("failed", "intent") and record.entries:
            more["candidate"] = str(record.entries[0])
        if record.part == REVIEWED and record.entries and isinstance(record.entries[0], Contested):
            more["candidate"] = record.entries[0].decided
        part = "split" if record.part in ("broken", "children", "mended") else ""
        return self._event(record.path, part, after, what=NOTES[record.part], **more)

    def _parents(self, segment: _Segment, path: Path, *, with_children: bool = False) -> tuple[int, ...]:
        """The event that a question of a node follows from: the node's last one, else that of a node above it."""
        if with_children and segment.last is not None and segment.last != segment.latest.get(path):
            return tuple(sorted({segment.last, *self._parents(segment, path)}))
        for length in range(len(path), -1, -1):
            found = segment.latest.get(path[:length], self._split.get(path[:length]))
            if found is not None:
                return (found,)
        return ()

    def _noted(self, segment: _Segment, path: Path, event: Event) -> Event:
        segment.latest[path] = segment.last = event.id
        return event

    def _event(self, path: Path, part: str | None, after: tuple[int, ...], **told: Any) -> Event:
        event = Event(self._next, node=node_name(path), part=part or "", after=after, **told)
        self._next += 1
        return event


def _take_aside(segment: _Segment, records: Iterable[Record]) -> None:
    """Hold the replies and the names of tools of a batch until the steps come that they belong to."""
    for record in records:
        place = (record.path, record.attempt, record.first)
        if record.part == "replies" and record.kept is not None:
            segment.replies.setdefault(place, []).append(record.kept)
        elif record.part == TOOL and record.entries:
            segment.tools[place] = (str(record.entries[0]), str(record.entries[-1]))


def _is_known(segment: _Segment, item: Item) -> bool:
    """Whether a step has come before; if not, it counts as come from now on."""
    record, number = item.record, item.number
    if item.entry is None or record.part not in ("run", "split", "rows"):
        return False
    if record.part == "rows":
        known = (record.path, number) in segment.rows
        segment.rows.add((record.path, number))
        return known
    key = (record.path, record.part, record.attempt)
    known = number < segment.known[key]
    segment.known[key] = max(segment.known[key], number + 1)
    return known


def segment_path(key: str) -> Path | None:
    """Return the path of the node that a segment is about; ``None`` for what is no part of the plan."""
    name = key.removeprefix("/").partition("#")[0]
    if not key.startswith("/") or not name:
        return () if key.startswith("/") else None
    parts = name.split(".")
    # int() would take blanks and signs, and fail at very long numbers: a received journal may have any key.
    return tuple(map(int, parts)) if all(one.isascii() and one.isdigit() and len(one) < 20 for one in parts) else None
