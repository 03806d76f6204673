"""Tools as text: read strictly, called with the right argument, shown on one line, failures told apart from results."""

import pytest

from surefoot.decompose.methods.tool_text import LONGEST_RESULT, Use, call_of, cut, listed, read_use, text_of
from surefoot.decompose.plan import Failure, as_output
from surefoot.decompose.step import Call


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("calc[3 * (4 + 5)]", Use("calc", "3 * (4 + 5)")),
        (" calc [a[0]]", Use("calc", "a[0]")),
        ("calc[]", Use("calc", "")),
        ("calc[3", None),
        ("calc", None),
        ("rm[all]", None),
        ("", None),
    ],
)
def test_a_use_is_read_or_it_is_none(text: str, found: Use | None) -> None:
    assert read_use(text, ("calc", "search")) == found


def test_calls_name_the_argument_of_their_tool() -> None:
    assert call_of(Use("calc", "1 + 1")) == Call("calc", {"expression": "1 + 1"}, may_fail=True)
    assert call_of(Use("mine", "x")) == Call("mine", {"text": "x"}, may_fail=True)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"value": "12", "exact": True}, "12"),
        ({"passages": [{"path": "a.txt", "line": 3, "text": "one\ntwo"}], "left_out": []}, "a.txt:3: one two"),
        ({"passages": [], "left_out": []}, "nothing found"),
        ({"columns": ["n"], "rows": [[7]], "more": False}, "[[7]]"),
        ("two\nlines", "two lines"),
        ([1, 2], "[1, 2]"),
    ],
)
def test_results_are_one_line(result: object, text: str) -> None:
    assert text_of(result) == text


def test_a_failure_is_never_a_result() -> None:
    failure = Failure("timeout", "too slow")
    assert text_of(as_output(failure)) == failure
    assert text_of({"failure": "a word like any other"}) == '{"failure": "a word like any other"}'


def test_long_results_are_cut_and_say_so() -> None:
    assert cut("x" * LONGEST_RESULT) == "x" * LONGEST_RESULT
    assert cut("x" * (LONGEST_RESULT + 1)).endswith("x [...]")


def test_tools_are_listed_with_their_arguments() -> None:
    assert listed(("calc", "price")) == (("Tools", "calc[expression], price[text]"),)
    assert listed(()) == ()
