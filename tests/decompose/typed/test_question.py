"""Typed questions: from a row to a prompt, from a reply to a candidate, and back to the user's own type."""

import dataclasses
import datetime
import json
import pickle
from decimal import Decimal
from typing import Any, Literal

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.step import Flag
from surefoot.decompose.typed.output_type import OutputType
from surefoot.decompose.typed.question import TypedQuestion
from surefoot.decompose.typed.template import Template
from tests.decompose.typed.user_types import VALUES, Address, Branch, Invoice, Leaf, Measured

READ = Template("Read this invoice:\n{text}")
INVOICE = TypedQuestion(READ, OutputType(Invoice), system="You read invoices.")
SAID = '{"vendor": "ACME", "day": "2024-02-03", "total": 5, "paid": true}'


def test_a_row_becomes_a_prompt_that_says_the_form() -> None:
    prompt = INVOICE.prompt({"text": 'To pay: {5} {"vendor": "x"}'})
    assert prompt.system == "You read invoices."
    assert prompt.user == (
        'Read this invoice:\nTo pay: {5} {"vendor": "x"}\n\n'
        "End your reply with one JSON object of this form:\n"
        '{"vendor": text, "day": "YYYY-MM-DD", "total": number, "paid": true or false}'
    )
    with pytest.raises(ValueError, match=r"asks for \{text\}, and the fields are: body$"):
        INVOICE.prompt({"body": "x"})


@pytest.mark.parametrize(
    ("hint", "structured", "ending"),
    [
        (int, False, "one line of this form:\nAnswer: <whole number>"),
        (int, True, 'one JSON object of this form:\n{"answer": whole number}'),
        (Literal["yes", "no"], False, 'Answer: <"yes" or "no">'),
        (datetime.date | None, False, 'Answer: <"YYYY-MM-DD" or null>'),
        (list[str], False, "one JSON value of this form:\n[text, ...]"),
        (tuple[int, str], True, '{"answer": [whole number, text]}'),
        (dict[str, bool], False, '{"name": true or false, ...}'),
        (Any, False, "any JSON value"),
        (Leaf | Branch, False, "another Branch like the one around it}"),
    ],
)
def test_the_form_is_said_in_words(hint: Any, structured: bool, ending: str) -> None:
    assert TypedQuestion(Template("?"), OutputType(hint)).prompt({}, structured).user.endswith(ending)


@pytest.mark.parametrize("hint", [hint for hint, _ in VALUES], ids=str)
def test_every_type_has_a_prompt(hint: Any) -> None:
    assert "End your reply" in TypedQuestion(Template("?"), OutputType(hint)).prompt({}).user


def test_a_reply_becomes_a_candidate_and_a_value() -> None:
    candidate = INVOICE.parse(f"Sure.\n```json\n{SAID}\n```")
    assert isinstance(candidate, str)
    assert INVOICE.decode(candidate) == Invoice("acme", datetime.date(2024, 2, 3), Decimal("5.00"), True)
    assert INVOICE.parse("no idea") == Flag("misformatted", "no JSON value of the kind that is asked for")
    assert INVOICE.schema.schema["required"] == ["vendor", "day", "total", "paid"]


def test_field_wise_a_candidate_has_a_text_for_each_field() -> None:
    question = TypedQuestion(READ, OutputType(Invoice), field_wise=True)
    whole = question.parse(SAID)
    assert whole == r'["\"acme\"","\"2024-02-03\"","\"5.00\"","true"]'
    assert question.decode(whole) == INVOICE.decode(INVOICE.parse(SAID))  # type: ignore[arg-type]
    part = question.parse('{"vendor": "ACME", "day": "soon", "total": 5, "paid": true}')
    assert part == r'["\"acme\"",null,"\"5.00\"","true"]'
    with pytest.raises(ValueError, match="1 fields of the record have no value"):
        question.decode(part)
    for bad in ('["1"]', "[", '{"a": 1}', r'["{","{","{","{"]'):
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            question.decode(bad)


def test_field_wise_a_field_that_may_lack_can_be_voted_absent() -> None:
    question = TypedQuestion(READ, OutputType(Address), field_wise=True)
    candidate = question.parse('{"street": "x", "floor": null}')
    assert question.decode(candidate) == {"street": "x"}  # type: ignore[arg-type]


class Span(pydantic.BaseModel):
    first: int
    last: int

    @pydantic.model_validator(mode="after")
    def _ordered(self) -> "Span":
        if self.last < self.first:
            raise ValueError("it ends before it begins")
        return self


def test_fields_that_do_not_go_together_are_named_as_such() -> None:
    question = TypedQuestion(READ, OutputType(Span), field_wise=True)
    assert question.decode('["1","2"]') == Span(first=1, last=2)
    with pytest.raises(ValueError, match=r"decided one by one and do not go together: .*ends before"):
        question.decode('["2","1"]')


def test_near_answers_by_the_type_or_by_a_function() -> None:
    by_type = TypedQuestion(READ, OutputType(Measured))
    a, b = (by_type.parse(f'{{"name": "x", "weight": {w}, "unit": "kg"}}') for w in (1.0, 1.01))
    assert isinstance(a, str)
    assert isinstance(b, str)
    assert by_type.same(a, b)
    own = TypedQuestion(READ, OutputType(int), alike=lambda x, y: x % 10 == y % 10)
    assert own.same("3", "13")
    assert not own.same("3", "14")
    assert by_type.same_field(1, "1", "1.01")


@dataclasses.dataclass
class One:
    a: int


def test_field_wise_needs_fields() -> None:
    with pytest.raises(ValueError, match="needs an output type with named fields"):
        TypedQuestion(READ, OutputType(int), field_wise=True)
    with pytest.raises(ValueError, match="compares fields"):
        TypedQuestion(READ, OutputType(One), field_wise=True, alike=lambda a, b: True)
    assert TypedQuestion(READ, OutputType(One), field_wise=True).parse('{"a": 1}') == '["1"]'


def test_a_question_travels() -> None:
    again = pickle.loads(pickle.dumps(INVOICE))
    assert again.parse(SAID) == INVOICE.parse(SAID)


@given(st.lists(st.tuples(st.text(max_size=8), st.integers()), max_size=4))
def test_whatever_stands_in_a_row_does_not_change_the_reading(pairs: list[tuple[str, int]]) -> None:
    row = {"text": json.dumps(dict(pairs)), **dict(pairs)}
    assert INVOICE.prompt({**row, "text": row["text"]}).user.startswith(f"Read this invoice:\n{row['text']}\n\nEnd")
