"""Which worker has how much to do, and which of them runs which segment."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Assignments:
    """Pieces of work by the number of the worker that has them.

    Args:
        workers: Number of workers.
    """

    def __init__(self, workers: int) -> None:
        self._load = [0] * workers
        self._cost = [0.0] * workers
        self._idle = asyncio.Event()
        self._holders: dict[str, int] = {}

    async def until_idle(self) -> None:
        """Wait until no worker has anything to do."""
        while any(self._load):
            self._idle.clear()
            await self._idle.wait()

    def grow(self, workers: int) -> None:
        """Count this many workers from now on, never fewer than before."""
        self._load += [0] * (workers - len(self._load))
        self._cost += [0.0] * (workers - len(self._cost))

    def holder(self, segment_key: str) -> int | None:
        """Number of the worker that runs a segment; ``None`` if no worker does."""
        return self._holders.get(segment_key)

    @contextmanager
    def least_busy(
        self, segment_key: str | None = None, among: Collection[int] | None = None, cost: float = 1.0
    ) -> Iterator[int]:
        """Count a piece of work for the worker that has the least, as long as the block lasts; yields its number.

        Args:
            segment_key: The segment, if the work is one: the worker counts as its holder meanwhile.
            among: Numbers of the workers to choose from; all if missing.
            cost: What the work is expected to take, against other pieces.
        """
        chosen = min(sorted(among) if among else range(len(self._load)), key=self._cost.__getitem__)
        self._load[chosen] += 1
        self._cost[chosen] += cost
        if segment_key is not None:
            self._holders[segment_key] = chosen
        try:
            yield chosen
        finally:
            self._load[chosen] -= 1
            # What is left of sums of fractions when nothing is left must not count.
            self._cost[chosen] = self._cost[chosen] - cost if self._load[chosen] else 0.0
            self._idle.set()
            if segment_key is not None and self._holders.get(segment_key) == chosen:
                del self._holders[segment_key]
