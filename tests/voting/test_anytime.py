"""Intervals that hold at every look, and a spread that is found again."""

import numpy as np
import pytest

from voting.anytime import confidence_sequence
from voting.error_rate import Interval, clopper_pearson
from voting.lead import expected_ballots, p_step
from voting.spread import ballots_spread, fit_spread, k_min_spread, p_step_spread, spread_of

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


def test_ends() -> None:
    assert confidence_sequence(0, 0) == Interval(0.0, 1.0, 0.95)
    assert confidence_sequence(0, 500).low == 0
    assert confidence_sequence(500, 500).high == 1
    assert confidence_sequence(5, 5_000).high < 0.004
    for bad in (lambda: confidence_sequence(2, 1), lambda: confidence_sequence(0, 1, 1.0)):
        with pytest.raises(ValueError, match=r"wrong|confidence"):
            bad()


def test_a_spread_is_found_again() -> None:
    rng = np.random.default_rng(5)
    uneven = [(int(rng.binomial(4, e)), 4) for e in rng.beta(0.02, 1.98, 20_000)]
    alike = [(int(rng.binomial(4, 0.01)), 4) for _ in range(20_000)]
    found, flat = fit_spread(uneven), fit_spread(alike)
    assert found is not None
    assert flat is not None
    assert found.correlation == pytest.approx(1 / 3, abs=0.06)
    assert found.lost == pytest.approx(spread_of(0.02, 1.98).lost, rel=0.3)
    assert flat.correlation < 0.01
    assert flat.lost < 1e-9
    # The same mean error rate needs a different lead: the placebo is the closed form, which sees the mean only.
    assert k_min_spread(flat, 1_000, 0.95) == 3
    assert k_min_spread(found, 1_000, 0.95) is None


def test_a_narrow_spread_is_the_closed_form() -> None:
    narrow = spread_of(2e4, 98e4)
    assert 1 - p_step_spread(narrow, 3) == pytest.approx(1 - p_step(0.98, 3), rel=0.01)
    assert ballots_spread(narrow, 3, 0.9) == pytest.approx(expected_ballots(0.98, 3, 0.9), rel=1e-3)


def test_nothing_to_fit() -> None:
    assert fit_spread([(0, 4)] * 10) is None
    assert fit_spread([(1, 1)] * 10) is None
    with pytest.raises(ValueError, match="positive"):
        spread_of(0, 1)
