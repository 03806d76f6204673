"""A purse never promises more than it holds."""

import asyncio

import pytest

from surefoot.runtime.coordinator.budget_ledger import grant_of
from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.models.budget_lease import BudgetLease, whole_lease


async def test_calls_wait_for_money_in_order() -> None:
    lease, order = BudgetLease(limited=True), []

    async def call(name: int, usd: float) -> None:
        await lease.reserve(usd)
        order.append(name)

    calls = [asyncio.create_task(call(name, usd)) for name, usd in enumerate((2.0, 1.0, 1.0))]
    assert await asyncio.wait_for(lease.shortage(), 1) == (2.0, 4.0)
    await asyncio.sleep(0)
    lease.grant(1.0)  # enough for the second, who does not overtake
    await asyncio.sleep(0)
    assert order == []
    lease.grant(2.0)
    await asyncio.sleep(0)
    assert order == [0, 1]
    assert (lease.balance, lease.reserved) == (0.0, 3.0)
    lease.settle(2.0, 0.5)
    await asyncio.gather(*calls)
    assert (lease.balance, lease.reserved) == (0.5, 2.0)
    assert lease.empty() == (0.5, 2.0)


async def test_what_may_have_been_charged_does_not_come_back() -> None:
    lease = BudgetLease(limited=True)
    lease.grant(3.0)
    await lease.reserve(2.0)
    lease.forfeit(2.0)
    assert lease.balance == 1.0
    assert (lease.take_uncertain(), lease.take_uncertain()) == (2.0, 0.0)


async def test_when_there_is_no_more_calls_wait_for_those_under_way_and_no_longer() -> None:
    lease = BudgetLease(limited=True)
    lease.grant(2.0)
    await lease.reserve(2.0)
    first, second = (asyncio.create_task(lease.reserve(1.5)) for _ in range(2))
    await asyncio.sleep(0)
    lease.grant(0.0)
    await asyncio.sleep(0)
    assert not first.done()
    lease.settle(2.0, 0.25)
    await first
    assert not second.done()
    lease.settle(1.5, 1.5)
    with pytest.raises(ModelUnavailable, match="max-cost-usd"):
        await second


async def test_a_cancelled_call_gives_back_what_it_was_about_to_get() -> None:
    lease = BudgetLease(limited=True)
    waiting = asyncio.create_task(lease.reserve(1.0))
    await asyncio.sleep(0)
    lease.grant(1.0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (lease.balance, lease.reserved) == (1.0, 0.0)


async def test_an_unlimited_purse_is_never_short() -> None:
    lease = BudgetLease()
    await lease.reserve(1e9)
    assert lease.empty()[0] == 0.0


@pytest.mark.parametrize("left", [1.0, 5.0, 100.0])
@pytest.mark.parametrize("wants", [0.5, 3.0, 80.0])
def test_a_grant_is_enough_for_a_call_and_no_more_than_is_left(left: float, wants: float) -> None:
    usd = grant_of("usd", 0.5, wants, left, workers=4)
    assert 0.5 <= usd <= min(left, 2 * wants)


async def test_a_whole_lease_refuses_what_goes_beyond_the_limit_once_nothing_is_under_way() -> None:
    lease = whole_lease("calls", 5)
    await lease.reserve(3)
    beyond = asyncio.create_task(lease.reserve(3))
    await asyncio.sleep(0)
    assert not beyond.done(), "the call under way may use less"
    lease.settle(3, 3)
    with pytest.raises(ModelUnavailable, match=r"--max-calls: what is left does not cover the next call \(3 answers\)"):
        await beyond
    await whole_lease("usd", None).reserve(1e9)
