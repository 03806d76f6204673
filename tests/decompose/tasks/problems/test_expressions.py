"""Expressions are read as they were written, from the left without brackets, and everything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.tasks.problems.expressions import (
    DEEPEST,
    OPERATORS,
    Operand,
    Operation,
    read,
    tokens_of,
    worded,
)

tokens = st.one_of(
    st.integers(-(10**12), 10**12).map(str),
    st.integers(0, 99).map(lambda n: f"#{n}"),
    st.sampled_from(["true", "false"]),
)
expressions: st.SearchStrategy[Operand] = st.recursive(
    tokens, lambda inner: st.builds(Operation, inner, st.sampled_from(OPERATORS), inner), max_leaves=20
)


@given(expressions, st.booleans())
def test_what_is_written_is_read(expression: Operand, modular: bool) -> None:
    assert read(worded(expression, modular)) == (expression, modular)


@given(st.lists(tokens, min_size=1, max_size=9), st.data())
def test_terms_without_brackets_are_read_from_the_left(terms: list[str], data: st.DataObject) -> None:
    operators = [data.draw(st.sampled_from(OPERATORS)) for _ in terms[1:]]
    text, wanted = terms[0], terms[0]
    for operator, term in zip(operators, terms[1:], strict=True):
        text, wanted = f"{text} {operator} {term}", Operation(wanted, operator, term)  # type: ignore[assignment]
    assert read(f"What is {text}?") == (wanted, False)


@given(expressions.filter(lambda one: isinstance(one, Operation)), st.data())
def test_a_bracket_too_many_or_too_few_makes_it_no_expression(expression: Operand, data: st.DataObject) -> None:
    found = tokens_of(str(expression))
    assert found is not None
    at = data.draw(st.sampled_from([at for at, token in enumerate(found) if token in "()"]))
    for broken in (found[:at] + found[at + 1 :], [*found[:at], found[at], *found[at:]]):
        assert read(f"What is {' '.join(broken)}?") is None


@pytest.mark.parametrize(
    "text",
    ["", "1 +", "+ 1", "1 2", "()", "(1", "1)", "1 + + 2", "1 - 2", "x + 1", "1 + (2 * )", "1 and", "# + 1", "1 / 2"],
)
def test_no_expression(text: str) -> None:
    assert read(f"What is {text}?") is None


@pytest.mark.parametrize("question", ["What is 1 + 2", "what is 1?", "What is 1 + 2? Say it.", "", "Who is 1?"])
def test_no_question(question: str) -> None:
    assert read(question) is None


def test_brackets_may_be_as_deep_as_is_said_and_no_deeper() -> None:
    def nested(levels: int) -> str:
        return f"What is {'(' * levels}1{')' * levels}?"

    assert read(nested(DEEPEST)) == ("1", False)
    assert read(nested(DEEPEST + 1)) is None
    assert read(nested(100_000)) is None


@pytest.mark.parametrize(
    ("question", "modular"),
    [("What is (1 + 2) mod 97?", True), ("What is (1 + 2)?", False), ("What is 1 + 2 mod 97?", True)],
)
def test_whether_it_is_modular(question: str, modular: bool) -> None:
    assert read(question) == (Operation("1", "+", "2"), modular)
