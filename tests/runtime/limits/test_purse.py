"""A purse never promises more than it holds."""

import asyncio

import pytest

from runtime.errors import ModelUnavailable
from runtime.limits.purse import Purse
from runtime.limits.treasury import grant_of


async def test_calls_wait_for_money_in_order() -> None:
    purse, order = Purse(limited=True), []

    async def call(name: int, usd: float) -> None:
        await purse.reserve(usd)
        order.append(name)

    calls = [asyncio.create_task(call(name, usd)) for name, usd in enumerate((2.0, 1.0, 1.0))]
    assert await asyncio.wait_for(purse.shortage(), 1) == (2.0, 4.0)
    await asyncio.sleep(0)
    purse.grant(1.0)  # enough for the second, who does not overtake
    await asyncio.sleep(0)
    assert order == []
    purse.grant(2.0)
    await asyncio.sleep(0)
    assert order == [0, 1]
    assert (purse.balance, purse.reserved) == (0.0, 3.0)
    purse.settle(2.0, 0.5)
    await asyncio.gather(*calls)
    assert (purse.balance, purse.reserved) == (0.5, 2.0)
    assert purse.empty() == (0.5, 2.0)


async def test_what_may_have_been_charged_does_not_come_back() -> None:
    purse = Purse(limited=True)
    purse.grant(3.0)
    await purse.reserve(2.0)
    purse.forfeit(2.0)
    assert purse.balance == 1.0
    assert (purse.take_uncertain(), purse.take_uncertain()) == (2.0, 0.0)


async def test_when_there_is_no_more_calls_wait_for_those_under_way_and_no_longer() -> None:
    purse = Purse(limited=True)
    purse.grant(2.0)
    await purse.reserve(2.0)
    first, second = (asyncio.create_task(purse.reserve(1.5)) for _ in range(2))
    await asyncio.sleep(0)
    purse.grant(0.0)
    await asyncio.sleep(0)
    assert not first.done()
    purse.settle(2.0, 0.25)
    await first
    assert not second.done()
    purse.settle(1.5, 1.5)
    with pytest.raises(ModelUnavailable, match="max-cost-usd"):
        await second


async def test_a_cancelled_call_gives_back_what_it_was_about_to_get() -> None:
    purse = Purse(limited=True)
    waiting = asyncio.create_task(purse.reserve(1.0))
    await asyncio.sleep(0)
    purse.grant(1.0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (purse.balance, purse.reserved) == (1.0, 0.0)


async def test_an_unlimited_purse_is_never_short() -> None:
    purse = Purse()
    await purse.reserve(1e9)
    assert purse.empty()[0] == 0.0


@pytest.mark.parametrize("left", [1.0, 5.0, 100.0])
@pytest.mark.parametrize("wants", [0.5, 3.0, 80.0])
def test_a_grant_is_enough_for_a_call_and_no_more_than_is_left(left: float, wants: float) -> None:
    usd = grant_of("usd", 0.5, wants, left, workers=4)
    assert 0.5 <= usd <= min(left, 2 * wants)
