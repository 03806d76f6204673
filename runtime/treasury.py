"""Hands a run's money out to its workers, so that ``--max-cost-usd`` is a limit on what is asked for.

One invariant: *what was ever handed out is in the journal before a worker has it.* Workers reserve out of what they
hold, so no call is made for money that the journal does not know of. A worker that dies takes what it held with it:
nobody knows how much of it was spent, so it counts as spent. A run that ends politely takes back what is left.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from runtime.journal import Write
from runtime.journal_writer import JournalWriter
from runtime.records import Batch, Counts, pack

RECALL_S = 0.05
"""Seconds between two looks at what other workers no longer need."""
SEGMENT = "money"
"""The journal's name for what is written here."""


class Purses(Protocol):
    """The workers' purses, by number."""

    @property
    def size(self) -> int:
        """Number of workers."""
        ...

    async def shortage(self, worker: int) -> tuple[float, float]:
        """Wait until a worker is short of money, and say what its first call lacks, and all, in USD."""
        ...

    async def grant(self, worker: int, usd: float) -> None:
        """Give a worker money; 0 says that there is no more."""
        ...

    async def empty_purse(self, worker: int) -> tuple[float, float]:
        """Take back what a worker holds and has not reserved; that, and what is reserved, in USD."""
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
        await self._recall(range(self._purses.size))

    async def _serve(self, worker: int, limit: float) -> None:
        while True:
            lacks, wants = await self._purses.shortage(worker)
            try:
                usd = await self._find(worker, lacks, wants, limit)
                if usd:
                    await self._write(usd)
                else:
                    await self._on_empty()
            except BaseException:
                await self._purses.grant(worker, 0.0)  # or its calls would wait for ever
                raise
            await self._purses.grant(worker, usd)

    async def _find(self, worker: int, lacks: float, wants: float, limit: float) -> float:
        """How much a worker gets, out of what is left or what others do not need; 0 if nobody has enough."""
        while True:
            left = limit - self._writer.totals.granted_usd
            if left >= lacks:
                return grant_usd(lacks, wants, left, self._purses.size)
            reserved = await self._recall(other for other in range(self._purses.size) if other != worker)
            if limit - self._writer.totals.granted_usd >= lacks:
                continue
            if not reserved:
                return 0.0
            await asyncio.sleep(RECALL_S)  # calls under way elsewhere will cost less than they have reserved

    async def _recall(self, workers: Iterable[int]) -> float:
        """Take back what workers hold and have not reserved; what they have reserved, in USD."""
        back = held = 0.0
        for worker in workers:
            taken, reserved = await self._purses.empty_purse(worker)
            back, held = back + taken, held + reserved
        if back:
            await self._write(-back)
        return held if held > 1e-12 else 0.0

    async def _write(self, usd: float) -> None:
        await self._writer.write(Write(SEGMENT, Batch(pack([]), Counts(granted_usd=usd))))


def grant_usd(lacks: float, wants: float, left: float, workers: int) -> float:
    """How much a worker gets whose first call lacks so much and all of them want so much; never more than is left.

    Twice what they want, so that calls rarely wait; near the end, a fair share. A run that is killed loses what its
    workers hold, so they never hold much more than their calls could cost.
    """
    return min(left, max(lacks, min(2 * wants, left / (2 * workers))))
