"""Record types written on the command line."""

import datetime
import typing
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.typed.field_list import KINDS, type_of_fields
from surefoot.decompose.typed.output_type import OutputType

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True).filter(lambda name: not name.startswith("__"))
kinds = st.sampled_from([*KINDS, "a|b", "one | two|three"])
optional = st.booleans()


@given(st.dictionaries(names, st.tuples(kinds, optional), min_size=2, max_size=6), st.sampled_from([",", ", ", " ,\n"]))
def test_fields_are_those_that_are_written_in_their_order(fields: dict[str, tuple[str, bool]], between: str) -> None:
    text = between.join(f"{name}: {kind}{'?' * may_lack}" for name, (kind, may_lack) in fields.items())
    found = type_of_fields(text)
    assert [field.name for field in msgspec.structs.fields(found)] == list(fields)
    for field, (kind, may_lack) in zip(msgspec.structs.fields(found), fields.values(), strict=True):
        assert (type(None) in typing.get_args(field.type)) == may_lack
        if not may_lack and kind in KINDS:
            assert field.type == KINDS[kind]


@pytest.mark.parametrize(
    ("kind", "reply", "value"),
    [
        ("text", "a  b", "a b"), ("exact", "a  b", "a  b"), ("integer", "3", 3), ("number", "3.5", 3.5),
        ("money", "1,234.5", Decimal("1234.50")), ("date", "2026-11-28", datetime.date(2026, 11, 28)),
        ("bool", "yes", True),
        ("a|b", "B", "b"), (" red | green ", "green", "green"), ("integer?", "null", None),
    ],
)  # fmt: skip
def test_every_kind_reads_what_its_name_says(kind: str, reply: str, value: object) -> None:
    found = OutputType(type_of_fields(f"answer: {kind}"))
    candidate = found.read(f"answer = {reply}")
    assert isinstance(candidate, str)
    assert found.decode(candidate) == value


@pytest.mark.parametrize(
    ("kind", "reply"),
    [("integer", "3.5"), ("number", "many"), ("money", "much"), ("date", "yesterday"), ("bool", "maybe"), ("a|b", "c")],
)
def test_what_a_kind_does_not_take_is_flagged(kind: str, reply: str) -> None:
    assert not isinstance(OutputType(type_of_fields(f"answer: {kind}")).read(f"answer = {reply}"), str)


def test_a_field_without_a_kind_is_a_text_and_one_answer_is_no_record() -> None:
    assert type_of_fields("answer") == KINDS["text"]
    assert type_of_fields("answer: integer") is int
    (field,) = msgspec.structs.fields(type_of_fields("reply"))
    assert (field.name, field.type) == ("reply", KINDS["text"])
    both = type_of_fields("answer, why")
    assert [one.name for one in msgspec.structs.fields(both)] == ["answer", "why"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is no field"), ("a,,b", "'' is no field"), ("1a: text", "'1a: text' is no field"), ("a b", "no field"),
        ("a-b: text", "no field"),
        ("__dict__", "no field"), ("x, __0", "no field"), (f"{'a' * 65}: text", "no field"),
        ("a: text, a: date", "field a is there twice"),
        ("a: colour", "field a: there is no kind 'colour'"), ("a: Text", "no kind 'Text'"), ("a: ?", "no kind ''"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?")) as error:
        type_of_fields(text)
    assert len(str(error.value).splitlines()) == 1


def test_an_unknown_kind_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="use") as error:
        type_of_fields("a: colour")
    assert all(kind in str(error.value) for kind in KINDS)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_type_or_one_clear_error(text: str) -> None:
    try:
        found = type_of_fields(text)
    except ValueError as error:
        found = str(error)
    assert found
