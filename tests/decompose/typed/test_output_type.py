"""Output types whole: every library's values go to a canonical text and come back; replies are read or flagged."""

import datetime
import json
import pickle
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.step import Flag
from surefoot.decompose.typed.annotations import Money, Near, Number, Text
from surefoot.decompose.typed.output_type import OutputType
from tests.decompose.typed.user_types import (
    VALUES,
    Address,
    Branch,
    Colour,
    Invoice,
    Leaf,
    Measured,
    Order,
    Person,
    Terse,
)

EACH = [(hint, value) for hint, values in VALUES for value in values]


@pytest.mark.parametrize(("hint", "value"), EACH, ids=map(str, range(len(EACH))))
def test_values_go_to_a_canonical_text_and_back(hint: Any, value: Any) -> None:
    output = OutputType(hint)
    candidate = output.encode(value)
    assert output.decode(candidate) == value
    assert type(output.decode(candidate)) is type(value)
    assert output.encode(output.decode(candidate)) == candidate
    assert output.same(candidate, candidate)


@pytest.mark.parametrize(("hint", "value"), EACH, ids=map(str, range(len(EACH))))
def test_a_reply_that_states_the_value_is_read(hint: Any, value: Any) -> None:
    """As the outer object that the schema asks for; as JSON with another order, form and white space."""
    output = OutputType(hint)
    candidate = output.encode(value)
    said = json.loads(candidate)
    if isinstance(value, Terse):
        said.setdefault("b", 5)
    if not output.fields:
        said = {"explanation": "because", "answer": said}
    reversed_names = dict(reversed(said.items()))
    assert output.read(json.dumps(said)) == candidate
    assert output.read(f"So:\n```json\n{json.dumps(reversed_names, indent=4)}\n```\n") == candidate


@pytest.mark.parametrize(("hint", "value"), EACH, ids=map(str, range(len(EACH))))
def test_a_type_travels_by_its_hint(hint: Any, value: Any) -> None:
    output = pickle.loads(pickle.dumps(OutputType(hint)))
    assert output.decode(output.encode(value)) == value


INVOICE = {"vendor": "Acme", "day": "2024-02-03", "total": 12.5, "paid": True}


@pytest.mark.parametrize(
    "text",
    [
        '{"vendor": "ACME", "day": "2024-02-03", "total": 12.50, "paid": true}',
        '{"paid": true, "total": 12.5, "day": "2024-02-03", "vendor": "acme"}',
        '{"vendor": " Acme\\n", "day": "2024-02-03", "total": "$12.50", "paid": "yes"}',
        "{'vendor': 'acme', 'day': '2024-02-03', 'total': '12.5000', 'paid': True,}",
        '{"vendor": "acme", "day": "2024-02-03", "total": 1250e-2, "paid": true, "note": "extra"}',
    ],
)
def test_one_answer_in_many_spellings_is_one_candidate(text: str) -> None:
    assert OutputType(Invoice).read(text) == '{"day":"2024-02-03","paid":true,"total":"12.50","vendor":"acme"}'


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"vendor": None}, "vendor: not a text, but nothing"),
        ({"vendor": 5}, "vendor: not a text"),
        ({"day": "3 Feb 2024"}, "day: no date in its standard form"),
        ({"day": "2024-02-30"}, "day: no date that exists"),
        ({"day": "20240203"}, "day: no date in its standard form"),
        ({"total": 12.345}, "total: not a number of the kind decimal"),
        ({"total": "12,5"}, "total: no number"),
        ({"total": True}, "total: no number"),
        ({"paid": 1}, "paid: neither true nor false"),
        ({"paid": "maybe"}, "paid: neither true nor false"),
    ],
)
def test_a_value_that_is_not_of_its_type_is_misformatted(change: dict[str, Any], why: str) -> None:
    found = OutputType(Invoice).read(json.dumps(INVOICE | change))
    assert isinstance(found, Flag)
    assert found.name == "misformatted"
    assert found.detail.startswith(why)
    assert OutputType(Invoice).read(json.dumps(INVOICE)) != found


@pytest.mark.parametrize("name", list(INVOICE))
def test_a_missing_field_is_never_supplied(name: str) -> None:
    """Not even ``paid``, which has a default: a reply that does not say it does not answer it."""
    said = {key: value for key, value in INVOICE.items() if key != name}
    assert OutputType(Invoice).read(json.dumps(said)) == Flag("misformatted", f"the field {name} is missing")


