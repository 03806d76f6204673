"""Keeps the money limit for models that do not reserve money themselves, before each of their calls is made.

Where a model says what tokens cost at most (``Model.prices``), that is reserved, and a limit is never exceeded. Where
it does not, the first call is made alone, and from then on each reserves the dearest answer seen so far, for each of
its draws. Then the limit may be exceeded by what the first answers cost, and by as much as an answer is dearer than
every one before it.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from surefoot.runtime.errors import ModelRejected
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.litellm_requests import bytes_of
from surefoot.runtime.models.port import Likelihood, Look, Reply, Request

Said = TypeVar("Said", bound=Look | Likelihood | Sequence[Reply])
UNKNOWN = (
    "cost_usd of an answer is None, so --max-cost-usd cannot be kept: say what it cost, or its tokens with --price-in "
    "and --price-out"
)
LEAST_USD = 1e-9
"""Reserved for an answer of which nothing is known, so that none is asked for once nothing is left."""


class OwnCosts:
    """What the answers of one model cost, as far as is known, and the money reserved for them.

    Args:
        prices: What a prompt token and a generated one cost at most, in USD; gives ``None`` where that is unknown.
        on_dearer: Told, once, what a call cost and what was reserved for it, where the prices should have covered it.
    """

    def __init__(
        self, prices: Callable[[], tuple[float, float] | None], on_dearer: Callable[[float, float], None]
    ) -> None:
        self._prices, self._dearest = prices, -1.0
        self._alone, self._on_dearer, self._told = asyncio.Lock(), on_dearer, False

    async def paid(
        self, lease: BudgetLease, request: Request, answers: int, call: Callable[[], Awaitable[Said]]
    ) -> Said:
        """Make a call after money for so many answers was reserved; what it did cost is settled.

        Raises:
            ModelUnavailable: The run has not enough left for this call.
            ModelRejected: What an answer cost is unknown, so that no limit can be kept.
        """
        prices = self._prices()
        if prices is None and self._dearest < 0:
            async with self._alone:
                if self._dearest < 0:  # who waited knows what the first answer cost
                    return await self._settled(lease, LEAST_USD, call)
        if prices is None:
            return await self._settled(lease, self._dearest * answers, call)
        most = prices[0] * bytes_of(request) + prices[1] * answers * request.max_tokens
        return await self._settled(lease, most, call, covered=True)

    async def _settled(
        self, lease: BudgetLease, reserved: float, call: Callable[[], Awaitable[Said]], *, covered: bool = False
    ) -> Said:
        await lease.reserve(reserved)
        spent: float | None = None  # nobody knows
        try:
            said = await call()
            costs = [said.cost_usd] if isinstance(said, Look | Likelihood) else [one.cost_usd for one in said]
            known = [cost for cost in costs if cost is not None]
            if len(known) < len(costs):
                raise ModelRejected(UNKNOWN)
            spent, self._dearest = math.fsum(known), max(self._dearest, *known, 0.0)
            if covered and spent > reserved * (1 + 1e-9) and not self._told:
                self._told = True
                self._on_dearer(spent, reserved)
            return said
        finally:
            if spent is None:
                lease.forfeit(reserved)
            else:
                lease.settle(reserved, spent)
