"""What came of segments is handed on in the order in which they were sent."""

import random

import pytest

from surefoot.runtime.coordinator.sent_order import MOST_HELD, SentOrder


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_in_which_they_end(seed: int) -> None:
    order, dice, told = SentOrder[int](), random.Random(seed), list[int]()
    waiting: list[int] = []
    for number in range(300):
        order.sent(str(number))
        waiting.append(number)
        while len(waiting) > dice.randrange(1, 30):
            ended = waiting.pop(dice.randrange(len(waiting)))
            told += order.ended(str(ended), ended)
    held = set(range(300)) - set(told) - set(waiting)
    assert told == sorted(told)
    assert set(told) == set(range(min([*waiting, *held], default=300)))
    assert sorted([*told, *order.rest()]) == sorted({*told, *held})


def test_what_was_cut_off_holds_nothing_up() -> None:
    order = SentOrder[str]()
    order.sent("a")
    order.sent("b")
    assert list(order.ended("b", "b")) == []
    assert list(order.ended("a")) == ["b"]


def test_a_segment_that_is_sent_again_keeps_its_place() -> None:
    order = SentOrder[str]()
    order.sent("a")
    order.sent("b")
    order.sent("a")
    assert list(order.ended("b", "b")) == []
    assert list(order.ended("a", "a")) == ["a", "b"]


def test_one_that_goes_on_for_ever_holds_up_so_many_and_no_more() -> None:
    order, told = SentOrder[int](), list[int]()
    order.sent("long")
    for number in range(2 * MOST_HELD):
        order.sent(str(number))
        told += order.ended(str(number), number)
    assert told == list(range(2 * MOST_HELD)), "it was passed over once, and all is in order"
    assert list(order.ended("long", -1)) == [-1], "late, and not lost"