def test_a_type_may_say_that_a_field_can_lack_and_null_stands_for_that() -> None:
    address = OutputType(Address)
    assert (
        address.read('{"street": "Hill"}') == address.read('{"street": "Hill", "floor": null}') == '{"street":"Hill"}'
    )
    person = OutputType(Person)
    found = person.read('{"fullName": "A", "born": null, "tags": ["b", "a", "b"], "address": null, "nick": null}')
    assert found == '{"address":null,"born":null,"fullName":"A","tags":["a","b"]}'
    assert person.decode(found).nick is msgspec.UNSET


def test_the_type_s_own_checks_are_part_of_reading() -> None:
    order = OutputType(Order)
    good = '{"number": 1, "Customer": "ann  lee", "amount": 1, "colour": "red", "before": null}'
    assert order.read(good) == '{"Customer":"Ann Lee","amount":"1.00","before":null,"colour":"Red","number":1}'
    assert order.read(good.replace('"number": 1', '"number": 0')) == Flag(
        "misformatted", "Input should be greater than or equal to 1 at number"
    )
    bad = order.read(good.replace("ann  lee", "ann 2"))
    assert isinstance(bad, Flag)
    assert "figures" in bad.detail
    leaf = OutputType(Leaf).read('{"type": "Leaf", "value": -1}')
    assert isinstance(leaf, Flag)
    assert ">= 0" in leaf.detail


@pytest.mark.parametrize(
    ("hint", "text", "candidate"),
    [
        (int, "Answer: 1,234.", "1234"),
        (int, "Answer: 12.0", "12"),
        (int, "Answer: 12.5", None),
        (int, "It is 12.", None),
        (int, "It is\n12", "12"),
        (int, '{"answer": 12} ', "12"),
        (int, 'Answer: 11\n{"answer": 12}', "12"),
        (int, '{"answer": 12}\nAnswer: 11', "11"),
        (int, 'Answer: 11\n{"answer": 12', None),
        (int, "Answer: 11\nAnswer: unknown", None),
        (float, "Answer: 1e3", "1000"),
        (float, "Answer: -0.0", "0"),
        (float, "Answer: NaN", None),
        (float, "Answer: 1e400", None),
        (bool, "**Answer:** Yes.", "true"),
        (bool, "Answer: perhaps", None),
        (str, 'Answer: "Rome"', '"Rome"'),
        (str, "It is Rome.\nOr Paris.", None),
        (str, "Rome", '"Rome"'),
        (Annotated[str, Text(case=False, ends=".!")], "Answer: ROME!", '"rome"'),
        (Annotated[str, Text(spaces="keep")], '{"answer": " a "}', '" a "'),
        (str, "Answer: A\u030angstro\u0308m", '"\u00c5ngstr\u00f6m"'),
        (Annotated[str, Text(case=False)], "Answer: STRASSE", '"strasse"'),
        (Annotated[str, Text(case=False)], "Answer: Straße", '"strasse"'),
        (Literal["yes", "no"], "Answer: YES", '"yes"'),
        (Literal["Yes", "yes"], "Answer: YES", None),  # which one?
        (Literal["Yes", "yes"], "Answer: yes", '"yes"'),
        (Annotated[Literal["yes", "no"], Text()], "Answer: YES", None),
        (Literal[1, 2], "Answer: 2", "2"),
        (Colour, "Answer: dark  green", '"Dark green"'),
        (int | None, "Answer: none", "null"),
        (int | str, '{"answer": "5"}', '"5"'),
        (int | str, '{"answer": 5}', "5"),
        (int | str, "Answer: 5", "5"),
        (Annotated[float, Number(units=("kg",))], "Answer: **12.50 kg**", "12.5"),
        (Annotated[Decimal, Money()], "Answer: $1,234.5", '"1234.50"'),
        (datetime.datetime, "Answer: 2024-01-01T12:00:00+02:00", '"2024-01-01T10:00:00Z"'),
        (datetime.datetime, "Answer: 0001-01-01T00:00:00+02:00", None),
        (list[int], "[1, 2.0, 3e0]", "[1,2,3]"),
        (list[int], "first [1], then [2]", "[2]"),
        (list[int], '{"answer": [1]}', "[1]"),
        (list[int], '{"a": 1}', None),
        (dict[str, int], '[{"key": "b", "value": 1}, {"key": "a", "value": 2}]', '{"a":2,"b":1}'),
        (dict[str, int], '[{"key": "a", "value": 1}, {"key": "a", "value": 2}]', None),
        (Any, '{"x": [1.0, 12345678901234567890, 0.1]}', '{"x":[1,12345678901234567890,0.1]}'),
    ],
)
def test_single_values_are_read(hint: Any, text: str, candidate: str | None) -> None:
    found = OutputType(hint).read(text)
    assert (None if isinstance(found, Flag) else found) == candidate


