"""Commits batches in groups: while one group is being written, the next gathers."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import msgspec

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.journal import Journal
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.records import Batch, Counts

PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.25
"""Seconds between two commits while more is coming; a durable write waits for its disk, and a group shares one."""

PAUSE_PER_COMMIT = 40
"""The pause is so many times as long as the commit took: committing takes at most a fortieth of the time."""


class JournalWriter:
    """The coordinator's way into the journal.

    Args:
        journal: Open for writing; used by one thread at a time.
        wall_s: Says how long the run has worked.
        on_progress: Called after every commit with the totals and the seconds worked.

    Attributes:
        totals: Everything counted so far, durable or on its way.
        failure: The error of the commit that failed. Nothing is written after it: there would be a gap.
    """

    def __init__(
        self, journal: Journal, wall_s: Callable[[], float], on_progress: Callable[[Counts, float], None]
    ) -> None:
        self._journal, self._wall_s, self._on_progress = journal, wall_s, on_progress
        self.totals = msgspec.convert(msgspec.to_builtins(journal.totals), Counts)
        self.failure: BaseException | None = None
        self._waiting: list[tuple[Write, asyncio.Future[None]]] = []
        self._draining: asyncio.Task[None] | None = None
        self._awaited = asyncio.Event()

    def write(self, write: Write, awaited: bool = False) -> "asyncio.Future[None]":
        """Queue a batch; the future is done when it is durable, or carries the journal's error.

        ``awaited`` says that somebody waits for it, as the plan does for every segment's end.

        Raises:
            JournalError: An earlier batch could not be written.
        """
        if self.failure is not None:
            raise self.failure
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        durable.add_done_callback(_look)
        self._waiting.append((write, durable))
        self.totals.add(write.batch.counts)
        if awaited or write.batch.end is not None:
            self._awaited.set()
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
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
            await self._draining
        if self.failure is not None:
            raise self.failure

    async def _drain(self) -> None:
        try:
            while self._waiting and self.failure is None:
                group, self._waiting = self._waiting, []
                self._awaited.clear()
                started = time.monotonic()
                await self._commit(group)
                took = time.monotonic() - started
                if self._waiting:
                    await self._pause(min(LONGEST_PAUSE_S, max(PAUSE_S, PAUSE_PER_COMMIT * took)))
        finally:
            self._draining = None

    async def _pause(self, seconds: float) -> None:
        """Let a group gather; the end of a segment cuts it short, because the plan waits for that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awaited.wait()

    async def _commit(self, group: list[tuple[Write, "asyncio.Future[None]"]]) -> None:
        try:
            await asyncio.to_thread(self._journal.commit, [write for write, _ in group], self._wall_s())
        except JournalError as error:
            self.failure = error
            late, self._waiting = self._waiting, []
            for _, durable in group + late:
                if not durable.done():
                    durable.set_exception(error)
            return
        for _, durable in group:
            if not durable.done():
                durable.set_result(None)
        self._on_progress(self._journal.totals, self._journal.wall_s)


def _look(done: "asyncio.Future[None]") -> None:
    """An error that nobody waits for is seen by the next writer."""
    if not done.cancelled():
        done.exception()
