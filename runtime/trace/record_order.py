"""Puts the entries of one batch into the order in which they can have happened.

A batch holds notes before the steps that they are about, and the steps of several nodes side by side. The order of the
plan is one in which everything can have happened: a decomposition, its children, the news that it did not hold, the
next decomposition; a step of a chain behind the sub-plan whose outputs it is.
"""

from collections.abc import Iterable, Iterator

import msgspec

from surefoot.decompose.plan import Path
from surefoot.runtime.errors import JournalError
from surefoot.runtime.execution.children import ATTEMPT
from surefoot.runtime.execution.plan_runner import DEEPEST
from surefoot.runtime.records import ASIDE, EVIDENCE, REVIEWED, REVISED, SHARED, SUB_PLANS, Entry, Record

Order = tuple[tuple[int, int], ...]

STEP_PARTS = ("run", "split", "rows", "sample", "undecided")
"""Parts of records whose entries are questions with their ballots, or results that nobody votes on."""
NOTE_PARTS = ("broken", "children", "mended", "failed", "intent", SHARED, ASIDE, REVIEWED, EVIDENCE, REVISED)
"""Parts of records that are one event each."""

FIRST, BEFORE, CHILD, UNDECIDED, WAITS, ANSWERED, DECIDED, LATE = range(8)
"""Places at one number below a node: what comes before the child of that number, the child, and what comes behind."""
LAST = 1 << 65
DEEPEST_PATH = 4 * DEEPEST
"""Path elements of a node that is read: twice for each sub-plan of a chain, and some more."""


class Item(msgspec.Struct, frozen=True):
    """One entry of a batch.

    Attributes:
        record: The record that it stands in.
        number: Of the step within its attempt.
        entry: The step; ``None`` for a note.
    """

    record: Record
    number: int
    entry: Entry | None


def items_of(records: Iterable[Record], splits: set[Path]) -> list[Item]:
    """Return the entries of a batch in an order in which they can have happened.

    Args:
        records: Of one batch.
        splits: Nodes that are known to have been split; those of this batch are added.

    Raises:
        JournalError: A node is deeper than any plan is.
    """
    known = _noted(records, splits)
    return sorted((item for record in known for item in _items(record)), key=lambda item: _order(item, splits))


def in_plan_order(records: Iterable[Record], splits: set[Path]) -> list[Record]:
    """Return the records of a batch that hold events as ``items_of`` does, without taking their entries apart.

    Args:
        records: Of one batch.
        splits: As for ``items_of``.

    Raises:
        JournalError: A node is deeper than any plan is.
    """
    known = [one for one in _noted(records, splits) if one.part in STEP_PARTS or one.part in NOTE_PARTS]
    return sorted(known, key=lambda one: _order(Item(one, one.first, None), splits))


def _noted(records: Iterable[Record], splits: set[Path]) -> list[Record]:
    """The records of a batch, none of a node that is too deep; nodes that were split are added to ``splits``."""
    known = list(records)
    if any(len(record.path) > DEEPEST_PATH for record in known):
        raise JournalError(f"a node of the journal is more than {DEEPEST_PATH} levels deep: no run makes such a plan")
    splits.update(record.path for record in known if record.part in ("split", "broken"))
    return known


def _items(record: Record) -> Iterator[Item]:
    if record.part in STEP_PARTS:
        consecutive = range(record.first, record.first + len(record.entries))
        numbers = record.children if record.part == "rows" else consecutive
        # A chain that is begun again without a step of its own has a record without entries: it says so.
        if not record.entries and record.part == "run":
            yield Item(record, record.first, None)
        yield from (Item(record, *pair) for pair in zip(numbers, record.entries, strict=False))
    elif record.part in NOTE_PARTS:
        yield Item(record, record.first, None)


def _order(item: Item, splits: set[Path]) -> Order:
    record = item.record
    return (*((element, CHILD) for element in record.path), _place(record, item.number, record.path in splits))


def _place(record: Record, number: int, split: bool) -> tuple[int, int]:
    """Where an entry stands among the children of its node."""
    decomposition, step = record.attempt * ATTEMPT, record.attempt * SUB_PLANS + number
    if record.part == "split" or (record.part == "undecided" and split):
        return decomposition, FIRST
    if record.part == "children":
        return decomposition, BEFORE
    if record.part in ("broken", "mended", REVISED):
        return decomposition + ATTEMPT - 1, LATE
    before, behind = ("intent", SHARED), {"undecided": UNDECIDED, ASIDE: WAITS, REVIEWED: ANSWERED, EVIDENCE: LATE}
    places = dict.fromkeys(before, BEFORE) | behind
    return (LAST, FIRST) if record.part == "failed" else (step, places.get(record.part, DECIDED))
