"""The closed forms against the paper's figures, against exact sums, and against simulated races.

Simulations have fixed seeds, so they pass or fail for good. Should a change make them draw other numbers, the
chance that right ones fail is below 1e-6 for this file: 16 comparisons at 6.5 standard errors, 1e-10 each if
normal and below 1e-8 each with the skewness that lengths of races have.
"""

import functools
import math
import random
from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.lead import expected_ballots, expected_calls, expected_cost_usd, k_min, p_full, p_step
from surefoot.voting.race import Race, Won

STEPS = 2**20 - 1
SIGMAS = 6.5

# p, k, probability that 20 disks are solved without an error, as printed.
P_FULL = [
    (0.999, 2, ".350"), (0.999, 3, ".9989"), (0.9978, 2, ".006"), (0.9978, 3, ".9888"), (0.9978, 4, "1.000"),
    (0.996, 3, ".934"), (0.996, 4, ".9997"), (0.99, 3, ".339"), (0.99, 4, ".989"), (0.98, 4, ".834"),
    (0.98, 5, ".996"), (0.95, 5, ".655"), (0.95, 6, ".978"), (0.90, 7, ".803"), (0.90, 8, ".976"),
]  # fmt: skip

# The paper's usable models: $/M in, $/M out, reply tokens, 1 - p, k_min, k$, million calls, prompt tokens
# (these implied).
MODELS = {
    "gpt-4.1-nano": (0.1, 0.4, 842, 0.3571, 29, 41.9, 106, 570),
    "gpt-4.1-mini at 1": (0.4, 1.6, 580, 0.0040, 4, 4.9, 4.23, 577),
    "gpt-4.1-mini at 0.1": (0.4, 1.6, 538, 0.0022, 3, 3.5, 3.16, 617),
    "o3-mini": (1.1, 4.4, 535, 0.0018, 3, 9.4, 3.16, 567),
    "claude-haiku-4.5": (1, 5.0, 588, 0.1839, 12, 71.2, 19.9, 637),
    "gpt-oss-20B": (0.05, 0.2, 1104, 0.0358, 6, 1.7, 6.78, 601),
    "qwen3-235B": (0.2, 0.6, 449, 0.2342, 15, 11.5, 29.6, 596),
    "deepseek-v3.1": (0.6, 1.7, 1004, 0.0569, 6, 14.6, 7.10, 583),
    "kimi-k2": (1, 3.0, 925, 0.0393, 6, 22.9, 6.83, 579),
}


@pytest.mark.parametrize(("p", "k", "printed"), P_FULL)
def test_p_full_as_published(p: float, k: int, printed: str) -> None:
    assert f"{p_full(p, k, STEPS):.{len(printed.split('.')[1])}f}".removeprefix("0") == printed


@pytest.mark.parametrize("name", MODELS)
def test_k_min_calls_and_cost_as_published(name: str) -> None:
    usd_in, usd_out, tokens_out, error, k, kilo_usd, million_calls, tokens_in = MODELS[name]
    assert k_min(1 - error, STEPS, 0.95) == k
    calls = expected_calls(1 - error, k, STEPS)
    assert calls / 1e6 == pytest.approx(million_calls, rel=5e-3)
    cost = expected_cost_usd(calls, tokens_in, tokens_out, usd_in / 1e6, usd_out / 1e6)
    assert cost / 1e3 == pytest.approx(kilo_usd, rel=0.03)  # printed to two or three figures


def test_one_hard_step_sinks_the_figure_that_all_steps_promise() -> None:
    assert p_full(1 - 2.2e-4, 2, STEPS) == pytest.approx(0.95, abs=0.005)
    assert p_full(1 - 2.2e-4, 3, STEPS - 1) * exact_race(STEP_10241, 3)[0] == pytest.approx(0.87, abs=0.005)


@given(st.integers(1, 99), st.integers(1, 30))
def test_p_step_is_equation_9(percent: int, k: int) -> None:
    p = Fraction(percent, 100)
    right, wrong = p**k, (1 - p) ** k
    assert p_step(percent / 100, k) == pytest.approx(float(right / (right + wrong)), rel=1e-12)