def test_huge_numbers_do_not_grow_on_the_way() -> None:
    for hint in (int, float, Decimal, Any, int | str):
        found = OutputType(hint).read('{"answer": 1e999999999}')
        assert isinstance(found, Flag)


class First(pydantic.BaseModel):
    left: "First | Second | int"


class Second(pydantic.BaseModel):
    left: "First | Second | int"


class Sum(pydantic.BaseModel):
    kind: Literal["sum"]
    of: "list[Term]"


class Product(pydantic.BaseModel):
    kind: Literal["product"]
    of: "list[Term]"


Term = Annotated[Sum | Product, pydantic.Field(discriminator="kind")]


def test_a_union_does_not_try_everything_at_every_level() -> None:
    """Two options with the same names, nested 60 deep, and an unreadable leaf: 2 ** 60 tries without a bound."""
    output = OutputType(First | Second)
    assert isinstance(output.read('{"left": ' * 60 + '"x"' + "}" * 60), Flag)
    assert isinstance(output.read('{"left": ' * 60 + "1" + "}" * 60), Flag)
    assert isinstance(output.read('{"left": ' * 6 + "1" + "}" * 6), str)


def test_objects_that_say_what_they_are_may_be_nested_as_deep_as_any() -> None:
    deep = '{"kind": "sum", "of": [{"kind": "product", "of": [' * 15 + "]}]}" * 15
    assert isinstance(OutputType(Term).read(deep), str)
    assert isinstance(OutputType(Term).read(deep.replace("product", "quotient")), Flag)
    leaf = '{"type": "Leaf", "value": 1}'
    branches = f'{{"type": "Branch", "right": {leaf}, "left": ' * 60 + leaf + "}" * 60
    assert isinstance(OutputType(Leaf | Branch).read(branches), str)


def test_tags_tell_the_options_of_a_union_apart() -> None:
    output = OutputType(Leaf | Branch)
    leaf = '{"type": "Leaf", "value": 2}'
    assert output.decode(output.read(f'{{"answer": {leaf}}}')) == Leaf(2)  # type: ignore[arg-type]
    assert isinstance(output.read('{"answer": {"type": "Twig", "value": 2}}'), Flag)
    found = output.read(f'{{"type": "Branch", "left": {leaf}, "right": {leaf}}}')
    assert output.decode(found) == Branch(Leaf(2), Leaf(2))  # type: ignore[arg-type]


@pytest.mark.parametrize("hint", [Invoice, list[int], int, str, Order, dict[str, float], Leaf | Branch, Any])
@pytest.mark.parametrize("unit", ["[", "{", '{"', '["', '{"answer":', "[1,", " ", '"', "Answer: "])
def test_hostile_replies_are_flagged(hint: Any, unit: str) -> None:
    found = OutputType(hint).read(unit * 20_000)
    assert isinstance(found, Flag) or hint is str
    assert not isinstance(found, Flag) or (len(found.detail) < 200 and "\n" not in found.detail)


@given(
    st.text(alphabet="{}[]\":,answerA 0123456789.-eE\n'", max_size=80),
    st.sampled_from([Invoice, list[int], int, Any, Order]),
)
def test_any_reply_is_a_candidate_or_a_flag(text: str, hint: Any) -> None:
    output = OutputType(hint)
    found = output.read(text)
    if isinstance(found, str):
        assert output.encode(output.decode(found)) == found


