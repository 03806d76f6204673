import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import betaln

from surefoot.voting.error_rate import Interval, clopper_pearson, confidence_sequence


def at_most(errors: int, samples: int, rate: float) -> float:
    """P(X <= errors), added up."""
    return sum(math.comb(samples, i) * rate**i * (1 - rate) ** (samples - i) for i in range(errors + 1))


@given(st.integers(1, 60), st.data(), st.sampled_from([0.8, 0.95, 0.999]))
def test_each_end_is_where_the_count_becomes_too_unlikely(samples: int, data: st.DataObject, confidence: float) -> None:
    errors = data.draw(st.integers(0, samples))
    interval = clopper_pearson(errors, samples, confidence)
    tail = (1 - confidence) / 2
    assert interval.low <= errors / samples <= interval.high
    assert interval.confidence == confidence
    if errors == 0:
        assert interval.low == 0
    else:
        assert 1 - at_most(errors - 1, samples, interval.low) == pytest.approx(tail, rel=1e-6)
    if errors == samples:
        assert interval.high == 1
    else:
        assert at_most(errors, samples, interval.high) == pytest.approx(tail, rel=1e-6)


@pytest.mark.parametrize("rate", [0.002, 0.03, 0.3, 0.5, 0.95])
def test_contains_the_rate_as_often_as_it_says(rate: float) -> None:
    samples = 40
    covered = 0.0
    for errors in range(samples + 1):
        interval = clopper_pearson(errors, samples, 0.9)
        if interval.low <= rate <= interval.high:
            covered += math.comb(samples, errors) * rate**errors * (1 - rate) ** (samples - errors)
    assert covered >= 0.9


def test_the_rule_of_three() -> None:
    # No step wrong in 10,000 bounds the rate at 3e-4 from one side with 95 %: from both with 90 %.
    assert clopper_pearson(0, 10_000, 0.9).high == pytest.approx(3e-4, rel=2e-3)
    assert clopper_pearson(0, 10_000).high == pytest.approx(1 - 0.025 ** (1 / 10_000))


def test_no_samples_say_nothing() -> None:
    assert clopper_pearson(0, 0) == Interval(0.0, 1.0, 0.95)


@pytest.mark.parametrize(
    ("errors", "samples", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (0, -1, 0.95), (1, 5, 0), (1, 5, 1)]
)
def test_arguments_out_of_range_are_refused(errors: int, samples: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"wrong|confidence"):
        clopper_pearson(errors, samples, confidence)


LOOKS = range(10, 2_001, 10)


def peeked(interval, rate: float, seeds: range, draws: int = 1) -> int:  # type: ignore[no-untyped-def]
    """Runs in which the interval contains the rate at every look; ``draws`` answers a step that all go alike."""
    held = 0
    for seed in seeds:
        wrong = np.cumsum(np.random.default_rng(seed).random(LOOKS[-1]) < rate)
        looks = [interval(int(wrong[n - 1]) * draws, n * draws) for n in LOOKS]
        held += all(one.low <= rate <= one.high for one in looks)
    return held


@pytest.mark.parametrize("rate", [0.002, 0.02, 0.3])
def test_it_holds_at_every_look(rate: float) -> None:
    assert peeked(confidence_sequence, rate, range(40)) >= 31  # at 95 %: fewer with probability below 2e-5


def test_placebo_a_fixed_size_interval_does_not() -> None:
    assert peeked(clopper_pearson, 0.02, range(40)) <= 34


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("rate", [0.0005, 0.002, 0.02, 0.3])
def test_at_least_94_of_100_hold_under_peeking(rate: float) -> None:
    held = peeked(confidence_sequence, rate, range(1000))
    print(f"rate {rate}: {held} of 1000, fixed size {peeked(clopper_pearson, rate, range(200))} of 200")
    assert held >= 940


def test_draws_that_all_go_alike_are_one_observation() -> None:
    """Steps with an error rate of 0 or 1: four draws on each say no more than one."""
    rng = np.random.default_rng(3)
    held = counted = 0
    for _ in range(60):
        wrong = int((rng.random(400) < 0.05).sum())
        held += confidence_sequence(float(wrong), 400).low <= 0.05 <= confidence_sequence(float(wrong), 400).high
        naive = clopper_pearson(4 * wrong, 1600)  # placebo: as if draws were independent
        counted += naive.low <= 0.05 <= naive.high
    assert held >= 50 > counted


@pytest.mark.parametrize(("errors", "samples"), [(1, 1), (0.5, 30), (3, 1000), (29, 30), (4e4, 10**7)])
def test_the_ends_are_where_the_martingale_reaches_its_limit(errors: float, samples: int) -> None:
    def excess(p: float) -> float:
        mixed = betaln(0.5 + errors, 8 + samples - errors) - betaln(0.5, 8)
        return float(mixed - errors * math.log(p) - (samples - errors) * math.log1p(-p) - math.log(20))

    interval, best = confidence_sequence(errors, samples), errors / samples
    assert interval.low == pytest.approx(brentq(excess, 1e-15, min(best, 1 - 1e-15)), abs=1e-11)
    if errors < samples:
        assert interval.high == pytest.approx(brentq(excess, best, 1 - 1e-15), abs=1e-11)


def test_ends_of_the_sequence() -> None:
    assert confidence_sequence(0, 0) == Interval(0.0, 1.0, 0.95)
    assert confidence_sequence(0, 500).low == 0
    assert confidence_sequence(500, 500).high == 1
    assert confidence_sequence(5, 5_000).high < 0.004
    for bad in (lambda: confidence_sequence(2, 1), lambda: confidence_sequence(0, 1, 1.0)):
        with pytest.raises(ValueError, match=r"wrong|confidence"):
            bad()
