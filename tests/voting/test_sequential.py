"""The sequential rule: replayable, within its budget, and cheaper than a fixed lead."""

import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Race, replay
from surefoot.voting.rule import Rule
from surefoot.voting.sequential import (
    TYPES,
    Sequential,
    chance_wrong,
    learned_weights,
    needed,
)
from tests.voting.simulated_races import HARD, Run, easy, simulate

EVEN = (1 / len(TYPES),) * len(TYPES)
POPULATION = [(easy(0.001), 9_990), (HARD, 10)]


def taught(seed: int) -> tuple[float, ...]:
    """Weights learned from one run of the population with a fixed lead."""
    run = simulate(FirstToAheadBy(4), POPULATION, np.random.default_rng(seed))
    seen = Counter[tuple[int, int]]()
    for pattern, count in run.patterns(4).items():
        seen[pattern.valid - pattern.dissent, pattern.dissent] += count
    return learned_weights(seen)


def runs(rule: Rule, count: int, seed: int) -> tuple[float, int]:
    """Calls a step, and how many of the runs have a wrong step."""
    found: list[Run] = [simulate(rule, POPULATION, np.random.default_rng((seed, i))) for i in range(count)]
    return sum(run.calls for run in found) / sum(run.steps for run in found), sum(run.wrong > 0 for run in found)


BALLOTS = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=60)


@given(BALLOTS, st.sampled_from([0.01, 1e-4]))
def test_a_verdict_is_a_function_of_the_ballots_by_number(said: list[str | None], budget: float) -> None:
    rule = Sequential(budget, EVEN)
    race = Race(rule, len(said))
    cast: list[Ballot] = []
    for number, candidate in enumerate(said):
        fewest = race.fewest()
        ballot = Ballot(number, candidate, None if candidate else "misformatted")
        cast.append(ballot)
        verdict = race.cast(ballot)
        # No verdict before the last of the ballots that were worth drawing.
        assert verdict is None or fewest == 1 or number + 1 == len(said)
        if verdict is not None:
            break
    shuffled = random.Random(len(cast)).sample(cast, len(cast))
    assert replay(rule, len(said), tuple(shuffled)) == race.verdict


def test_the_chance_falls_with_agreement_and_rises_with_dissent() -> None:
    alike = [chance_wrong(EVEN, (n,)) for n in range(1, 12)]
    assert alike == sorted(alike, reverse=True)
    assert chance_wrong(EVEN, (5, 1)) > chance_wrong(EVEN, (5,))
    assert chance_wrong(EVEN, (5, 5)) == pytest.approx(0.5, abs=0.02)


def test_one_dissenting_ballot_costs_more_than_one_ballot() -> None:
    rule = Sequential(1e-4, taught(1))
    unanimous = needed(rule, (), 5000)
    assert needed(rule, (1, 1), 5000) > unanimous + 3  # placebo: a fixed lead k needs k more at one all
    race = Race(FirstToAheadBy(unanimous), 100)
    for number, candidate in enumerate("ab"):
        race.cast(Ballot(number, candidate))
    assert race.fewest() == unanimous


class Shortsighted(Sequential, frozen=True, tag="shortsighted"):
    """Counts only on ballots for the leader."""

    def fewest(self, ranking: tuple[int, ...], most: int) -> int:
        return needed(self, ranking, most)


def drawn_in_vain(kind: type[Sequential]) -> int:
    """Ballots of hard steps, drawn as many at a time as a race asks for, that came after the verdict."""
    rule, rng, vain = kind(2e-6, taught(7)), np.random.default_rng(5), 0
    for _ in range(500):
        race, number = Race(rule, 5000), 0
        while race.verdict is None:
            wanted = race.fewest()
            for left, candidate in zip(range(wanted, 0, -1), rng.choice(list("abc"), wanted, p=HARD), strict=True):
                number += 1
                if race.cast(Ballot(number - 1, str(candidate))) is not None:
                    vain += left - 1
                    break
    return vain


def test_no_ballot_is_drawn_in_vain() -> None:
    """A third candidate may end a race before all ballots for the leader would have; see ``Sequential.fewest``."""
    assert drawn_in_vain(Sequential) == 0
    assert drawn_in_vain(Shortsighted) > 0


def exact_chance(weights: tuple[float, ...], counts: tuple[int, ...]) -> float:
    """The posterior probability of a wrong leader, by whole numbers: shares are numbers of 2 to the 80th parts."""
    ranked, total = (*counts, 0), sum(counts)
    right = wrong = 0
    for weight, (p, q) in zip(weights, TYPES, strict=True):
        w, p_parts, q_parts = (int(Fraction(share) * 2**80) for share in (weight, p, q))
        rest = 0 if 1 - p - q < 1e-12 else 2**80 - p_parts - q_parts
        for place, mine in enumerate(ranked):
            rival = ranked[0] if place else ranked[1]
            likely = w * p_parts**mine * q_parts**rival * rest ** (total - mine - rival)
            right, wrong = (right, wrong + likely) if place else (right + likely, wrong)
    return wrong / (right + wrong)


