"""Finds out how much a provider takes at once: batches that are too much for it are waited with, and sent smaller."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.models.batches.follower import Pace
from surefoot.runtime.models.batches.ledger import Batch

TOO_MUCH: Final = ("token_limit_exceeded", "enqueued token limit")
"""How providers say that more tokens wait with them than they allow."""

MOST_PARTS: Final = 16
"""Smaller batches that one which was too much is made into, at most."""


def is_too_much(batch: Batch) -> bool:
    """Return whether a batch failed because more tokens would wait at the provider than it allows."""
    why = batch.why.lower()
    return batch.ended == "failed" and any(word in why for word in TOO_MUCH)


class Room:
    """How many lines a batch may have, and how long to wait after one that was too much.

    Args:
        most_lines: Lines of a batch while nothing was too much.
        pace: How long is waited, and for how long at most.

    Attributes:
        most_lines: Lines of the next batch, at most.
    """

    def __init__(self, most_lines: int, pace: Pace) -> None:
        self.most_lines, self._pace = most_lines, pace
        self._refused, self._since, self._fewest = 0, 0.0, 0
        self._stopped = asyncio.Event()

    def ended(self, batch: Batch, now: float) -> None:
        """Learn from a batch that is back: half as many lines after one that was too much.

        Args:
            batch: As it ended.
            now: Seconds of a clock.
        """
        if not is_too_much(batch):
            self._refused = 0
            return
        self._since = self._since if self._refused else now
        self._refused += 1
        # Where a share of it is too much as well, others' batches are in the way: many small ones would not help.
        self._fewest = self._fewest or max(1, batch.lines // MOST_PARTS)
        self.most_lines = max(self._fewest, min(self.most_lines, batch.lines // 2))

    async def wait(self, name: str, why: str, say: Callable[[str], None]) -> None:
        """Wait until the provider may take more tokens, as batches that it has are answered meanwhile.

        Args:
            name: The model's.
            why: What the provider says.
            say: Told in one line what is waited for.

        Raises:
            ModelUnavailable: Nothing was taken for longer than patience.
        """
        wait = self.wait_s(asyncio.get_running_loop().time())
        if wait is None:
            more = "give a smaller --batch-size, or resume later"
            raise ModelUnavailable(
                f"{name}: no batch was taken for longer than --patience-s: {why}; {more}", model=name
            )
        say(f"{why}; smaller batches in {wait:.0f} s")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), wait)

    def stop(self) -> None:
        """Have nobody wait any more, as the run stops."""
        self._stopped.set()

    def wait_s(self, now: float) -> float | None:
        """Return the seconds to wait before a question is sent again; ``None`` once patience is over."""
        wait = self._pace.wait_s(self._refused)
        return None if now - self._since + wait > self._pace.patience_s else wait
