"""The search for a server's rate, as pure decisions."""

import pytest

from surefoot.runtime.models.rate_search import CUT, SURE_CALLS, RateSearch, Start


def asked(search: RateSearch, rate: float, now: float, level: float, burst: float) -> tuple[float, float, int]:
    """Ask a bucket evenly until a refusal is news; the time then, what it has in hand, and calls taken in."""
    taken = 0
    while True:
        assert search.rate is not None
        gap = 1 / search.rate
        now, level = now + gap, min(burst, level + gap * rate)
        start = search.started(now, 1, 1)
        if level < 1:
            if search.refused(now, start, 0):
                return now, level, taken
        else:
            level, taken = level - 1, taken + 1


def found(rate: float, burst: float, lately: int, refusals: int) -> list[tuple[float, int]]:
    """The rate held after each refusal, and the calls between them."""
    search, now, level = RateSearch(), 0.0, 0.0
    assert search.rate is None
    assert search.refused(now, search.started(now), lately)
    seen = []
    for _ in range(refusals):
        now, level, taken = asked(search, rate, now, level, burst)
        seen.append((search.rate or 0.0, taken))
    return seen


@pytest.mark.parametrize("rate", [2.0, 15.0, 100.0, 500.0])
@pytest.mark.parametrize("lately", [0, 1, 30, 2000])
def test_the_rate_is_found_and_a_refusal_is_rare_from_then_on(rate: float, lately: int) -> None:
    seen = found(rate, rate / 2 + 1, lately, refusals=24)
    calls = [taken for _, taken in seen[12:]]
    assert sum(calls) / len(calls) >= 100
    assert all(0.8 * rate <= held <= 1.1 * rate for held, _ in seen[12:])


def test_a_server_without_reserves_is_believed_at_the_rate_it_refused() -> None:
    """Nothing is in hand: what is asked too slowly is lost, so that calls over time say too little."""
    held = [held for held, _ in found(20.0, 1.0, 30, refusals=30)]
    assert held[-1] == pytest.approx(20 * (1 - CUT), rel=0.05)


def test_a_server_that_became_slower_or_faster_is_followed() -> None:
    search, now, level = RateSearch(), 0.0, 0.0
    search.refused(now, search.started(now), 100)
    for rate in (100.0, 30.0, 200.0):
        for _ in range(16):
            now, level, _ = asked(search, rate, now, level, rate / 2)
        assert search.rate == pytest.approx(rate, rel=0.15)


def test_refusals_of_calls_from_before_the_cut_are_no_news() -> None:
    search = RateSearch()
    earlier = [search.started(0.0) for _ in range(5)]
    assert search.refused(0.1, earlier[0], lately=10)
    rate = search.rate
    assert not any(search.refused(0.2, start, lately=10) for start in earlier[1:])
    assert (search.rate, search.epoch) == (rate, 1)


def test_a_rate_that_nobody_uses_does_not_grow() -> None:
    search = RateSearch()
    search.refused(0.0, search.started(0.0), lately=10)
    rate = search.rate
    for second in range(10 * SURE_CALLS):
        search.started(float(second), 1, paced=0)
    assert search.rate == rate
    search.started(0.0, 1, paced=1)
    assert search.rate is not None
    assert rate is not None
    assert search.rate > rate


def test_the_first_refusal_knows_no_rate() -> None:
    search = RateSearch()
    search.started(0.0, calls=50)
    assert search.refused(0.5, Start(0, 50, 0.4, None), lately=40)
    assert search.rate == 28
