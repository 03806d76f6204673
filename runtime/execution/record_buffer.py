"""Holds the decided steps of a segment until a batch takes them to the journal."""

import time
from collections.abc import Callable

import msgspec

from surefoot.decompose.plan import Path
from surefoot.runtime.records import Contested, Counts, Entry, Record, tally

Key = tuple[Path, str, int]
"""A node, ``run`` or ``split``, and the attempt."""

NOT_VOTED = 0
"""Lead of entries that nobody votes on: results of tools and of sub-plans, as JSON."""


def _nobody_takes() -> None:
    """Stand in until the buffer is connected: everything is held."""


class _Stretch(msgspec.Struct):
    """Entries of one attempt that were decided with one lead: consecutive steps, or rows of a chunk in any order."""

    first: int
    k: int
    entries: list[Entry]
    rows: list[int] = []
    not_raced: int = 0
    counted: int = 0
    costs: list[float | None] = []


class RecordBuffer:
    """Gathers decided steps into records, and says when a batch is due.

    Args:
        flush_steps: Decided steps after which a batch is due.
        flush_s: Seconds after which a batch is due with the next decided step.

    Attributes:
        flush: Called when a batch is due; whoever sends batches puts itself here, by ``Work.connect``.
    """

    def __init__(self, flush_steps: int, flush_s: float) -> None:
        self.flush_steps, self.flush_s = flush_steps, flush_s
        self.flush: Callable[[], None] = _nobody_takes
        self._flush_at = time.monotonic() + flush_s
        self._open: dict[Key, _Stretch] = {}
        self._closed: list[tuple[Key, _Stretch]] = []
        self._held = 0
        self._others: list[Record] = []

    def keep(self, key: Key, k: int, index: int, entry: Entry, *, raced: bool = True) -> None:
        """Hold one decided step; a batch may become due. What no race of its own decided counts as none."""
        stretch = self._open.get(key)
        if stretch is not None and stretch.k != k:  # the leads were chosen again, or it is a tool's result
            self._closed.append((key, stretch))
            stretch = None
        if stretch is None:
            stretch = self._open[key] = _Stretch(index, k, [])
        stretch.entries.append(entry)
        stretch.not_raced += not raced
        self._count_one()

    def keep_row(
        self, key: Key, k: int, row: int, entry: Entry, cost_usd: float | None, *, counted: bool = False
    ) -> None:
        """Hold the decided question of a row, whose race may be ``counted`` already; a batch may become due."""
        stretch = self._open.get(key)
        if stretch is not None and stretch.k != k:
            self._closed.append((key, stretch))
            stretch = None
        if stretch is None:
            stretch = self._open[key] = _Stretch(0, k, [])
        stretch.entries.append(entry)
        stretch.rows.append(row)
        stretch.counted += counted
        stretch.costs.append(cost_usd)
        self._count_one()

    def keep_sample(self, record: Record) -> None:
        """Hold the record of one sampled step; a batch may become due."""
        self._others.append(record)
        self._count_one()

    def add(self, record: Record) -> None:
        """Hold a record that goes with the next batch and makes none due."""
        self._others.append(record)

    def take(self, counts: Counts, n_variants: int) -> list[Record]:
        """Return the records gathered since the last time; they are the caller's now.

        Args:
            counts: Where races in the usual prompt variant are counted.
            n_variants: Number of prompt variants; attempts take turns.
        """
        records = self._others
        for (path, part, attempt), stretch in (*self._closed, *self._open.items()):
            costs = tuple(stretch.costs) if any(cost != 0 for cost in stretch.costs) else ()
            entries, rows = tuple(stretch.entries), tuple(stretch.rows)
            records.append(Record(path, part, attempt, stretch.first, stretch.k, entries, rows, costs=costs))
            if attempt % n_variants == 0 and stretch.k != NOT_VOTED:
                by_person = sum(isinstance(entry, Contested) and entry.decided is not None for entry in entries)
                counts.unraced_steps += stretch.not_raced
                tally(counts.races, {str(stretch.k): len(entries) - by_person - stretch.not_raced - stretch.counted})
        self._open, self._closed, self._others, self._held = {}, [], [], 0
        self._flush_at = time.monotonic() + self.flush_s
        return records

    def _count_one(self) -> None:
        self._held += 1
        if self._held >= self.flush_steps or time.monotonic() >= self._flush_at:
            self.flush()
