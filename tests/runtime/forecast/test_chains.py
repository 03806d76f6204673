"""How often chains are run again: held against sums over all numbers of mistakes, and against chains that are run."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.runtime.forecast.chains import most_retries, retries_of

rates = st.floats(0, 0.5)
lengths = st.integers(1, 40)


def more_than(mistakes: int, p_wrong: float, length: int) -> float:
    """Probability of more mistakes than that in a chain."""
    return sum(
        math.comb(length, count) * p_wrong**count * (1 - p_wrong) ** (length - count)
        for count in range(mistakes + 1, length + 1)
    )


@settings(max_examples=50)
@given(rates, lengths)
def test_a_chain_is_run_again_once_for_each_of_its_mistakes(p_wrong: float, length: int) -> None:
    """Each further run puts the first mistake right, so that there are as many as mistakes: ``length * p`` on average.

    The step itself is raced again, and of the steps before it those that the further run gets wrong.
    """
    found = retries_of(p_wrong, length)
    assert found.runs == pytest.approx(length * p_wrong, abs=1e-9)
    assert found.suspects == pytest.approx(length * p_wrong + p_wrong**2 * length * (length - 1) / 2, abs=1e-9)


@pytest.mark.parametrize(("p_wrong", "length"), [(0.1, 7), (0.3, 3), (0.02, 31)])
def test_chains_that_are_run_need_what_is_computed(p_wrong: float, length: int) -> None:
    dice, runs, suspects, times = random.Random(7), 0, 0, 5_000
    for _ in range(times):
        begin = 0
        while True:
            wrong = next((place for place in range(begin, length) if dice.random() < p_wrong), None)
            if wrong is None:
                break
            runs += 1
            suspects += 1 + sum(dice.random() < p_wrong for _ in range(wrong))
            begin = wrong + 1
    found = retries_of(p_wrong, length)
    assert runs / times == pytest.approx(found.runs, rel=0.08)
    assert suspects / times == pytest.approx(found.suspects, rel=0.08)


def test_a_model_that_never_errs_runs_nothing_again() -> None:
    assert retries_of(0.0, 100) == retries_of(-0.0, 1)
    assert (retries_of(0.0, 100).runs, retries_of(0.0, 100).suspects) == (0.0, 0.0)
    assert most_retries(0.0, 100, 1000, 4) == 0


@settings(max_examples=50)
@given(st.floats(0.001, 0.4), st.integers(1, 12), st.integers(1, 50), st.integers(0, 5))
def test_the_chain_that_needs_most_runs_is_the_largest_of_many(
    p_wrong: float, length: int, chains: int, most: int
) -> None:
    """The mean of a maximum is the sum over ``r`` of the probability that it is more than ``r``."""
    wanted = sum(1 - (1 - more_than(r, p_wrong, length)) ** chains for r in range(most))
    assert most_retries(p_wrong, length, chains, most) == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=50)
@given(st.floats(0.001, 0.4), st.integers(1, 12), st.integers(1, 50), st.integers(0, 5))
def test_more_chains_and_longer_ones_need_more(p_wrong: float, length: int, chains: int, most: int) -> None:
    found = most_retries(p_wrong, length, chains, most)
    assert found <= most
    assert most_retries(p_wrong, length, chains + 1, most) >= found - 1e-12
    assert most_retries(p_wrong, length + 1, chains, most) >= found - 1e-12
    assert most_retries(p_wrong, length, chains, most + 1) >= found - 1e-12
