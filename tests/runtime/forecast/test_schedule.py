"""A plan scheduled in virtual time: bounds that hold for any schedule, and parts that stand for larger plans."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.runtime.forecast import schedule
from surefoot.runtime.forecast.schedule import ChainTimes, PlanTimes, scheduled_s

LEAF_S, SPLIT_S = 5.0, 1.0


def plan(levels: int, leaf_s: float = LEAF_S, refuted: float = 0.0) -> PlanTimes:
    """A plan that is halved so many times; each decomposition has a single step beside its halves."""
    chains = (ChainTimes(1 << levels, lambda dice: leaf_s), ChainTimes((1 << levels) - 1, lambda dice: SPLIT_S))
    return PlanTimes((1 << levels) - 1, levels, SPLIT_S, refuted, 20.0, chains)


def work_s(levels: int) -> float:
    return (1 << levels) * LEAF_S + 2 * ((1 << levels) - 1) * SPLIT_S


@given(st.integers(0, 9), st.integers(1, 600))
@settings(max_examples=60, deadline=None)
def test_no_schedule_is_shorter_than_its_work_shared_out_or_than_what_waits_for_each_other(
    levels: int, width: int
) -> None:
    """And list scheduling takes at most both together (Graham, 1966)."""
    path_s = levels * SPLIT_S + LEAF_S
    least = max(work_s(levels) / width, path_s)
    assert least - 1e-9 <= scheduled_s(plan(levels), width) <= work_s(levels) / width + path_s + 1e-9


def test_one_place_takes_the_work_and_many_take_the_longest_path() -> None:
    assert scheduled_s(plan(5), 1) == pytest.approx(work_s(5))
    assert scheduled_s(plan(5), 1000) == pytest.approx(5 * SPLIT_S + LEAF_S)
    alone = PlanTimes(0, 0, SPLIT_S, 0.0, 0.0, (ChainTimes(10, lambda dice: 3.0),))
    assert (scheduled_s(alone, 4), scheduled_s(alone, 10)) == (9.0, 3.0)


@pytest.mark.parametrize(("levels", "width"), [(11, 16), (11, 256), (11, 1500), (12, 64)])
def test_a_part_stands_for_a_large_plan(monkeypatch: pytest.MonkeyPatch, levels: int, width: int) -> None:
    """The placebo, its work shared out over the places, is further off where the plan is wide."""
    monkeypatch.setattr(schedule, "NODES", 1 << 20)
    whole = scheduled_s(plan(levels), width)
    monkeypatch.setattr(schedule, "NODES", 600)
    part = scheduled_s(plan(levels), width)
    assert part == pytest.approx(whole, rel=0.06)
    assert abs(part - whole) <= abs(work_s(levels) / width - whole)


def test_chains_that_are_run_again_are_waited_for() -> None:
    """One chain in twenty takes three times as long: with many places nearly every run of 64 chains ends with one."""

    def draw(dice: random.Random) -> float:
        return 3 * LEAF_S if dice.random() < 0.05 else LEAF_S

    unlucky = PlanTimes(63, 6, SPLIT_S, 0.0, 0.0, (ChainTimes(64, draw),))
    expected = 6 * SPLIT_S + LEAF_S + (1 - 0.95**64) * 2 * LEAF_S
    assert scheduled_s(unlucky, 64) == pytest.approx(expected, rel=0.1)
    assert scheduled_s(unlucky, 64) == scheduled_s(unlucky, 64), "the same dice each time"


def test_a_wrong_decomposition_delays_what_is_below_it() -> None:
    assert scheduled_s(plan(4, refuted=1.0), 100) == pytest.approx(4 * (SPLIT_S + 20.0) + LEAF_S)
    assert scheduled_s(plan(4, refuted=0.0), 100) == pytest.approx(4 * SPLIT_S + LEAF_S)
