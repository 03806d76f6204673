"""Budget leases: what a worker may spend, so that a limit holds with any number of calls under way.

Before a call is made, the most that it can use is reserved; when it is answered, what it did use is settled. A call
whose end nobody saw (a time-out, a lost connection, a cancelled race) may have been charged: what it reserved is not
given back. A lease that runs short says so, and the coordinator fills it from what the run has left
(``runtime/coordinator/budget_ledger.py``).
"""

import asyncio
import math
from collections import deque
from typing import Literal

from surefoot.runtime.errors import ModelUnavailable

Unit = Literal["usd", "calls"]
"""What is limited: ``--max-cost-usd``, in USD, or ``--max-calls``, in answers drawn."""

OPTIONS: dict[Unit, str] = {"usd": "--max-cost-usd", "calls": "--max-calls"}


class BudgetLease:
    """What one worker may still spend of one unit, money or calls.

    Args:
        limited: Whether the run has a limit. An unlimited lease is never short.
        unit: What is held.

    Attributes:
        balance: What may still be reserved.
        reserved: What calls under way have reserved.
    """

    def __init__(self, limited: bool = False, unit: Unit = "usd") -> None:
        self.limited, self.unit = limited, unit
        self.balance = 0.0 if limited else math.inf
        self.reserved = 0.0
        self._uncertain, self._unpriced = 0.0, 0
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._short = asyncio.Event()
        self._refused = False

    async def reserve(self, amount: float, begun: bool = False) -> None:
        """Reserve an amount for a call, waiting until it is there; calls of a ``begun`` race come first.

        Raises:
            ModelUnavailable: The run has not enough left for this call, and its context says ``sent=False``.
        """
        if self.balance >= amount and not self._waiting:
            self._take(amount)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if begun:
            self._waiting.appendleft((amount, turn))
        else:
            self._waiting.append((amount, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.settle(amount, 0.0)
            self._serve()
            raise

    def hold(self, amount: float) -> None:
        """Reserve what an earlier session of the run reserved, out of what it was granted then."""
        self.reserved += amount

    def settle(self, reserved: float, spent: float) -> None:
        """Give back what a call reserved, less what was spent."""
        self.reserved -= reserved
        self.balance += reserved - spent
        self._serve()

    def forfeit(self, reserved: float, priced: bool = True) -> None:
        """Keep all that a call reserved: nobody saw what the call cost.

        Args:
            reserved: The most that it cost, in what the lease is of.
            priced: Whether that is known.
        """
        self._uncertain += reserved
        self._unpriced += not priced
        self.settle(reserved, reserved)

    def doubt(self, amount: float) -> None:
        """Take note that so much may have been charged, of what is settled otherwise."""
        self._uncertain += amount

    def take_uncertain(self) -> float:
        """Return what was forfeited since the last time, and begin again at 0."""
        taken, self._uncertain = self._uncertain, 0.0
        return taken

    def take_unpriced(self) -> int:
        """Return how many calls were forfeited since the last time whose price is unknown, and begin again at 0."""
        taken, self._unpriced = self._unpriced, 0
        return taken

    async def shortage(self) -> tuple[float, float]:
        """Wait until calls wait for this lease; return what the first of them needs, and what all need."""
        while not self._waiting or self._refused:
            self._short.clear()
            await self._short.wait()
        return self._waiting[0][0], sum(amount for amount, _ in self._waiting)

    def grant(self, amount: float) -> None:
        """Add an amount to the lease; 0 says that the run has no more."""
        self._refused = amount <= 0
        self.balance += amount
        self._serve()

    def empty(self) -> tuple[float, float]:
        """Take back all that is not reserved; return what was taken, and what is reserved.

        What calls have cost beyond what was granted is taken back as less than nothing, so that it counts as granted.
        """
        left = 0.0 if not self.limited or abs(self.balance) < 1e-12 else self.balance
        self.balance -= left
        return left, self.reserved

    def _take(self, amount: float) -> None:
        self.balance -= amount
        self.reserved += amount

    def _serve(self) -> None:
        while self._waiting:
            amount, turn = self._waiting[0]
            if not turn.done():
                # Rounding: a thousand settled reservations may differ from nothing by so little.
                if self.balance < amount - 1e-15:
                    break
                self._take(amount)
                turn.set_result(None)
            self._waiting.popleft()
        if self._waiting and self._refused and self.reserved <= 1e-12:
            for amount, turn in self._waiting:
                if not turn.done():
                    next_call = f"up to ${amount:.6f}" if self.unit == "usd" else f"{amount:g} answers"
                    line = f"{OPTIONS[self.unit]}: what is left does not cover the next call ({next_call})"
                    turn.set_exception(ModelUnavailable(line, sent=False))
            self._waiting.clear()
        if self._waiting:
            self._short.set()


def whole_lease(unit: Unit, limit: float | None) -> BudgetLease:
    """Return a lease that holds all of a limit, where nothing grants more: what goes beyond it is refused at once.

    Args:
        unit: What is limited.
        limit: How much there is; ``None`` for no limit.
    """
    lease = BudgetLease(limit is not None, unit)
    if limit is not None:
        lease.grant(float(limit))
        lease.grant(0.0)
    return lease
