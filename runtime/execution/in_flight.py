"""Counts what is under way, so that whoever stops can let the rest come to its end first."""

import asyncio
from types import TracebackType


class InFlight:
    """A counter of work under way, to be entered around each piece of work."""

    def __init__(self) -> None:
        self._count = 0
        self._ended = asyncio.Event()

    def __enter__(self) -> None:
        self._count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._count -= 1
        if not self._count:
            self._ended.set()

    async def none(self) -> None:
        """Wait until no piece of work is under way."""
        while self._count:
            self._ended.clear()
            await self._ended.wait()
