"""The pace on a virtual clock, against a server that is a token bucket."""

import asyncio
import heapq
import random
from collections.abc import Container

import msgspec
import pytest

from surefoot.runtime.models.congestion import DOWN_AFTER, FIRST_LIMIT, LONGEST_PAUSE_S, CongestionControl
from surefoot.runtime.models.limiter import LATE_S, Limiter, Quota
from surefoot.runtime.models.rate_search import RateSearch, Start
from tests.runtime.models.virtual_time import Limited, run_virtually


class Unpaced(Limiter):
    """The placebo: a fixed number of calls at a time, whatever is refused."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.congestion._limit = most

    def refused(self, after_s: float | None, start: Start) -> None:
        pass


async def chains(server: Limited, limiter: list[Limiter], number: int, seconds: float) -> None:
    """Calls one after the other in so many chains, refused ones again after Retry-After."""
    dice, clock = random.Random(1), asyncio.get_running_loop().time

    async def chain(own: Limiter) -> None:
        while clock() < seconds:
            async with own as start:
                began = clock()
                answered = await server.ask()
                if answered:
                    own.answered(clock() - began)
                else:
                    own.refused(server.after_s, start)
            if not answered:
                await asyncio.sleep((server.after_s or 0.0) + dice.uniform(0, 0.25))

    working = [asyncio.create_task(chain(limiter[one % len(limiter)])) for one in range(number)]
    await asyncio.sleep(seconds)
    for one in working:
        one.cancel()
    await asyncio.gather(*working, return_exceptions=True)


def served(limiter: Limiter, server: Limited, seconds: float, stall_s: float = 0.0) -> tuple[float, float]:
    """Share of a server's rate used by 64 chains, and share of the calls refused."""
    run_virtually(chains(server, [limiter], 64, seconds), stall_s)
    return server.answered / (server.rate * seconds), server.refused / (server.refused + server.answered)


@pytest.mark.parametrize(("rate", "seconds"), [(3, 300), (15, 60), (40, 40), (120, 30), (400, 15)])
@pytest.mark.parametrize(("latency_s", "refusal_s"), [(0.02, 0.002), (0.05, 0.1)])
def test_a_servers_rate_is_found_and_used(rate: float, seconds: float, latency_s: float, refusal_s: float) -> None:
    used, refused = served(Limiter(64), Limited(rate, rate / 2, latency_s, refusal_s), seconds)
    assert used >= 0.95
    assert refused <= 0.02


class Making(Limiter):
    """The placebos: always make up for so much lost time, whatever is refused."""

    def __init__(self, late_s: float) -> None:
        super().__init__(64)
        self._late_s, self._since_shorter = late_s, -(10**9)

    def refused(self, after_s: float | None, start: Start) -> None:
        super().refused(after_s, msgspec.structs.replace(start, hurried=False))


@pytest.mark.parametrize("rate", [15, 60])
def test_time_lost_on_a_busy_machine_is_made_up_for(rate: float) -> None:
    """Half of the time nothing runs, a tenth of a second at a time."""

    def used(limiter: Limiter) -> tuple[float, float]:
        return served(limiter, Limited(rate, rate / 2, 0.05, 0.005), 60, stall_s=0.1)

    quota, refused = used(Limiter(64))
    assert quota >= 0.9
    assert refused <= 0.02
    assert used(Making(0.02))[0] < 0.9 * quota


@pytest.mark.parametrize("rate", [15, 60])
def test_it_is_not_where_the_server_has_nothing_in_hand(rate: float) -> None:
    def used(limiter: Limiter) -> tuple[float, float]:
        return served(limiter, Limited(rate, 1.5, 0.05, 0.005), 60, stall_s=0.1)

    quota, refused = used(Limiter(64))
    assert refused <= 0.03
    assert quota > 1.5 * used(Making(LATE_S))[0]


class Moody:
    """A server that refuses some calls, however fast they come: those of these numbers, or a share of all."""

    after_s = None

    def __init__(self, numbers: Container[int] = (), quota: float = 0.0) -> None:
        self.numbers, self.quota, self.asked, self.dice = numbers, quota, 0, random.Random(1)

    async def ask(self) -> bool:
        self.asked += 1
        refuses = self.asked in self.numbers or self.dice.random() < self.quota
        await asyncio.sleep(0.01 if refuses else 0.1)
        return not refuses


def took(server: Moody, calls: int, at_once: int) -> float:
    """Seconds for so many answers."""
    limiter, left, dice = Limiter(64), iter(range(calls)), random.Random(2)

    async def chain() -> None:
        clock = asyncio.get_running_loop().time
        for _ in left:
            answered, wait = False, 0.25
            while not answered:
                async with limiter as start:
                    began, answered = clock(), await server.ask()
                    if answered:
                        limiter.answered(clock() - began)
                    else:
                        limiter.refused(None, start)
                if not answered:
                    await asyncio.sleep(dice.uniform(wait / 2, wait))
                    wait = min(4.0, 2 * wait)

    async def work() -> float:
        await asyncio.gather(*(chain() for _ in range(at_once)))
        return asyncio.get_running_loop().time()

    return run_virtually(work())


