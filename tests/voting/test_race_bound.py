"""The bound of races holds as often as it says, whatever the mixture of their difficulties."""

from collections import Counter

import numpy as np
import pytest

from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.lead import p_full
from surefoot.voting.race_bound import bound_of_races
from surefoot.voting.race_outcomes import outcomes
from tests.voting.simulated_races import HARD, Shares, easy, simulate

HOMOGENEOUS: list[tuple[Shares, int]] = [((0.99, 0.01, 0.0), 10_000)]
MIXED: list[tuple[Shares, int]] = [(easy(0.001), 9_990), (HARD, 10)]
WORSE: list[tuple[Shares, int]] = [((0.98, 0.012, 0.008), 900), ((0.7, 0.3, 0.0), 100)]


def run(k: int, population: list[tuple[Shares, int]], seed: int) -> tuple[Counter[int], float]:
    """Race lengths of a run, and the true expected number of wrong verdicts given those lengths."""
    rng = np.random.default_rng(seed)
    known = outcomes(FirstToAheadBy(k), 120, tuple(shares for shares, _ in population))
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
        found += bound_of_races(FirstToAheadBy(k), lengths, 0.95).bound >= risk
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


def test_a_bound_is_a_probability_however_many_steps_there_are() -> None:
    """One minus the product, not the sum of expectations."""
    found = bound_of_races(FirstToAheadBy(2), {2: 5_000}, 0.95)
    assert found.bound > 1
    assert found.p_any < 1


def test_what_is_allowed_decides_what_is_certified() -> None:
    """Of 10,000 unanimous races of lead 3, a few could be as hard as steps can be; none can if that is excluded."""
    bounds = [
        bound_of_races(FirstToAheadBy(3), {3: 10_000}, 0.95, rival=rival).bound for rival in (1.0, 0.536, 0.1, 0.01)
    ]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[0] > 0.5 > 2 * bounds[1] > 20 * bounds[2]


def test_the_bound_for_easier_steps_holds_where_steps_are_as_easy() -> None:
    held = 0
    for seed in range(12):
        lengths, risk = run(3, MIXED, seed)
        held += bound_of_races(FirstToAheadBy(3), lengths, 0.95, rival=0.54).bound >= risk
    assert held >= 6  # at 95 %: fewer with probability below 1e-6


def test_lengths_that_contradict_what_is_allowed_are_not_certified() -> None:
    lengths, _ = run(6, MIXED, 1)
    assert bound_of_races(FirstToAheadBy(6), lengths, 0.95, rival=0.54).credible
    assert not bound_of_races(FirstToAheadBy(6), lengths, 0.95, rival=0.01).credible


class Unsolved:
    """What ``linprog`` returns where it gave up."""

    def __init__(self, status: int) -> None:
        self.status, self.fun = status, None


@pytest.mark.parametrize(("status", "credible"), [(1, True), (2, False), (4, True)])
def test_a_program_that_could_not_be_solved_contradicts_nothing(
    monkeypatch: pytest.MonkeyPatch, status: int, credible: bool
) -> None:
    """Only status 2 says that no mixture is credible; after the others nothing is known, and all may be wrong."""
    monkeypatch.setattr("scipy.optimize.linprog", lambda *_, **__: Unsolved(status))
    found = bound_of_races(FirstToAheadBy(3), {3: 90, 5: 10}, 0.95)
    assert (found.credible, found.bound, found.p_any) == (credible, 100, 1.0)
