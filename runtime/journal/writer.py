"""Commits batches in groups: while one group is being written, the next gathers."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from types import TracebackType

import msgspec

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.port import JournalStore
from surefoot.runtime.journal.rows import Write, beyond_bounds
from surefoot.runtime.records import Batch, Counts

PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.25
"""Seconds between two commits while more is coming; a durable write waits for its disk, and a group shares one."""

PAUSE_PER_COMMIT = 40
"""The pause is so many times as long as the commit took: committing takes at most a fortieth of the time."""

PRESENT_EVERY_S = 1.0
"""Seconds between two looks whether the journal is still there, also while nothing is written."""

Waiting = list[tuple[Write, "asyncio.Future[None]"]]


class JournalWriter:
    """The coordinator's way into the journal.

    Whatever goes wrong in a commit, or in what is done around one, ends the writer: every future that it gave out
    carries a ``JournalError`` then, ``write`` and ``flush`` raise it, and ``watched`` interrupts the run.

    Args:
        journal: Open for writing; used by one thread at a time.
        wall_s: Says how long the run has worked.
        on_progress: Called after every commit with the totals and the seconds worked.

    Attributes:
        totals: Everything counted so far, durable or on its way.
        failure: The error of the commit that failed. Nothing is written after it: there would be a gap.
    """

    def __init__(
        self, journal: JournalStore, wall_s: Callable[[], float], on_progress: Callable[[Counts, float], None]
    ) -> None:
        self._journal, self._wall_s, self._on_progress = journal, wall_s, on_progress
        self.totals = msgspec.convert(msgspec.to_builtins(journal.totals), Counts)
        self.failure: JournalError | None = None
        self._waiting: Waiting = []
        self._group: Waiting = []
        self._draining: asyncio.Task[None] | None = None
        self._awaited = asyncio.Event()
        self._failed = asyncio.Event()

    def write(self, write: Write, awaited: bool = False) -> "asyncio.Future[None]":
        """Queue a batch; the future is done when it is durable, or carries the journal's error.

        ``awaited`` says that somebody waits for it, as the plan does for every segment's end.

        Raises:
            JournalError: An earlier batch could not be written, or this one counts what no journal can hold.
        """
        if self.failure is not None:
            raise self.failure
        if reason := beyond_bounds(write.batch.counts):
            raise JournalError(f"{self._journal.run}: a batch of {write.segment} cannot be kept: {reason}")
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        durable.add_done_callback(_retrieve_error)
        self._waiting.append((write, durable))
        self.totals.add(write.batch.counts)
        if awaited or write.batch.end is not None:
            self._awaited.set()
        if self._draining is None:
            self._start()
        return durable

    def note(self, segment: str, batch: Batch) -> None:
        """Queue a batch that nobody waits for; it is durable before anything queued after it."""
        self.write(Write(segment, batch))

    async def flush(self) -> None:
        """Wait until all that is queued is durable.

        Raises:
            JournalError: It could not be written.
        """
        while self._draining is not None:
            await asyncio.wait([self._draining])  # awaited itself, it would be cancelled with whoever flushes
        if self.failure is not None:
            raise self.failure

    def watched(self) -> "Watched":
        """A context whose body is interrupted when the writer fails or the journal is removed.

        Raises:
            JournalError: That happened.
        """
        return Watched(self)

    async def watch(self) -> None:
        """Return when the writer has failed; a journal that is gone is one of its failures."""
        while self.failure is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PRESENT_EVERY_S):
                    await self._failed.wait()
            try:
                await asyncio.to_thread(self._journal.check_present)
            except JournalError as gone:
                self._fail(gone)

    def _start(self) -> None:
        self._draining = asyncio.create_task(self._drain())
        self._draining.add_done_callback(self._drained)

    async def _drain(self) -> None:
        while self._waiting and self.failure is None:
            self._group, self._waiting = self._waiting, []
            self._awaited.clear()
            started = time.monotonic()
            await asyncio.to_thread(self._journal.commit, [write for write, _ in self._group], self._wall_s())
            took = time.monotonic() - started
            group, self._group = self._group, []
            for _, durable in group:
                if not durable.done():
                    durable.set_result(None)
            self._on_progress(self._journal.totals, self._journal.wall_s)
            if self._waiting:
                await self._pause(min(LONGEST_PAUSE_S, max(PAUSE_S, PAUSE_PER_COMMIT * took)))

    def _drained(self, drain: "asyncio.Task[None]") -> None:
        """Tell everybody who waits how the task that commits has ended; it runs again if something came meanwhile."""
        self._draining = None
        error = asyncio.CancelledError("it was cancelled") if drain.cancelled() else drain.exception()
        if error is not None:
            self._fail(error)
        elif self._waiting and self.failure is None:
            self._start()

    def _fail(self, error: BaseException) -> None:
        """End the writer. A batch whose commit was under way may be durable all the same: the journal knows."""
        failure = error
        if not isinstance(failure, JournalError):
            failure = JournalError(f"{self._journal.run}: the journal's writer failed: {type(error).__name__}: {error}")
            failure.__cause__ = error
        self.failure = self.failure or failure
        late, self._group, self._waiting = [*self._group, *self._waiting], [], []
        for _, durable in late:
            if not durable.done():
                durable.set_exception(self.failure)
        self._failed.set()

    async def _pause(self, seconds: float) -> None:
        """Let a group gather; the end of a segment cuts it short, because the plan waits for that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awaited.wait()


class Watched:
    """Interrupts its body when a writer fails: the body may be waiting for answers that nothing could keep.

    It is made like ``asyncio.timeout``: the task is cancelled, and the cancellation becomes the writer's error.

    Args:
        writer: To watch.
    """

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
        self._interrupted = self._left = False

    async def __aenter__(self) -> None:
        body = asyncio.current_task()
        assert body is not None
        self._body, self._cancelling = body, body.cancelling()
        self._watch = asyncio.create_task(self._writer.watch())
        self._watch.add_done_callback(self._interrupt)

    def _interrupt(self, watch: "asyncio.Task[None]") -> None:
        # A callback that is due already cannot be removed: it would cancel whatever the task does behind its body.
        if not watch.cancelled() and not self._left:
            self._interrupted = True
            self._body.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left = True
        self._watch.cancel()
        if self._interrupted and self._body.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            assert self._writer.failure is not None
            raise self._writer.failure from error


def _retrieve_error(done: "asyncio.Future[None]") -> None:
    """Take note of an error that nobody may wait for: the next to write is told of it."""
    if not done.cancelled():
        done.exception()
