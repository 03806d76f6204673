"""Lets a limited number of nodes through at a time, always the earliest in plan order first.

That order keeps a plan lazy: what is open at any moment is the left edge of the tree, whatever the plan's size. Of
decompositions only some are let through at a time, where that is asked for: while the plan has few nodes and many
places are free, it would be split in its whole width before there is anything for workers to do.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from surefoot.decompose.plan import Path

Waiting = list[tuple[Path, int, "asyncio.Future[None]"]]
"""A heap of those that wait: path, number of arrival, and what ends their waiting."""


class Slot:
    """One place inside a semaphore; its holder gives the place away while waiting for work that needs places.

    Args:
        semaphore: That it belongs to.
        path: Of the node that holds it.
        split: Whether it is held for a decomposition.
    """

    def __init__(self, semaphore: "PrioritySemaphore", path: Path, split: bool = False) -> None:
        self._semaphore, self._path, self._split = semaphore, path, split
        self.held = True

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[None]:
        """Give the slot away inside a ``with`` block, and wait for another one at the block's end."""
        self.release()
        yield
        await self._semaphore.wait(self._path, split=self._split)
        self.held = True

    def release(self) -> None:
        """Give the slot back to its semaphore, if it is held."""
        if self.held:
            self.held = False
            self._semaphore.leave(split=self._split)


class PrioritySemaphore:
    """A semaphore whose waiters are served in plan order.

    Args:
        slots: How many may be inside at a time.
        splits: How many of them may be decompositions; as many as there are slots if missing.
    """

    def __init__(self, slots: int, splits: int | None = None) -> None:
        self._free, self._free_splits = slots, slots if splits is None else splits
        self._leaves: Waiting = []
        self._splits: Waiting = []
        self._arrivals = 0

    @asynccontextmanager
    async def __call__(self, path: Path, *, split: bool = False) -> AsyncIterator[Slot]:
        """Wait for a slot and hold it inside the block."""
        await self.wait(path, split=split)
        slot = Slot(self, path, split)
        try:
            yield slot
        finally:
            slot.release()

    async def wait(self, path: Path, *, split: bool = False) -> None:
        """Take a slot, once it is the turn of the node at a path."""
        if self._free and (self._free_splits or not split):  # whoever waits now is a decomposition too many
            self._take(split)
            return
        self._arrivals += 1
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._splits if split else self._leaves, (path, self._arrivals, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(split=split)
            raise

    def leave(self, *, split: bool = False) -> None:
        """Give a slot to the earliest waiter in plan order, or back to the semaphore."""
        self._free += 1
        self._free_splits += split
        while self._free and (first := self._first()):
            _, _, turn = heapq.heappop(first)
            self._take(first is self._splits)
            turn.set_result(None)

    def _take(self, split: bool) -> None:
        self._free -= 1
        self._free_splits -= split

    def _first(self) -> Waiting | None:
        """The heap whose first waiter is the earliest that may go in; nobody at the top of a heap has given up."""
        for waiting in (self._leaves, self._splits):
            while waiting and waiting[0][2].done():
                heapq.heappop(waiting)
        ready = [waiting for waiting in (self._leaves, self._splits if self._free_splits else []) if waiting]
        return min(ready, key=lambda waiting: waiting[0][:2]) if ready else None
