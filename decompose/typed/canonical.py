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

import datetime
import json
import re
import string
import unicodedata
import uuid
from decimal import Decimal
from typing import Any

import msgspec

from surefoot.decompose.typed.annotations import Money, Number, Text
from surefoot.decompose.typed.numerals import as_float, as_int, bounded, plain, read_number
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

TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
PYTHON = Number(group="")
NOTHING = ("null", "none")
ISO_FORMS = {
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "datetime": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{5,8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9:]{5})?"),
    "time": re.compile(r"[0-9:]{5,8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9:]{5})?"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}
KEY, VALUE = "key", "value"
"""Names by which a list of pairs stands for a dict; see ``strict_schema``."""


class Unreadable(ValueError):
    """A value is not one of the type. The message is for people and may quote a reply: untrusted."""


class Reading(msgspec.Struct, frozen=True):
    """How a value is taken.

    Attributes:
        line: Whether it is the text of an answer line, where a text is what is left when nothing else fits.
        own: Whether the user's own type has written it: numbers in texts are in Python's notation then, whatever a
            model is to use, and fields that the type leaves out may lack.
    """

    line: bool = False
    own: bool = False


OWN = Reading(own=True)


def written(value: Any) -> str:
    """A canonical value as its one text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical(shape: Shape, value: Any, how: Reading = Reading()) -> Any:  # noqa: B008  (a frozen value)
    """The canonical value, of builtin types.

    Args:
        shape: What it should be.
        value: Builtin values; numbers may be ``Decimal``. No deeper than a reader lets it be.
        how: Where it comes from.

    Raises:
        Unreadable: It is no such value. Says where and why.
    """
    match shape:
        case TextShape(rule):
            return spelled(_expect(value, str, "a text"), rule)
        case TruthShape():
            return _truth(value)
        case NullShape():
            if value is None or (isinstance(value, str) and value.strip().casefold() in NOTHING):
                return None
            raise Unreadable(f"not nothing, but {_shown(value)}")
        case NumberShape():
            return _number(shape, value, how)
        case ChoiceShape():
            return _choice(shape, value)
        case IsoShape():
            return _iso(shape, value)
        case AnyShape():
            return _anything(value)
        case UnionShape(options):
            return _first_fit(options, value, how)
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
            return _record(shape, _expect(value, dict, "an object"), how)
    raise AssertionError(shape)


def spelled(text: str, rule: Text) -> str:
    """A text with what its type says does not matter taken out."""
    if not rule.case:
        text = unicodedata.normalize("NFD", text).casefold()  # Unicode 3.13, D145: folded in its decomposed form
    text = unicodedata.normalize("NFC", text)
    if rule.ends:
        text = text.strip(rule.ends + string.whitespace)
    if rule.spaces == "keep":
        return text
    return text.strip() if rule.spaces == "strip" else " ".join(text.split())


def fits_exactly(shape: Shape, value: Any) -> bool:
    """Whether a value is of the JSON kind that a shape has, before anything is read from texts."""
    match shape:
        case TextShape() | IsoShape():
            return isinstance(value, str)
        case TruthShape():
            return isinstance(value, bool)
        case NullShape():
            return value is None
        case NumberShape():
            return _is_number(value)
        case ChoiceShape(values):
            return any(type(value) is type(one) and value == one for one in values)
        case ListShape() | TupleShape():
            return isinstance(value, list)
        case MapShape() | RecordShape():
            return isinstance(value, dict)
    return isinstance(shape, AnyShape)


def _first_fit(options: tuple[Shape, ...], value: Any, how: Reading) -> Any:
    """The first option that can be read: those of the very kind first, on an answer line texts last."""
    if how.line:
        order = sorted(options, key=lambda one: isinstance(one, TextShape))
    else:
        order = sorted(options, key=lambda one: not fits_exactly(one, value))
    reasons = []
    for option in order:
        try:
            return canonical(option, value, how)
        except Unreadable as error:
            reasons.append(str(error))
    raise Unreadable(reasons[0])


def _truth(value: Any) -> bool:
    said = TRUTHS.get(value.strip().casefold()) if isinstance(value, str) else value
    if not isinstance(said, bool):
        raise Unreadable(f"neither true nor false, but {_shown(value)}")
    return said


def _number(shape: NumberShape, value: Any, how: Reading) -> Any:
    """A number: an int or float, a text for a Decimal."""
    rule = PYTHON if how.own else shape.rule
    number = read_number(value, rule) if isinstance(value, str) else _exact(value)
    if number is None:
        raise Unreadable(f"no number that can be used: {_shown(value)}")
    said: Any
    if shape.kind == "decimal":
        said = plain(number, shape.rule.places if isinstance(shape.rule, Money) else None)
    else:
        said = as_int(number) if shape.kind == "int" else as_float(number)
    if said is None:
        raise Unreadable(f"not a number of the kind {shape.kind}: {_shown(value)}")
    return said


def _exact(value: Any) -> Decimal | None:
    return bounded(str(value)) if _is_number(value) and value == value and abs(value) != float("inf") else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _choice(shape: ChoiceShape, value: Any) -> Any:
    """The declared value: the very one, else the only one that is spelled alike."""
    if _is_number(value):
        value = as_int(number) if (number := _exact(value)) is not None else value
    for one in shape.values:
        if type(value) is type(one) and value == one:
            return one
    if isinstance(value, str):
        alike = [one for one in shape.values if spelled(_word(one), shape.rule) == spelled(value, shape.rule)]
        if len(alike) == 1:
            return alike[0]
    raise Unreadable(f"none of the choices: {_shown(value)}")


def _word(choice: Any) -> str:
    return choice if isinstance(choice, str) else json.dumps(choice)


def _iso(shape: IsoShape, value: Any) -> str:
    text = _expect(value, str, f"a {shape.kind} as text").strip()
    if not ISO_FORMS[shape.kind].fullmatch(text):
        raise Unreadable(f"no {shape.kind} in its standard form: {_shown(text)}")
    try:
        if shape.kind == "uuid":
            return str(uuid.UUID(text))
        if shape.kind == "date":
            return datetime.date.fromisoformat(text).isoformat()
        if shape.kind == "time":
            return datetime.time.fromisoformat(text).isoformat()
        moment = datetime.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment.isoformat()
        return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"no {shape.kind} that exists: {_shown(text)}") from error


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
        pairs = list(_expect(value, dict, "an object").items())
    said: dict[str, Any] = {}
    for key, one in pairs:
        spelling = canonical(shape.key, key, how)
        name = spelling if isinstance(spelling, str) else json.dumps(spelling)
        if name in said:
            raise Unreadable(f"the key {_shown(name)} twice")
        said[name] = _at(name[:40], shape.value, one, how)
    return said


def _anything(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_anything(one) for one in value]
    if isinstance(value, dict):
        return _map(MapShape(TextShape(Text(spaces="keep")), AnyShape()), value, Reading())
    if not _is_number(value):
        return value
    number = _exact(value)
    said = None if number is None else as_float(number)
    if said is None:
        raise Unreadable(f"no number that can be used: {_shown(value)}")
    return said


def _at(where: str, shape: Shape, value: Any, how: Reading) -> Any:
    try:
        return canonical(shape, value, how)
    except Unreadable as error:
        raise Unreadable(f"{where}: {error}") from None


def _items(value: Any) -> list[Any]:
    """The values of a list; the user's own type may write tuples and sets."""
    return _expect(list(value) if isinstance(value, tuple | set | frozenset) else value, list, "a list")  # type: ignore[no-any-return]


def _expect(value: Any, kind: type, what: str) -> Any:
    if not isinstance(value, kind):
        raise Unreadable(f"not {what}, but {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """What a value looks like, cut short; untrusted."""
    text = repr(value[:60]) if isinstance(value, str) else type(value).__name__ if value is not None else "nothing"
    return str(value)[:40] if _is_number(value) else text