MANY = st.integers(1, 2048).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n // 2), st.integers(0, 3)))


@settings(max_examples=15, deadline=None)
@given(MANY)
@example((1060, 529, 0))
@example((2048, 1024, 0))
@example((1800, 600, 0))
@example((2048, 2, 1))
def test_the_chance_is_exact_for_as_many_ballots_as_a_step_may_have(tally: tuple[int, int, int]) -> None:
    """Placebo: likelihoods that are not logarithms become 0 at about 1,060 ballots, and a fair coin wins."""
    total, second, third = tally
    counts = tuple(count for count in sorted((total - second, second, min(third, second)), reverse=True) if count)
    assert chance_wrong(EVEN, counts) == pytest.approx(exact_chance(EVEN, counts), rel=1e-9, abs=1e-300)


def test_a_fair_coin_is_not_decided_by_the_number_of_its_ballots() -> None:
    rule = Sequential(1e-5, EVEN)
    leads = [next(lead for lead in range(100) if rule.wins(n + lead, (n,))) for n in (100, 520, 540, 900)]
    assert leads == sorted(leads)
    assert 40 < leads[0] <= leads[-1] < 60
    assert not rule.wins(532, (525,))
    assert rule.wins(1200, (600,))


def test_steps_of_many_ballots_are_learned_from() -> None:
    """Placebo: their likelihood under every difficulty is 0 in floating point."""
    weights = learned_weights({(700, 500): 1, (4, 0): 10})
    assert sum(weights) == pytest.approx(1)
    assert sum(weights[-2:]) == pytest.approx((1 + 2 * 0.25) / (11 + 14 * 0.25), rel=0.1)


def test_learning_keeps_hard_steps_possible() -> None:
    weights = learned_weights({(4, 0): 1_000_000})
    assert sum(weights) == pytest.approx(1)
    assert min(weights) > 0
    hard = learned_weights({(4, 0): 9_900, (20, 14): 100})
    assert sum(hard[-6:]) == pytest.approx(0.01, rel=0.2)
    assert sum(weights[-6:]) < 1e-5


def test_bad_rules_are_refused() -> None:
    with pytest.raises(ValueError, match="budget"):
        Sequential(0.0, EVEN)
    with pytest.raises(ValueError, match="weights"):
        Sequential(0.1, (1.0,))


def check_claim(count: int, saving: float, factor: float) -> None:
    """At equal or better success fewer calls, and at equal calls (within 2 %) fewer failed runs, than a fixed lead.

    The budgets are the shares that a run of 10,000 steps gives each of them at targets of 0.9 and 0.95.
    """
    weights = taught(7)
    fixed_calls, fixed_failed = runs(FirstToAheadBy(8), count, 1)
    thrifty_calls, thrifty_failed = runs(Sequential(1e-5, weights), count, 2)
    even_calls, even_failed = runs(FirstToAheadBy(6), count, 3)
    safe_calls, safe_failed = runs(Sequential(5e-6, weights), count, 4)
    print(
        f"{count} runs: k=8 {fixed_calls:.3f} calls, {fixed_failed} failed; budget 1e-5 {thrifty_calls:.3f}, "
        f"{thrifty_failed}; k=6 {even_calls:.3f}, {even_failed}; budget 5e-6 {safe_calls:.3f}, {safe_failed}"
    )
    assert thrifty_failed <= fixed_failed + 0.02 * count
    assert thrifty_calls <= (1 - saving) * fixed_calls
    assert safe_calls <= 1.02 * even_calls
    assert safe_failed * factor <= even_failed


def test_fewer_calls_and_fewer_failures_than_a_fixed_lead() -> None:
    # Rates of failure are .067 and .037 (equal success), .21 and .007 (equal calls): with 120 runs each of these
    # fails with probability below 1e-6 for the margins taken here.
    check_claim(120, saving=0.30, factor=2)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_claim_at_length() -> None:
    check_claim(2000, saving=0.30, factor=5)


def test_placebo_a_fixed_lead_does_not_meet_the_claim() -> None:
    calls, failed = runs(FirstToAheadBy(6), 60, 3)
    fewer, more = runs(FirstToAheadBy(5), 60, 3)
    assert fewer > 0.7 * calls
    assert failed * 5 > more