@given(st.text(), st.booleans(), st.sampled_from(["keep", "strip", "collapse"]), st.sampled_from(["", ".", "a"]))
def test_spelling_a_text_twice_changes_nothing(text: str, case: bool, spaces: Any, ends: str) -> None:
    from surefoot.decompose.typed.scalars import spelled

    rule = Text(case=case, spaces=spaces, ends=ends)
    assert spelled(spelled(text, rule), rule) == spelled(text, rule)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_comes_back_exactly_however_it_was_written(value: float) -> None:
    output = OutputType(float)
    candidate = output.encode(value)
    assert output.decode(candidate) == value
    assert "-0" not in candidate[:3] or value != 0
    assert output.read(f'{{"answer": {value!r}}}') == candidate
    assert output.read(f"Answer: {value!r}") == candidate


def test_fields_are_read_one_by_one() -> None:
    output = OutputType(Invoice)
    assert output.read_fields('{"vendor": "ACME", "day": "soon", "total": 5}') == ('"acme"', None, '"5.00"', None)
    assert output.read_fields('{"vendor": 5}') == Flag("misformatted", "no field can be read")
    assert isinstance(output.read_fields("nothing"), Flag)
    assert output.join(('"acme"', '"2024-02-03"', '"5.00"', "true")) == (
        '{"day":"2024-02-03","paid":true,"total":"5.00","vendor":"acme"}'
    )
    assert OutputType(Address).read_fields('{"street": "x"}') == ('"x"', '""absent')
    assert OutputType(Address).join(('"x"', '""absent')) == '{"street":"x"}'


def test_near_values_are_the_same() -> None:
    output = OutputType(Measured)
    a, b, c, d = (
        output.encode(Measured(name, weight, "kg"))
        for name, weight in (("x", 1.0), ("X", 1.01), ("x", 1.02), ("y", 1.0))
    )
    assert output.same(a, b)
    assert output.same(b, c)
    assert not output.same(a, c)
    assert not output.same(a, d)
    assert output.same_field(1, "1", "1.01")
    assert not output.same_field(0, '"x"', '"y"')
    many = OutputType(list[Annotated[float, Near(relative=0.1)]] | None)
    assert many.same("[1,2]", "[1.1,1.9]")
    assert not many.same("[1,2]", "[1.1]")
    assert not many.same("[1,2]", "null")


class Circle(msgspec.Struct, array_like=True):
    radius: float


class Lost(msgspec.Struct):
    part: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


class Empty(msgspec.Struct):
    pass


class Mixed(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=False)
    order: Order


@pytest.mark.parametrize(
    ("hint", "why"),
    [
        (object, "the type object cannot be asked for"),
        (bytes, "the type bytes cannot be asked for"),
        (complex, "the type complex cannot be asked for"),
        (Annotated[float, Money()], "Money is for Decimal, not for float"),
        (dict[tuple[int, int], str], "keys of a dict must be texts"),
        (Circle, "Circle is an array in JSON"),
        (Lost, "annotations of Lost cannot be read"),
        (Empty, "Empty has no fields"),
        (list[dict[str, bytes]], "the type bytes cannot be asked for"),
        (Invoice | Terse, "msgspec cannot read this type"),
    ],
)
def test_types_that_cannot_be_asked_for_are_refused_in_one_line(hint: Any, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^[^\n]*{why}[^\n]*$"):
        OutputType(hint)


def test_a_candidate_of_another_type_is_refused() -> None:
    for bad in ("[", "{}", '"x"', "[" * 100_000):
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            OutputType(Invoice).decode(bad)


class Shouting(pydantic.BaseModel):
    text: str

    @pydantic.field_validator("text")
    @classmethod
    def _louder(cls, value: str) -> str:
        return value + "!"


class Hiding(pydantic.BaseModel):
    a: int
    b: int = pydantic.Field(exclude=True)


def test_a_type_that_does_not_read_what_it_writes_has_no_candidates() -> None:
    """A candidate that means something else each time it is decoded, or nothing, cannot be counted."""
    louder = OutputType(Shouting).read('{"text": "a"}')
    assert isinstance(louder, Flag)
    assert "changes what it has written itself" in louder.detail
    hidden = OutputType(Hiding).read('{"a": 1, "b": 2}')
    assert isinstance(hidden, Flag)
    assert "required at b" in hidden.detail


@pytest.mark.parametrize("text", ["Answer: \ud800", '{"answer": "\ud800"}', '{"answer": "\\ud800"}'])
def test_a_text_that_cannot_be_stored_is_no_answer(text: str) -> None:
    assert OutputType(str).read(text) != OutputType(str).read("Answer: x")
    assert isinstance(OutputType(str).read(text), Flag)