def test_nothing_is_lost_at_the_ends() -> None:
    p = Fraction(0.999999)
    odds = ((1 - p) / p) ** 2
    assert -math.log(p_full(float(p), 2, 2**26)) == pytest.approx(float(2**26 * odds), rel=1e-9)
    assert k_min(0.999999, 2**26, 0.95) == 2
    assert k_min(0.999999, 2**26, 1 - 1e-12) == 4
    assert p_full(1.0, 1, 2**26) == 1.0
    assert p_full(0.0, 3, 1) == 0.0
    assert p_full(1e-300, 1000, 2**26) == 0.0
    assert k_min(1.0, 2**26, 0.999999) == 1
    assert all(expected_ballots(0.5 + 2**-i, 3) == pytest.approx(9, rel=1e-7) for i in range(14, 53))
    assert expected_ballots(0.5, 3) == 9
    assert expected_ballots(0.0, 3) == expected_ballots(1.0, 3) == 3


@given(
    st.floats(0.501, 1 - 1e-9),
    st.integers(1, 2**26),
    st.floats(1e-6, 1 - 1e-9),
    st.sampled_from([1, 1, 2, 10]),
)
def test_k_min_is_the_smallest_that_reaches_the_target(p: float, steps: int, target: float, m: int) -> None:
    k = k_min(p, steps, target, m)
    assert p_full(p, k, steps, m) >= target
    assert k == 1 or p_full(p, k - 1, steps, m) < target


@given(st.floats(0.501, 0.999), st.integers(1, 8), st.integers(1, 2**20), st.sampled_from([1, 2, 10]))
def test_k_min_of_a_target_that_is_just_reached_or_just_missed(p: float, k: int, steps: int, m: int) -> None:
    """Here the ceiling of Eq. 14 falls on the wrong side of an integer as often as not."""
    target = p_full(p, k, steps, m)
    if 0 < target < 1:
        smallest = k_min(p, steps, target, m)
        assert p_full(p, smallest, steps, m) == target
        assert smallest <= k
        if (missed := math.nextafter(target, 1)) < 1:
            assert p_full(p, k_min(p, steps, missed, m), steps, m) >= missed


@given(st.floats(0.51, 0.9999), st.integers(1, 12), st.sampled_from([2, 5, 64]))
def test_what_should_grow_grows(p: float, k: int, factor: int) -> None:
    assert p_step(p, k) <= p_step(p, k + 1) <= 1
    assert p_full(p, k, STEPS * factor) <= p_full(p, k, STEPS)
    assert p_full(p, k, STEPS * factor, factor) == pytest.approx(p_full(p, k, STEPS))
    assert k - 1e-12 < expected_ballots(p, k) < k * k + 1e-12
    assert expected_ballots(p, k, 1 / factor) == pytest.approx(factor * expected_ballots(p, k))


@pytest.mark.parametrize("p", [-0.1, 0.0, 0.5, 1.1, math.nan])
def test_no_lead_is_enough_below_one_half(p: float) -> None:
    with pytest.raises(ValueError, match=r"p must be in \(0.5, 1\]"):
        k_min(p, STEPS, 0.95)


