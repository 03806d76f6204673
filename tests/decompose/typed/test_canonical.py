"""The canonical form by shape: equal answers become one text, and what is no such value is refused with its place."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.typed.annotations import LOOSE, Money, Number, Text
from surefoot.decompose.typed.canonical import MOST_TRIED, canonical, fits_exactly, written
from surefoot.decompose.typed.scalars import OWN, STATED, Reading, Unreadable, choice, exact, iso, shown, spelled, truth
from surefoot.decompose.typed.shapes import (
    AnyShape,
    ChoiceShape,
    IsoShape,
    ListShape,
    MapShape,
    NullShape,
    NumberShape,
    RecordShape,
    Shape,
    TextShape,
    TruthShape,
    TupleShape,
    UnionShape,
)

TEXT, TRUTH, NULL, ANY = TextShape(Text()), TruthShape(), NullShape(), AnyShape()
INT, FLOAT, DECIMAL = (NumberShape(kind, Number()) for kind in ("int", "float", "decimal"))  # type: ignore[arg-type]
MONEY = NumberShape("decimal", Money())
COLOUR = ChoiceShape(("red", "Blue"), LOOSE)


FINE = NumberShape("decimal", Money(places=3))


class Dog(msgspec.Struct):
    """Has a name, and perhaps an age."""

    name: str
    age: int | msgspec.UnsetType = msgspec.UNSET


class Cat(msgspec.Struct, tag=True):
    """Says what it is."""

    lives: int


class Cow(msgspec.Struct, tag=True):
    """Says what it is, too."""

    milk: float


DOG = RecordShape(Dog)


@pytest.mark.parametrize(
    ("shape", "value", "found"),
    [
        (TEXT, "  a  b ", "a  b"),
        (TextShape(Text(case=False, spaces="collapse", ends=".")), " STRASSE  a. ", "strasse a"),
        (TextShape(Text(spaces="keep")), " a ", " a "), (TEXT, "e\u0301", "\u00e9"),
        (TRUTH, True, True), (TRUTH, " Yes ", True), (TRUTH, "no", False), (TRUTH, "FALSE", False),
        (NULL, None, None), (NULL, " None ", None), (NULL, "null", None),
        (INT, 3, 3), (INT, 3.0, 3), (INT, "1,000", 1000), (INT, "-1e2", -100), (INT, Decimal("3.00"), 3),
        (FLOAT, 3.0, 3), (FLOAT, "2.50", 2.5), (FLOAT, 1e300, 1e300), (FLOAT, 0.1 + 0.2, 0.1 + 0.2),
        (DECIMAL, "-0.0", "0"), (DECIMAL, "1.50", "1.5"), (DECIMAL, "1e3", "1000"), (DECIMAL, 0.1, "0.1"),
        (MONEY, "$1,234.5", "1234.50"), (MONEY, "EUR 3", "3.00"), (MONEY, "-$2", "-2.00"), (MONEY, 7, "7.00"),
        (COLOUR, "RED ", "red"), (COLOUR, "blue", "Blue"), (ChoiceShape((1, 2), LOOSE), 2.0, 2),
        (ChoiceShape((None, True), LOOSE), "null", None), (ChoiceShape((1, 2), LOOSE), "2", 2),
        (ListShape(INT), ["1", 2.0], [1, 2]), (ListShape(INT, unordered=True), [2, 1, "2"], [1, 2]),
        (TupleShape((INT, TEXT)), ["1", " a "], [1, "a"]), (MapShape(INT, TEXT), {"01": " a"}, {"1": "a"}),
        (MapShape(TEXT, INT), [{"key": "a", "value": "1"}], {"a": 1}),
        (DOG, {"name": " Rex ", "age": "3", "owner": "x"}, {"name": "Rex", "age": 3}),
        (DOG, {"name": "Rex", "age": None}, {"name": "Rex"}), (DOG, {"name": "Rex"}, {"name": "Rex"}),
        (UnionShape((INT, NULL)), "null", None), (UnionShape((INT, TEXT)), "3", "3"), (UnionShape((TEXT, INT)), 3, 3),
        (ANY, {"a": [1.0, "e\u0301"]}, {"a": [1, "\u00e9"]}), (ANY, True, True),
    ],
)  # fmt: skip
def test_one_answer_has_one_form(shape: Shape, value: Any, found: Any) -> None:
    made = canonical(shape, value)
    assert made == found
    assert type(made) is type(found)
    assert canonical(shape, json.loads(written(made))) == found, "reading it again changes nothing"


@pytest.mark.parametrize(
    ("shape", "value", "said"),
    [
        (TEXT, 3, "not a text, but 3"), (TRUTH, 1, "neither true nor false"), (TRUTH, "maybe", "neither"),
        (NULL, 0, "not nothing"), (INT, 3.5, "not a number of the kind int"), (INT, "three", "no number"),
        (INT, True, "no number"), (INT, float("nan"), "no number"), (INT, float("inf"), "no number"),
        (INT, "1e999999999", "no number"), (FLOAT, "1e999", "kind float"), (MONEY, "1.2345", "kind decimal"),
        (COLOUR, "green", "none of the choices"), (ChoiceShape(("A", "a"), LOOSE), " A", "none of the choices"),
        (ListShape(INT), {"a": 1}, "not a list"), (ListShape(INT), [1, "x"], r"\[1\]: no number"),
        (TupleShape((INT, INT)), [1], "1 values where there should be 2"),
        (MapShape(TEXT, INT), [1], "not one of pairs"),
        (MapShape(INT, TEXT), {"1": "a", "01": "b"}, "the key '1' twice"), (DOG, [], "not an object"),
        (DOG, {}, "the field name is missing"), (DOG, {"name": 3}, "name: not a text"),
        (ListShape(DOG), [{"name": "a", "age": "x"}], r"\[0\]: age: no number"),
        (UnionShape((INT, NULL)), "x", "no number"), (UnionShape((DOG, NULL)), [], "none of the kinds"),
    ],
)  # fmt: skip
def test_what_is_no_such_value_says_where_and_why(shape: Shape, value: Any, said: str) -> None:
    with pytest.raises(Unreadable, match=said) as raised:
        canonical(shape, value)
    assert "\n" not in str(raised.value)


def test_objects_that_say_what_they_are_are_read_as_that() -> None:
    either = UnionShape((RecordShape(Cat), RecordShape(Cow)), told=True)
    assert canonical(either, {"type": "Cow", "milk": "2.50", "lives": 9}) == {"type": "Cow", "milk": 2.5}
    assert canonical(either, {"type": "Cat", "lives": 9}) == {"type": "Cat", "lives": 9}
    with pytest.raises(Unreadable):
        canonical(either, {"type": "Dog", "lives": 9})


def test_a_union_of_objects_takes_the_first_whose_names_are_there() -> None:
    either = UnionShape((RecordShape(Cat), DOG))
    assert canonical(either, {"name": "Rex"}) == {"name": "Rex"}


def test_choices_between_objects_are_not_tried_at_every_level() -> None:
    def deep(levels: int) -> tuple[Shape, Any]:
        shape: Shape = DOG
        value: Any = {"name": "a"}
        for _ in range(levels):
            shape, value = UnionShape((ListShape(shape), ListShape(INT))), [value]
        return shape, value

    canonical(*deep(MOST_TRIED))
    with pytest.raises(Unreadable, match="do not tell what they are"):
        canonical(*deep(MOST_TRIED + 1))


def test_on_an_answer_line_a_text_is_what_is_left() -> None:
    line, either = Reading(line=True), UnionShape((TEXT, INT, NULL))
    assert canonical(either, "3", line) == 3
    assert canonical(either, "none", line) is None
    assert canonical(either, "three", line) == "three"
    assert canonical(either, "3", STATED) == "3"


def test_what_the_users_own_type_wrote_is_in_pythons_notation() -> None:
    german = NumberShape("float", Number(group=".", point=","))
    assert canonical(german, "1.234,5") == 1234.5
    assert canonical(german, "1234.5", OWN) == 1234.5
    assert canonical(DOG, {}, OWN) == {}, "its own type may leave a field out"


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("date", " 2024-02-29 ", "2024-02-29"), ("time", "07:05", "07:05:00"),
        ("datetime", "2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z"), ("datetime", "2024-01-01 00:30:00Z",
        "2024-01-01T00:30:00Z"), ("datetime", "2024-01-01T00:30:00", "2024-01-01T00:30:00"),
        ("uuid", "ABCDEFAB-0000-4000-8000-000000000000", "abcdefab-0000-4000-8000-000000000000"),
        ("date", "2023-02-29", None), ("date", "29.2.2024", None), ("time", "25:00", None), ("uuid", "abc", None),
        ("datetime", "9999-12-31T23:59:59-01:00", None), ("date", 20240229, None),
    ],
)  # fmt: skip
def test_moments_have_one_spelling(kind: Any, text: Any, found: str | None) -> None:
    if found is None:
        with pytest.raises(Unreadable):
            iso(IsoShape(kind), text)
    else:
        assert iso(IsoShape(kind), text) == found == iso(IsoShape(kind), found)


@pytest.mark.parametrize(
    ("shape", "value", "fits"),
    [
        (TEXT, "a", True), (TEXT, 1, False), (TRUTH, True, True), (TRUTH, "yes", False), (NULL, None, True),
        (INT, 3.5, True), (INT, True, False), (INT, "3", False), (COLOUR, "red", True), (COLOUR, "RED", False),
        (ChoiceShape((1,), LOOSE), True, False), (ListShape(INT), [], True), (TupleShape((INT,)), {}, False),
        (MapShape(TEXT, INT), {}, True), (DOG, {}, True), (DOG, [], False), (ANY, object(), True),
        (UnionShape((INT, TEXT)), 3, False), (IsoShape("date"), "x", True),
    ],
)  # fmt: skip
def test_a_value_fits_by_its_kind_of_json(shape: Shape, value: Any, fits: bool) -> None:
    assert fits_exactly(shape, value) == fits


scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=6)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
shapes = st.recursive(
    st.sampled_from([TEXT, TRUTH, NULL, INT, FLOAT, DECIMAL, MONEY, COLOUR, ANY, DOG, IsoShape("date")]),
    lambda inner: st.one_of(
        st.builds(ListShape, inner, st.booleans()), st.builds(MapShape, st.just(TEXT), inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda one: TupleShape(tuple(one))),
        st.lists(inner, min_size=2, max_size=3).map(lambda one: UnionShape(tuple(one))),
    ),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=40)
@given(shapes, values)
def test_whatever_a_reply_states_is_a_value_that_stays_or_is_refused(shape: Shape, value: Any) -> None:
    try:
        made = canonical(shape, value)
    except Unreadable:
        return
    text = written(made)
    assert "\n" not in text
    assert json.loads(text) == made


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=4))
def test_the_order_of_names_does_not_count(found: dict[str, int]) -> None:
    assert written(found) == written(dict(reversed(found.items())))


@settings(max_examples=40)
@given(st.text(max_size=80))
def test_what_is_shown_of_a_reply_is_short(text: str) -> None:
    assert len(shown(text)) <= 4 * 60 * 3
    assert shown(None) == "nothing"
    assert shown([1]) == "list"


def test_single_values_by_themselves() -> None:
    assert truth("true")
    assert exact(True) is None
    assert exact(0.1) == Decimal("0.1"), "as it is written, not as it is kept"
    assert spelled("\u0130", Text(case=False)) == spelled("i\u0307", Text(case=False))
    with pytest.raises(Unreadable):
        choice(ChoiceShape((True,), LOOSE), 1)


@pytest.mark.parametrize(("shape", "value"), [(MONEY, "1.200"), (MONEY, "1.200 EUR"), (INT, "1.000")], ids=str)
def test_an_amount_that_may_be_a_thousand_times_as_much_is_refused(shape: Shape, value: str) -> None:
    """A model that copies it from a page on which a point stands between groups is wrong in every reply alike."""
    for how in (STATED, Reading(line=True)):
        with pytest.raises(Unreadable, match="a thousand times as much"):
            canonical(shape, value, how)


@pytest.mark.parametrize(
    ("shape", "value", "how", "found"),
    [
        (MONEY, 1.200, STATED, "1.20"),
        (MONEY, Decimal("1.200"), STATED, "1.20"),
        (INT, 1.000, STATED, 1),
        (MONEY, "1.200", OWN, "1.20"),
        (INT, "1.000", OWN, 1),
        (FINE, "1.200", STATED, "1.200"),
        (FLOAT, "1.200", STATED, 1.2),
        (DECIMAL, "1.200", STATED, "1.2"),
        (MONEY, "0.500", STATED, "0.50"),
    ],
    ids=str,
)
def test_what_can_only_be_one_amount_is_read(shape: Shape, value: Any, how: Reading, found: Any) -> None:
    assert canonical(shape, value, how) == found
