"""Which worker has how much to do, and which of them runs which segment."""

import asyncio
import heapq
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Assignments:
    """Pieces of work by the number of the worker that has them.

    Args:
        workers: Number of workers.
    """

    def __init__(self, workers: int) -> None:
        self._load: list[int] = []
        self._cost: list[float] = []
        self._changes: list[int] = []
        self._by_cost: list[tuple[float, int, int]] = []
        self.grow(workers)
        self._idle = asyncio.Event()
        self._holders: dict[str, int] = {}

    async def until_idle(self) -> None:
        """Wait until no worker has anything to do."""
        while any(self._load):
            self._idle.clear()
            await self._idle.wait()

    def grow(self, workers: int) -> None:
        """Count this many workers from now on, never fewer than before."""
        for number in range(len(self._load), workers):
            self._load.append(0)
            self._cost.append(0.0)
            self._changes.append(0)
            heapq.heappush(self._by_cost, (0.0, number, 0))

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
        chosen = self._least(among)
        self._load[chosen] += 1
        self._now_costs(chosen, self._cost[chosen] + cost)
        if segment_key is not None:
            self._holders[segment_key] = chosen
        try:
            yield chosen
        finally:
            self._load[chosen] -= 1
            # What is left of sums of fractions when nothing is left must not count.
            self._now_costs(chosen, self._cost[chosen] - cost if self._load[chosen] else 0.0)
            self._idle.set()
            if segment_key is not None and self._holders.get(segment_key) == chosen:
                del self._holders[segment_key]

    def _now_costs(self, number: int, cost: float) -> None:
        """Note what a worker has to do. Earlier entries of it stay in the heap, and are passed over or swept out."""
        self._cost[number] = cost
        self._changes[number] += 1
        heapq.heappush(self._by_cost, (cost, number, self._changes[number]))
        if len(self._by_cost) > 4 * len(self._load) + 64:
            self._by_cost = [(cost, number, self._changes[number]) for number, cost in enumerate(self._cost)]
            heapq.heapify(self._by_cost)

    def _least(self, among: Collection[int] | None) -> int:
        """Number of the worker that has the least to do, the lowest where several have; not a look at all of them.

        Raises:
            ValueError: None of those to choose from is a worker.
        """
        passed: list[tuple[float, int, int]] = []
        try:
            while self._by_cost:
                entry = heapq.heappop(self._by_cost)
                _, number, change = entry
                if change != self._changes[number]:
                    continue
                passed.append(entry)
                if not among or number in among:
                    return number
            raise ValueError(f"none of {len(self._load)} workers is among those to choose from")
        finally:
            for entry in passed:
                heapq.heappush(self._by_cost, entry)
