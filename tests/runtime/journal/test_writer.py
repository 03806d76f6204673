"""Batches become durable in groups, in order, and nobody is told sooner."""

import asyncio
import pathlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal import writer as journal_writer
from surefoot.runtime.journal.journal import Journal, create_journal
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.writer import JournalWriter
from surefoot.runtime.records import Batch, Counts, Record, pack, unpack


@pytest.fixture
def journal(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    monkeypatch.setattr(journal_writer, "PAUSE_S", 0)
    journal = create_journal(tmp_path)
    yield journal
    journal.close()


class Slow:
    """A journal whose commits wait until they are let go, and may fail."""

    def __init__(self, journal: Journal) -> None:
        self.journal, self.totals, self.wall_s = journal, journal.totals, journal.wall_s
        self.groups: list[int] = []
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.fail: list[bool] = []

    def commit(self, writes: Sequence[Write], wall_s: float) -> None:
        self.groups.append(len(writes))
        self.begun.release()
        assert self.go.acquire(timeout=10)
        if self.fail and self.fail.pop(0):
            raise JournalError("the disk is full")
        self.journal.commit(writes, wall_s)
        self.totals, self.wall_s = self.journal.totals, self.journal.wall_s


def write(number: int, segment: str = "/0") -> Write:
    return Write(segment, Batch(pack([Record((number,), "run", 0, number, 1, ("c",))]), Counts(steps=1)))


def numbers(journal: Journal, segment: str = "/0") -> list[int]:
    return [record.path[0] for payload in journal.payloads(segment) for record in unpack(payload)]


def writer_on(journal: Any, told: list[int] | None = None) -> JournalWriter:
    say = (lambda counts, wall_s: told.append(counts.steps)) if told is not None else (lambda counts, wall_s: None)
    return JournalWriter(journal, lambda: 7.0, say)


async def test_a_write_is_durable_when_its_future_is_done(journal: Journal) -> None:
    told: list[int] = []
    writer = writer_on(journal, told)
    for number in range(3):
        await writer.write(write(number))
        assert numbers(journal) == list(range(number + 1))
        assert writer.totals.steps == journal.totals.steps == number + 1
    assert (told, journal.wall_s) == ([1, 2, 3], 7.0)


async def test_what_comes_while_a_group_is_written_is_the_next_group(journal: Journal) -> None:
    slow = Slow(journal)
    writer = writer_on(slow)
    first = writer.write(write(0))
    assert await asyncio.to_thread(slow.begun.acquire, timeout=10)
    later = [writer.write(write(number)) for number in range(1, 6)]
    assert writer.totals.steps == 6  # counted at once
    assert journal.totals.steps == 0  # believed by nobody
    slow.go.release()
    await first
    assert not any(one.done() for one in later)
    slow.go.release()
    await asyncio.gather(*later)
    assert slow.groups == [1, 5]
    assert numbers(journal) == list(range(6))


async def test_notes_are_durable_before_what_follows_them(journal: Journal) -> None:
    writer = writer_on(journal)
    writer.note("/0", write(0).batch)
    await writer.write(write(1))
    assert numbers(journal) == [0, 1]


async def test_flush_waits_for_everything(journal: Journal) -> None:
    writer = writer_on(journal)
    await writer.flush()
    for number in range(4):
        writer.note("/0", write(number).batch)
    await writer.flush()
    assert numbers(journal) == [0, 1, 2, 3]
    await writer.flush()


async def test_a_failed_write_is_told_to_whoever_waits(journal: Journal) -> None:
    slow = Slow(journal)
    slow.fail = [True]
    slow.go.release()
    writer = writer_on(slow)
    durable = writer.write(write(0))
    with pytest.raises(JournalError, match="full"):
        await writer.flush()
    with pytest.raises(JournalError, match="full"):
        await durable
    assert numbers(journal) == []


async def test_after_a_failed_write_nothing_more_is_written(journal: Journal) -> None:
    """A hole would be worse than an end: later steps of a segment would be read in the place of the lost ones."""
    slow = Slow(journal)
    slow.fail = [True, False]
    for _ in range(5):
        slow.go.release()
    writer = writer_on(slow)
    lost = writer.write(write(0))
    with pytest.raises(JournalError, match="full"):
        await writer.flush()
    with pytest.raises(JournalError, match="full"):
        await lost
    with pytest.raises(JournalError, match="full"):
        await writer.write(write(1))
    assert numbers(journal) == []
