"""The certificate holds as often as it says, and is not empty: a bound of 1 would hold always."""

from collections import Counter

import numpy as np
import pytest

from tests.voting.simulated_races import HARD, Shares, easy, simulate
from voting.certificate import bound_of_chains, bound_of_races, certify
from voting.lead import p_full
from voting.outcomes import outcomes
from voting.race import FirstToAheadBy

HOMOGENEOUS: list[tuple[Shares, int]] = [((0.99, 0.01, 0.0), 10_000)]
MIXED: list[tuple[Shares, int]] = [(easy(0.001), 9_990), (HARD, 10)]
WORSE: list[tuple[Shares, int]] = [((0.98, 0.012, 0.008), 900), ((0.7, 0.3, 0.0), 100)]


def run(k: int, population: list[tuple[Shares, int]], seed: int) -> tuple[Counter[int], float]:
    """Race lengths of a run, and the true expected number of wrong verdicts given those lengths."""
    rng = np.random.default_rng(seed)
    known = outcomes(k, 120, tuple(shares for shares, _ in population))
    steps = np.array([count for _, count in population])
    lengths: Counter[int] = Counter()
    right = np.array([known.right[n] for n in known.right])
    wrong = np.array([known.wrong[n] for n in known.right])
    for column, count in enumerate(steps):
        chances = np.append(right[:, column] + wrong[:, column], known.undecided[column])
        drawn = rng.multinomial(count, chances / chances.sum())
        for n, seen in zip([*known.right, max(known.right) + 1], drawn, strict=True):
            lengths[n] += int(seen)
    mean, mean_wrong = (right + wrong) @ steps, wrong @ steps
    risk = sum(lengths[n] * mean_wrong[i] / mean[i] for i, n in enumerate(known.right) if mean[i] > 0)
    return lengths, float(risk)


def covered(k: int, population: list[tuple[Shares, int]], seeds: range) -> int:
    """Runs in which the bound is not below the truth."""
    found = 0
    for seed in seeds:
        lengths, risk = run(k, population, seed)
        found += bound_of_races(k, lengths, 0.95).bound >= risk
    return found


CASES = [(3, HOMOGENEOUS), (2, HOMOGENEOUS), (3, MIXED), (6, MIXED), (5, WORSE)]


@pytest.mark.parametrize(("k", "population"), CASES)
def test_the_bound_holds(k: int, population: list[tuple[Shares, int]]) -> None:
    assert covered(k, population, range(30)) >= 22  # at 95 %: below 22 of 30 with probability 3e-6 at most


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("k", "population"), CASES)
def test_the_bound_holds_in_95_of_100(k: int, population: list[tuple[Shares, int]]) -> None:
    found = covered(k, population, range(1000))
    print(f"lead {k}, {len(population)} difficulties: {found} of 1000")
    assert found >= 950


def test_placebo_the_closed_form_does_not_hold_where_steps_differ() -> None:
    """One error rate for all steps, estimated from the dissent: what a bound must not be made of."""
    below = 0
    for seed in range(20):
        found = simulate(FirstToAheadBy(3), MIXED, np.random.default_rng(seed))
        patterns = found.patterns(3)
        rate = sum(p.dissent * n for p, n in patterns.items()) / sum(p.valid * n for p, n in patterns.items())
        below += 1 - p_full(1 - 2 * rate, 3, found.steps) < 1 - np.exp(-1.3)  # even at twice the rate
    assert below == 20


def test_wrong_runs_are_no_more_frequent_than_the_bounds_say() -> None:
    bounds, wrong = 0.0, 0
    for seed in range(40):
        found = simulate(FirstToAheadBy(6), MIXED, np.random.default_rng(seed))
        bounds += certify({6: found.lengths(6)}).bound
        wrong += found.wrong > 0
    assert wrong <= bounds


def test_a_clean_run_with_a_larger_lead_has_a_smaller_bound() -> None:
    bounds = [certify({k: {k: 10_000}}).bound for k in (2, 4, 6, 8)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] < 0.03
    assert certify({8: {8: 10_000}}, confidence=0.99).bound > bounds[-1]


def test_seams_are_bounded_by_what_failed() -> None:
    assert bound_of_chains(60_000, 0, 0.95).bound < 2e-4
    assert bound_of_chains(60_000, 600, 0.95).bound > 3
    assert certify({}, chains=60_000).bound < 2e-4


def test_what_no_mixture_explains_is_not_certified() -> None:
    found = certify({3: {3: 1_000, 50: 1_000}})
    assert found.bound == 1
    assert found.violations
    assert certify({3: {3: 1_000}}, violations=("seen elsewhere",)).violations == ("seen elsewhere",)


def test_the_sequential_rule_is_bounded_by_agreement_and_budget() -> None:
    found = certify({8: {8: 9_950, 30: 50}}, budget=1e-6)
    assert 50e-6 < found.bound < 0.3
    assert certify({8: {8: 9_950, 30: 50}}, budget=1e-3).bound > found.bound + 0.04


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="confidence"):
        certify({}, confidence=1.0)
    with pytest.raises(ValueError, match="at least 3"):
        certify({3: {2: 1}})
