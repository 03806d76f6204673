"""Lets a limited number of nodes through at a time, always the earliest in plan order first.

That order keeps a plan lazy: what is open at any moment is the left edge of the tree, whatever the plan's size.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from surefoot.decompose.plan import Path


class Slot:
    """One place inside a semaphore; its holder gives the place away while waiting for work that needs places.

    Args:
        semaphore: That it belongs to.
        path: Of the node that holds it.
    """

    def __init__(self, semaphore: "PrioritySemaphore", path: Path) -> None:
        self._semaphore, self._path = semaphore, path
        self.held = True

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[None]:
        """Give the slot away inside a ``with`` block, and wait for another one at the block's end."""
        self.release()
        yield
        await self._semaphore.wait(self._path)
        self.held = True

    def release(self) -> None:
        """Give the slot back to its semaphore, if it is held."""
        if self.held:
            self.held = False
            self._semaphore.leave()


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
    async def __call__(self, path: Path) -> AsyncIterator[Slot]:
        """Wait for a slot and hold it inside the block."""
        await self.wait(path)
        slot = Slot(self, path)
        try:
            yield slot
        finally:
            slot.release()

    async def wait(self, path: Path) -> None:
        """Take a slot, once it is the turn of the node at a path."""
        if self._free:
            self._free -= 1
            return
        self._arrivals += 1
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (path, self._arrivals, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a slot to the earliest waiter in plan order, or back to the semaphore."""
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
