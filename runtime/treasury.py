"""Hands a run's money out to its workers, so that ``--max-cost-usd`` is a limit on what is asked for.

One invariant: *what was ever handed out is in the journal before a worker has it.* Workers reserve out of what they
hold, so no call is made for money that the journal does not know of. A worker that dies takes what it held with it:
nobody knows how much of it was spent, so it counts as spent. A run that ends politely takes back what is left.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from runtime.journal import Write
from runtime.journal_writer import JournalWriter
from runtime.records import Batch, Counts, pack

SEGMENT = "money"
"""The journal's name for what is written here."""


class Purses(Protocol):
    """The workers' purses, by number."""

    @property
    def size(self) -> int:
        """Number of workers."""
        ...

    async def shortage(self, worker: int) -> float:
        """Wait until a worker is short of money, and say how much it wants in USD."""
        ...

    async def grant(self, worker: int, usd: float) -> None:
        """Give a worker money; 0 says that there is no more."""
        ...

    async def empty_purse(self, worker: int) -> float:
        """Take back what a worker holds and has not reserved."""
        ...


class Treasury:
    """Grants money while a run works.

    Args:
        limit_usd: ``--max-cost-usd``; ``None`` for no limit, and then nothing is granted.
        writer: Makes grants durable.
        purses: The workers'.
        on_empty: Called when a worker asks for more than is left.
    """

    def __init__(
        self, limit_usd: float | None, writer: JournalWriter, purses: Purses, on_empty: Callable[[], Awaitable[None]]
    ) -> None:
        self._limit, self._writer, self._purses, self._on_empty = limit_usd, writer, purses, on_empty
        self._serving: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Begin to answer workers that are short of money."""
        if self._limit is not None:
            self._serving = [asyncio.create_task(self._serve(i, self._limit)) for i in range(self._purses.size)]

    async def close(self) -> None:
        """Take back what living workers hold. All their calls have ended, and their counts are in the journal."""
        if self._limit is None:
            return
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        back = 0.0
        for worker in range(self._purses.size):
            back += await self._purses.empty_purse(worker)
        if back:
            await self._write(-back)

    async def _serve(self, worker: int, limit: float) -> None:
        while True:
            wanted = await self._purses.shortage(worker)
            left = limit - self._writer.totals.granted_usd
            usd = grant_usd(wanted, left, self._purses.size)
            try:
                if usd:
                    await self._write(usd)
                else:
                    await self._on_empty()
            except BaseException:
                await self._purses.grant(worker, 0.0)  # or its calls would wait for ever
                raise
            await self._purses.grant(worker, usd)

    async def _write(self, usd: float) -> None:
        await self._writer.write(Write(SEGMENT, Batch(pack([]), Counts(granted_usd=usd))))


def grant_usd(wanted: float, left: float, workers: int) -> float:
    """How much a worker gets that wants so much: twice that, so that calls rarely wait; a fair share near the end.

    A run that is killed loses what its workers hold, so they never hold much more than their calls could cost.
    """
    return max(0.0, min(2 * wanted, max(left / (2 * workers), min(wanted, left)), left))
