"""Schemas that strict servers accept, for every type; what they do not hold is named."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pydantic
import pytest

from surefoot.decompose.typed.output_type import OutputType
from surefoot.decompose.typed.strict_schema import FORMATS, KEPT, strict_schema
from tests.decompose.typed.user_types import VALUES, Address, Branch, Colour, Invoice, Leaf, Order, Person


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """All schemas in a schema, itself included."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", ())]
    for one in [*inner, *([schema["items"]] if "items" in schema else ())]:
        yield from parts(one)


@pytest.mark.parametrize("hint", [hint for hint, _ in VALUES], ids=str)
@pytest.mark.parametrize("explained", [False, True])
def test_every_schema_is_strict(hint: Any, explained: bool) -> None:
    """The rules of OpenAI's strict mode."""
    schema = OutputType(hint).schema(explained).schema
    assert schema["type"] == "object"
    for part in parts(schema):
        assert part.keys() <= KEPT | {"$ref", "$defs", "properties", "required", "additionalProperties", "items"}
        assert len(part) == 1 or "$ref" not in part
        assert part.get("format", "date") in FORMATS
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])
        if part.get("type") == "array":
            assert "items" in part
    refs = {part["$ref"].rsplit("/", 1)[-1] for part in parts(schema) if "$ref" in part}
    assert refs == set(schema.get("$defs", {}))


@pytest.mark.parametrize("hint", [hint for hint, _ in VALUES], ids=str)
def test_an_answer_is_never_preceded_by_an_explanation_that_nobody_asked_for(hint: Any) -> None:
    output = OutputType(hint)
    assert "explanation" not in output.schema().schema["properties"]
    assert next(iter(output.schema(explained=True).schema["properties"])) == "explanation"
    if not output.fields:
        assert list(output.schema().schema["properties"]) == ["answer"]


def test_what_is_not_held_is_named() -> None:
    assert OutputType(int).schema().degraded == ()
    assert OutputType(Colour).schema().degraded == ()
    assert OutputType(Invoice).schema().degraded == ("total: format decimal is not held",)
    assert OutputType(Address).schema().degraded == ("floor: null stands for leaving it out",)
    assert OutputType(dict[str, int]).schema().degraded == (
        "answer: names that are not known before are asked for as a list of pairs of key and value",
    )
    assert OutputType(tuple[int, str]).schema().degraded == (
        "answer: which value of the list is of which kind is not held",
    )
    assert OutputType(Any).schema().degraded == ("answer: any value: lists and objects are not asked for",)
    short = Annotated[str, msgspec.Meta(max_length=5)]
    assert OutputType(short).schema().degraded == ("answer: maxLength is not held",)


def test_limits_and_descriptions_reach_the_server() -> None:
    class Score(msgspec.Struct):
        """How good it is."""

        points: Annotated[int, msgspec.Meta(ge=0, le=10, description="ten is best")]

    schema = OutputType(Score).schema().schema
    assert schema["description"] == "How good it is."
    assert schema["properties"]["points"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 10,
        "description": "ten is best",
    }
    assert OutputType(Order).schema().schema["properties"]["number"]["minimum"] == 1


def test_a_field_that_may_lack_takes_null_and_one_with_a_default_does_not() -> None:
    floor = OutputType(Address).schema().schema["properties"]["floor"]
    assert floor == {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    properties = OutputType(Person).schema().schema["properties"]
    assert {"type": "null"} in properties["nick"]["anyOf"]
    assert properties["tags"]["type"] == "array"
    assert OutputType(Invoice).schema().schema["properties"]["paid"] == {"type": "boolean"}


def test_types_that_contain_themselves_are_defined_once() -> None:
    schema = OutputType(Leaf | Branch).schema().schema
    assert set(schema["$defs"]) == {"Leaf", "Branch"}
    assert schema["properties"]["answer"] == {"anyOf": [{"$ref": "#/$defs/Leaf"}, {"$ref": "#/$defs/Branch"}]}


def test_a_schema_without_a_strict_form_is_refused() -> None:
    for raw in ({"not": {}}, {"allOf": [{"type": "string"}, {"minLength": 1}]}):
        with pytest.raises(ValueError, match=r"^[^\n]*strict servers cannot take"):
            strict_schema({"type": "array", "items": raw}, record=False, lacking={})
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    with pytest.raises(ValueError, match="nested more than"):
        strict_schema(deep, record=False, lacking={})


def test_a_type_with_an_explanation_of_its_own_takes_no_second_one() -> None:
    class Verdict(pydantic.BaseModel):
        explanation: str
        total: Decimal

    assert "explanation" in OutputType(Verdict).schema().schema["properties"]
    with pytest.raises(ValueError, match="explanation of its own"):
        OutputType(Verdict).schema(explained=True)
