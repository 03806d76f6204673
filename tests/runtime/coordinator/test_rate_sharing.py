"""One pace for all workers, on a virtual clock: shares, and what the server they ask sees of them."""

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.coordinator.rate_sharing import TICK_S, RateSharing, split_fairly, split_whole
from surefoot.runtime.models.limiter import Limiter
from surefoot.runtime.worker.control import AwaitRefusal, Done, FollowQuotas, SeenEndpoints, TakeFeedback
from tests.runtime.models.test_congestion import chains
from tests.runtime.models.virtual_time import Limited, run_virtually

WANTS = st.lists(st.one_of(st.floats(0, 1e4), st.just(math.inf)), min_size=1, max_size=20)


@given(total=st.floats(0, 1e5), wants=WANTS)
def test_shares_are_the_total_and_max_min_fair(total: float, wants: list[float]) -> None:
    quotas = split_fairly(total, wants)
    assert sum(quotas) == pytest.approx(total)
    assert all(quota >= 0 for quota in quotas)
    short = [quota for quota, want in zip(quotas, wants, strict=True) if quota < want - 1e-6]
    if short:  # whoever gets less than he wants gets as much as anyone
        assert min(short) >= max(quotas) - 1e-6 * (1 + max(quotas))


@given(total=st.integers(0, 1000), wants=WANTS)
def test_whole_shares_are_the_total_and_1_at_least(total: int, wants: list[float]) -> None:
    quotas = split_whole(total, wants)
    assert min(quotas) >= 1
    assert sum(quotas) <= max(total, len(wants)) or min(split_fairly(total, wants)) < 1
    if min(split_fairly(total, wants)) >= 1:
        assert sum(quotas) == total


class Workers:
    """Places of several workers, asked over a network that takes a millisecond.

    Args:
        places: Those of each.
    """

    def __init__(self, limiter: list[Limiter]) -> None:
        self.limiter, self.size, self.told = limiter, len(limiter), 0

    async def tell(self, worker: int, message: Any) -> Any:
        await asyncio.sleep(0.001)
        limiter = self.limiter[worker]
        if isinstance(message, AwaitRefusal):
            await limiter.refusal.wait()
        elif isinstance(message, TakeFeedback):
            limiter.refusal.clear()
            return SeenEndpoints({"there": limiter.take_feedback()})
        else:
            self.told += 1
            limiter.follow(message.quotas["there"])
        return Done()


def served(server: Limited, workers: int, seconds: float, *, shared: bool) -> tuple[float, float]:
    """Share of a server's rate used by 64 chains on so many workers, and share of the calls refused."""
    limiter = [Limiter(64) for _ in range(workers)]

    async def work() -> None:
        if not shared:
            return await chains(server, limiter, 64, seconds)
        async with RateSharing(Workers(limiter), 64):
            return await chains(server, limiter, 64, seconds)

    run_virtually(work())
    return server.answered / (server.rate * seconds), server.refused / (server.refused + server.answered)


@pytest.mark.parametrize(("rate", "seconds"), [(10, 120), (60, 40), (200, 20)])
@pytest.mark.parametrize("workers", [2, 8])
def test_workers_keep_to_a_servers_rate_together(rate: float, seconds: float, workers: int) -> None:
    used, refused = served(Limited(rate, rate / 2, 0.05, 0.02), workers, seconds, shared=True)
    assert used >= 0.95
    assert refused <= 0.02


def test_workers_that_learn_apart_are_refused_more_often() -> None:
    """The placebo's arm."""
    assert served(Limited(10, 5, 0.05, 0.02), 8, 120, shared=False)[1] > 0.05


def test_what_one_worker_does_not_use_the_others_get() -> None:
    """One worker asks all the time, the other one now and then: the first gets what the second leaves."""
    limiter, server = [Limiter(64), Limiter(64)], Limited(40, 20, 0.05)

    async def now_and_then() -> None:
        while True:
            async with limiter[1]:
                await server.ask()
            await asyncio.sleep(2)

    async def work() -> int:
        async with RateSharing(Workers(limiter), 64):
            other = asyncio.create_task(now_and_then())
            await chains(server, limiter[:1], 32, 60)
            other.cancel()
        return server.answered

    assert run_virtually(work()) >= 0.95 * 40 * 60


def test_concurrency_is_divided_from_the_start_and_grows_where_it_pays() -> None:
    limiter, server = [Limiter(8) for _ in range(3)], Limited(1e9, 1e9, 0.1)

    async def work() -> list[int]:
        async with RateSharing(Workers(limiter), 8) as pacemaker:
            first = [one.limit for one in limiter]
            await chains(server, limiter, 48, 20)
            assert pacemaker.controls["there"].limit == 24
        return first

    assert run_virtually(work()) == [2, 1, 1]
    assert [one.limit for one in limiter] == [8, 8, 8]


def test_a_worker_in_a_lost_ones_place_is_given_a_share() -> None:
    limiter: list[Limiter] = [Limiter(8), Limiter(8)]

    async def work() -> None:
        async with RateSharing(Workers(limiter), 8):
            await asyncio.sleep(3 * TICK_S)
            limiter[1] = Limiter(8)
            await asyncio.sleep(2 * TICK_S)
            assert limiter[1].take_feedback().follows is not None

    run_virtually(work())


def test_nothing_is_said_where_nothing_changes_or_there_is_one_worker() -> None:
    async def told(count: int) -> int:
        workers = Workers([Limiter(8) for _ in range(count)])
        async with RateSharing(workers, 8):
            await asyncio.sleep(20 * TICK_S)
        return workers.told

    assert run_virtually(told(1)) == 0
    assert run_virtually(told(4)) == 4


def test_an_error_of_the_pacemaker_is_not_lost() -> None:
    class Broken(Workers):
        async def tell(self, worker: int, message: Any) -> Any:
            if isinstance(message, FollowQuotas) and self.told == 2:
                raise ValueError("broken")
            return await super().tell(worker, message)

    async def work() -> Any:
        limiter = [Limiter(8), Limiter(8)]
        async with RateSharing(Broken(limiter), 8):
            await chains(Limited(10, 5, 0.05), limiter, 8, 10)

    with pytest.raises(ValueError, match="broken"):
        run_virtually(work())
