"""Counting on: digits are written units first, carried, and nothing is asked where nothing is added."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.step import Done, Flag, Step
from surefoot.decompose.tasks.balance import Balance
from surefoot.decompose.tasks.counting import LARGEST, OFFSET, Count, begin_adding, write_digit


def counted(state: Count) -> Count:
    """What stands when every question of the adding was answered rightly."""
    while state.adding:
        state = write_digit(msgspec.structs.replace(state, value=state.value + state.left, left=0))
    return state


def number(digits: tuple[int, ...]) -> int:
    return sum(digit * 10**place for place, digit in enumerate(digits))


@given(st.integers(0, 10**6), st.lists(st.tuples(st.integers(0, 7), st.integers(0, 9)), max_size=6))
def test_adding_by_counting_is_addition(start: int, adding: list[tuple[int, int]]) -> None:
    state = Count(tuple(map(int, reversed(str(start)))))
    total = start + sum(amount * 10**place for place, amount in adding)
    assert number(counted(begin_adding(state, tuple(adding))).result) == total


def test_a_count_that_was_answered_wrongly_is_written_down_as_answered() -> None:
    """Placebo of the above: code that knew the sum would put it right."""
    state = begin_adding(Count((7,)), ((0, 5),))
    assert (state.value, state.left) == (7, 5)
    wrong = write_digit(msgspec.structs.replace(state, value=13, left=0))
    assert number(counted(wrong).result) == 13


def test_nothing_is_asked_where_nothing_is_added() -> None:
    assert begin_adding(Count((4,)), ((0, 0), (3, 0))) == Count((4,))


@pytest.mark.parametrize(("result", "shown"), [((), "0"), ((0, 0), "0"), ((5, 0, 2, 0), "205")])
def test_the_result_is_shown_without_zeros_in_front(result: tuple[int, ...], shown: str) -> None:
    assert Balance().next_step("", Count(result)) == Done(shown)


def test_a_reply_outside_what_can_be_counted_is_flagged() -> None:
    task = Balance()
    step = task.sample_step(0)
    assert isinstance(step, Step)
    assert task.parse(step, str(LARGEST), "micro") == str(LARGEST - OFFSET)
    for text in (str(LARGEST + 1), "0", "", "next"):
        assert isinstance(task.parse(step, text, "micro"), Flag)
