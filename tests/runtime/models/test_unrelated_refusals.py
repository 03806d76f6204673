"""Servers that refuse calls for another reason than their rate, on a virtual clock; limits of the rate stay limits."""

import asyncio
import math

import pytest

from surefoot.runtime.coordinator.rate_sharing import RateSharing
from surefoot.runtime.models.endpoints import ModelServer, pace
from surefoot.runtime.models.limiter import Limiter, Quota
from surefoot.runtime.models.rate_search import RateSearch, Start
from surefoot.runtime.models.unrelated_refusals import ALARMS, CALLS, RUNS, TIMES, UnrelatedRefusals
from tests.runtime.coordinator.test_rate_sharing import Workers
from tests.runtime.models.test_congestion import chains
from tests.runtime.models.virtual_time import Limited, run_virtually


class Gateway(Limited):
    """Refuses 30 % of the calls at random until second 20, and has a limit of its own from second 15 on, if any."""

    def __init__(self, limit: float | None = None) -> None:
        super().__init__(1e9, 1e9, 0.05, 0.005)
        self.limit, self.seen = limit, list[tuple[float, bool]]()

    async def ask(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self.limit is not None and now >= 15:
            self.rate, self.burst, self.level, self.limit = self.limit, self.limit / 2, 0.0, None
        if self.dice.random() < 0.3 and (now < 20 or self.rate > 1e6):
            self.seen.append((now, False))
            await asyncio.sleep(self.refusal_s)
            return False
        self.seen.append((now, answered := await super().ask()))
        return answered

    def between(self, begin: float, end: float) -> tuple[float, float]:
        """Answers a second, and the share of the calls that were refused."""
        seen = [answered for at, answered in self.seen if begin <= at < end]
        return sum(seen) / (end - begin), 1 - sum(seen) / len(seen)


def asked(server: Gateway, workers: int, seconds: float) -> Gateway:
    limiters = [Limiter(64) for _ in range(workers)]

    async def work() -> None:
        if workers == 1:
            return await chains(server, limiters, 64, seconds)
        async with RateSharing(Workers(limiters), 64):
            return await chains(server, limiters, 64, seconds)

    run_virtually(work())
    return server


@pytest.mark.parametrize("workers", [1, 4])
def test_a_server_that_refuses_at_random_is_not_asked_ever_more_slowly(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 chains that wait for a second after each refusal could have 130 answers a second at most."""
    rate, refused = asked(Gateway(), workers, 30).between(10, 30)
    assert rate > 80
    assert refused == pytest.approx(0.3, abs=0.03)
    monkeypatch.setattr(UnrelatedRefusals, "cut", lambda *_: None)  # the placebo's arm
    assert asked(Gateway(), workers, 30).between(10, 30)[0] < 2


@pytest.mark.parametrize("workers", [1, 4])
def test_a_true_limit_that_comes_afterwards_is_found_and_kept_to(workers: int) -> None:
    rate, refused = asked(Gateway(limit=15), workers, 100).between(40, 100)
    assert rate >= 0.95 * 15
    assert refused <= 0.02


def suspicious(search: RateSearch) -> float:
    """Refuse every third call until a probe begins; the time then."""
    now = 0.0
    search.refused(now, search.started(now), 10)
    while search.unrelated.probe is None:
        for _ in range(3):
            now += 1 / (search.rate or 1)
            start = search.started(now, 1, 1)
        assert search.refused(now, start, 0)
        assert now < 60
    return now


def probed(refused: int, seconds: float) -> RateSearch:
    """A search after a probe of which so many calls were refused, and that took so long."""
    search = RateSearch()
    now = suspicious(search)
    starts = [search.started(now + seconds * call / CALLS, 1, 1) for call in range(1, CALLS + 1)]
    for start in starts[:refused]:
        search.refused(start.at + 0.001, start, 0)
    search.started(now + seconds + 1, 1, 1)
    return search


@pytest.mark.parametrize("refused", [0, 5, 10])
def test_a_probe_that_is_mostly_taken_in_says_that_the_rate_is_not_the_cause(refused: int) -> None:
    search = probed(refused, 0.1)
    share = search.unrelated.share
    assert share is not None
    assert share >= (RUNS + refused) / (3 * RUNS + CALLS)
    assert search.tolerant


@pytest.mark.parametrize(("refused", "seconds"), [(12, 0.1), (14, 0.1), (CALLS, 0.1), (0, 60.0), (5, 20.0)])
def test_one_that_is_refused_or_was_not_fast_says_nothing(refused: int, seconds: float) -> None:
    search = probed(refused, seconds)
    assert search.unrelated.share is None
    assert not search.tolerant


def test_a_probe_is_much_faster_and_a_lost_one_is_over_at_once() -> None:
    search = RateSearch()
    now = suspicious(search)
    probe = search.unrelated.probe
    assert probe is not None
    assert search.rate == TIMES * probe.rate
    epoch, starts = search.epoch, [search.started(now, 1, 1) for _ in range(6)]
    assert [search.refused(now, start, 0) for start in starts] == [False] * 5 + [True]
    assert search.unrelated.probe is None
    assert (search.rate or math.inf) < 2 * probe.rate
    assert search.epoch == epoch + 1
    assert not search.refused(now, Start(epoch, 7, now, 1.0), 0), "from the probe, and no news"


def test_after_a_lost_probe_the_next_waits_for_more_refusals_or_a_much_lower_rate() -> None:
    def cuts_until_probe(rate: float) -> int:
        found = UnrelatedRefusals()
        for _ in range(RUNS):
            found.cut(0.0, 10.0, 2)
        found.started(0.0, CALLS)
        for _ in range(CALLS):
            found.refused(0.0)
        assert found.ended(1.0) is not None
        cuts = 0
        while found.probe is None:
            found.cut(2.0, rate, 2)
            cuts += 1
        return cuts

    assert cuts_until_probe(9.0) == 2 * RUNS
    assert cuts_until_probe(2.0) == RUNS


@pytest.mark.parametrize("runs", [(0,) * RUNS, (2, 3, 5, 4, 2, 15), (20,) * 20])
def test_a_server_that_takes_nothing_in_or_ever_more_is_not_suspected(runs: tuple[int, ...]) -> None:
    found = UnrelatedRefusals()
    for taken_in in runs:
        found.cut(0.0, 5.0, taken_in)
    assert found.probe is None


def with_share(share: float) -> UnrelatedRefusals:
    found = UnrelatedRefusals()
    found.share = share
    return found


def alarms(found: UnrelatedRefusals, every: int, calls: int) -> int:
    """Alarms of so many calls of which each ``every``-th is refused."""
    count = 0
    for call in range(calls):
        found.started(0.0, 1)
        if call % every == 0 and found.share is not None:
            count += found.refused(0.001)
    return count


def test_refusals_as_many_as_known_raise_no_alarm_and_more_of_them_do() -> None:
    assert alarms(with_share(0.35), 3, 2000) == 0
    assert alarms(with_share(0.35), 1, 12) == 1


def test_alarms_soon_one_after_the_other_mean_that_there_was_no_such_share() -> None:
    found = with_share(0.35)
    assert alarms(found, 1, 500) == ALARMS
    assert found.share is None


def test_the_share_follows_when_fewer_are_refused_and_ends_with_the_refusals() -> None:
    found = with_share(0.6)
    alarms(found, 4, 500)
    assert found.share == pytest.approx(0.25 + 0.08, abs=0.03)
    alarms(found, 50, 2000)
    assert found.share is None


def test_lines_about_refusals_say_the_rate_or_the_share() -> None:
    async def lines() -> list[str]:
        server = ModelServer("http://x", 4)
        found = [pace([server])]
        server.limiter.congestion.refused(0.0, None, server.limiter.congestion.started(0.0, 10))
        found.append(pace([server]))
        found.append(pace([server, server]))
        server.limiter.congestion._search.unrelated.share = 0.3
        found.append(pace([server]))
        server.limiter.follow(Quota(1, 4, 2.0, tolerant=True))
        server.limiter.congestion._search.unrelated.share = None
        return [*found, pace([server])]

    assert run_virtually(lines()) == [
        "",
        "asking at most 6.3 times a second, as more is refused",
        "asking at most 12.6 times a second, as more is refused",
        "the server refuses some 30% of the calls at any rate",
        "",
    ]