def test_arguments_out_of_range_are_refused() -> None:
    for call in (
        lambda: p_step(1.01, 3), lambda: p_step(math.nan, 3), lambda: p_step(0.9, 0),
        lambda: p_full(0.9, 3, 0),
        lambda: p_full(0.9, 3, 5, 0), lambda: k_min(0.9, 0, 0.95), lambda: k_min(0.9, 5, 0.0),
        lambda: k_min(0.9, 5, 1.0), lambda: expected_ballots(0.9, 3, 0.0),
        lambda: expected_ballots(0.9, 3, 1.1), lambda: expected_ballots(-0.1, 3),
        lambda: expected_ballots(0.9, 0), lambda: expected_calls(0.9, 3, 0),
        lambda: expected_cost_usd(1, 1, 1, -1, 1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"\S"):
            call()


STEP_10241 = (15 / 27, 8 / 27, 4 / 27)  # shares of the right answer and the two wrong ones over its 27 votes


@functools.cache
def exact_race(shares: tuple[float, ...], k: int) -> tuple[float, float]:
    """P(the first candidate wins) and mean ballots of ahead-by-k, following all tallies until 1e-7 is undecided."""
    undecided = {tuple(0 for _ in shares): 1.0}
    wins = mean = 0.0
    while (left := sum(undecided.values())) > 1e-7:
        mean += left
        after: defaultdict[tuple[int, ...], float] = defaultdict(float)
        for tally, weight in undecided.items():
            for i, share in enumerate(shares):
                counts = [*tally[:i], tally[i] + 1, *tally[i + 1 :]]
                if counts[i] - max(counts[:i] + counts[i + 1 :]) >= k:
                    wins += weight * share * (i == 0)
                else:  # only differences matter, and a hopeless candidate is not followed further down
                    top = max(counts)
                    after[tuple(max(count - top, -20) for count in counts)] += weight * share
        undecided = dict(after)
    return wins, mean


def simulate(
    shares: tuple[float, ...], k: int, races: int, seed: int, valid_rate: float = 1.0
) -> tuple[float, float, float]:
    """P(the first candidate wins), mean ballots and the standard error of that mean, over simulated races."""
    rng = random.Random(seed)
    names = [str(i) for i in range(len(shares))]
    wins, lengths = 0, []
    for _ in range(races):
        race, draw = Race(FirstToAheadBy(k), 10_000), 0
        while race.verdict is None:
            valid = rng.random() < valid_rate
            race.cast(Ballot(draw, rng.choices(names, shares)[0]) if valid else Ballot(draw, None, "overlong"))
            draw += 1
        assert isinstance(race.verdict, Won)
        wins += race.verdict.candidate == "0"
        lengths.append(race.verdict.ballots)
    mean = sum(lengths) / races
    variance = sum((length - mean) ** 2 for length in lengths) / races
    return wins / races, mean, math.sqrt(variance / races)


@pytest.mark.parametrize(
    ("p", "k", "valid_rate"), [(0.55, 2, 1.0), (0.6, 3, 1.0), (0.7, 2, 0.8), (0.75, 2, 0.971), (0.6, 4, 0.5)]
)
def test_closed_forms_against_simulated_races(p: float, k: int, valid_rate: float) -> None:
    races = 4000
    win_rate, mean, error = simulate((p, 1 - p), k, races, 7, valid_rate)
    expected = p_step(p, k)
    assert abs(win_rate - expected) < SIGMAS * math.sqrt(expected * (1 - expected) / races)
    assert abs(mean - expected_ballots(p, k, valid_rate)) < SIGMAS * error


@pytest.mark.parametrize(("p", "k"), [(0.6, 1), (0.6, 5), (0.9, 3)])
def test_closed_forms_against_exact_sums(p: float, k: int) -> None:
    wins, mean = exact_race((p, 1 - p), k)
    assert wins == pytest.approx(p_step(p, k), abs=1e-6)
    assert mean == pytest.approx(expected_ballots(p, k), abs=1e-4)


# k, printed chance of the right answer, printed mean number of votes.
@pytest.mark.parametrize(
    ("k", "printed", "printed_mean"),
    [(1, 0.56, 1), (2, 0.76, 4.7), (3, 0.87, 9.4), (4, 0.93, 13.9), (5, 0.96, 18.6)],
)
def test_three_candidates_as_at_step_10241(k: int, printed: float, printed_mean: float) -> None:
    exact, exact_mean = exact_race(STEP_10241, k)
    assert exact == pytest.approx(printed, abs=0.006)
    assert exact_mean == pytest.approx(printed_mean, rel=0.02)  # itself a simulation
    if 1 < k < 5:
        races = 2000
        win_rate, mean, error = simulate(STEP_10241, k, races, 11)
        assert abs(win_rate - exact) < SIGMAS * math.sqrt(exact * (1 - exact) / races)
        assert abs(mean - exact_mean) < SIGMAS * error


def test_simulated_races_would_catch_a_wrong_rule() -> None:
    """The same comparison, with a lead that is off by one: far outside the tolerance."""
    win_rate, mean, error = simulate((0.6, 0.4), 2, 4000, 7)
    assert abs(win_rate - p_step(0.6, 3)) > SIGMAS * math.sqrt(0.25 / 4000)
    assert abs(mean - expected_ballots(0.6, 3)) > SIGMAS * error
