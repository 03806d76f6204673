"""Near-equal answers: whether two canonical forms are the same answer by the limits that their type gives.

Everything must be equal but prose (`annotations.Text`), of which any two texts are the same answer, and numbers with
`annotations.Near`, which may differ by their limit. That is no equivalence:
1.00 is near 1.01, and 1.01 near 1.02, without 1.00 being near 1.02. ``voting.representatives`` says how votes are
counted all the same.
"""

from decimal import Decimal
from typing import Any

from surefoot.decompose.typed.annotations import Near
from surefoot.decompose.typed.canonical import canonical
from surefoot.decompose.typed.scalars import OWN, Unreadable
from surefoot.decompose.typed.shape_of import fields_of
from surefoot.decompose.typed.shapes import (
    ListShape,
    MapShape,
    NumberShape,
    RecordShape,
    Shape,
    TextShape,
    TupleShape,
    UnionShape,
)


def same(shape: Shape, a: Any, b: Any) -> bool:
    """Return whether two canonical values are the same answer; symmetric, and true of every value and itself."""
    match shape:
        case NumberShape(_, _, near) if near is not None:
            return within(near, Decimal(str(a)), Decimal(str(b)))
        case TextShape(rule) if rule.prose:
            return isinstance(a, str) and isinstance(b, str)
        case ListShape(item, _):
            return len(a) == len(b) and all(same(item, x, y) for x, y in zip(a, b, strict=True))
        case TupleShape(items):
            return all(same(item, x, y) for item, x, y in zip(items, a, b, strict=True))
        case MapShape(_, value):
            return a.keys() == b.keys() and all(same(value, a[key], b[key]) for key in a)
        case RecordShape():
            return a.keys() == b.keys() and all(
                same(field.shape, a[field.name], b[field.name]) for field in fields_of(shape) if field.name in a
            )
        case UnionShape(options, _):
            return bool(a == b) or any(_both(option, a, b) and same(option, a, b) for option in options)
    return bool(a == b)


def _both(option: Shape, a: Any, b: Any) -> bool:
    """Whether two canonical values both are of a shape, so that its limits speak of them."""
    try:
        return bool(canonical(option, a, OWN) == a and canonical(option, b, OWN) == b)
    except Unreadable:
        return False


def within(near: Near, a: Decimal, b: Decimal) -> bool:
    """Return whether two numbers lie within a limit; limits are taken as the decimals that are written."""
    limit = max(Decimal(str(near.absolute)), Decimal(str(near.relative)) * max(abs(a), abs(b)))
    return abs(a - b) <= limit
