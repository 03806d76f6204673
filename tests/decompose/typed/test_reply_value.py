"""The answer in a reply: the last one of its kind counts, and one that broke off is none."""

from typing import Any

import msgspec
import pytest

from surefoot.decompose.typed.annotations import Number, Text
from surefoot.decompose.typed.reply_value import reply_value
from surefoot.decompose.typed.scalars import Unreadable
from surefoot.decompose.typed.shapes import (
    ListShape,
    NumberShape,
    RecordShape,
    Shape,
    TextShape,
    TruthShape,
    UnionShape,
)
from surefoot.decompose.typed.wording import asked_form, form_of

INT, TEXT, TRUTH = NumberShape("int", Number()), TextShape(Text()), TruthShape()


class Pair(msgspec.Struct):
    """Two numbers."""

    a: int
    b: int


class Tree(msgspec.Struct):
    """A number and more of its kind."""

    value: int
    below: list["Tree"]


PAIR, LIST = RecordShape(Pair), ListShape(INT)


@pytest.mark.parametrize(
    ("shape", "text", "value"),
    [
        (INT, "Let me see.\nAnswer: 42", "42"), (INT, "Answer: 41\nNo.\nAnswer: 42", "42"),
        (INT, "**Answer:** 42.", "42"),
        (INT, 'Answer: 41\n{"answer": 42}', 42), (INT, '{"answer": 41}\nAnswer: 42', "42"),
        (INT, '{"explanation": "x", "answer": 7}', 7), (INT, "42", "42"), (TRUTH, "yes", "yes"),
        (TEXT, "Answer: a. b.", "a. b."), (PAIR, 'first {"a": 1, "b": 2} then {"a": 3, "b": 4}', {"a": 3, "b": 4}),
        (PAIR, '```json\n{"a": 1, "b": 2}\n```', {"a": 1, "b": 2}), (LIST, "[1] or rather [2, 3]", [2, 3]),
        (LIST, '{"answer": [4]}', [4]), (UnionShape((PAIR, LIST)), '[1]\n{"a": 1, "b": 2}', {"a": 1, "b": 2}),
    ],
)  # fmt: skip
def test_the_last_answer_counts(shape: Shape, text: str, value: Any) -> None:
    assert reply_value(shape, text)[0] == value


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (INT, ""), (TEXT, "I think so.\nOr not."), (PAIR, "a is 1 and b is 2"), (PAIR, "[1, 2]"), (LIST, "1, 2"),
        (PAIR, '{"a": 1, "b": 2} no: {"a": 3, "b"'), (LIST, "[1] no: [2, "), (INT, "Answer: 4\ud800"),
        (INT, 'Answer: 1\n{"answer": 2'),
    ],
)  # fmt: skip
def test_where_there_is_none_or_the_last_one_broke_off_nothing_is_read(shape: Shape, text: str) -> None:
    with pytest.raises(Unreadable):
        reply_value(shape, text)


def test_a_line_is_read_as_a_line_and_json_as_json() -> None:
    assert reply_value(INT, "Answer: 42")[1].line
    assert not reply_value(INT, '{"answer": 42}')[1].line
    assert not reply_value(LIST, "[42]")[1].line


def test_a_full_stop_ends_the_sentence_unless_it_is_part_of_the_value() -> None:
    assert reply_value(INT, "Answer: 42.")[0] == "42"
    assert reply_value(TEXT, "Answer: Dr. No.")[0] == "Dr. No."


@pytest.mark.parametrize(
    ("shape", "structured", "form"),
    [
        (INT, False, "End your reply with one line of this form:\nAnswer: <whole number>"),
        (INT, True, 'End your reply with one JSON object of this form:\n{"answer": whole number}'),
        (PAIR, True, 'End your reply with one JSON object of this form:\n{"a": whole number, "b": whole number}'),
        (LIST, False, "End your reply with one JSON value of this form:\n[whole number, ...]"),
    ],
)
def test_the_form_that_is_asked_for_is_the_one_that_is_read(shape: Shape, structured: bool, form: str) -> None:
    assert asked_form(shape, structured) == form


def test_a_record_inside_itself_is_described_once() -> None:
    assert form_of(RecordShape(Tree)) == (
        '{"value": whole number, "below": [another Tree like the one around it, ...]}'
    )
