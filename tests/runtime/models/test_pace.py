"""The pace on a virtual clock, against a server that is a token bucket."""

import asyncio
import heapq
import random

import pytest

from runtime.models.pace import FIRST_LIMIT, Pace, Places


class Unpaced(Pace):
    """The placebo: learns nothing from 429s, and waits for nobody."""

    def refused(self, now: float, after_s: float | None) -> None:
        pass


def served(pace: Pace, rate: float, latency_s: float, burst: float, seconds: float) -> tuple[float, float, float]:
    """Run calls against a server that takes ``rate`` a second: share of it used, share of calls refused, answers/s."""
    dice, now, bucket, filled = random.Random(0), 0.0, burst, 0.0
    ends: list[tuple[float, int, float, bool]] = []
    asked = answered = under_way = 0
    while now < seconds:
        while under_way < pace.limit and pace.earliest(now) <= now:
            pace.started(now)
            bucket, filled = min(burst, bucket + (now - filled) * rate), now
            taken = bucket >= 1
            bucket -= taken
            asked, under_way = asked + 1, under_way + 1
            heapq.heappush(ends, (now + (latency_s * dice.uniform(0.8, 1.2) if taken else 0.002), asked, now, taken))
        start = pace.earliest(now) if under_way < pace.limit else float("inf")
        if not ends or ends[0][0] > start:
            now = start
            continue
        now, _, began, taken = heapq.heappop(ends)
        under_way -= 1
        if taken:
            answered += 1
            pace.answered(now, now - began, waiting=True)
        else:
            pace.refused(now, None)
    return answered / (rate * seconds), 1 - answered / asked, answered / seconds


@pytest.mark.parametrize("rate", [50, 100, 200, 500])
@pytest.mark.parametrize("latency_s", [0.01, 0.1])
def test_a_servers_rate_is_found_and_used(rate: float, latency_s: float) -> None:
    used, refused, _ = served(Pace(64), rate, latency_s, burst=rate / 2, seconds=120)
    assert used >= 0.95
    assert refused <= 0.02


def test_a_pace_that_does_not_listen_is_refused_all_the_time() -> None:
    _, refused, _ = served(Unpaced(64), 50, 0.01, burst=25, seconds=20)
    assert refused > 0.5


@pytest.mark.parametrize("most", [1, 4, 64])
def test_concurrency_grows_to_the_most_where_it_pays(most: int) -> None:
    pace = Pace(most)
    _, _, answers = served(pace, 1e9, 0.1, burst=1e9, seconds=20)
    assert pace.limit == most
    assert answers == pytest.approx(most / 0.1, rel=0.1)


def test_concurrency_does_not_grow_where_answers_only_get_slower() -> None:
    """A server that works on four at a time, 0.1 s each: more only wait in its queue."""
    pace, now, under_way = Pace(256), 0.0, 0
    lanes, ends = [0.0] * 4, []
    for number in range(8000):
        while under_way < pace.limit:
            lane = min(range(4), key=lambda one: lanes[one])
            lanes[lane] = max(lanes[lane], now) + 0.1
            heapq.heappush(ends, (lanes[lane], number, under_way, now))
            under_way += 1
        now, _, _, began = heapq.heappop(ends)
        under_way -= 1
        pace.answered(now, now - began, waiting=True)
    assert 4 <= pace.limit <= 4 * FIRST_LIMIT


def test_timeouts_fit_what_was_seen_and_grow_back() -> None:
    pace = Pace(8)
    assert pace.timeout_s(60) == 60
    for _ in range(64):
        pace.answered(1.0, 2.5, waiting=False)
    assert pace.timeout_s(60) == 10
    pace.timed_out(10)
    assert pace.timeout_s(60) == 40
    assert pace.timeout_s(20) == 20


async def test_places_are_given_in_the_order_of_arrival_and_freed_by_cancelling() -> None:
    places, order = Places(1), []

    async def call(name: int) -> None:
        async with places:
            order.append(name)
            await asyncio.sleep(0)

    calls = [asyncio.create_task(call(name)) for name in range(5)]
    await asyncio.sleep(0)
    calls[2].cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert order == [0, 1, 3, 4]
    assert places.taken == 0
    assert places.load == 0
