"""The certificate holds as often as it says, and is not empty: a bound of 1 would hold always."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from surefoot.voting.certificate import RIVALS, Evidence, bound_of_chains, certify
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Race
from surefoot.voting.race_outcomes import outcomes
from surefoot.voting.sequential import Sequential, learned_weights
from tests.voting.simulated_races import HARD, Shares, easy, simulate

HOMOGENEOUS: list[tuple[Shares, int]] = [((0.99, 0.01, 0.0), 10_000)]
MIXED: list[tuple[Shares, int]] = [(easy(0.001), 9_990), (HARD, 10)]


def test_wrong_runs_are_no_more_frequent_than_the_bounds_say() -> None:
    bounds, wrong = 0.0, 0
    for seed in range(40):
        found = simulate(FirstToAheadBy(6), MIXED, np.random.default_rng(seed))
        bounds += certify(Evidence({6: found.lengths(6)})).bound
        wrong += found.wrong > 0
    assert wrong <= bounds


def test_a_clean_run_with_a_larger_lead_has_a_smaller_bound() -> None:
    bounds = [certify(Evidence({k: {k: 10_000}})).bound for k in (2, 4, 6, 8)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] < 0.03
    assert certify(Evidence({8: {8: 10_000}}), confidence=0.99).bound > bounds[-1]


def covered_sequential(population: list[tuple[Shares, int]], seeds: range, budget: float) -> int:
    """Runs of the sequential rule, with weights learned from a run before, in which the bound is not below the truth.

    The truth is the probability that any verdict of the run is wrong, given how many ballots each race took.
    """
    taught = Counter[tuple[int, int]]()
    for pattern, count in simulate(FirstToAheadBy(4), population, np.random.default_rng(99)).patterns(4).items():
        taught[pattern.valid - pattern.dissent, pattern.dissent] += count
    rule, found = Sequential(budget, learned_weights(taught)), 0
    known = outcomes(rule, 60, tuple(shares for shares, _ in population))
    steps = np.array([count for _, count in population])
    ends = [(known.right[n] @ steps, known.wrong[n] @ steps) for n in known.right]
    open_still = known.undecided @ steps
    chances = np.array([right + wrong for right, wrong in ends] + [open_still]) / steps.sum()
    risks = [wrong / max(right + wrong, 1e-300) for right, wrong in ends] + [0.5]
    fewest = min(known.right)
    for seed in seeds:
        drawn = np.random.default_rng(seed).multinomial(steps.sum(), chances / chances.sum())
        truth = 1 - np.prod([(1 - risk) ** count for risk, count in zip(risks, drawn, strict=True)])
        lengths = {n: int(count) for n, count in zip([*known.right, 61], drawn, strict=True) if count}
        found += certify(Evidence({fewest: lengths}, rules={fewest: rule})).bound >= truth
    return found


@pytest.mark.parametrize("population", [HOMOGENEOUS, MIXED], ids=["homogeneous", "mixed"])
def test_the_bound_of_sequential_runs_holds(population: list[tuple[Shares, int]]) -> None:
    assert covered_sequential(population, range(20), 1e-5) >= 15  # at 95 %: fewer with probability below 1e-5


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("budget", [1e-4, 1e-5, 5e-6])
@pytest.mark.parametrize("population", [HOMOGENEOUS, MIXED], ids=["homogeneous", "mixed"])
def test_the_bound_of_sequential_runs_holds_in_95_of_100(population: list[tuple[Shares, int]], budget: float) -> None:
    found = covered_sequential(population, range(1000), budget)
    print(f"sequential, budget {budget}, {len(population)} difficulties: {found} of 1000")
    assert found >= 950


def test_statements_that_were_kept_count_with_the_chance_that_both_are_wrong() -> None:
    """30,000 decompositions, all kept by the chains below: without that they cannot be certified."""
    lengths = {4: {4: 30_000}}
    alone = certify(Evidence(lengths))
    kept = certify(Evidence(chains=30_000, chains_failed=100, stated=lengths, one_way=True))
    assert alone.bound > 0.2
    assert alone.needed
    assert kept.bound < 0.01
    assert not kept.needed
    assert certify(Evidence(chains=30_000, chains_failed=20_000, stated=lengths, one_way=True)).bound > 0.1
    assert certify(Evidence(stated=lengths)).bound == pytest.approx(alone.bound)  # nothing below: nothing is shown


def test_two_mistakes_that_cancel_count_unless_there_is_one_way() -> None:
    runs: dict[str, Any] = {"chains": 3_000, "chains_failed": 100, "stated": {6: {6: 3_000}}}
    alone, hidden = certify(Evidence(**runs, one_way=True)), certify(Evidence(**runs))
    assert alone.bound < 0.1 < 0.8 < hidden.bound
    assert not alone.needed
    assert "cancelled out" in hidden.needed


def test_what_a_smaller_bound_would_take_is_said_and_true() -> None:
    found = certify(Evidence({3: {3: 1_000}}))
    assert found.bound > 0.5
    lead = int(found.needed.split("lead of ")[1].split()[0])
    assert lead > 3
    assert (
        certify(Evidence({lead: {lead: 1_000}})).bound <= 0.05 < certify(Evidence({lead - 1: {lead - 1: 1_000}})).bound
    )


def test_seams_are_bounded_by_what_failed() -> None:
    assert bound_of_chains(60_000, 0, 0.95).bound < 2e-4
    assert bound_of_chains(60_000, 600, 0.95).bound > 3
    assert certify(Evidence(chains=60_000)).bound < 2e-4


def test_how_hard_a_step_may_be_is_said_where_the_bound_is_not_small() -> None:
    found = certify(Evidence({3: {3: 10_000}}), rivals=RIVALS)
    assert [one.credible for one in found.allowed] == [True, True]
    assert found.bound > 2 * found.allowed[0].bound > 20 * found.allowed[1].bound
    assert certify(Evidence({9: {9: 10_000}}), rivals=RIVALS).allowed == ()


def test_the_end_of_a_plan_needs_no_ballots() -> None:
    found = certify(Evidence({3: {3: 10_000}}, violations=("ways fail together",), proof="there is one way"))
    assert found.bound == 0 < 0.5 < found.by_ballots
    assert found.violations


def test_what_no_mixture_explains_is_not_certified() -> None:
    found = certify(Evidence({3: {3: 1_000, 50: 1_000}}))
    assert found.bound == 1
    assert found.violations
    assert certify(Evidence({3: {3: 1_000}}, violations=("seen elsewhere",))).violations == ("seen elsewhere",)


def test_a_stricter_budget_gives_a_smaller_bound() -> None:
    strict, lax = (Sequential(budget, learned_weights({(4, 0): 9_900, (20, 14): 10})) for budget in (1e-7, 1e-3))
    bounds = []
    for rule in (strict, lax):
        fewest = Race(rule, 500).fewest()
        bounds.append(certify(Evidence({fewest: {fewest: 10_000}}, rules={fewest: rule})).bound)
    assert 3 * bounds[0] < bounds[1]


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="confidence"):
        certify(Evidence(), confidence=1.0)
    with pytest.raises(ValueError, match="at least 3"):
        certify(Evidence({3: {2: 1}}))
