"""How unequal steps are: a spread that is found again, and what follows from it."""

import numpy as np
import pytest

from surefoot.voting.beta_binomial import (
    ballots_beta_binomial,
    beta_binomial_of,
    fit_beta_binomial,
    k_min_beta_binomial,
    p_step_beta_binomial,
)
from surefoot.voting.lead import expected_ballots, p_step


def test_a_spread_is_found_again() -> None:
    rng = np.random.default_rng(5)
    uneven = [(int(rng.binomial(4, e)), 4) for e in rng.beta(0.02, 1.98, 20_000)]
    alike = [(int(rng.binomial(4, 0.01)), 4) for _ in range(20_000)]
    found, flat = fit_beta_binomial(uneven), fit_beta_binomial(alike)
    assert found is not None
    assert flat is not None
    assert found.correlation == pytest.approx(1 / 3, abs=0.06)
    assert found.lost == pytest.approx(beta_binomial_of(0.02, 1.98).lost, rel=0.3)
    assert flat.correlation < 0.01
    assert flat.lost < 1e-9
    # The same mean error rate needs a different lead: the placebo is the closed form, which sees the mean only.
    assert k_min_beta_binomial(flat, 1_000, 0.95) == 3
    assert k_min_beta_binomial(found, 1_000, 0.95) is None


def test_a_narrow_spread_is_the_closed_form() -> None:
    narrow = beta_binomial_of(2e4, 98e4)
    assert 1 - p_step_beta_binomial(narrow, 3) == pytest.approx(1 - p_step(0.98, 3), rel=0.01)
    assert ballots_beta_binomial(narrow, 3, 0.9) == pytest.approx(expected_ballots(0.98, 3, 0.9), rel=1e-3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rows", [[(2, 2)] * 5, [(4, 4)] * 300, [(3, 3)] * 20 + [(0, 3)]])
def test_steps_that_are_all_wrong_are_fitted_without_a_warning(rows: list[tuple[int, int]]) -> None:
    found = fit_beta_binomial(rows)
    assert found is not None
    assert found.a / (found.a + found.b) > 0.9
    assert found.lost > 0.9


def test_nothing_to_fit() -> None:
    assert fit_beta_binomial([(0, 4)] * 10) is None
    assert fit_beta_binomial([(1, 1)] * 10) is None
    with pytest.raises(ValueError, match="positive"):
        beta_binomial_of(0, 1)
