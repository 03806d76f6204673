"""Alarms at one step: seldom false, and seldom silent. Each claim is held against a run without what it looks for."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from surefoot.voting.alarms import (
    FALSE_ALARMS,
    SHARE,
    Kind,
    Limits,
    Pattern,
    at_least,
    limits_of,
    pattern_of,
    raised_by,
    rates_of,
    repeats,
)
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.sequential import Sequential, learned_weights, needed
from tests.voting.simulated_races import HARD, Run, easy, simulate
from tests.voting.watched_runs import kinds_raised

STEPS = 2**14


def false_alarms(seeds: range, error: float, spoiled: float, k: int) -> int:
    """Runs of independent errors in which any alarm of any kind is raised."""
    rng = np.random.default_rng
    runs = (simulate(FirstToAheadBy(k), [(easy(error), STEPS)], rng(seed), spoiled) for seed in seeds)
    return sum(bool(steps or whole) for steps, whole, _ in (kinds_raised(run, k) for run in runs))


@pytest.mark.parametrize(("error", "spoiled", "k"), [(0.001, 0.03, 3), (0.01, 0.01, 3), (0.0, 0.0, 1)])
def test_independent_errors_raise_no_alarm(error: float, spoiled: float, k: int) -> None:
    # At a rate of 1 % or less, 6 or more of 25 runs raise one with probability below 2e-7.
    assert false_alarms(range(25), error, spoiled, k) <= 5


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("error", "spoiled", "k"), [(0.001, 0.03, 3), (0.01, 0.01, 3), (0.002, 0.01, 1)])
def test_at_most_one_run_in_a_hundred_raises_a_false_alarm(error: float, spoiled: float, k: int) -> None:
    found = false_alarms(range(1000), error, spoiled, k)
    print(f"{found} of 1000 runs")
    assert found <= 10


def rule_for(hard: tuple[float, float, float], rng: np.random.Generator) -> Sequential:
    """The rule after it has learned from one run of 10,000 steps."""
    before = simulate(FirstToAheadBy(4), [(easy(0.001), 9_990), (hard, 10)], rng)
    seen = Counter[tuple[int, int]]()
    for pattern, count in before.patterns(4).items():
        seen[pattern.valid - pattern.dissent, pattern.dissent] += count
    return Sequential(1e-6, learned_weights(seen))


PLACES = frozenset((*range(4_995, 5_000), *range(9_995, 10_000)))
"""Where the hard steps of a run stand: five in the middle, five at the end."""


def hard_run(seed: int, hard: tuple[float, float, float]) -> tuple[Run, dict[int, tuple[Kind, ...]]]:
    """10 hard steps in 10,000, and which steps raised what."""
    rng = np.random.default_rng(seed)
    rule = rule_for(hard, rng)
    run = simulate(rule, [(easy(0.001), 4_995), (hard, 5), (easy(0.001), 4_995), (hard, 5)], rng)
    return run, kinds_raised(run, needed(rule, (), 100))[2]


def flagged(run: Run, raised: dict[int, tuple[Kind, ...]], least: int) -> tuple[int, int]:
    """Hard steps that needed so many ballots, and those of them that raise an alarm."""
    those = [one.step for one in run.contested if one.step in PLACES and one.pattern.valid >= least]
    return len(those), sum(Kind.DISAGREEMENT in raised.get(step, ()) for step in those)


def disputed(runs: list[Run]) -> tuple[int, int]:
    """Hard steps whose first two ballots disagree, and those of them with a wrong verdict."""
    those = [one for run in runs for one in run.contested if one.step in PLACES and len(set(one.opened[:2])) > 1]
    return len(those), sum(not one.right for one in those)


def check_hard_steps(seeds: range, wrong_allowed: float, flagged_wanted: float) -> None:
    runs = [hard_run(seed, HARD) for seed in seeds]
    steps, wrong = disputed([run for run, _ in runs])
    long, hit = map(sum, zip(*(flagged(run, raised, 6) for run, raised in runs), strict=True))
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
    assert sum(flagged(*run, 6)[1] for run in runs) == 0


KNOWN = limits_of({Pattern(3, 3, 0, 0): 9_900, Pattern(3, 5, 1, 0): 40, Pattern(3, 3, 0, 1): 60}, 10_000)


@pytest.mark.parametrize(
    ("pattern", "kinds"),
    [
        (Pattern(3, 3, 0, 0), set()),
        (Pattern(3, 5, 1, 0), set()),
        (Pattern(3, 3, 0, 2), set()),
        (Pattern(3, 13, 5, 0), {Kind.DISAGREEMENT}),
        (Pattern(3, 3, 0, 9), {Kind.SPOILED_AGAIN}),
        (Pattern(3, 13, 5, 9), {Kind.DISAGREEMENT, Kind.SPOILED_AGAIN}),
    ],
)
def test_what_one_race_raises(pattern: Pattern, kinds: set[Kind]) -> None:
    raised = raised_by(pattern, KNOWN)
    assert {one.kind for one in raised} == kinds
    assert all(one.p_value <= one.limit < SHARE for one in raised)
    assert raised_by(pattern, Limits()) == ()  # where nothing is known nothing is odd


def test_a_refuted_answer_that_fresh_ballots_repeat_is_told_from_one_that_they_do_not() -> None:
    rng = np.random.default_rng(5)
    assert repeats(0, 6, KNOWN) is None
    found = repeats(6, 6, KNOWN)
    assert found is not None
    assert (found.kind, found.p_value <= found.limit) == (Kind.SAME_WRONG, True)
    # Placebo: fresh ballots at the rate that is known. 20,000 times the budget of one race is 1.3e-3.
    rate = KNOWN.dissent
    drawn = rng.binomial(6, rate, 20_000)
    assert sum(repeats(int(again), 6, KNOWN) is not None for again in drawn) == 0


def test_where_no_rate_is_known_a_refuted_answer_is_taken_to_be_as_likely_as_the_right_one() -> None:
    unknown = limits_of({}, 30)
    assert repeats(24, 24, unknown) is None
    found = repeats(30, 30, unknown)
    assert found is not None
    assert found.p_value == pytest.approx(2.0**-30)
    # Placebo: a step at which the wrong answer is as likely as the right one, looked at after every ballot.
    rng = np.random.default_rng(7)
    drawn = rng.random((5000, 48)) < 0.5
    counts = drawn.cumsum(axis=1)
    assert not any(repeats(int(counts[run, n]), n + 1, unknown) for run in range(0, 5000, 25) for n in range(48))
    assert repeats(24, 24, KNOWN) is not None  # a rate that is known is used


@given(st.integers(0, 300), st.integers(1, 300), st.floats(1e-6, 0.999))
def test_the_tail_is_that_of_the_library(hits: int, n: int, rate: float) -> None:
    assert math.isclose(at_least(hits, n, rate), binom.sf(hits - 1, n, rate), rel_tol=1e-4, abs_tol=1e-200)


@given(st.builds(Pattern, *[st.integers(0, 4000)] * 4))
def test_a_pattern_comes_back_from_its_text(pattern: Pattern) -> None:
    assert pattern_of(str(pattern)) == pattern


@pytest.mark.parametrize("rate", [0.0005, 0.01, 0.1])
def test_rates_are_pessimistic(rate: float) -> None:
    """The rate of a ballot, estimated from races: never below the truth in 200 (missed once in 50,000)."""
    rng = np.random.default_rng(11)
    for _ in range(200):
        hit = int((rng.random((1_000, 3)) < rate).any(axis=1).sum())
        found = rates_of({Pattern(3, 3, 0, 0): 1_000 - hit, Pattern(3, 5, 1, 1): hit})
        assert found.dissent >= rate
        assert found.spoiled >= rate


def test_nothing_known_is_not_nothing_wrong() -> None:
    assert rates_of({}).dissent == rates_of({}).spoiled == 1.0
    assert rates_of({Pattern(1, 1, 0, 0): 10_000}).dissent == 1.0  # a single ballot cannot dissent
    assert rates_of({Pattern(1, 1, 0, 0): 10_000}).spoiled < 0.002


def test_the_budget_adds_up() -> None:
    """To one per cent, over kinds, over races up to 2.7 times those expected, and over lengths of a race."""
    assert SHARE * len(Kind) < FALSE_ALARMS
    steps, spent, held = 1_000, 0.0, 0
    while held < 2.7 * steps:  # the coordinator sends new limits when the run has doubled, or later
        spent += limits_of({Pattern(1, 1, 0, 0): held}, steps).each
        held += 1
    assert spent <= SHARE
    assert sum(6 / (math.pi * n) ** 2 for n in range(1, 100_000)) < 1
