"""Nearness: symmetric, reflexive, not transitive, and only where the type allows it."""

from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.typed.annotations import Near, Text
from surefoot.decompose.typed.near import same, within
from surefoot.decompose.typed.shape_of import shape_of
from tests.decompose.typed.user_types import Measured

NEAR = Annotated[float, Near(absolute=0.01)]
PROSE = Annotated[str, Text(prose=True)]
NUMBERS = st.integers(-300, 300).map(lambda n: n / 100)


@given(NUMBERS, NUMBERS, st.sampled_from([0.0, 0.01, 0.1]), st.sampled_from([0.001, 0.1]))
def test_nearness_is_symmetric_and_reflexive(a: float, b: float, absolute: float, relative: float) -> None:
    shape = shape_of(Annotated[float, Near(relative=relative, absolute=absolute)])
    assert same(shape, a, b) == same(shape, b, a)
    assert same(shape, a, a)


def test_limits_are_the_decimals_that_they_are_written_as() -> None:
    """1.01 - 1.00 is more than 0.01 in binary; nobody means that."""
    assert 1.01 - 1.00 > 0.01
    assert same(shape_of(NEAR), 1.0, 1.01)
    assert same(shape_of(Annotated[float, Near(absolute=0.3)]), 1.0, 1.3)  # 0.3 in binary is less
    assert not same(shape_of(NEAR), 1.0, 1.02)
    assert within(Near(relative=0.1), Decimal("-100"), Decimal("-110"))
    assert not within(Near(relative=0.1), Decimal("-100"), Decimal("-112"))
    assert not within(Near(relative=0.5), Decimal("1"), Decimal("-1"))


@pytest.mark.parametrize(
    ("hint", "a", "b", "equal"),
    [
        (float, 1.0, 1.0000001, False),
        (list[NEAR], [1, 2], [1.01, 2], True),
        (list[NEAR], [1, 2], [1.01], False),
        (tuple[NEAR, str], [1, "a"], [1.01, "a"], True),
        (tuple[NEAR, str], [1, "a"], [1.01, "b"], False),
        (dict[str, NEAR], {"a": 1}, {"a": 1.01}, True),
        (dict[str, NEAR], {"a": 1}, {"b": 1}, False),
        (NEAR | None, 1, 1.01, True),
        (NEAR | None, None, None, True),
        (NEAR | None, 1, None, False),
        (NEAR | str, 1, "1.01", False),
        (set[NEAR], [1], [1.01], True),
        (Annotated[Decimal, Near(absolute=0.01)], "1.00", "1.01", True),
        (Annotated[int, Near(absolute=1)], 10**300, 10**300 + 1, True),
        (PROSE, "It rains.", "Rain falls.", True),
        (str, "It rains.", "Rain falls.", False),
        (PROSE | None, "It rains.", None, False),
        (PROSE | None, "It rains.", "Rain falls.", True),
        (PROSE | int, "7", 7, False),
        (list[PROSE], ["a", "b"], ["c"], False),
        (tuple[PROSE, str], ["a", "b"], ["c", "b"], True),
        (tuple[PROSE, str], ["a", "b"], ["a", "c"], False),
        (Measured, {"name": "x", "weight": 1, "unit": "kg"}, {"name": "x", "weight": 1.01, "unit": "kg"}, True),
        (Measured, {"name": "x", "weight": 1, "unit": "kg"}, {"name": "x", "weight": 1, "unit": "lb"}, False),
    ],
)
def test_only_numbers_and_texts_that_say_so_may_differ(hint: Any, a: Any, b: Any, equal: bool) -> None:
    assert same(shape_of(hint), a, b) is equal
