"""Pieces of work that workers have, and those of them that nobody wants any more.

Work that rests on what was refuted is let go at once. Its worker is told, and what still comes of it is only counted:
the journal keeps what it cost, and no step of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec

from surefoot.decompose.plan import Path
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import Batch, Counts

COSTS = (
    *("calls", "failed_calls", "hedged_calls", "borrowed_calls", "tool_calls"),
    *("tokens_in", "tokens_out", "tokens_cached", "tokens_reasoning"),
    *("cost_usd", "unpriced_calls", "uncertain_usd", "red_flags", "by_kind", "by_model", "by_worker"),
)
"""Counts of work that was done for nothing: what it cost."""
LAST_S = 20.0
"""Seconds that let-go work is given to say what it cost, at the end of a run."""


class _Piece(msgspec.Struct):
    """One piece of work on a worker.

    Attributes:
        path: Its node.
        following: Takes its batches.
        wanted: Whether it was not let go yet.
    """

    path: Path
    following: "asyncio.Task[Batch]"
    wanted: bool = True


class InWork:
    """Pieces of work that workers have.

    Args:
        tell: Tells the worker that has a piece of work, by its key, that nobody wants it.
    """

    def __init__(self, tell: Callable[[str], Awaitable[object]]) -> None:
        self._tell = tell
        self._pieces: dict[str, _Piece] = {}
        self._last: set[asyncio.Task[Any]] = set()

    async def follow(self, key: str, path: Path, following: Coroutine[Any, Any, Batch]) -> Batch:
        """Return the last batch of a piece of work.

        If whoever waits for it is cancelled, the work is let go: its batches are still taken, for what they cost.
        """
        task = asyncio.create_task(following)
        piece = self._pieces[key] = _Piece(path, task)
        task.add_done_callback(lambda _: self._pieces.pop(key, None))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._let_go(key, piece)
            raise

    def let_go(self, path: Path) -> None:
        """Let all work on a node and below it go, now."""
        for key, piece in list(self._pieces.items()):
            if piece.path[: len(path)] == path:
                self._let_go(key, piece)

    def wants(self, key: str) -> bool:
        """Whether a piece of work was not let go."""
        piece = self._pieces.get(key)
        return piece is None or piece.wanted

    async def none_let_go(self) -> None:
        """Wait until all work that was let go has said what it cost, or for so long as that may take."""
        if self._last:
            _, late = await asyncio.wait(self._last, timeout=LAST_S)
            for task in late:
                task.cancel()

    def _let_go(self, key: str, piece: _Piece) -> None:
        if not piece.wanted or piece.following.done():
            return
        piece.wanted = False
        telling = asyncio.ensure_future(self._tell(key))
        for task in (telling, piece.following):
            self._last.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._last.discard(task)
        if not task.cancelled():
            task.exception()  # whatever became of it: nobody waits for it any more


def cost_of(batch: Batch) -> Batch:
    """Return a batch of work that was let go as the journal may keep it: who worked, when, and what it cost."""
    worked = [msgspec.structs.replace(one, steps=0) for one in unpack(batch.payload) if one.part == "worked"]
    counts = Counts(**{name: getattr(batch.counts, name) for name in COSTS})
    return msgspec.structs.replace(batch, payload=pack(worked), counts=counts, end=None, number=0)
