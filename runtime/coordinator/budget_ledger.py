"""Hands a run's money and calls out to its workers, so that ``--max-cost-usd`` and ``--max-calls`` are limits on what
is asked for.

One invariant: *what was ever handed out is in the journal before a worker has it.* Workers reserve out of what they
hold, so no call is made for money that the journal does not know of. A worker that dies takes what it held with it:
nobody knows how much of it was spent, so it counts as spent. A run that ends politely takes back what is left.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.writer import JournalWriter
from surefoot.runtime.models.budget_lease import Unit
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Counts
from surefoot.runtime.worker.control import AwaitShortage, Grant, Message, R, ReturnLease

RECALL_S = 0.05
"""Seconds between two looks at what other workers no longer need."""
SEGMENT = "money"
"""The journal's name for what is written here, calls included."""


class LeaseHolders(Protocol):
    """Workers that hold budget leases, by number."""

    @property
    def size(self) -> int:
        """Number of workers that can hold a budget lease."""
        ...

    async def tell(self, worker: int, message: Message[R]) -> R:
        """Tell a worker that it is granted something, or ask what it lacks or can give back; its reply."""
        ...


class BudgetLedger:
    """Grants a run's budget of one unit, money or calls, to its workers while the run works.

    Args:
        unit: What is granted.
        limit: ``--max-cost-usd`` or ``--max-calls``; ``None`` for no limit, and then nothing is granted.
        writer: Makes grants durable.
        purses: The workers'.
        on_empty: Called when a worker's next call needs more than is left, with what it needs and what is left.
    """

    def __init__(
        self,
        unit: Unit,
        limit: float | None,
        writer: JournalWriter,
        leases: LeaseHolders,
        on_empty: Callable[[float, float], Awaitable[None]],
    ) -> None:
        self._unit: Unit = unit
        self._limit, self._writer, self._holders, self._on_empty = limit, writer, leases, on_empty
        self._serving: list[asyncio.Task[None]] = []
        self._one_at_a_time = asyncio.Lock()

    @property
    def granted(self) -> float:
        """Budget handed out to workers and not taken back, over all sessions of the run."""
        totals = self._writer.totals
        return totals.granted_usd if self._unit == "usd" else totals.granted_calls

    @property
    def spent(self) -> float:
        """Budget that calls in the journal have used."""
        totals = self._writer.totals
        return totals.cost_usd + totals.uncertain_usd if self._unit == "usd" else totals.calls

    def open(self) -> None:
        """Begin to answer workers whose lease is short; what sessions without a limit used counts as handed out."""
        if self._limit is None:
            return
        if self.spent > self.granted:
            self._writer.note(SEGMENT, self._handed_out(self.spent - self.granted))
        self._serve_all(self._limit)

    async def close(self) -> None:
        """Take back what living workers still hold, once all their calls have ended and been journalled."""
        if self._limit is None:
            return
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._recall(range(self._holders.size))

    def _serve_all(self, limit: float) -> None:
        """Begin to answer those workers that are not answered yet, such as those that joined meanwhile."""
        for worker in range(len(self._serving), self._holders.size):
            self._serving.append(asyncio.create_task(self._serve(worker, limit)))

    async def _serve(self, worker: int, limit: float) -> None:
        while True:
            shortage = await self._holders.tell(worker, AwaitShortage(self._unit))
            # Two that are short would take from each other for ever what neither can use.
            async with self._one_at_a_time:
                try:
                    await self._recall([worker])
                    amount = await self._find(shortage.needs, shortage.wants, limit)
                    if amount:
                        await self._write(amount)
                    else:
                        await self._on_empty(shortage.needs, limit - self.granted)
                except BaseException:
                    await self._holders.tell(worker, Grant(self._unit, 0.0))  # or its calls would wait for ever
                    raise
                await self._holders.tell(worker, Grant(self._unit, amount))
            self._serve_all(limit)

    async def _find(self, needs: float, wants: float, limit: float) -> float:
        """How much an empty purse gets, out of what is left or what is not reserved; 0 if that is never enough."""
        while True:
            left = limit - self.granted
            if left >= needs:
                return grant_of(self._unit, needs, wants, left, self._holders.size)
            reserved = await self._recall(range(self._holders.size))
            if limit - self.granted >= needs:
                continue
            if not reserved:
                return 0.0
            await asyncio.sleep(RECALL_S)  # calls under way will use less than they have reserved

    async def _recall(self, workers: Iterable[int]) -> float:
        """Take back what workers hold and have not reserved; what they have reserved."""
        back = held = 0.0
        for worker in workers:
            given = await self._holders.tell(worker, ReturnLease(self._unit))
            back, held = back + given.taken, held + given.reserved
        if back:
            await self._write(-back)
        return held if held > 1e-12 else 0.0

    async def _write(self, amount: float) -> None:
        await self._writer.write(Write(SEGMENT, self._handed_out(amount)), awaited=True)

    def _handed_out(self, amount: float) -> Batch:
        money = self._unit == "usd"
        return Batch(pack([]), Counts(granted_usd=amount) if money else Counts(granted_calls=int(amount)))


def refusal_of(limit: float, needs: float, left: float) -> str:
    """Return the line that a run pauses with at its money limit: what a call may cost, and which limit would do.

    Args:
        limit: ``--max-cost-usd``.
        needs: The most that the next call may cost, in USD.
        left: What is left for it, in USD.
    """
    places = 2 if needs >= 1 else 4 if needs >= 0.01 else 6
    # Rounded up, so that a run with this limit makes the call.
    enough = math.ceil((limit + needs - left) * 10**places) / 10**places
    if left < -1e-9:
        known = f"calls have cost ${-left:.{places}f} more than that"
    else:
        known = f"${max(left, 0.0):.{places}f} is left"
    return (
        f"--max-cost-usd {limit} is reached: {known}, and one more call may cost up to "
        f"${needs:.{places}f}; it takes --max-cost-usd {enough:.{places}f} or more, or a smaller --max-reply-tokens"
    )


def grant_of(unit: Unit, needs: float, wants: float, left: float, workers: int) -> float:
    """Budget to grant to one worker, from what its first call needs and what all want; never more than is left.

    Twice what they want, so that calls rarely wait; near the end, a fair share. A run that is killed loses what its
    workers hold, so they never hold much more than their calls could use. Calls are granted whole.
    """
    amount = min(left, max(needs, min(2 * wants, left / (2 * workers))))
    return amount if unit == "usd" else float(int(amount))
