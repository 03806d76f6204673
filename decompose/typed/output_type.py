"""An output type, compiled: schema, reading, canonical form, and the way back to the user's own values."""

import json
from typing import Any, Literal

from surefoot.decompose.step import Flag
from surefoot.decompose.typed.canonical import canonical, written
from surefoot.decompose.typed.near import same
from surefoot.decompose.typed.record_classes import contains_pydantic
from surefoot.decompose.typed.reply_value import reply_value
from surefoot.decompose.typed.scalars import OWN, STATED, Reading, Unreadable
from surefoot.decompose.typed.shape_of import fields_of, shape_of
from surefoot.decompose.typed.shapes import (
    Field,
    ListShape,
    MapShape,
    RecordShape,
    Shape,
    TupleShape,
    UnionShape,
)
from surefoot.decompose.typed.strict_schema import StrictSchema, strict_schema
from surefoot.decompose.typed.user_types import MsgspecType, PydanticType, UserType, one_line

MISFORMATTED: Literal["misformatted"] = "misformatted"


class OutputType:
    """The form of an answer, described by its Python type.

    Args:
        hint: The type, such as ``int``, ``list[str]``, a dataclass, a struct or a Pydantic model.

    Raises:
        ValueError: There is no reading of this type. One line that says of what and why.
    """

    def __init__(self, hint: Any) -> None:
        self.hint = hint
        self.shape: Shape = shape_of(hint)
        self._records = _records_of(self.shape)
        self._user: UserType = _user_type(hint, contains_pydantic(hint))
        self._parts = {field.name: _user_type(field.hint, contains_pydantic(hint)) for field in self.fields}

    def __reduce__(self) -> tuple[Any, ...]:
        return OutputType, (self.hint,)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return the fields of a record type; none for other types."""
        return fields_of(self.shape) if isinstance(self.shape, RecordShape) else ()

    def schema(self, explained: bool = False) -> StrictSchema:
        """Return the strict schema of a reply with an answer of the type; see ``strict_schema``."""
        lacking: dict[frozenset[str], frozenset[str]] = {}
        for record in self._records:
            fields = fields_of(record)
            names = frozenset(field.name for field in fields)
            absent = frozenset(f.name for f in fields if f.may_lack)
            lacking[names] = lacking.get(names, frozenset()) | absent
        return strict_schema(self._user.raw_schema(), bool(self.fields), lacking, explained)

    def read(self, text: str) -> str | Flag:
        """Return the answer of a reply in canonical form, or the flag that says why there is none."""
        try:
            return self._canonical(reply_value(self.shape, text))
        except Unreadable as error:
            return Flag(MISFORMATTED, one_line(str(error)))

    def read_fields(self, text: str) -> tuple[str | None, ...] | Flag:
        """Return each field of a record in canonical form; ``None`` for a missing or unreadable field.

        Returns:
            In the order of ``fields``; the flag if there is no object, or if no field of it can be read.
        """
        try:
            said, _ = reply_value(self.shape, text)
        except Unreadable as error:
            return Flag(MISFORMATTED, one_line(str(error)))
        found = tuple(self._field(field, said) for field in self.fields)
        return found if any(one is not None for one in found) else Flag(MISFORMATTED, "no field can be read")

    def join(self, fields: tuple[str, ...]) -> str | Flag:
        """Return the record made of some fields; a flag if the type does not allow them together."""
        names = [field.name for field in self.fields]
        said = {name: json.loads(one) for name, one in zip(names, fields, strict=True) if one != ABSENT}
        try:
            return self._canonical((said, STATED))
        except Unreadable as error:
            return Flag(MISFORMATTED, one_line(str(error)))

    def encode(self, value: Any) -> str:
        """Return the canonical form of a value of the type.

        Raises:
            ValueError: It has none, as it is no value of the type.
        """
        return written(canonical(self.shape, self._user.builtins(value), OWN))

    def decode(self, candidate: str) -> Any:
        """Return the value that a canonical form stands for, as the user's own type.

        Raises:
            ValueError: It is no canonical form of this type.
        """
        try:
            return self._user.decode(json.loads(candidate))
        except RecursionError as error:
            raise ValueError("nested deeper than any canonical form") from error

    def same(self, a: str, b: str) -> bool:
        """Return whether two canonical forms are near enough to be the same answer; see ``near``."""
        return a == b or same(self.shape, json.loads(a), json.loads(b))

    def same_field(self, number: int, a: str, b: str) -> bool:
        """Return whether two canonical forms of one field, numbered from 0, are the same answer."""
        return a == b or (ABSENT not in (a, b) and same(self.fields[number].shape, json.loads(a), json.loads(b)))

    def _canonical(self, said: tuple[Any, Reading]) -> str:
        """What is voted on: the canonical form of what the type makes of it, so that its own checks are part of it."""
        stated = canonical(self.shape, *said)
        try:
            candidate = self.encode(self._user.decode(stated))
            if candidate != written(stated) and self.encode(self.decode(candidate)) != candidate:
                raise Unreadable("the output type changes what it has written itself when it reads that again")
        except Unreadable:
            raise
        except ValueError as error:
            raise Unreadable(str(error)) from error
        return candidate

    def _field(self, field: Field, said: dict[str, Any]) -> str | None:
        if field.name not in said or (field.may_lack and said[field.name] is None):
            return ABSENT if field.may_lack else None
        user = self._parts[field.name]
        try:
            value = user.decode(canonical(field.shape, said[field.name]))
            return written(canonical(field.shape, user.builtins(value), OWN))
        except ValueError:
            return None


ABSENT = '""absent'
"""Stands for a field that its type lets be absent; no JSON text looks like it."""


def _user_type(hint: Any, pydantic: bool) -> UserType:
    return PydanticType(hint) if pydantic else MsgspecType(hint)


def _records_of(shape: Shape) -> tuple[RecordShape, ...]:
    """All records that a shape contains, each once. Looks into every one, so that a bad field is refused at once."""
    found: dict[RecordShape, None] = {}
    todo: list[Shape] = [shape]
    while todo:
        match todo.pop():
            case RecordShape() as record if record not in found:
                found[record] = None
                todo += [field.shape for field in fields_of(record)]
            case ListShape(item):
                todo.append(item)
            case TupleShape(parts) | UnionShape(parts, _):
                todo += parts
            case MapShape(key, value):
                todo += [key, value]
    return tuple(found)
