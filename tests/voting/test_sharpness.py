"""Sharpness: shares that have proven to say too little count for more, and never at the price of the error budget."""

import math
import random
from collections.abc import Iterator

import pytest

from surefoot.voting.ballot import Ballot
from surefoot.voting.looks import LookRace, Looks, chances_wrong
from surefoot.voting.race import Won
from surefoot.voting.sharpness import MOST, learned_sharpness, sharpened

TRUE = 3.0
"""Power to which the shares of the simulated model would have to be raised to be probabilities."""


def worth(share: float, power: float) -> float:
    """The chance that the likeliest of two answers is right."""
    return 1 / (1 + ((1 - share) / share) ** power)


def population(rng: random.Random, power: float, count: int) -> Iterator[tuple[float, bool]]:
    for _ in range(count):
        share = rng.uniform(0.55, 0.95)
        yield share, rng.random() < worth(share, power)


def test_as_many_looks_would_disagree_as_did_and_one_more() -> None:
    assert learned_sharpness([(0.8, True)] * 65) == pytest.approx(math.log(64) / math.log(4))
    mixed = [(0.8, True)] * 63
    assert learned_sharpness([*mixed, *[(0.95, False)] * 2]) < learned_sharpness([*mixed, *[(0.6, False)] * 2])
    assert learned_sharpness([(0.8, True)] * 63 + [(0.8, False)] * 2) == pytest.approx(
        math.log(62 / 3) / math.log(4)
    )  # all alike: three in 65


@pytest.mark.parametrize(
    "seen",
    [
        [],
        [(0.8, True)] * 4,
        [(0.99, True)] * 50,
        [(0.95, True)] * 40 + [(0.95, False)] * 9,
        [(0.5, True), (0.4, False)] * 9,
    ],
)
def test_shares_are_taken_as_they_stand_where_looks_have_not_proven_more(seen: list[tuple[float, bool]]) -> None:
    assert learned_sharpness(seen) == 1.0


def test_however_many_looks_agree_the_power_is_bounded() -> None:
    assert learned_sharpness([(0.6, True)] * 10**4) == MOST


def test_the_power_of_a_population_is_found_from_below_and_outcomes_in_another_order_teach_nothing() -> None:
    rng = random.Random(1)
    for power in (1.0, TRUE):
        assert learned_sharpness(list(population(rng, power, 3000))) == pytest.approx(power, rel=0.1)
    few = [learned_sharpness(list(population(rng, TRUE, 60))) for _ in range(200)]
    assert 1.5 < sum(few) / len(few) < TRUE  # one look more than was seen is counted against it
    seen = list(population(rng, TRUE, 3000))
    outcomes = [agreed for _, agreed in seen]
    rng.shuffle(outcomes)
    placebo = learned_sharpness((share, agreed) for (share, _), agreed in zip(seen, outcomes, strict=True))
    assert placebo < 0.8 * learned_sharpness(seen)


def test_sharpened_shares_keep_their_order_and_what_is_left_for_others() -> None:
    look = {"a": 0.6, "b": 0.3}
    assert sharpened(look, 1.0) == (pytest.approx(look), pytest.approx(0.1))
    shares, rest = sharpened(look, 2.0)
    assert shares == pytest.approx({"a": 0.36 / 0.46, "b": 0.09 / 0.46})
    assert rest == pytest.approx(0.01 / 0.46)
    assert sharpened({}, 4.0) == ({}, 1.0)
    tiny, left = sharpened({"a": 1e-300}, MOST)
    assert (tiny["a"], left) == (0.0, 1.0)


def looks_taken(rule: Looks, rng: random.Random, power: float, questions: int) -> tuple[int, int]:
    """Wrong verdicts and looks of many questions, whose wordings err as their shares to that power say."""
    wrong = taken = 0
    for _ in range(questions):
        race = LookRace(rule, 30)
        for number, (share, right) in enumerate(population(rng, power, 30)):
            names = ("a", "b") if right else ("b", "a")
            if race.cast(Ballot(number, names[0], None, ((names[0], share), (names[1], 1 - share)))) is not None:
                break
        verdict = race.verdict
        assert verdict is not None
        taken += verdict.ballots
        wrong += isinstance(verdict, Won) and verdict.candidate != "a"
    return wrong, taken


def test_a_learned_sharpness_saves_looks_and_keeps_to_the_budget_and_a_guessed_one_does_not() -> None:
    rng, budget, questions = random.Random(2), 0.02, 400
    learned = learned_sharpness(list(population(rng, TRUE, 120)))
    wrong, taken = looks_taken(Looks(budget, 0.02, sharpness=learned), rng, TRUE, questions)
    _, plain = looks_taken(Looks(budget, 0.02), rng, TRUE, questions)
    assert wrong <= budget * questions
    assert taken < 0.7 * plain
    honest = learned_sharpness(list(population(rng, 1.0, 120)))  # shares that are probabilities already
    assert looks_taken(Looks(budget, 0.02, sharpness=honest), rng, 1.0, questions)[0] <= budget * questions
    assert looks_taken(Looks(budget, 0.02, sharpness=TRUE), rng, 1.0, questions)[0] > 2 * budget * questions


def test_the_posterior_takes_sharpened_shares() -> None:
    looks = [{"a": 0.7, "b": 0.3}, {"a": 0.6, "b": 0.4}]
    squares = [{name: share**2 / sum(s**2 for s in one.values()) for name, share in one.items()} for one in looks]
    assert dict(chances_wrong(looks, 0.1, 2.0)) == pytest.approx(dict(chances_wrong(squares, 0.1)))
    with pytest.raises(ValueError, match="sharpness"):
        Looks(0.01, sharpness=0.9)
    with pytest.raises(ValueError, match="sharpness"):
        Looks(0.01, sharpness=float("nan"))
