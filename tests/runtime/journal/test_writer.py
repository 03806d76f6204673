"""Batches become durable in groups, in order, and nobody is told sooner."""

import asyncio
import contextlib
import pathlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal import writer as journal_writer
from surefoot.runtime.journal.journal import Journal, create_journal, open_journal
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.writer import JournalWriter, Watched
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import Batch, Counts, Record, Usage


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
        self.run = journal.run

    def check_present(self) -> None:
        self.journal.check_present()

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


class Broken:
    """A journal, and what is done around a commit, of which one call raises something."""

    CALLS = ("commit", "wall_s", "on_progress")

    def __init__(self, journal: Journal, call: str, error: BaseException) -> None:
        self._journal, self._call, self._error = journal, call, error
        self.run = journal.run

    def _reach(self, call: str) -> None:
        if call == self._call:
            raise self._error

    @property
    def totals(self) -> Counts:
        return self._journal.totals

    @property
    def wall_s(self) -> float:
        return self._journal.wall_s

    def check_present(self) -> None:
        self._journal.check_present()

    def commit(self, writes: Sequence[Write], wall_s: float) -> None:
        self._reach("commit")
        self._journal.commit(writes, wall_s)

    def worked_s(self) -> float:
        self._reach("wall_s")
        return 0.0

    def on_progress(self, counts: Counts, wall_s: float) -> None:
        self._reach("on_progress")


ERRORS = [OverflowError("int too big"), MemoryError(), KeyError("x"), RuntimeError("odd"), JournalError("the disk")]


@pytest.mark.parametrize("call", Broken.CALLS)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_whatever_is_raised_ends_the_writer_and_leaves_no_future(
    journal: Journal, call: str, error: BaseException
) -> None:
    broken = Broken(journal, call, error)
    writer = JournalWriter(broken, broken.worked_s, broken.on_progress)
    futures = [writer.write(write(number)) for number in range(3)]
    await asyncio.sleep(0)
    futures += [] if writer.failure else [writer.write(write(3))]
    with pytest.raises(JournalError) as ended:
        await writer.flush()
    assert all(future.done() for future in futures)
    assert str(error) in str(ended.value) or type(error).__name__ in str(ended.value)
    with pytest.raises(JournalError):
        writer.write(write(9))
    # What is told to be durable is durable, and nothing else is.
    told = [number for number, future in enumerate(futures) if future.exception() is None]
    assert numbers(journal)[: len(told)] == told


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.parametrize("number", range(40))
async def test_killed_at_any_of_its_awaits_it_leaves_no_future(journal: Journal, number: int) -> None:
    """The task that commits is cancelled after so many turns of the event loop, wherever it stands then."""
    writer = writer_on(journal)
    futures = [writer.write(write(0))]
    killed = False
    for turn in range(number + 1):
        if not killed and turn == number and writer._draining is not None:
            writer._draining.cancel()
            killed = True
        if turn < 6 and writer.failure is None:
            futures.append(writer.write(write(turn + 1)))
        await asyncio.sleep(0)
    if killed:
        with pytest.raises(JournalError, match="cancelled"):
            await writer.flush()
        with pytest.raises(JournalError):
            writer.write(write(9))
    else:
        await writer.flush()
    assert all(future.done() for future in futures)
    told = [number for number, future in enumerate(futures) if future.exception() is None]
    journal.close()  # waits for a commit under way
    reopened = open_journal(journal.path.parent, write=False)
    assert numbers(reopened)[: len(told)] == told
    reopened.close()


async def test_whoever_flushes_and_is_cancelled_takes_no_commit_along(journal: Journal) -> None:
    slow = Slow(journal)
    writer = writer_on(slow)
    durable = writer.write(write(0))
    assert await asyncio.to_thread(slow.begun.acquire, timeout=10)
    flushing = asyncio.create_task(writer.flush())
    await turns(3)
    flushing.cancel()
    await asyncio.wait([flushing])
    slow.go.release()
    await durable
    assert numbers(journal) == [0]


@pytest.mark.parametrize(
    "counts",
    [
        Counts(tokens_in=10**30),
        Counts(calls=-(10**30)),
        Counts(cost_usd=float("inf")),
        Counts(cost_usd=float("nan")),
        Counts(by_model={"m": Usage(tokens_out=2**64)}),
        Counts(votes={"3-1": 2**63}),
    ],
    ids=str,
)
async def test_numbers_that_no_journal_can_hold_are_refused_before(journal: Journal, counts: Counts) -> None:
    writer = writer_on(journal)
    kept = writer.write(write(0))
    with pytest.raises(JournalError, match="cannot be kept"):
        writer.write(Write("/0", Batch(pack([]), counts)))
    # It is not in the totals, and what else was queued is written.
    await kept
    assert (writer.totals.steps, writer.totals.tokens_in) == (1, 0)
    await writer.write(Write("/0", Batch(pack([]), Counts(tokens_in=2**53, granted_usd=-1.5))))
    assert journal.totals.tokens_in == 2**53


async def waiting_for_answers(writer: JournalWriter) -> None:
    """A run whose answers nobody could keep."""
    async with writer.watched():
        await asyncio.Event().wait()


async def test_a_run_is_interrupted_when_its_journal_fails(journal: Journal) -> None:
    slow = Slow(journal)
    slow.fail = [True]
    slow.go.release()
    writer = writer_on(slow)
    writer.note("/0", write(0).batch)
    with pytest.raises(JournalError, match="full"):
        await waiting_for_answers(writer)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_run_is_interrupted_when_its_journal_is_removed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "PRESENT_EVERY_S", 0)
    writer = writer_on(journal)
    async with writer.watched():
        await writer.write(write(0))
        await turns(20)
    journal.path.rename(journal.path.with_name("elsewhere"))
    with pytest.raises(JournalError, match="removed or replaced"):
        await waiting_for_answers(writer)
    with pytest.raises(JournalError, match="removed or replaced"):
        writer.write(write(1))


async def test_what_its_body_raises_is_raised(journal: Journal) -> None:
    for error in (KeyError("mine"), asyncio.CancelledError()):
        with pytest.raises(type(error)):
            async with writer_on(journal).watched():
                raise error


@pytest.mark.parametrize("turns", range(6))
async def test_a_failure_in_the_last_moment_of_a_body_cancels_nothing_behind_it(turns: int) -> None:
    """The watch ends so many turns of the loop before its body does: the body is interrupted, or it has ended."""

    class Failing:
        failure: JournalError | None = None

        def __init__(self) -> None:
            self.failed = asyncio.Event()

        async def watch(self) -> None:
            await self.failed.wait()

    writer = Failing()
    writer.failure = JournalError("the disk is full")
    with contextlib.suppress(JournalError):
        async with Watched(cast(Any, writer)):
            await asyncio.sleep(0)
            writer.failed.set()
            for _ in range(turns):
                await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    for _ in range(6):
        await asyncio.sleep(0)
    assert task.cancelling() == 0
