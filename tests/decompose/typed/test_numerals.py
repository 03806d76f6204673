"""Numbers as texts: read exactly, within bounds, in the notation that the type says; one spelling each."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.typed.annotations import Money, Near, Number
from surefoot.decompose.typed.numerals import MOST_PLACES, as_float, as_int, bounded, may_be_grouped, plain, read_number

GERMAN = Number(group=".", point=",")


@pytest.mark.parametrize(
    ("text", "rule", "number"),
    [
        ("1,234", Number(), "1234"),
        ("1,234,567.50", Number(), "1234567.50"),
        ("1,5", Number(), None),  # not 15
        ("12,34", Number(), None),
        ("1,2345", Number(), None),
        ("1.234,5", GERMAN, "1234.5"),
        ("1,5", GERMAN, "1.5"),
        ("1.5", GERMAN, None),  # not 15 either
        ("1e3", Number(), "1000"),
        ("-0", Number(), "0"),
        ("−5", Number(), "-5"),
        ("+5", Number(), "5"),
        ("1 000", Number(group=" "), "1000"),
        ("1\u202f000", Number(group=" "), "1000"),
        ("12.5 kg", Number(units=("kg", "kilograms")), "12.5"),
        ("12.5KG", Number(units=("kg",)), "12.5"),
        ("12.5 kg", Number(), None),
        ("12.5 lb", Number(units=("kg",)), None),
        ("97%", Number(units=("%",)), "97"),
        ("nan", Number(), None),
        ("inf", Number(), None),
        ("Infinity", Number(), None),
        ("١٢", Number(), None),  # figures of another script
        ("0x10", Number(), None),
        ("1_000", Number(), None),
        ("", Number(), None),
        (".5", Number(), None),
        ("5.", Number(), None),
        ("--5", Number(), None),
        ("$1,234.50", Money(), "1234.50"),
        ("-$5", Money(), "-5"),
        ("$-5", Money(), "-5"),
        ("-$-5", Money(), None),
        ("1.234,50 €", Money(group=".", point=","), "1234.50"),
        ("1,234.50 USD", Money(), "1234.50"),
        ("EUR 10", Money(currency=("EUR", "€")), "10"),
        ("USD 10", Money(currency=("EUR", "€")), None),  # another currency is another amount
        ("1e3", Money(), None),
    ],
)
def test_a_number_is_read_as_its_type_says(text: str, rule: Number | Money, number: str | None) -> None:
    found = read_number(text, rule)
    assert found == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("text", "rule", "may_be"),
    [
        ("1.200", Money(), True),
        (" 1.200 EUR", Money(), True),
        ("-$ 999.000", Money(), True),
        ("12.345", Money(), True),
        ("1.000 kg", Number(units=("kg",)), True),
        ("1,200", Money(group=".", point=","), True),
        ("1.20", Money(), False),
        ("0.500", Money(), False),  # no number of groups begins with 0
        ("1234.500", Money(), False),  # nor with four figures
        ("1,234.500", Money(), False),
        ("1.200", Money(group=".", point=","), False),
        ("1.2000", Money(), False),
        ("1.200e2", Number(), False),
        ("1.200", Number(units=("kg",)), True),
        ("no number", Money(), False),
        ("9" * 3000, Money(), False),
    ],
)
def test_a_point_before_three_figures_may_stand_between_groups(text: str, rule: Number | Money, may_be: bool) -> None:
    assert may_be_grouped(text, rule) is may_be


@pytest.mark.parametrize(
    "text", ["1e999999999", "1e-999999999", "1e99999999999999999999", "9" * (MOST_PLACES + 1), f"1e{MOST_PLACES + 1}"]
)
def test_numbers_that_are_long_to_write_out_are_refused(text: str) -> None:
    assert bounded(text) is None
    assert read_number(text, Number()) is None


def test_numbers_at_the_bound_are_exact() -> None:
    figures = "9" * MOST_PLACES
    number = bounded(figures)
    assert number is not None
    assert as_int(number) == int(figures)
    assert plain(number) == figures


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        ("1000", None, "1000"),
        ("1E+3", None, "1000"),
        ("1.500", None, "1.5"),
        ("-0.00", None, "0"),
        ("-0.00", 2, "0.00"),
        ("12.3", 2, "12.30"),
        ("12.3400", 2, "12.34"),
        ("12.345", 2, None),  # rounding would guess
        ("1E-7", None, "0.0000001"),
    ],
)
def test_each_number_has_one_spelling(number: str, places: int | None, text: str | None) -> None:
    assert plain(Decimal(number), places) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_the_spelling_is_the_number(number: Decimal) -> None:
    text = plain(number)
    assert text is not None
    assert Decimal(text) == number
    assert plain(Decimal(text)) == text


def test_floats_that_are_whole_are_whole_numbers_and_large_ones_are_refused() -> None:
    assert as_float(Decimal("1e3")) == 1000
    assert isinstance(as_float(Decimal("1e3")), int)
    assert as_float(Decimal("0.1")) == 0.1
    assert as_float(Decimal("1e400")) is None
    assert as_int(Decimal("1.5")) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Number(group=".", point="."),
        lambda: Number(group="ab"),
        lambda: Money(places=-1),
        lambda: Money(group=",", point=","),
        lambda: Near(),
        lambda: Near(relative=1.0),
        lambda: Near(absolute=float("nan")),
        lambda: Near(absolute=float("inf")),
    ],
)
def test_annotations_that_mean_nothing_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        make()  # type: ignore[operator]
