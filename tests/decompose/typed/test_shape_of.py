"""From types to shapes: the ways in which one type can be written; libraries are imported when they are needed."""

import subprocess
import sys
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NewType

import pydantic
import pytest

from surefoot.decompose.typed.annotations import Near, Number, Text
from surefoot.decompose.typed.shape_of import fields_of, shape_of
from surefoot.decompose.typed.shapes import (
    AnyShape,
    ListShape,
    MapShape,
    NullShape,
    NumberShape,
    RecordShape,
    TextShape,
    UnionShape,
    is_scalar,
)
from tests.decompose.typed.user_types import Branch, Ids, Leaf, Order, Person

INT, TEXT = NumberShape("int", Number()), TextShape(Text())
NEAR = Near(absolute=1)
Quiet = NewType("Quiet", Annotated[str, Text(case=False)])


class First(pydantic.BaseModel):
    kind: Literal["first"]


class Other(pydantic.BaseModel):
    kind: Literal["other"]


BY_KIND = Annotated[First | Other, pydantic.Discriminator("kind")]


@pytest.mark.parametrize(
    ("hint", "shape"),
    [
        (typing.List[int], ListShape(INT)),  # noqa: UP006
        (Sequence[int], ListShape(INT)),
        (tuple[int, ...], ListShape(INT)),
        (list, ListShape(AnyShape())),
        (dict, MapShape(TEXT, AnyShape())),
        (Mapping[str, int], MapShape(TEXT, INT)),
        (typing.Optional[int], UnionShape((INT, NullShape()))),  # noqa: UP045
        (int | None, UnionShape((INT, NullShape()))),
        (Quiet, TextShape(Text(case=False))),
        (Annotated[Annotated[str, Text()], Text(case=False)], TextShape(Text(case=False))),
        (Annotated[float | None, NEAR], UnionShape((NumberShape("float", Number(), NEAR), NullShape()))),
        (BY_KIND, UnionShape((RecordShape(First), RecordShape(Other)), told=True)),
        (First | Other, UnionShape((RecordShape(First), RecordShape(Other)))),
        (Ids, ListShape(INT)),
        (Person, RecordShape(Person)),
    ],
)  # fmt: skip
def test_a_type_has_one_shape_however_it_is_written(hint: Any, shape: Any) -> None:
    assert shape_of(hint) == shape


def test_names_are_those_of_json() -> None:
    assert [field.name for field in fields_of(RecordShape(Person))] == ["fullName", "born", "tags", "address", "nick"]
    assert [field.may_lack for field in fields_of(RecordShape(Person))] == [False, False, False, False, True]
    assert [field.name for field in fields_of(RecordShape(Order))][1] == "Customer"
    assert [field.name for field in fields_of(RecordShape(Leaf))] == ["type", "value"]
    assert fields_of(RecordShape(Branch))[1].shape == UnionShape((RecordShape(Leaf), RecordShape(Branch)), told=True)


def test_what_fits_on_a_line() -> None:
    assert is_scalar(shape_of(int | str | None))
    assert not is_scalar(shape_of(list[int] | None))
    assert not is_scalar(shape_of(Any))


def test_pydantic_is_imported_by_those_alone_who_use_it() -> None:
    program = (
        "import dataclasses, sys, msgspec\n"
        "from surefoot.decompose.typed.question import TypedQuestion\n"
        "from surefoot.decompose.typed.output_type import OutputType\n"
        "class A(msgspec.Struct):\n    a: list[int]\n"
        "assert OutputType(A).read('{\"a\": [1]}') == '{\"a\":[1]}'\n"
        "assert 'pydantic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
