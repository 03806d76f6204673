"""Decided steps of a segment until they are on their way to the journal."""

import time
from collections.abc import Callable

import msgspec

from surefoot.decompose.plan import Path
from surefoot.runtime.records import Counts, Entry, Record, tally

Key = tuple[Path, str, int]
"""A node, ``run`` or ``split``, and the attempt."""


class _Open(msgspec.Struct):
    """Entries of one attempt."""

    first: int
    k: int
    entries: list[Entry]


class RecordBuffer:
    """Holds what was decided.

    Args:
        flush_steps: Decided steps after which ``flush`` is called.
        flush_s: Seconds after which the next decided step calls it as well.
        flush: Takes what is held.
    """

    def __init__(self, flush_steps: int, flush_s: float, flush: Callable[[], None]) -> None:
        self.flush_steps, self.flush_s, self.flush = flush_steps, flush_s, flush
        self._flush_at = time.monotonic() + flush_s
        self._open: dict[Key, _Open] = {}
        self._closed: list[tuple[Key, _Open]] = []
        self._held = 0
        self.extra: list[Record] = []

    def keep(self, key: Key, k: int, index: int, entry: Entry) -> None:
        """Hold one step; perhaps flush."""
        held = self._open.get(key)
        if held is not None and held.k != k:  # the leads were chosen again
            self._closed.append((key, held))
            held = None
        if held is None:
            held = self._open[key] = _Open(index, k, [])
        held.entries.append(entry)
        self._held += 1
        if self._held >= self.flush_steps or time.monotonic() >= self._flush_at:
            self.flush()

    def take(self, counts: Counts, ways: int) -> list[Record]:
        """The records gathered since the last time; they are the caller's now.

        Args:
            counts: Where races in the first way to ask are counted.
            ways: Number of ways to ask; attempts take turns.
        """
        records = self.extra
        for (path, part, attempt), held in (*self._closed, *self._open.items()):
            records.append(Record(path, part, attempt, held.first, held.k, tuple(held.entries)))
            if attempt % ways == 0:
                tally(counts.races, {str(held.k): len(held.entries)})
        self._open, self._closed, self.extra, self._held = {}, [], [], 0
        self._flush_at = time.monotonic() + self.flush_s
        return records
