import numpy as np
import pytest

from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.lead import expected_ballots, p_step
from surefoot.voting.race_outcomes import difficulties, outcomes
from surefoot.voting.two_candidates import undecided_if_independent
from tests.voting.simulated_races import HARD, simulate


@pytest.mark.parametrize(("p", "k"), [(0.99, 3), (0.9, 2), (0.6, 4), (0.5, 1)])
def test_two_candidates_follow_the_closed_forms(p: float, k: int) -> None:
    found = outcomes(FirstToAheadBy(k), 600, ((p, 1 - p, 0.0),))
    right = sum(float(one[0]) for one in found.right.values())
    mean = sum(n * float(found.right[n][0] + found.wrong[n][0]) for n in found.right)
    assert right == pytest.approx(p_step(p, k), abs=1e-9)
    assert mean == pytest.approx(expected_ballots(p, k), rel=1e-6)
    assert float(found.undecided[0]) < 1e-9


def test_step_10241_has_the_published_chances() -> None:
    """MAKER, sect. 9.5 of the reference: 27 ballots A 15, B 8, C 4."""
    for k, chance in ((1, 0.56), (2, 0.76), (3, 0.87), (5, 0.96), (8, 0.994)):
        found = outcomes(FirstToAheadBy(k), 200, ((15 / 27, 8 / 27, 4 / 27),))
        assert sum(float(one[0]) for one in found.right.values()) == pytest.approx(chance, abs=0.006)


def test_three_candidates_follow_a_simulation() -> None:
    run = simulate(FirstToAheadBy(3), [(HARD, 20_000)], np.random.default_rng(11))
    found = outcomes(FirstToAheadBy(3), 200, (HARD,))
    for n in (3, 5, 6, 7):
        share = float(found.right[n][0] + found.wrong[n][0])
        assert run.lengths(3)[n] / 20_000 == pytest.approx(share, abs=5.5 * (share / 20_000) ** 0.5)


def test_the_grid_has_no_step_at_which_a_wrong_answer_is_likelier() -> None:
    assert all(abs(sum(one) - 1) < 1e-9 and one[0] >= one[1] - 1e-9 >= one[2] - 2e-9 for one in difficulties())
    with pytest.raises(ValueError, match="lead of 4"):
        outcomes(FirstToAheadBy(4), 3, difficulties())


def test_independent_flags_leave_what_the_paper_computes() -> None:
    """MAKER, sect. 9.2 of the reference: v = .971 leaves 5.1 K, 248 and 11 of 1,048,575 steps after 4, 5, 6 rounds."""
    law = undecided_if_independent(FirstToAheadBy(3), 0.0, 0.971, 8)
    for rounds, left in ((4, 5_100), (5, 248), (6, 11)):
        assert law[rounds] * 1_048_575 == pytest.approx(left, rel=0.06)
    assert law[:3] == [1.0, 1.0, 1.0]
