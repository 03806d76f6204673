"""A wording counts as better at a stated error rate, whether replies differ from draw to draw or not."""

import itertools
import math
import random

import pytest

from surefoot.runtime.tuning.paired_test import chance_of_lead
from surefoot.runtime.tuning.tuning import LEVEL

QUESTIONS, DRAWS, WORDINGS, SEARCHES = 20, 2, 6, 400


def replies(dice: random.Random, p: float = 0.7) -> tuple[int, ...]:
    """Right replies to each question."""
    return tuple(sum(dice.random() < p for _ in range(DRAWS)) for _ in range(QUESTIONS))


def test_it_is_the_share_of_all_signs() -> None:
    before, after = (0, 2, 1, 1, 0, 2), (2, 1, 2, 2, 2, 2)
    differences = [new - old for old, new in zip(before, after, strict=True)]
    signs = list(itertools.product((-1, 1), repeat=len(differences)))
    as_large = sum(sum(s * abs(d) for s, d in zip(one, differences, strict=True)) >= sum(differences) for one in signs)
    assert chance_of_lead(before, after) == pytest.approx(as_large / len(signs))


@pytest.mark.parametrize(
    ("before", "after", "chance"),
    [((), (), 1.0), ((1, 2), (1, 2), 1.0), ((0,) * 10, (1,) * 10, 2.0**-10), ((1,), (0,), 1.0), ((9,), (10,), 0.5)],
)
def test_small_cases(before: tuple[int, ...], after: tuple[int, ...], chance: float) -> None:
    assert chance_of_lead(before, after) == pytest.approx(chance)


def test_different_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        chance_of_lead((1,), (1, 2))


def test_nine_of_ten_against_ten_of_ten_is_no_lead() -> None:
    """By more than a standard error it was one."""
    assert chance_of_lead((1,) * 9 + (0,), (1,) * 10) == 0.5


def standard_error_says(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """The rule of before."""
    calls = QUESTIONS * DRAWS
    both = (sum(before) + sum(after)) / (2 * calls)
    return (sum(after) - sum(before)) / calls > math.sqrt(both * (1 - both) * 2 / calls)


def test_wordings_that_are_all_alike_are_better_in_one_search_of_twenty_at_most() -> None:
    dice, false, false_before = random.Random(1), 0, 0
    for _ in range(SEARCHES):
        before, after = replies(dice), replies(dice)
        false += chance_of_lead(before, after) <= LEVEL
        false_before += standard_error_says(before, after)
    assert false <= LEVEL * SEARCHES
    assert false_before > 2 * LEVEL * SEARCHES


def test_the_correction_holds_where_the_replies_come_again_as_they_were() -> None:
    """At temperature 0 the winner keeps its luck: without the correction one search in six or more is wrong."""
    dice, corrected, plain = random.Random(2), 0, 0
    for _ in range(SEARCHES):
        before, best = replies(dice), max((replies(dice) for _ in range(WORDINGS)), key=sum)
        chance = chance_of_lead(before, best)
        corrected += chance * WORDINGS <= LEVEL
        plain += chance <= LEVEL
    assert corrected <= LEVEL * SEARCHES
    assert plain > 2 * LEVEL * SEARCHES


def test_a_wording_that_is_better_is_found() -> None:
    dice = random.Random(3)
    found = [chance_of_lead(replies(dice, 0.4), replies(dice, 0.8)) * WORDINGS <= LEVEL for _ in range(100)]
    assert sum(found) > 80
