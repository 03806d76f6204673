"""The advisor: both regimes, more noise never makes it bolder, and what attempts say of a model's errors."""

import random

import pytest

from surefoot.decompose.advisor import (
    CHAIN,
    ERRORS,
    GRAPH,
    MOST_BALLOTS,
    WHOLE,
    Shape,
    advise,
    error_by,
    votes,
)


@pytest.mark.parametrize(
    ("shape", "error", "way"),
    [
        (Shape(1, 1), 0.01, WHOLE),
        (Shape(64, 64), 0.001, WHOLE),
        (Shape(64, 64), 0.05, CHAIN),
        (Shape(4096, 64), 0.05, GRAPH),
        (Shape(64, 1), 0.05, GRAPH),
        (Shape(1000, 1000), 0.01, CHAIN),
    ],
)
def test_depth_width_and_noise_decide(shape: Shape, error: float, way: str) -> None:
    found = advise(shape, error, words=8 * shape.parts)
    assert found.way == way
    assert found.why.startswith(f"{way}: about {shape.parts:,} steps")
    assert found.costs[way] == min(found.costs.values())


def test_steps_that_follow_from_answers_cannot_be_planned() -> None:
    """What cannot be written down beforehand is no graph, however wide it is."""
    found = advise(Shape(4096, 64, stated=False), 0.05, 30_000)
    assert found.way == CHAIN
    assert GRAPH not in found.costs
    assert "later ones follow from the answers to earlier ones" in found.why


def test_a_chain_without_a_program_pays_for_what_it_shows_again() -> None:
    shape = Shape(64, 64)
    told = [advise(shape, 0.05, 500, program=program).costs for program in (True, False)]
    assert told[1][CHAIN] > 3 * told[0][CHAIN]
    assert told[1][GRAPH] == told[0][GRAPH]


def test_more_noise_never_leads_back_to_whole_answers() -> None:
    for parts in (2, 16, 128):
        ways = [advise(Shape(parts, parts), error, 8 * parts).way == WHOLE for error in ERRORS]
        assert ways == sorted(ways, reverse=True)


def test_whole_answers_that_win_no_vote_are_named_as_such() -> None:
    """The guard: depth beyond what a model can do at once."""
    found = advise(Shape(1024, 1024), 0.05, 8000)
    assert WHOLE not in found.costs
    assert "answers to the whole question would win no vote" in found.why


def test_deep_searches_are_not_answered_at_once_however_sure_a_model_seems() -> None:
    """Attempts at a search that nobody has done agree where there are two answers only: agreement says nothing."""
    assert advise(Shape(32, 32, stated=False), 0.0001, 200).way == CHAIN
    assert "no short answer does so many" in advise(Shape(32, 32, stated=False), 0.0001, 200).why
    assert advise(Shape(32, 32), 0.0001, 200).way == WHOLE
    assert advise(Shape(4, 4, stated=False), 0.0001, 200).way == WHOLE


def test_where_nothing_would_be_right_the_smallest_questions_are_asked() -> None:
    found = advise(Shape(64, 8), 0.9, 500)
    assert (found.way, found.costs) == (CHAIN, {})
    assert "none would come to an answer" in found.why


@pytest.mark.parametrize(("right", "questions"), [(0.9, 1), (0.95, 100), (0.7, 10)])
def test_votes_are_as_many_as_drawn_ones(right: float, questions: int) -> None:
    """Ballots and rounds by the closed form, and by 4,000 races with three rivals, within 15 %."""
    found = votes(right, questions)
    assert found is not None
    rng, ballots = random.Random(0), 0
    lead = round(1 + found[0] - found[1])
    for _ in range(4000):
        counts = [0, 0, 0, 0]
        while sorted(counts)[-1] - sorted(counts)[-2] < lead:
            counts[0 if rng.random() < right else rng.randint(1, 3)] += 1
            ballots += 1
    assert ballots / 4000 == pytest.approx(found[0], rel=0.15)


def test_right_answers_behind_a_wrong_one_win_no_votes() -> None:
    assert votes(0.2, 1) is None
    assert votes(0.26, 1) is None  # ahead, but beyond so many ballots
    assert MOST_BALLOTS < 100


@pytest.mark.parametrize("error", [0.001, 0.01, 0.05])
def test_attempts_tell_errors_apart(error: float) -> None:
    """Medians over 200 draws of eight attempts at 32 operations lie within a factor of three; alike, they would not."""
    rng, found = random.Random(1), []
    for _ in range(200):
        right = (1 - error) ** 32
        drawn = ["r" if rng.random() < right else str(rng.randrange(3)) for _ in range(8)]
        found.append(error_by(drawn, 32))
    assert error / 3 <= sorted(found)[100] <= error * 3


def test_nothing_attempted_says_nothing() -> None:
    middle = error_by([], 8)
    assert middle == pytest.approx(0.0045, rel=0.3)
    assert error_by(["a"] * 8, 8) < middle < error_by(list("abcdefgh"), 8)
