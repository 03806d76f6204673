"""Tails of distributions, held against SciPy's over shapes, shares and counts of all sizes that runs have."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc, betaincinv, pdtr, pdtrc
from scipy.stats import hypergeom

from surefoot.voting.tails import beta_quantile, beta_share, hypergeometric_tails, poisson_at_least


@pytest.mark.parametrize("seed", range(4))
def test_quantiles_of_beta_are_scipys(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        samples = int(10 ** rng.uniform(0, 6.5))
        wrong = min(samples - 1, int(samples * 10 ** rng.uniform(-6, 0)))
        share = 10 ** rng.uniform(-9, -0.31)
        for p in (share, 1 - share):
            shapes = (wrong + 1, samples - wrong)
            assert beta_quantile(*shapes, p) == pytest.approx(float(betaincinv(*shapes, p)), rel=1e-7)


@given(st.floats(0.5, 300), st.floats(0.5, 300), st.floats(0.01, 0.99))
def test_the_share_below_a_quantile_is_the_share_asked_for(a: float, b: float, share: float) -> None:
    x = beta_quantile(a, b, share)
    assert beta_share(a, b, x) == pytest.approx(share, rel=1e-9)
    assert beta_share(a, b, x) == pytest.approx(float(betainc(a, b, x)), rel=1e-9)


def test_all_of_a_beta_lies_between_0_and_1() -> None:
    assert [beta_share(2.0, 3.0, x) for x in (-1.0, 0.0, 1.0, 2.0)] == [0.0, 0.0, 1.0, 1.0]
    assert beta_share(1e6, 1e6, 0.3) == 0.0  # below the smallest number
    assert beta_share(1.0, 1.0, 0.25) == pytest.approx(0.25)  # flat


def test_quantiles_in_closed_form() -> None:
    """One shape of 1: the distribution function is a power."""
    assert beta_quantile(1, 7, 0.4) == pytest.approx(1 - 0.6 ** (1 / 7), rel=1e-12)
    assert beta_quantile(7, 1, 0.4) == pytest.approx(0.4 ** (1 / 7), rel=1e-12)


@pytest.mark.parametrize("mean", [1e-4, 0.3, 2.0, 41.5, 900.0, 50_000.0])
def test_tails_of_poisson_are_scipys(mean: float) -> None:
    spread = math.sqrt(mean) + 1
    for away in (-6, -2, -0.5, 0, 0.5, 2, 6, 12):
        hits = max(1, int(mean + away * spread))
        assert poisson_at_least(hits, mean) == pytest.approx(float(pdtrc(hits - 1, mean)), rel=1e-8, abs=1e-280)
        assert 1 - poisson_at_least(hits, mean) == pytest.approx(float(pdtr(hits - 1, mean)), abs=1e-9)


def test_ends_of_poisson() -> None:
    assert (poisson_at_least(0, 3.0), poisson_at_least(-1, 3.0)) == (1.0, 1.0)
    assert (poisson_at_least(1, 0.0), poisson_at_least(0, 0.0)) == (0.0, 1.0)


@pytest.mark.parametrize("seed", range(4))
def test_hypergeometric_tails_are_scipys(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        races = int(10 ** rng.uniform(0.5, 5.5))
        marked, drawn = int(rng.randint(0, races) * rng.choice([1, 0.1, 0.01])), rng.randint(0, races)
        lowest, highest = max(0, drawn - (races - marked)), min(marked, drawn)
        hits = min(highest, max(lowest, int(rng.gauss(drawn * marked / races, 3 * math.sqrt(marked + 1)))))
        expected = hypergeom.cdf(hits, races, marked, drawn), hypergeom.sf(hits - 1, races, marked, drawn)
        assert hypergeometric_tails(hits, races, marked, drawn) == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_small_hypergeometric_tails_by_hand() -> None:
    """Two of four are marked and two are drawn: both with 1 in 6, one with 4 in 6, none with 1 in 6."""
    assert hypergeometric_tails(0, 4, 2, 2) == pytest.approx((1 / 6, 1))
    assert hypergeometric_tails(1, 4, 2, 2) == pytest.approx((5 / 6, 5 / 6))
    assert hypergeometric_tails(2, 4, 2, 2) == pytest.approx((1, 1 / 6))


@pytest.mark.parametrize(("hits", "tails"), [(-1, (0.0, 1.0)), (3, (1.0, 0.0))])
def test_counts_that_cannot_be(hits: int, tails: tuple[float, float]) -> None:
    assert hypergeometric_tails(hits, 4, 2, 2) == tails
