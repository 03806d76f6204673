"""A limit in money is kept for models of somebody's own: with prices never exceeded, else by the dearest answer."""

import asyncio
from typing import Any

import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime.errors import ModelRejected, ModelUnavailable, UserCodeError
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.own_model import OwnModel, watched
from surefoot.runtime.models.port import Look, Model, Reply, Request

LIMIT_USD, PRICE_USD = 1.0, 0.25
REQUEST = Request(Prompt("say ash"), (0,), 0.1, 10, 0)


class Clerk(Model):
    """Answers once all others that are asked at the same time are under way; each answer costs the same."""

    def __init__(self, cost_usd: Any = PRICE_USD, prices: tuple[float, float] | None = None) -> None:
        self.cost_usd, self.said_prices = cost_usd, prices
        self.spent, self.under_way, self.most_under_way = 0.0, 0, 0

    async def ask(self, request: Request) -> list[Reply]:
        await self._work(len(request.draws))
        return [Reply("ash", tokens_in=1, tokens_out=1, cost_usd=self.cost_usd) for _ in request.draws]

    async def look(self, request: Request) -> Look:
        await self._work(1)
        return Look((("ash", 1.0),), cost_usd=self.cost_usd)

    async def _work(self, answers: int) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        for _ in range(20):  # turns of the loop, in which whoever may begin does
            await asyncio.sleep(0)
        self.under_way -= 1
        self.spent += (self.cost_usd or 0.0) * answers

    def prices(self) -> tuple[float, float] | None:
        return self.said_prices


class Unwatched(OwnModel):
    """The placebo: money is not reserved for it."""

    def use_lease(self, lease: BudgetLease) -> None:
        pass


def leased(model: Model, left: float = LIMIT_USD) -> tuple[Model, BudgetLease]:
    lease = BudgetLease(limited=True)
    lease.grant(left)
    model.use_lease(lease)
    return model, lease


async def asked(model: Model, lease: BudgetLease, count: int) -> list[Any]:
    """What so many calls at the same time end with, when the run has no more than the lease holds."""
    calls = [asyncio.create_task(model.ask(REQUEST)) for _ in range(count)]
    while not all(call.done() for call in calls):
        waits = asyncio.create_task(lease.shortage())
        await asyncio.wait([waits, *calls], return_when=asyncio.FIRST_COMPLETED)
        if waits.done():
            lease.grant(0.0)
        waits.cancel()
        await asyncio.wait([call for call in calls if not call.done()] or calls, timeout=0)
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_twelve_calls_at_once_spend_no_more_than_the_limit() -> None:
    clerk = Clerk()
    model, lease = leased(watched(clerk))
    ended = await asked(model, lease, 12)
    # The first is asked alone; three more are paid for, and the rest are told so.
    assert (clerk.spent, clerk.most_under_way) == (LIMIT_USD, 3)
    assert [isinstance(one, ModelUnavailable) for one in ended] == [False] * 4 + [True] * 8
    assert "--max-cost-usd: what is left does not cover the next call (up to $0.25" in str(ended[-1])


async def test_where_nothing_is_reserved_the_limit_does_not_hold() -> None:
    clerk = Clerk()
    model, lease = leased(Unwatched(clerk))
    await asked(model, lease, 12)
    assert (clerk.spent, clerk.most_under_way) == (12 * PRICE_USD, 12)


@pytest.mark.parametrize("left", [0.0, 0.2, 0.3, 0.99])
async def test_with_prices_no_answer_is_above_the_limit(left: float) -> None:
    clerk = Clerk(cost_usd=0.25, prices=(0.01, 0.018))  # at most 7 bytes and 10 tokens: 0.25
    model, lease = leased(watched(clerk), left)
    await asked(model, lease, 12)
    assert clerk.spent == left // 0.25 * 0.25


async def test_without_prices_the_first_answer_may_be_and_no_other() -> None:
    clerk = Clerk(cost_usd=3.0)
    model, lease = leased(watched(clerk))
    await asked(model, lease, 12)
    assert clerk.spent == 3.0
    assert lease.balance == pytest.approx(LIMIT_USD - 3.0), "what was spent above the limit is owed"


async def test_nothing_is_asked_where_nothing_is_left() -> None:
    clerk = Clerk()
    model, lease = leased(watched(clerk), 0.0)
    ended = await asked(model, lease, 3)
    assert all(isinstance(one, ModelUnavailable) for one in ended)
    assert clerk.most_under_way == 0


async def test_what_costs_nothing_goes_on_and_without_a_limit_nothing_is_asked_alone() -> None:
    model, lease = leased(watched(Clerk(cost_usd=0)))
    assert all(isinstance(one, list) for one in await asked(model, lease, 5))
    free = Clerk(cost_usd=None)
    unlimited = watched(free)
    unlimited.use_lease(BudgetLease())
    await asyncio.gather(*(unlimited.ask(REQUEST) for _ in range(5)))
    assert free.most_under_way == 5


async def test_several_draws_and_looks_reserve_for_each_answer() -> None:
    clerk = Clerk()
    model, lease = leased(watched(clerk), 10.0)
    await model.look(REQUEST)
    reserved = asyncio.create_task(model.ask(Request(Prompt("say ash"), (0, 1, 2), 0.1, 10, 0)))
    await asyncio.sleep(0)
    assert lease.reserved == pytest.approx(3 * PRICE_USD)
    await reserved
    assert (clerk.spent, lease.balance) == (1.0, pytest.approx(9.0))


async def test_a_call_that_failed_may_have_been_charged() -> None:
    clerk = Clerk()
    model, lease = leased(watched(clerk))
    await model.ask(REQUEST)
    clerk.cost_usd = float("nan")
    with pytest.raises(UserCodeError, match="a number of USD, at least 0; it returned float nan"):
        await model.ask(REQUEST)
    assert (lease.reserved, lease.take_uncertain()) == (pytest.approx(0.0), PRICE_USD)


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), -0.25])
async def test_costs_are_hostile(cost: float) -> None:
    with pytest.raises(UserCodeError, match="at least 0"):
        await watched(Clerk(cost_usd=cost)).ask(REQUEST)


async def test_an_unknown_cost_under_a_limit_is_refused_in_a_line() -> None:
    model, _ = leased(watched(Clerk(cost_usd=None)))
    with pytest.raises(ModelRejected, match=r"so --max-cost-usd cannot be kept: say what it cost"):
        await model.ask(REQUEST)


async def test_a_model_that_reserves_itself_is_charged_once() -> None:
    """Such as one that hands its questions on to a model of ours, and the lease with them."""

    class Reserving(Clerk):
        def use_lease(self, lease: BudgetLease) -> None:
            self.taken = lease

        async def ask(self, request: Request) -> list[Reply]:
            await self.taken.reserve(PRICE_USD)
            replies = await super().ask(request)
            self.taken.settle(PRICE_USD, PRICE_USD)
            return replies

    clerk = Reserving()
    model, lease = leased(watched(clerk))
    ended = await asked(model, lease, 12)
    assert [isinstance(one, list) for one in ended] == [True] * 4 + [False] * 8
    assert clerk.spent == LIMIT_USD