@pytest.mark.parametrize("numbers", [(1, 2, 3), (3, 6, 9), (500, 501, 502), (500, 600, 700)])
def test_a_few_refusals_without_a_reason_are_soon_forgotten(numbers: tuple[int, ...]) -> None:
    calls, at_once = (18, 4) if numbers[0] < 18 else (2000, 64)
    assert took(Moody(numbers), calls, at_once) < 7


def test_refusals_that_do_not_depend_on_the_rate_do_not_wear_it_down(monkeypatch: pytest.MonkeyPatch) -> None:
    assert took(Moody(quota=0.03), 1000, 64) < 50
    monkeypatch.setattr(RateSearch, "_contradicts", lambda *_: False)  # the placebo's arm
    assert took(Moody(quota=0.03), 1000, 64) > 150


def test_a_pace_that_does_not_listen_is_refused_all_the_time() -> None:
    assert served(Unpaced(64), Limited(15, 7.5, 0.05), 40)[1] > 0.5


@pytest.mark.parametrize("most", [1, 4, 64])
def test_concurrency_grows_to_the_most_where_it_pays(most: int) -> None:
    limiter, server = Limiter(most), Limited(1e9, 1e9, 0.1)
    run_virtually(chains(server, [limiter], 128, 20))
    assert limiter.limit == most
    assert server.answered == pytest.approx(20 * most / 0.1, rel=0.1)


def test_concurrency_does_not_grow_where_answers_only_get_slower() -> None:
    """A server that works on four at a time, 0.1 s each: more only wait in its queue."""
    congestion, now, under_way = CongestionControl(256), 0.0, 0
    lanes, ends = [0.0] * 4, []
    for number in range(8000):
        while under_way < congestion.limit:
            lane = min(range(4), key=lambda one: lanes[one])
            lanes[lane] = max(lanes[lane], now) + 0.1
            heapq.heappush(ends, (lanes[lane], number, under_way, now))
            under_way += 1
        now, _, _, began = heapq.heappop(ends)
        under_way -= 1
        congestion.answered(now, now - began, waiting=True)
    assert 4 <= congestion.limit <= 8 * FIRST_LIMIT


def test_a_time_out_halves_what_is_under_way() -> None:
    congestion = CongestionControl(8)
    congestion.timed_out(10)
    assert congestion.limit == FIRST_LIMIT // 2


def test_a_server_that_refuses_whatever_the_rate_is_left_alone_for_as_long_as_it_asks() -> None:
    congestion, now = CongestionControl(8), 0.0
    for _ in range(3):
        congestion.refused(now, 20.0, congestion.started(now))
        now += 1
    assert congestion.stopped_until == 2 + 20
    congestion.answered(30.0, 0.1, waiting=True)
    congestion.refused(31.0, 20.0, congestion.started(31.0))
    assert congestion.stopped_until == 22


class Dying:
    """A server that answers after 10 ms, except between two times."""

    def __init__(self, dies: float, returns: float) -> None:
        self.dies, self.returns, self.failed, self.answers = dies, returns, 0, []

    async def ask(self) -> bool:
        clock = asyncio.get_running_loop().time
        if self.dies <= clock() < self.returns:
            self.failed += 1
            await asyncio.sleep(0.001)
            return False
        await asyncio.sleep(0.01)
        self.answers.append(clock())
        return True


class Storming(Limiter):
    """The placebo: never takes a server for dead."""

    def failed(self) -> None:
        pass


@pytest.mark.parametrize(("limiter", "most_failed"), [(Limiter, 80), (Storming, None)])
def test_an_outage_costs_few_calls_and_ends_at_once(limiter: type[Limiter], most_failed: int | None) -> None:
    server, own = Dying(5.0, 35.0), limiter(32)

    async def chain() -> None:
        clock, failed = asyncio.get_running_loop().time, 0
        while clock() < 60:
            async with own:
                answered = await server.ask()
                if answered:
                    own.answered(0.01)
                else:
                    own.failed()
            failed = 0 if answered else failed + 1
            await asyncio.sleep(0 if answered else min(4.0, 0.25 * 2**failed))

    async def work() -> None:
        await asyncio.gather(*(chain() for _ in range(64)))

    run_virtually(work())
    assert min(at for at in server.answers if at > 35) <= 35 + LONGEST_PAUSE_S + 0.1
    if most_failed is None:
        assert server.failed > 500
    else:
        assert DOWN_AFTER < server.failed <= most_failed


def test_a_timer_that_is_too_late_is_set_anew() -> None:
    """A share that comes while calls wait for an earlier one's time starts them at its own."""

    async def work() -> float:
        limiter, clock = Limiter(4), asyncio.get_running_loop().time
        limiter.follow(Quota(1, 4, 0.1, first_s=10.0))

        async def call() -> float:
            async with limiter:
                return clock()

        calling = asyncio.create_task(call())
        await asyncio.sleep(1)
        limiter.follow(Quota(2, 4, 10.0, first_s=0.1))
        return await calling

    assert run_virtually(work()) == pytest.approx(1.1)


async def test_places_are_given_in_the_order_of_arrival_and_freed_by_cancelling() -> None:
    limiter, order = Limiter(1), []

    async def call(name: int) -> None:
        async with limiter:
            order.append(name)
            await asyncio.sleep(0)

    calls = [asyncio.create_task(call(name)) for name in range(5)]
    await asyncio.sleep(0)
    calls[2].cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert order == [0, 1, 3, 4]
    assert limiter.taken == 0
    assert limiter.load == 0
