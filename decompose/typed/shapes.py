"""What an output type is made of, as plain values: the one description that reading, comparing and asking share."""

from typing import Any, Literal

import msgspec

from surefoot.decompose.typed.annotations import Money, Near, Number, Text


class TextShape(msgspec.Struct, frozen=True):
    """The shape of a text."""

    rule: Text


class TruthShape(msgspec.Struct, frozen=True):
    """The shape of a truth value."""


class NullShape(msgspec.Struct, frozen=True):
    """The shape of ``None``, JSON's ``null``."""


class NumberShape(msgspec.Struct, frozen=True):
    """The shape of a number, with its notation and tolerance.

    Attributes:
        kind: The Python type.
        rule: How it is written as text; ``Money`` for ``decimal`` alone.
        near: How far two may lie apart and be the same; ``None`` for not at all.
    """

    kind: Literal["int", "float", "decimal"]
    rule: Number | Money
    near: Near | None = None


class ChoiceShape(msgspec.Struct, frozen=True):
    """The shape of one of some values: a ``Literal``, an ``Enum``, or the tag of a struct."""

    values: tuple[Any, ...]
    rule: Text


class IsoShape(msgspec.Struct, frozen=True):
    """The shape of a value with a standard text form: ISO 8601, or that of UUIDs."""

    kind: Literal["date", "datetime", "time", "uuid"]


class ListShape(msgspec.Struct, frozen=True):
    """The shape of a list of any length whose values have one shape; ``unordered`` for sets."""

    item: "Shape"
    unordered: bool = False


class TupleShape(msgspec.Struct, frozen=True):
    """The shape of a tuple of fixed length, each value with a shape of its own."""

    items: tuple["Shape", ...]


class MapShape(msgspec.Struct, frozen=True):
    """The shape of a mapping whose keys the type does not name."""

    key: "Shape"
    value: "Shape"


class RecordShape(msgspec.Struct, frozen=True):
    """The shape of a class with named fields.

    Attributes:
        cls: The class. ``shape_of.fields_of`` gives its fields when they are needed: a class may contain itself.
    """

    cls: Any


class UnionShape(msgspec.Struct, frozen=True):
    """The shape of a value that may have one of several shapes; the first that fits is meant.

    Attributes:
        options: In the order declared.
        told: Whether objects say which of the options they are, so that none is read in vain.
    """

    options: tuple["Shape", ...]
    told: bool = False


class AnyShape(msgspec.Struct, frozen=True):
    """The shape of any JSON value."""


Shape = (
    TextShape | TruthShape | NullShape | NumberShape | ChoiceShape | IsoShape
    | ListShape | TupleShape | MapShape | RecordShape | UnionShape | AnyShape
)  # fmt: skip
SCALARS = (TextShape, TruthShape, NullShape, NumberShape, ChoiceShape, IsoShape)


class Field(msgspec.Struct, frozen=True):
    """A field of a record: its name, shape and type.

    Attributes:
        name: In JSON.
        shape: Of its value.
        hint: Its type as annotated.
        may_lack: Whether the type says that it can be absent (``NotRequired``, ``UnsetType``). A default is no such
            thing: a reply that leaves a field out does not say what it is.
    """

    name: str
    shape: "Shape"
    hint: Any
    may_lack: bool = False


def is_scalar(shape: Shape) -> bool:
    """Return whether a value of a shape fits on an answer line: no list, no object."""
    if isinstance(shape, UnionShape):
        return all(is_scalar(option) for option in shape.options)
    return isinstance(shape, SCALARS)
