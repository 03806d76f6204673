"""Several addresses of one model: one dies and comes back, one grumbles; on a virtual clock."""

import asyncio

import pytest

from surefoot.runtime.models.endpoints import ModelServer, choose
from surefoot.runtime.models.limiter import Limiter
from surefoot.runtime.models.rate_search import Start
from tests.runtime.models.virtual_time import run_virtually

DIES_S, RETURNS_S, END_S = 10.0, 40.0, 80.0
ANSWER_S = 0.5


class Address:
    """Answers after half a second; is dead between two times if it is mortal."""

    def __init__(self, mortal: bool) -> None:
        self.server, self.mortal = ModelServer("http://x", 16), mortal
        self.answers: list[float] = []
        self.failures = 0

    async def ask(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self.mortal and DIES_S <= now < RETURNS_S:
            self.failures += 1
            await asyncio.sleep(0.02)
            return False
        self.answers.append(now)
        await asyncio.sleep(ANSWER_S)
        return True

    def answered_between(self, begin: float, end: float) -> int:
        return sum(begin <= at < end for at in self.answers)


def asked_for_eighty_seconds(listens: bool) -> list[Address]:
    addresses = [Address(mortal=number == 2) for number in range(4)]
    by_server = {id(one.server): one for one in addresses}

    async def chain() -> None:
        clock = asyncio.get_running_loop().time
        while clock() < END_S:
            chosen = choose([one.server for one in addresses])
            async with chosen.limiter:
                began, answered = clock(), await by_server[id(chosen)].ask()
            if answered:
                chosen.answered(clock() - began)
            elif listens:
                chosen.failed(0.25)

    async def work() -> None:
        await asyncio.gather(*(chain() for _ in range(64)))

    run_virtually(work())
    return addresses


def test_one_of_four_addresses_dies_and_comes_back() -> None:
    addresses = asked_for_eighty_seconds(listens=True)
    mortal = addresses[2]
    assert mortal.failures < 60
    others = sum(one.answered_between(DIES_S, RETURNS_S) for one in addresses if not one.mortal)
    assert others == pytest.approx(3 * 16 / ANSWER_S * (RETURNS_S - DIES_S), rel=0.05)
    back = mortal.answered_between(RETURNS_S + 10, END_S)
    assert back == pytest.approx(16 / ANSWER_S * (END_S - RETURNS_S - 10), rel=0.1)


def test_placebo_an_address_that_is_not_left_out_takes_all_calls() -> None:
    assert asked_for_eighty_seconds(listens=False)[2].failures > 1000


class Grumbling:
    """Answers after half a second; for three minutes it refuses a call every two seconds and asks for 89 s."""

    ends_s, after_s = 200.0, 89.0

    def __init__(self) -> None:
        self.next, self.refused, self.answers = 20.0, 0, []  # type: tuple[float, int, list[float]]

    async def ask(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self.next <= now < self.ends_s:
            self.next, self.refused = now + 2, self.refused + 1
            await asyncio.sleep(0.002)
            return False
        await asyncio.sleep(ANSWER_S)
        self.answers.append(now)
        return True


def answers_a_second(server: Grumbling, begin: float, end: float) -> float:
    return sum(begin <= at < end for at in server.answers) / (end - begin)


class Obeying(Limiter):
    """The placebo: every call waits for as long as one was told to."""

    def refused(self, after_s: float | None, start: Start) -> None:
        self.congestion.stopped_until = start.at + (after_s or 0.0)


def grumbled_at(limiter: Limiter) -> Grumbling:
    server = Grumbling()

    async def chain() -> None:
        clock = asyncio.get_running_loop().time
        while clock() < 320:
            async with limiter as start:
                began, answered = clock(), await server.ask()
                if answered:
                    limiter.answered(clock() - began)
                else:
                    limiter.refused(server.after_s, start)
            if not answered:
                await asyncio.sleep(server.after_s)

    async def work() -> None:
        await asyncio.gather(*(chain() for _ in range(64)))

    run_virtually(work())
    return server


def test_a_refusal_every_two_seconds_stops_one_call_each_and_all_is_well_after() -> None:
    """Some 45 of 64 calls wait as they were told, the others go on; afterwards nothing is left of it."""
    server = grumbled_at(Limiter(64))
    assert server.refused == 90
    assert answers_a_second(server, 120, 200) > 0.9 * 19 / ANSWER_S
    assert answers_a_second(server, 300, 320) == pytest.approx(64 / ANSWER_S, rel=0.05)


def test_placebo_a_limiter_that_stops_all_calls_hardly_gets_anything_done() -> None:
    assert answers_a_second(grumbled_at(Obeying(64)), 20, 200) < 0.1 * 64 / ANSWER_S


async def test_of_servers_with_nothing_to_do_the_one_that_failed_is_asked_last() -> None:
    """It may be back; a call that may go elsewhere does not find that out."""
    failed, well = ModelServer("a", 4), ModelServer("b", 4)
    assert choose([failed, well]) is failed
    failed.failed(0.0)
    assert failed.down_until <= asyncio.get_running_loop().time(), "it is taken for up again"
    assert choose([failed, well]) is well
    async with well.limiter:
        assert choose([failed, well]) is failed, "load goes before"
    failed.answered(0.1)
    assert choose([failed, well]) is failed
