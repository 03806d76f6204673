"""What an output type is made of, as plain values: the one description that reading, comparing and asking share."""

from typing import Any, Literal

import msgspec

from surefoot.decompose.typed.annotations import Money, Near, Number, Text


class TextShape(msgspec.Struct, frozen=True):
    """A text."""

    rule: Text


class TruthShape(msgspec.Struct, frozen=True):
    """Yes or no."""


class NullShape(msgspec.Struct, frozen=True):
    """Nothing."""


class NumberShape(msgspec.Struct, frozen=True):
    """A number.

    Attributes:
        kind: The Python type.
        rule: How it is written as text; ``Money`` for ``decimal`` alone.
        near: How far two may lie apart and be the same; ``None`` for not at all.
    """

    kind: Literal["int", "float", "decimal"]
    rule: Number | Money
    near: Near | None = None


class ChoiceShape(msgspec.Struct, frozen=True):
    """One of some values: a ``Literal``, an ``Enum``, or the tag of a struct."""

    values: tuple[Any, ...]
    rule: Text


class IsoShape(msgspec.Struct, frozen=True):
    """A value with a standard text form: ISO 8601, or that of UUIDs."""

    kind: Literal["date", "datetime", "time", "uuid"]


class ListShape(msgspec.Struct, frozen=True):
    """Any number of values of one shape; ``unordered`` for sets."""

    item: "Shape"
    unordered: bool = False


class TupleShape(msgspec.Struct, frozen=True):
    """So many values, each of its own shape."""

    items: tuple["Shape", ...]


class MapShape(msgspec.Struct, frozen=True):
    """Values by keys that the type does not name."""

    key: "Shape"
    value: "Shape"


class RecordShape(msgspec.Struct, frozen=True):
    """Named fields of a class.

    Attributes:
        cls: The class. ``shape_of.fields_of`` gives its fields when they are needed: a class may contain itself.
    """

    cls: Any


class UnionShape(msgspec.Struct, frozen=True):
    """One of several shapes; the first that fits is meant.

    Attributes:
        options: In the order declared.
        told: Whether objects say which of the options they are, so that none is read in vain.
    """

    options: tuple["Shape", ...]
    told: bool = False


class AnyShape(msgspec.Struct, frozen=True):
    """Any JSON value."""


Shape = (
    TextShape | TruthShape | NullShape | NumberShape | ChoiceShape | IsoShape
    | ListShape | TupleShape | MapShape | RecordShape | UnionShape | AnyShape
)  # fmt: skip
SCALARS = (TextShape, TruthShape, NullShape, NumberShape, ChoiceShape, IsoShape)


class Field(msgspec.Struct, frozen=True):
    """A field of a record.

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
    """Whether a value fits on an answer line: no list, no object."""
    if isinstance(shape, UnionShape):
        return all(is_scalar(option) for option in shape.options)
    return isinstance(shape, SCALARS)
