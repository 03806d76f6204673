"""Alarms: seldom false, and seldom silent. Each claim is held against a run without what it looks for."""

from collections import Counter

import numpy as np
import pytest

from tests.voting.simulated_races import HARD, Run, easy, simulate
from voting.alarms import Alarm, Kind, Pattern, alarms, raised_by, rates_of
from voting.race import FirstToAheadBy
from voting.sequential import Sequential, learned

STEPS = 2**14


def of(run: Run, k: int) -> tuple[Alarm, ...]:
    return alarms(run.patterns(k), run.blocks())


def false_alarms(seeds: range, error: float, spoiled: float, k: int) -> int:
    rng = np.random.default_rng
    runs = (simulate(FirstToAheadBy(k), [(easy(error), STEPS)], rng(seed), spoiled) for seed in seeds)
    return sum(bool(of(run, k)) for run in runs)


@pytest.mark.parametrize(("error", "spoiled", "k"), [(0.001, 0.03, 3), (0.01, 0.01, 3), (0.0, 0.0, 1)])
def test_independent_errors_raise_no_alarm(error: float, spoiled: float, k: int) -> None:
    # At a rate of 1 % or less, 6 or more of 25 runs raise one with probability below 2e-7.
    assert false_alarms(range(25), error, spoiled, k) <= 5


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("error", "spoiled", "k"), [(0.001, 0.03, 3), (0.01, 0.01, 3)])
def test_at_most_one_run_in_a_hundred_raises_a_false_alarm(error: float, spoiled: float, k: int) -> None:
    found = false_alarms(range(1000), error, spoiled, k)
    print(f"{found} of 1000 runs")
    assert found <= 10


def hard_run(seed: int, hard: tuple[float, float, float]) -> Run:
    """10 steps in 10,000; the rule has learned from one run like it."""
    rng = np.random.default_rng(seed)
    before = simulate(FirstToAheadBy(4), [(easy(0.001), 9_990), (hard, 10)], rng)
    seen = Counter[tuple[int, int]]()
    for pattern, count in before.patterns(4).items():
        seen[pattern.valid - pattern.dissent, pattern.dissent] += count
    return simulate(Sequential(1e-6, learned(seen)), [(easy(0.001), 9_990), (hard, 10)], rng)


def flagged(run: Run, least: int) -> tuple[int, int]:
    """Hard steps that needed so many ballots, and those of them that raise an alarm."""
    k = run.contested[0].pattern.k
    rates = rates_of(run.patterns(k))
    those = [one.pattern for one in run.contested if one.step >= 9_990 and one.pattern.valid >= least]
    return len(those), sum(Kind.DISAGREEMENT in raised_by(pattern, rates, run.steps) for pattern in those)


def disputed(runs: list[Run]) -> tuple[int, int]:
    """Hard steps whose first two ballots disagree, and those of them with a wrong verdict."""
    those = [one for run in runs for one in run.contested if one.step >= 9_990 and len(set(one.opened[:2])) > 1]
    return len(those), sum(not one.right for one in those)


def check_hard_steps(seeds: range, wrong_allowed: float, flagged_wanted: float) -> None:
    runs = [hard_run(seed, HARD) for seed in seeds]
    steps, wrong = disputed(runs)
    long, hit = map(sum, zip(*(flagged(run, 6) for run in runs), strict=True))
    print(f"{wrong} wrong of {steps} disputed; {hit} flagged of {long} that needed six ballots or more")
    assert steps > 3 * len(runs)
    assert wrong <= wrong_allowed * steps
    assert hit >= flagged_wanted * long


def test_hard_steps_are_decided_right_and_flagged() -> None:
    # 6 runs, about 33 disputed steps at below 0.1 % wrong: 3 or more wrong below 1e-6.
    check_hard_steps(range(6), wrong_allowed=0.06, flagged_wanted=0.6)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_hard_steps_at_length() -> None:
    check_hard_steps(range(100, 300), wrong_allowed=0.01, flagged_wanted=0.8)


def test_placebo_easy_steps_in_their_place_are_not_flagged() -> None:
    runs = [hard_run(seed, easy(0.001)) for seed in range(3)]
    assert sum(flagged(run, 6)[1] for run in runs) == 0


def test_spoiled_ballots_that_come_back_are_told_from_those_that_do_not() -> None:
    alone = Counter({Pattern(3, 3, 0, 0): 9_100, Pattern(3, 3, 0, 1): 880, Pattern(3, 3, 0, 2): 20})
    back = Counter(
        {Pattern(3, 3, 0, 0): 9_100, Pattern(3, 3, 0, 1): 700, Pattern(3, 3, 0, 2): 140, Pattern(3, 3, 0, 12): 1}
    )
    assert alarms(alone) == ()
    found = {alarm.kind: alarm for alarm in alarms(back)}
    assert set(found) == {Kind.SPOILED_AGAIN, Kind.SPOILED_CLUSTER}
    assert found[Kind.SPOILED_AGAIN].steps == 1
    assert all(alarm.p_value <= alarm.limit for alarm in found.values())


def test_drift_is_noticed_and_a_steady_rate_is_not() -> None:
    patterns = Counter({Pattern(3, 3, 0, 0): 16_000, Pattern(3, 5, 1, 0): 400})
    steady = [(1_025, 25)] * 16
    drifting = [(1_025, 5 + 40 * (i // 8)) for i in range(16)]
    assert sum(c for _, c in drifting) == sum(c for _, c in steady)
    assert alarms(patterns, steady) == ()
    assert [alarm.kind for alarm in alarms(patterns, drifting)] == [Kind.DRIFT]
