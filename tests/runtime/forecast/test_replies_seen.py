"""What long replies say of a model, place by place, without a right answer and with one."""

import random
from collections.abc import Sequence

import pytest

from surefoot.runtime.forecast.estimates import Estimate, KindEstimate, PlaceCount, Sample
from surefoot.runtime.forecast.replies_seen import (
    Reply,
    chain_numbers,
    doubling_of,
    long_tokens_of,
    places_against,
    places_of,
    steps_of,
    with_replies,
)
from surefoot.runtime.records import Counts, Usage
from surefoot.voting.ballot import Ballot

STEPS = 64
RIGHT = [str(place) for place in range(STEPS)]


def reply(rng: random.Random, p_error: float, doubling: float = 0.0, flagged: float = 0.5) -> Reply:
    """A reply whose first mistake is flagged, or leads to other answers from there on."""
    said: list[str] = []
    for place in range(STEPS):
        if rng.random() < p_error * (2 ** (place / doubling) if doubling else 1):
            if rng.random() < flagged:
                return said, "illegal"
            return [*said, *(f"wrong {rng.random()}" for _ in range(place, STEPS))], ""
        said.append(RIGHT[place])
    return said, ""


def questions(count: int, p_error: float, doubling: float = 0.0) -> list[tuple[int, Sequence[Reply]]]:
    rng = random.Random(5)
    return [(STEPS, [reply(rng, p_error, doubling) for _ in range(3)]) for _ in range(count)]


def failed(places: Sequence[PlaceCount]) -> float:
    return sum(one.spoiled + one.wrong for one in places) / sum(one.asked for one in places)


@pytest.mark.parametrize("p_error", [0.005, 0.02, 0.1])
def test_the_rate_at_a_place_is_that_of_replies_that_were_right_before_it(p_error: float) -> None:
    asked = questions(400, p_error)
    for places in (places_of(asked), places_against([(RIGHT, replies) for _, replies in asked])):
        assert failed(places) == pytest.approx(p_error, rel=0.15)
        late = [one for one in places if one.place >= 8]
        assert failed(late) == pytest.approx(p_error, rel=0.35), "the same behind the eighth step"


def test_replies_are_held_against_each_other_until_nothing_can_be_said() -> None:
    same = ["a", "b", "c"]
    one = (3, [(same, ""), (same, ""), (["a", "x", "y"], "")])
    assert places_of([one]) == (PlaceCount(0, 3, 0, 0, 3), PlaceCount(1, 3, 0, 1, 3), PlaceCount(2, 2, 0, 0, 3))
    differ = (3, [(["a"], "illegal"), (["b"], "illegal"), (["c"], "illegal")])
    assert places_of([differ]) == (PlaceCount(0, 3, 0, 2, 3),)
    assert places_of([(3, [([], "refused"), ([], "overlong")])]) == (PlaceCount(0, 2, 2, 0, 3),)
    assert places_of([(3, [(["a"], "")])]) == (), "one reply has nothing to be held against"
    flagged = places_of([(2, [(["a"], "illegal"), (["a", "b"], ""), (["a", "b"], "")])])
    assert flagged == (PlaceCount(0, 3, 0, 0, 2), PlaceCount(1, 3, 1, 0, 2))


@pytest.mark.parametrize("doubling", [16.0, 8.0, 4.0])
def test_growth_is_found_where_there_is_some(doubling: float) -> None:
    assert doubling_of(places_of(questions(60, 0.01, doubling))) == doubling


@pytest.mark.parametrize("p_error", [0.0, 0.002, 0.03, 0.2])
def test_no_growth_is_found_where_there_is_none(p_error: float) -> None:
    assert doubling_of(places_of(questions(60, p_error))) == 0.0


def test_ten_questions_mostly_do_to_see_errors_double_every_eight_steps() -> None:
    rng, found = random.Random(1), []
    for _ in range(50):
        asked = [(STEPS, [reply(rng, 0.02, 8.0) for _ in range(3)]) for _ in range(10)]
        found.append(doubling_of(places_of(asked)))
    assert sum(0 < one <= 16 for one in found) > 36


START = Estimate(
    60,
    0,
    0,
    0.008,
    0.05,
    (),
    (KindEstimate("move", 50, 0, 50, 9.0, 5.0), KindEstimate("split", 10, 0, 10, 9.0, 5.0)),
    60,
)


def test_long_replies_sharpen_a_pilot() -> None:
    found = with_replies(START, "move", places_of(questions(10, 0.001)))
    assert found.ballots > 1500
    assert found.p_error < 0.004
    assert found.p_error_high < START.p_error_high
    move, split = found.kinds
    assert (split, move.trials > 1500, move.prompt_tokens) == (START.kinds[1], True, 9.0)


def test_the_rate_of_a_first_step_is_not_that_of_late_ones() -> None:
    """Placebo: without growth the errors behind would count for the first step as well."""
    places = places_of(questions(200, 0.01, 8.0))
    found = with_replies(START, "move", places)
    assert (found.doubling, found.p_error + 1 - found.valid_rate) == (8.0, pytest.approx(0.01, rel=0.3))
    assert failed(places) > 0.03


def test_nothing_seen_changes_nothing() -> None:
    found = with_replies(START, "move", ())
    assert (found.ballots, found.dissenting, found.spoiled, found.doubling) == (60, 0, 0, 0.0)


def test_numbers_of_places_say_of_how_many_steps_and_are_no_numbers_of_steps() -> None:
    numbers = chain_numbers(7, 10, 64)
    assert {steps_of(number) for number in numbers} == {64}
    assert {steps_of(number) for number in (0, 3, (7 << 32) + 500, (1 << 40) + 9)} == {1}
    assert len(set(numbers) | set(chain_numbers(7, 10, 16)) | set(chain_numbers(8, 10, 64))) == 30
    assert steps_of(chain_numbers(2**20, 1, 1024)[0]) == 1024


def test_tokens_of_long_replies_are_those_of_their_own_account() -> None:
    counts = Counts(
        by_kind={
            "move": Usage(calls=300, tokens_in=9000, tokens_out=1500),
            "move, several steps": Usage(calls=20, tokens_in=400, tokens_out=800),
        }
    )
    ballots = (Ballot(0, "x"), Ballot(1, "x"))
    long = [Sample(number, "move", ballots, 1.0) for number in chain_numbers(0, 5, 32)]
    assert long_tokens_of(long, counts) == (pytest.approx(400 / 20 * 2), pytest.approx(800 / 20 / 32))
    assert long_tokens_of(long, Counts()) is None
