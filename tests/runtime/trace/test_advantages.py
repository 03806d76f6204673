"""Advantages: exact values, no changed signs, and GRPO's where nothing plans."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.trace.advantages import ALPHA, group_advantages, planning_advantages

NUMBERS = st.lists(st.floats(-9, 9), min_size=1, max_size=9)


def test_the_advantage_of_a_reply_is_its_reward_against_the_others() -> None:
    assert group_advantages((1, 0, 0, 1)) == (1, -1, -1, 1)
    assert group_advantages((1, 0, 0, 0))[0] == pytest.approx(math.sqrt(3))
    assert group_advantages((1, 1)) == (0, 0)
    assert group_advantages((0,)) == (0,)


def test_planning_gains_a_share_of_its_size() -> None:
    assert planning_advantages((1.0, -1.0, 2.0), (True, True, False), 0.2) == pytest.approx((1.2, -0.8, 2.0))
    assert ALPHA == 0.2


@given(NUMBERS, st.floats(0, 1))
def test_no_advantage_changes_its_sign(given: list[float], alpha: float) -> None:
    for before, after in zip(given, planning_advantages(given, [True] * len(given), alpha), strict=True):
        assert after * before >= 0
        assert after >= before


@given(NUMBERS)
def test_without_a_share_or_without_planning_it_is_the_usual_advantage(given: list[float]) -> None:
    assert planning_advantages(given, [True] * len(given), 0.0) == tuple(given)
    assert planning_advantages(given, [False] * len(given), 0.9) == tuple(given)


def test_another_mask_gives_something_else() -> None:
    """The placebo: the same number of planning replies, and not the same ones."""
    given = (1.0, -1.0, 1.0, -1.0)
    assert planning_advantages(given, (True, True, False, False)) != planning_advantages(
        given, (False, False, True, True)
    )


@pytest.mark.parametrize("alpha", [-0.1, math.inf, math.nan])
def test_a_share_is_a_number_from_0_on(alpha: float) -> None:
    with pytest.raises(ValueError, match="share"):
        planning_advantages((1.0,), (True,), alpha)


def test_the_mask_is_as_long_as_what_it_masks() -> None:
    with pytest.raises(ValueError, match="shorter"):
        planning_advantages((1.0, 2.0), (True,))
