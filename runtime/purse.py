"""The money a worker may ask for, so that a limit holds with any number of calls under way.

Before a call is made, the most that it can cost is reserved; when it is answered, what it did cost is settled. A call
whose end nobody saw (a time-out, a lost connection, a cancelled race) may have been charged: what it reserved is not
given back. A purse that runs short says so, and the coordinator fills it from what the run has left
(``runtime/treasury.py``).
"""

import asyncio
import math
from collections import deque

from runtime.errors import ModelUnavailable


class Purse:
    """Money held by one worker, in USD.

    Args:
        limited: Whether the run has a limit. An unlimited purse is never short.

    Attributes:
        balance_usd: What may still be reserved.
        reserved_usd: What calls under way have reserved.
    """

    def __init__(self, limited: bool = False) -> None:
        self.limited = limited
        self.balance_usd = 0.0 if limited else math.inf
        self.reserved_usd = 0.0
        self._uncertain_usd = 0.0
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._short = asyncio.Event()
        self._refused = False

    async def reserve(self, usd: float) -> None:
        """Take money aside for a call, waiting for it if need be.

        Raises:
            ModelUnavailable: The run has not enough left for this call.
        """
        if self.balance_usd >= usd and not self._waiting:
            self._take(usd)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((usd, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.settle(usd, 0.0)
            self._serve()
            raise

    def settle(self, reserved_usd: float, spent_usd: float) -> None:
        """A call cost so much of what it had reserved."""
        self.reserved_usd -= reserved_usd
        self.balance_usd += reserved_usd - spent_usd
        self._serve()

    def forfeit(self, reserved_usd: float) -> None:
        """A call ended in a way that leaves open what it cost."""
        self._uncertain_usd += reserved_usd
        self.settle(reserved_usd, reserved_usd)

    def take_uncertain(self) -> float:
        """What was forfeited since this was last asked."""
        taken, self._uncertain_usd = self._uncertain_usd, 0.0
        return taken

    async def shortage(self) -> tuple[float, float]:
        """Wait until calls wait for money; what the first of them lacks, and all of them, in USD."""
        while not self._waiting or self._refused:
            self._short.clear()
            await self._short.wait()
        return self._waiting[0][0] - self.balance_usd, sum(usd for usd, _ in self._waiting) - self.balance_usd

    def grant(self, usd: float) -> None:
        """Put money in; 0 says that there is no more."""
        self._refused = usd <= 0
        self.balance_usd += usd
        self._serve()

    def empty(self) -> tuple[float, float]:
        """Take out all that is not reserved; what was taken, and what is reserved."""
        left = 0.0 if not self.limited else max(0.0, self.balance_usd)
        self.balance_usd -= left
        return left, self.reserved_usd

    def _take(self, usd: float) -> None:
        self.balance_usd -= usd
        self.reserved_usd += usd

    def _serve(self) -> None:
        while self._waiting:
            usd, turn = self._waiting[0]
            if not turn.done():
                # Rounding: a thousand settled reservations may differ from nothing by so little.
                if self.balance_usd < usd - 1e-15:
                    break
                self._take(usd)
                turn.set_result(None)
            self._waiting.popleft()
        if self._waiting and self._refused and self.reserved_usd <= 1e-12:
            for usd, turn in self._waiting:
                if not turn.done():
                    line = f"--max-cost-usd: what is left does not cover the next call (up to ${usd:.6f})"
                    turn.set_exception(ModelUnavailable(line))
            self._waiting.clear()
        if self._waiting:
            self._short.set()
