import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voting.ballot import Ballot
from voting.error_rate import Interval, clopper_pearson, dissent


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


def test_dissent_counts_the_unspoiled_that_name_another() -> None:
    ballots = [Ballot(0, "A"), Ballot(1, None, "overlong"), Ballot(2, "B"), Ballot(3, "A"), Ballot(4, "C")]
    assert dissent(ballots, "A") == 2
    assert dissent(ballots, "B") == 3
    assert dissent([], "A") == 0
