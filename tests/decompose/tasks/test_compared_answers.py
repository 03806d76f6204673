"""How answers of files are compared: one spelling of each number, list and text, and none of what is ambiguous."""

import re
import string
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.tasks.compared_answers import FORMS, compared, list_of, number_of, words_of

NUMBERS = {
    "1,234": "1234", "12 000": "12000", "12\u202f000": "12000", "1,234,567.50": "1234567.5",
    "-5": "-5", "\u22125": "-5", "- 5": "-5", "+3": "3", "-$1,234.50": "-1234.5", "$-5": "-5", "£ 7": "7", "7 €": "7",
    "70%": "70", "70 %": "70", ".5": "0.5", "5.": "5", "0012": "12", "-0.0": "0",
    "1/2": "0.5", "-2/6": "-1/3", "6/3": "2",
}  # fmt: skip
NO_NUMBERS = (
    "", ".", "-", "$", "%", "--5", "-$-5", "1,2", "1.234,5", "1,2345", "1,234 567", "1/0", "1e3", "½", "٣", "３",
    "3 apples", "5 million", "two", "0x10", "N/A", "1 2", "1-2", "9" * 41, "0." + "1" * 41, "1\n2", "9" * 10_000,
)  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_have_one_spelling(text: str) -> None:
    assert compared(f" {text}\n", "number") == NUMBERS[text]
    assert number_of(NUMBERS[text]) == NUMBERS[text]


@pytest.mark.parametrize("text", NO_NUMBERS, ids=range(len(NO_NUMBERS)))
def test_what_may_be_another_number_is_none(text: str) -> None:
    """A decimal comma is not a thousand; units may multiply."""
    assert compared(text, "number") is None


@given(st.decimals(min_value=-(10**20), max_value=10**20, places=6), st.booleans(), st.booleans(), st.booleans())
def test_every_spelling_of_a_number_is_that_number(one: Decimal, grouped: bool, marked: bool, typeset: bool) -> None:
    text = f"{one:,f}" if grouped else f"{one:f}"
    text = re.sub(r"^(-?)", r"\1$", text) if marked else text
    text = text.replace("-", "\u2212") if typeset else text
    found = number_of(text)
    assert found is not None
    assert Decimal(found) == one
    assert not (found.startswith("-") and not one)
    assert found == number_of(found)


@given(st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**6))
def test_fractions_are_the_number_that_they_are(one: Fraction) -> None:
    found = number_of(f"{one.numerator}/{one.denominator}")
    assert found is not None
    assert Fraction(found) == one
    assert number_of(f"{3 * one.numerator}/{3 * one.denominator}") == found


def published(text: str) -> str:
    """As the scoring scripts of HotpotQA and SQuAD have it."""
    bare = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


@given(st.text("abcdeé anthe.,'\"-_()/!?&", max_size=40))
def test_words_are_compared_as_they_are_published(text: str) -> None:
    """Of texts without figures; with them this is stricter, as the next test says."""
    assert (words_of(text) or "") == (published(text) if text.strip() else "")


@pytest.mark.parametrize(
    ("one", "other"),
    [("-5", "5"), ("3.5", "35"), ("[1, 23]", "[12, 3]"), ("[-9181,-6352]", "[9181,6352]"), ("1990-95", "199095"),
     ("2 -3", "2 3"), ("-.5", "-5"), ("1.5.2", "152")],
)  # fmt: skip
def test_figures_are_not_mixed_up(one: str, other: str) -> None:
    """What the published scores take for the same answer."""
    assert published(one) == published(other) or "," in one or " " in one
    assert words_of(one) != words_of(other)


@pytest.mark.parametrize(
    ("text", "found"),
    [("The  Admiral!", "admiral"), ("an", None), ("", None), ("U.S. Army", "us army"), ("AC/DC", "acdc"),
     ("\u22125", "-5"), ("covid-19", "covid19"), ("e.g. 5", "eg 5"), ("a\0b\1c", "b c"), ("x" * 10_000, None)],
)  # fmt: skip
def test_texts(text: str, found: str | None) -> None:
    assert compared(text, "text") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("[-9181,-6352,7]", "[-9181, -6352, 7]"), ("-1, 2", "[-1, 2]"), ("[]", "[]"), ("['B', a].", "[b, a]"),
     ("[1.50, 1/2]", "[1.5, 0.5]"), ("[1", None), ("1]", None), ("", None), ("[1,,2]", None), ("[[1], 2]", None)],
)  # fmt: skip
def test_lists(text: str, found: str | None) -> None:
    assert compared(text, "list") == found


@given(st.lists(st.integers(-9999, 9999), min_size=1, max_size=8))
def test_a_list_is_another_one_in_another_order_or_with_other_signs(numbers: list[int]) -> None:
    text = str(numbers)
    assert list_of(text.replace(" ", "")) == text
    assert (list_of(str(sorted(numbers))) == text) == (sorted(numbers) == numbers)
    assert (list_of(str([-n for n in numbers])) == text) == (not any(numbers))


@given(st.text(max_size=60), st.sampled_from(sorted(FORMS)))
def test_nothing_breaks_it_and_what_is_found_is_found_again(text: str, form: str) -> None:
    found = compared(text, form)
    assert found is None or compared(found, form) == found
