"""From a Python type to its shape.

Covered: ``str``, ``int``, ``float``, ``bool``, ``None``, ``Decimal``, ``date``, ``datetime``, ``time``, ``UUID``,
``Literal``, ``Enum``, unions, ``list``, ``tuple``, ``set``, ``dict``, ``Any``, named tuples, dataclasses, typed dicts,
msgspec structs, Pydantic models, and all of these inside each other. Any other type is refused in one line.
"""

import collections.abc
import datetime
import decimal
import enum
import functools
import types
import typing
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Union

import msgspec

from surefoot.decompose.typed.annotations import LOOSE, Money, Near, Number, Text
from surefoot.decompose.typed.record_classes import is_pydantic, is_record, root_of, stated_fields
from surefoot.decompose.typed.shapes import (
    AnyShape,
    ChoiceShape,
    Field,
    IsoShape,
    ListShape,
    MapShape,
    NullShape,
    NumberShape,
    RecordShape,
    Shape,
    TextShape,
    TruthShape,
    TupleShape,
    UnionShape,
)

LISTS = (list, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
SETS = (set, frozenset, collections.abc.Set)
MAPS = (dict, collections.abc.Mapping)
ISO: dict[Any, Literal["date", "datetime", "time", "uuid"]] = {
    datetime.datetime: "datetime",
    datetime.date: "date",
    datetime.time: "time",
    uuid.UUID: "uuid",
}


def shape_of(hint: Any, notes: Sequence[Any] = ()) -> Shape:
    """Return the shape that describes a Python type.

    Args:
        hint: The type, as it is written in an annotation.
        notes: Annotations from around it.

    Raises:
        ValueError: There is no reading of this type, or an annotation does not suit it. One line.
    """
    if typing.get_origin(hint) is Annotated:
        return shape_of(hint.__origin__, [*notes, *hint.__metadata__])
    if hasattr(hint, "__supertype__"):  # NewType
        return shape_of(hint.__supertype__, notes)
    if hasattr(hint, "__value__"):  # an alias made by the ``type`` statement
        return shape_of(hint.__value__, notes)
    found = _plain(hint, notes) or _composed(hint, notes)
    if found is None:
        raise ValueError(f"the type {_named(hint)} cannot be asked for: give a JSON-like type, a struct or a model")
    return found


@functools.lru_cache(maxsize=1024)
def fields_of(shape: RecordShape) -> tuple[Field, ...]:
    """Return a record's fields in the order declared, under their JSON names; the tag of a tagged struct first.

    Raises:
        ValueError: A field cannot be asked for. One line that names it.
    """
    fields = []
    for stated in stated_fields(shape.cls):
        try:
            fields.append(Field(stated.name, shape_of(stated.hint), stated.hint, stated.may_lack))
        except ValueError as error:
            raise ValueError(f"{shape.cls.__name__}.{stated.name}: {error}") from error
    return tuple(fields)


def _plain(hint: Any, notes: Sequence[Any]) -> Shape | None:
    """Shapes of types without parts."""
    if hint is str:
        return TextShape(_note(notes, Text) or Text())
    if hint is bool:
        return TruthShape()
    if hint is None or hint is type(None):
        return NullShape()
    if hint in (int, float, decimal.Decimal):
        return _number(hint, notes)
    if isinstance(hint, type) and hint in ISO:
        return IsoShape(ISO[hint])
    if hint is Any:
        return AnyShape()
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _choice([member.value for member in hint], notes)
    return None


def _number(hint: Any, notes: Sequence[Any]) -> Shape:
    money = _note(notes, Money)
    if money is not None and hint is not decimal.Decimal:
        raise ValueError(f"Money is for Decimal, not for {hint.__name__}: a {hint.__name__} has no fixed places")
    kind: Literal["int", "float", "decimal"] = "int" if hint is int else "float" if hint is float else "decimal"
    return NumberShape(kind, money or _note(notes, Number) or Number(), _note(notes, Near))


def _choice(values: Sequence[Any], notes: Sequence[Any]) -> Shape:
    for value in values:
        if not isinstance(value, str | int | None):
            raise ValueError(f"a choice is a text, a whole number, true, false or nothing, not {value!r}")
    return ChoiceShape(tuple(values), _note(notes, Text) or LOOSE)


def _composed(hint: Any, notes: Sequence[Any]) -> Shape | None:
    """Shapes of types with parts. Annotations of a union are those of its options."""
    origin, parts = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin is Literal:
        return _choice([getattr(part, "value", part) for part in parts], notes)
    if origin in (Union, types.UnionType):
        return _union(parts, notes)
    if origin in LISTS or origin in SETS:
        return ListShape(shape_of(parts[0] if parts else Any), unordered=origin in SETS)
    if origin is tuple:
        return _tuple(parts)
    if origin in MAPS:
        return _map(parts or (str, Any))
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        return TupleShape(tuple(shape_of(part) for part in typing.get_type_hints(hint, include_extras=True).values()))
    if is_pydantic(hint) and (root := root_of(hint)) is not None:
        return shape_of(root, notes)
    return RecordShape(hint) if is_record(hint) else None


def _union(parts: Sequence[Any], notes: Sequence[Any]) -> Shape:
    options = [shape_of(part, notes) for part in parts if part is not msgspec.UnsetType]
    records = [option for option in options if isinstance(option, RecordShape)]
    tagged = bool(records) and all(issubclass(one.cls, msgspec.Struct) for one in records)  # or msgspec refuses them
    told = tagged or any(getattr(note, "discriminator", None) for note in notes)
    return UnionShape(tuple(options), told) if len(options) > 1 else options[0]


def _tuple(parts: tuple[Any, ...]) -> Shape:
    if not parts:
        return ListShape(AnyShape())
    if len(parts) == 2 and parts[1] is Ellipsis:
        return ListShape(shape_of(parts[0]))
    return TupleShape(tuple(shape_of(part) for part in parts))


def _map(parts: Sequence[Any]) -> Shape:
    key = shape_of(parts[0])
    if not isinstance(key, TextShape | ChoiceShape | IsoShape) and key != NumberShape("int", Number()):
        raise ValueError(f"keys of a dict must be texts, choices or whole numbers, not {_named(parts[0])}")
    return MapShape(key, shape_of(parts[1]))


def _note(notes: Sequence[Any], kind: Any) -> Any:
    """The innermost annotation of a kind, or nothing."""
    return next((note for note in reversed(notes) if isinstance(note, kind)), None)


def _named(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)
