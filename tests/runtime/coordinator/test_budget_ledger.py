"""Workers that are short of what a limit leaves: each call is made, or refused, and nobody waits for ever."""

import asyncio
from typing import Any, cast

import pytest

from surefoot.runtime.coordinator.budget_ledger import BudgetLedger, refusal_of
from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.writer import JournalWriter
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.control import AwaitShortage, Grant, Returned, Shortage
from tests.runtime.models.virtual_time import run_virtually


class Writer:
    """Keeps totals, and takes a millisecond."""

    def __init__(self) -> None:
        self.totals, self.writes = Counts(), 0

    async def write(self, write: Write, awaited: bool) -> None:
        self.totals.add(write.batch.counts)
        self.writes += 1
        await asyncio.sleep(0.001)


class Workers:
    """Workers that hold these purses, over a network that takes a millisecond."""

    def __init__(self, leases: list[BudgetLease]) -> None:
        self.leases, self.size = leases, len(leases)

    async def tell(self, worker: int, message: Any) -> Any:
        lease = self.leases[worker]
        if isinstance(message, AwaitShortage):
            said = Shortage(*await lease.shortage())
            await asyncio.sleep(0.001)
            return said
        await asyncio.sleep(0.001)
        if isinstance(message, Grant):
            return lease.grant(message.amount)
        return Returned(*lease.empty())


def asked(limit: float, calls: list[list[tuple[float, float]]]) -> tuple[float, int, int]:
    """Calls of each worker, the most each may cost and what it does: money spent, calls refused, journal writes."""
    writer, leases = Writer(), [BudgetLease(limited=True) for _ in calls]

    async def on_empty(needs: float, left: float) -> None:
        assert needs > left

    async def call(lease: BudgetLease, most: float, cost: float) -> float:
        try:
            await lease.reserve(most)
        except ModelUnavailable:
            return -1.0
        await asyncio.sleep(0.01)
        lease.settle(most, cost)
        return cost

    async def work() -> list[float]:
        ledger = BudgetLedger("usd", limit, cast(JournalWriter, writer), Workers(leases), on_empty)
        ledger.open()
        async with asyncio.timeout(60):
            ended = await asyncio.gather(
                *(call(lease, *one) for lease, own in zip(leases, calls, strict=True) for one in own)
            )
        await ledger.close()
        return ended

    ended: Any = run_virtually(work())
    assert writer.totals.granted_usd == pytest.approx(sum(cost for cost in ended if cost > 0))
    return sum(cost for cost in ended if cost > 0), sum(cost < 0 for cost in ended), writer.writes


@pytest.mark.parametrize("workers", [1, 2])
def test_what_calls_cost_beyond_what_was_reserved_counts_as_granted(workers: int) -> None:
    """Else the limit that is proposed for going on would be below what is spent."""
    spent, refused, _ = asked(6.0, [[(0.05, 5.0), (5.0, 5.0), (5.0, 5.0)]] * workers)
    assert spent > 6.0
    assert refused >= 1


def test_two_that_are_short_do_not_take_from_each_other_for_ever() -> None:
    """Each needs nearly all that is left: the second gets it when the first turned out to be cheap."""
    spent, refused, writes = asked(0.36, [[(0.1, 0.05), (0.2, 0.05)], [(0.1, 0.05), (0.2, 0.05)]])
    assert (spent, refused) == (pytest.approx(0.2), 0)
    assert writes < 40


def test_a_worker_that_joins_is_granted_what_it_needs() -> None:
    writer, holders = Writer(), Workers([BudgetLease(limited=True)])

    async def on_empty(needs: float, left: float) -> None:
        assert needs > left

    async def spend(lease: BudgetLease) -> None:
        for _ in range(20):
            await lease.reserve(0.01)
            lease.settle(0.01, 0.01)

    async def work() -> None:
        ledger = BudgetLedger("usd", 1.0, cast(JournalWriter, writer), holders, on_empty)
        ledger.open()
        await spend(holders.leases[0])
        holders.leases.append(BudgetLease(limited=True))
        holders.size = 2
        async with asyncio.timeout(60):
            await asyncio.gather(*map(spend, holders.leases))
        await ledger.close()

    run_virtually(work())
    assert writer.totals.granted_usd == pytest.approx(0.6)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_what_nobody_can_pay_is_refused(workers: int) -> None:
    spent, refused, writes = asked(0.2, [[(0.15, 0.024), (0.19, 0.024)]] * workers)
    assert refused >= workers
    assert spent == pytest.approx(0.024 * (2 * workers - refused))
    assert writes < 40 * workers


@pytest.mark.parametrize("workers", [1, 3])
def test_many_cheap_calls_use_all_but_the_price_of_one(workers: int) -> None:
    spent, _, _ = asked(0.1, [[(0.002, 0.001)] * 100] * workers)
    assert 0.1 - 0.002 * workers <= spent <= 0.1 + 1e-9


@pytest.mark.parametrize(
    ("limit", "needs", "left", "said"),
    [
        (3.0, 1.69, 1.67, "$1.67 is left, and one more call may cost up to $1.69; it takes --max-cost-usd 3.0"),
        (
            50.0,
            225.125,
            50.0,
            "$50.00 is left, and one more call may cost up to $225.12; it takes --max-cost-usd 2",
        ),
        (0.5, 0.0123, 0.0, "$0.0000 is left, and one more call may cost up to $0.0123; it takes --max-cost-usd 0.512"),
        (0.0001, 0.000041, 0.0, "$0.000000 is left, and one more call may cost up to $0.000041; it takes "),
        (6.0, 5.16, -14.2, "calls have cost $14.20 more than that, and one more call may cost up to $5.16; it takes "),
    ],
    ids=range(5),
)
def test_the_line_at_the_limit_says_what_a_call_may_cost_and_which_limit_would_do(
    limit: float, needs: float, left: float, said: str
) -> None:
    line = refusal_of(limit, needs, left)
    assert line.startswith(f"--max-cost-usd {limit} is reached: {said}")
    assert line.endswith(" or more, or a smaller --max-reply-tokens")
    enough = float(line.partition("it takes --max-cost-usd ")[2].partition(" ")[0])
    assert needs - 1e-9 <= enough - limit + left <= needs + max(0.02 * needs, 2e-6)
