"""A journal that keeps everything in dictionaries: the second implementation of the journal's port."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.fault_points import FaultPoints
from surefoot.runtime.journal.rows import Outcome, Write
from surefoot.runtime.records import Counts


class InMemoryJournal:
    """What is durable here lasts as long as the object."""

    def __init__(self, run: str = "in memory") -> None:
        self.run, self.faults = run, FaultPoints()
        self.totals, self.wall_s = Counts(), 0.0
        self.batches: dict[str, list[bytes]] = {}
        self.order: list[tuple[str, int]] = []
        self.ended: dict[str, Outcome] = {}
        self.named: dict[str, bytes] = {}
        self.gone = False

    def commit(self, writes: Sequence[Write], wall_s: float) -> None:
        self.check_present()
        totals = msgspec.convert(msgspec.to_builtins(self.totals), Counts)
        for write in writes:
            of_segment = self.batches.setdefault(write.segment, [])
            self.order.append((write.segment, len(of_segment)))
            of_segment.append(write.batch.payload)
            totals.add(write.batch.counts)
            outcome = write.outcome()
            if outcome is not None:
                self.ended[write.segment] = msgspec.msgpack.decode(msgspec.msgpack.encode(outcome), type=Outcome)
        self.totals, self.wall_s = totals, wall_s

    def set_meta(self, **values: Any) -> None:
        self.named.update({key: msgspec.json.encode(value) for key, value in values.items()})

    def close(self) -> None:
        pass

    def check_present(self) -> None:
        if self.gone:
            raise JournalError(f"{self.run} is gone")

    def meta(self, key: str) -> Any:
        return msgspec.json.decode(self.named[key]) if key in self.named else None

    def outcomes(self) -> dict[str, Outcome]:
        return dict(self.ended)

    def outcome(self, segment: str) -> Outcome | None:
        return self.ended.get(segment)

    def segments(self) -> list[str]:
        return list(self.batches)

    def begun(self) -> set[str]:
        return set(self.batches)

    def payloads(self, segment: str) -> tuple[bytes, ...]:
        return tuple(self.batches.get(segment, ()))

    def written(self) -> Iterator[tuple[str, bytes]]:
        return iter([(segment, self.batches[segment][number]) for segment, number in self.order])
