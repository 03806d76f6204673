"""The canonical form of a value: equal answers, however they are written, become one text.

* names of objects are sorted, and there is no white space between tokens (JSON, UTF-8 characters as they are);
* texts are in Unicode's NFC, with case and white space as `annotations.Text` says;
* an ``int`` is written out, and ``1.0``, ``1e0`` and ``"1"`` are it; a ``float`` is the shortest text that gives the
  same double, without ``.0``; a ``Decimal`` is a text without zeros at its end, or with exactly its places (``Money``);
  there is no ``-0``, no ``NaN``, no infinity, and nothing out of bounds (`numerals`);
* a choice is the declared value; a date and time with a zone is in UTC; a set is sorted, each member once.

A number, truth value or nothing may be given as a text (``"1,000"``, ``"yes"``, ``"null"``), as models do: that is
form. What is missing is not supplied: every field has to be stated, defaults or not. Names that the type does not have
are passed over.
"""

import json
import unicodedata
from typing import Any

import msgspec

from surefoot.decompose.typed.annotations import Text
from surefoot.decompose.typed.numerals import as_float, as_int
from surefoot.decompose.typed.scalars import (
    NOTHING,
    STATED,
    Reading,
    Unreadable,
    choice,
    exact,
    expect,
    is_number,
    iso,
    number,
    shown,
    spelled,
    truth,
)
from surefoot.decompose.typed.shape_of import fields_of
from surefoot.decompose.typed.shapes import (
    AnyShape,
    ChoiceShape,
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

MOST_TRIED = 6
"""Levels at which several lists or objects of a union are tried in turn."""
KEY, VALUE = "key", "value"
"""Names by which a list of pairs stands for a dict; see ``strict_schema``."""


def written(value: Any) -> str:
    """Write a canonical value as its one text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical(shape: Shape, value: Any, how: Reading = STATED) -> Any:
    """Return the canonical value of builtin types that a value of some shape stands for.

    Args:
        shape: What it should be.
        value: Builtin values; numbers may be ``Decimal``. No deeper than a reader lets it be.
        how: Where it comes from.

    Raises:
        Unreadable: It is no such value. Says where and why.
    """
    match shape:
        case TextShape(rule):
            return spelled(expect(value, str, "a text"), rule)
        case TruthShape():
            return truth(value)
        case NullShape():
            if value is None or (isinstance(value, str) and value.strip().casefold() in NOTHING):
                return None
            raise Unreadable(f"not nothing, but {shown(value)}")
        case NumberShape():
            return number(shape, value, how)
        case ChoiceShape():
            return choice(shape, value)
        case IsoShape():
            return iso(shape, value)
        case AnyShape():
            return _anything(value)
        case UnionShape():
            return _first_fit(shape, value, how)
    return _container(shape, value, how)


def _container(shape: Shape, value: Any, how: Reading) -> Any:
    match shape:
        case ListShape(item, unordered):
            items = [_at(f"[{i}]", item, one, how) for i, one in enumerate(_items(value))]
            return [json.loads(text) for text in sorted({written(one) for one in items})] if unordered else items
        case TupleShape(shapes):
            if len(_items(value)) != len(shapes):
                raise Unreadable(f"{len(value)} values where there should be {len(shapes)}")
            return [_at(f"[{i}]", one, part, how) for i, (one, part) in enumerate(zip(shapes, value, strict=True))]
        case MapShape():
            return _map(shape, value, how)
        case RecordShape():
            return _record(shape, expect(value, dict, "an object"), how)
    raise AssertionError(shape)


def fits_exactly(shape: Shape, value: Any) -> bool:
    """Return whether a value is of the JSON kind that a shape has, before anything is read from texts."""
    match shape:
        case TextShape() | IsoShape():
            return isinstance(value, str)
        case TruthShape():
            return isinstance(value, bool)
        case NullShape():
            return value is None
        case NumberShape():
            return is_number(value)
        case ChoiceShape(values):
            return any(type(value) is type(one) and value == one for one in values)
        case ListShape() | TupleShape():
            return isinstance(value, list)
        case MapShape() | RecordShape():
            return isinstance(value, dict)
    return isinstance(shape, AnyShape)


def _first_fit(shape: UnionShape, value: Any, how: Reading) -> Any:
    """The first option that can be read: those of the very kind first, on an answer line texts last."""
    options = shape.options
    if isinstance(value, list | dict):
        options, how = _of_the_kind(shape, value, how)
    elif how.line:
        options = tuple(sorted(options, key=lambda one: isinstance(one, TextShape)))
    else:
        options = tuple(sorted(options, key=lambda one: not fits_exactly(one, value)))
    reasons = []
    for option in options:
        try:
            return canonical(option, value, how)
        except Unreadable as error:
            reasons.append(str(error))
    raise Unreadable(reasons[0] if reasons else f"none of the kinds that are asked for, but {shown(value)}")


def _of_the_kind(
    shape: UnionShape, value: list[Any] | dict[str, Any], how: Reading
) -> tuple[tuple[Shape, ...], Reading]:
    """The options that a list or object may be, judged without looking into its parts.

    Reading several at each level takes twice the time for each level; so does Pydantic, which has to read what is
    found here, unless a discriminator tells the options apart. So there may be `MOST_TRIED` such levels.
    """
    kind = [option for option in shape.options if _is_of_kind(option, value)]
    if len(kind) > 1 and not shape.told:
        if how.tried == MOST_TRIED:
            raise Unreadable(f"more than {MOST_TRIED} levels at which objects do not tell what they are")
        how = msgspec.structs.replace(how, tried=how.tried + 1)
    return tuple(one for one in kind if not isinstance(one, RecordShape) or _has_the_names(one, value, how)), how


def _is_of_kind(shape: Shape, value: list[Any] | dict[str, Any]) -> bool:
    return fits_exactly(shape, value) or (isinstance(shape, MapShape) and isinstance(value, list))


def _has_the_names(shape: RecordShape, value: Any, how: Reading) -> bool:
    """Whether an object has the fields of a record, and those of its fields that are choices, such as its tag."""
    if not isinstance(value, dict):
        return False
    fields = fields_of(shape)
    if how.own and not value.keys() <= {field.name for field in fields}:
        return False
    for field in fields:
        if field.name not in value:
            if not (field.may_lack or how.own):
                return False
        elif isinstance(field.shape, ChoiceShape):
            try:
                choice(field.shape, value[field.name])
            except Unreadable:
                return False
    return True


def _record(shape: RecordShape, value: dict[str, Any], how: Reading) -> dict[str, Any]:
    said = {}
    for field in fields_of(shape):
        if field.name in value and not (field.may_lack and value[field.name] is None and not _takes_null(field.shape)):
            said[field.name] = _at(field.name, field.shape, value[field.name], how)
        elif not how.own and not field.may_lack:
            raise Unreadable(f"the field {field.name} is missing")
    return said


def _takes_null(shape: Shape) -> bool:
    return isinstance(shape, NullShape | AnyShape) or (
        isinstance(shape, UnionShape) and any(_takes_null(option) for option in shape.options)
    )


def _map(shape: MapShape, value: Any, how: Reading) -> dict[str, Any]:
    if isinstance(value, list):  # pairs, where a server cannot hold a model to names that are not known
        if not all(isinstance(pair, dict) and {KEY, VALUE} <= pair.keys() for pair in value):
            raise Unreadable("a list that is not one of pairs of key and value")
        pairs = [(pair[KEY], pair[VALUE]) for pair in value]
    else:
        pairs = list(expect(value, dict, "an object").items())
    said: dict[str, Any] = {}
    for key, one in pairs:
        spelling = canonical(shape.key, key, how)
        name = spelling if isinstance(spelling, str) else json.dumps(spelling)
        if name in said:
            raise Unreadable(f"the key {shown(name)} twice")
        said[name] = _at(name[:40], shape.value, one, how)
    return said


def _anything(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_anything(one) for one in value]
    if isinstance(value, dict):
        return _map(MapShape(TextShape(Text(spaces="keep")), AnyShape()), value, STATED)
    if not is_number(value):
        return value
    one = exact(value)
    said = None if one is None else (as_int(one) if as_int(one) is not None else as_float(one))
    if said is None:
        raise Unreadable(f"no number that can be used: {shown(value)}")
    return said


def _at(where: str, shape: Shape, value: Any, how: Reading) -> Any:
    try:
        return canonical(shape, value, how)
    except Unreadable as error:
        raise Unreadable(f"{where}: {error}") from None


def _items(value: Any) -> list[Any]:
    """The values of a list; the user's own type may write tuples and sets."""
    return expect(list(value) if isinstance(value, tuple | set | frozenset) else value, list, "a list")  # type: ignore[no-any-return]
