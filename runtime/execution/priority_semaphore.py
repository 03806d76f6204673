"""Lets a limited number of nodes through at a time, always the earliest in plan order first.

That order keeps a plan lazy: what is open at any moment is the left edge of the tree, whatever the plan's size.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from surefoot.decompose.plan import Path


class PrioritySemaphore:
    """A semaphore whose waiters are served in plan order.

    Args:
        slots: How many may be inside at a time.
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._waiting: list[tuple[Path, int, asyncio.Future[None]]] = []
        self._arrivals = 0

    @asynccontextmanager
    async def __call__(self, path: Path) -> AsyncIterator[None]:
        """Wait for a slot, hold it inside the block."""
        if self._free:
            self._free -= 1
        else:
            self._arrivals += 1
            turn = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (path, self._arrivals, turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave()
                raise
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
