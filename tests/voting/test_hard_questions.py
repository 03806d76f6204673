"""Pairs of ballots over many questions: false flags are bounded, and questions that are hard together are seen."""

import random

import pytest

from surefoot.voting.hard_questions import PairsTogether, pairs_together


def drawn(rng: random.Random, rate: float) -> list[str]:
    """Four ballots of a question, whose wrong answers differ."""
    return ["right" if rng.random() >= rate else f"wrong {rng.random()}" for _ in range(4)]


def flagged(shares: tuple[float, ...], questions: int = 100, sets: int = 200) -> float:
    """Share of sets of questions that are flagged at 1 %, when each question has one of the error rates."""
    found = 0
    for number in range(sets):
        rng = random.Random(number)
        found += pairs_together([drawn(rng, rng.choice(shares)) for _ in range(questions)]).p_value <= 0.01
    return found / sets


def test_the_table_of_pairs_is_counted() -> None:
    races = [["a", "a", "a", "a"], ["a", "a", "a", "b", "a"], ["a", "b", "a", "a"], ["a", "b", "c", "d"]]
    assert pairs_together(races) == PairsTogether(4, 2, 2, 1, pytest.approx(5 / 6))


def test_by_hand() -> None:
    """Three questions agree twice and three never: one of the 20 ways to choose three of six."""
    assert pairs_together([["a"] * 4] * 3 + [["a", "b", "c", "d"]] * 3).p_value == pytest.approx(1 / 20)


@pytest.mark.parametrize("races", [[], [["a"] * 3] * 9, [["a"] * 4] * 9])
def test_where_nothing_can_be_seen_nothing_is(races: list[list[str]]) -> None:
    assert pairs_together(races).p_value == 1.0


def test_spoiled_ballots_agree_with_each_other() -> None:
    assert pairs_together([[None, None, "a", None]]).first == 1


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.6])
def test_independent_errors_are_flagged_once_in_a_hundred_at_most(rate: float) -> None:
    assert flagged((rate,)) <= 0.03


def test_questions_that_are_hard_together_are_seen() -> None:
    """Placebo: the same share of wrong answers, spread evenly."""
    assert flagged((0.0, 0.6)) >= 0.9
    assert flagged((0.3, 0.3)) <= 0.03
