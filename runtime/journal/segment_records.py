"""What the journal holds of one segment, by node, read as far as somebody asks.

A segment may hold millions of steps, of which somebody wants the first five. The first steps of a plan stand early in
its journal, but a node that was run again has its later attempt anywhere: so all batches are looked through for such
attempts, which takes a third of reading them, and then read one after the other until a node's steps are found.
"""

import functools
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from surefoot.decompose.plan import Failure, Path, node_name
from surefoot.decompose.revision import Revision
from surefoot.runtime.errors import JournalError
from surefoot.runtime.payloads import unpack, unpack_heads, winner
from surefoot.runtime.records import REVISED, Entry, Record

BATCHES = 256
"""Batches that are held unpacked: chains that run at the same time share them, each has a few steps in every batch."""

STEPS = "run", "split"
OTHERS = "children", REVISED, "failed"
"""Parts of records: of those that hold steps, and of those that change how steps are read."""

Key = tuple[Path, str, int]
"""A node, ``run`` or ``split``, and the attempt."""


class SegmentRecords:
    """The records of one segment, by node.

    Args:
        payloads: Its batches, in the order written.
        rule: Name of the rule that decided its races.

    Attributes:
        children: Path elements of the children of a node's version, where they are not 0, 1, 2 and so on.
        failed: Failures that are results of nodes.
        revised: Why versions of a node's plan were given up, by node and version.
        batches_read: How many of the batches were read for the steps that were asked for.

    Raises:
        JournalError: A payload cannot be read.
    """

    def __init__(self, payloads: Sequence[bytes], rule: str) -> None:
        self._payloads, self._rule = payloads, rule
        self._attempts: dict[tuple[Path, str], int] = {}
        self._places = defaultdict[Key, list[int]](list)
        self._won: dict[Entry, str] = {}
        self._batch = functools.lru_cache(BATCHES)(self._unpacked)
        self.batches_read = 0
        self.children: dict[tuple[Path, int], tuple[int, ...]] = {}
        self.failed: dict[Path, Failure] = {}
        self.revised: dict[Path, dict[int, Revision]] = {}
        for payload in payloads:
            heads = unpack_heads(payload)
            for head in heads:
                if head.attempt and head.part in STEPS:
                    node = head.node(), head.part
                    self._attempts[node] = max(head.attempt, self._attempts.get(node, 0))
            if any(head.part in OTHERS for head in heads):
                for record in unpack(payload):
                    self._note(record)

    def attempt(self, path: Path, part: str) -> int:
        """Return the attempt of a node that stands: the last."""
        return self._attempts.get((path, part), 0)

    def candidates(self, path: Path, part: str) -> Iterator[str]:
        """Yield the candidates of the attempt of a node that stands, as far as they are asked for; perhaps none.

        Raises:
            JournalError: Steps are missing between others, or a payload cannot be read.
        """
        known = 0
        for record in self._records((path, part, self.attempt(path, part))):
            if record.first > known:
                raise JournalError(
                    f"node {node_name(path)}: steps {known} to {record.first - 1} are missing from the journal"
                )
            for entry in record.entries[known - record.first :]:
                known += 1
                yield self._winner(entry)

    def split(self, path: Path) -> tuple[int, str]:
        """Return the decomposition of a node that stands: its attempt, and the candidate.

        Raises:
            JournalError: The journal has none.
        """
        candidate = next(self.candidates(path, "split"), None)
        if candidate is None:
            raise JournalError(f"the journal has no split of node {node_name(path)}")
        return self.attempt(path, "split"), candidate

    def _note(self, record: Record) -> None:
        """Keep what changes how steps are read."""
        if record.part == "children":
            self.children[record.path, record.attempt] = record.children
        elif record.part == REVISED:
            revision = msgspec.json.decode(str(record.entries[0]), type=Revision)
            self.revised.setdefault(record.path, {})[record.attempt] = revision
        elif record.part == "failed":
            self.failed[record.path] = msgspec.json.decode(str(record.entries[0]), type=Failure)

    def _records(self, key: Key) -> Iterator[Record]:
        """The records of an attempt, in the order written; more batches are read where those known have no more."""
        places, number = self._places[key], 0
        while True:
            while number < len(places):
                yield from self._batch(places[number])[key]
                number += 1
            if self.batches_read == len(self._payloads):
                return
            for found in self._batch(self.batches_read):
                self._places[found].append(self.batches_read)
            self.batches_read += 1

    def _unpacked(self, number: int) -> dict[Key, list[Record]]:
        found = defaultdict[Key, list[Record]](list)
        for record in unpack(self._payloads[number]):
            if record.part in STEPS:
                found[record.path, record.part, record.attempt].append(record)
        return found

    def _winner(self, entry: Entry) -> str:
        """The candidate that an entry decided for; a question that comes again has the same looks, in millions."""
        if isinstance(entry, str) or not entry.ballots or not entry.ballots[0].shares:
            return winner(entry, self._rule)
        known = self._won.get(entry)
        if known is None:
            known = self._won[entry] = winner(entry, self._rule)
        return known
