"""Canonical forms of single values: texts, truth values, numbers, choices, dates. See ``canonical``."""

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
from surefoot.decompose.typed.numerals import GROUP, as_float, as_int, bounded, may_be_grouped, plain, read_number
from surefoot.decompose.typed.shapes import ChoiceShape, IsoShape, NumberShape

TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
PYTHON = Number(group="")
NOTHING = ("null", "none")
ISO_FORMS = {
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "datetime": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{5,8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9:]{5})?"),
    "time": re.compile(r"[0-9:]{5,8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9:]{5})?"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}


class Unreadable(ValueError):
    """A value is not one of the type. The message is for people and may quote a reply: untrusted."""


class Reading(msgspec.Struct, frozen=True):
    """How a value is read: from which kind of text, and written by whom.

    Attributes:
        line: Whether it is the text of an answer line, where a text is what is left when nothing else fits.
        own: Whether the user's own type has written it: numbers in texts are in Python's notation then, whatever a
            model is to use, and fields that the type leaves out may lack.
        tried: How many choices between lists or between objects lie around it, each of which may be tried again.
    """

    line: bool = False
    own: bool = False
    tried: int = 0


STATED = Reading()
"""What a reply states as JSON."""
OWN = Reading(own=True)
"""What the user's own type has written."""


def spelled(text: str, rule: Text) -> str:
    """Return a text without the differences that its type says do not matter."""
    if not rule.case:
        text = unicodedata.normalize("NFD", text).casefold()  # Unicode 3.13, D145: folded in its decomposed form
    text = unicodedata.normalize("NFC", text)
    if rule.ends:
        text = text.strip(rule.ends + string.whitespace)
    if rule.spaces == "keep":
        return text
    return text.strip() if rule.spaces == "strip" else " ".join(text.split())


def truth(value: Any) -> bool:
    """Read a truth value, also one in words such as ``yes``."""
    said = TRUTHS.get(value.strip().casefold()) if isinstance(value, str) else value
    if not isinstance(said, bool):
        raise Unreadable(f"neither true nor false, but {shown(value)}")
    return said


def number(shape: NumberShape, value: Any, how: Reading) -> Any:
    """Read a number: an int or float, or a text for a Decimal."""
    rule = PYTHON if how.own else shape.rule
    said = read_number(value, rule) if isinstance(value, str) else exact(value)
    if said is None:
        raise Unreadable(f"no number that can be used: {shown(value)}")
    if isinstance(value, str) and not how.own and _has_few_places(shape) and may_be_grouped(value, rule):
        raise Unreadable(f"may be a thousand times as much, if its point stands between groups: {shown(value)}")
    made: Any
    if shape.kind == "decimal":
        made = plain(said, shape.rule.places if isinstance(shape.rule, Money) else None)
    else:
        made = as_int(said) if shape.kind == "int" else as_float(said)
    if made is None:
        raise Unreadable(f"not a number of the kind {shape.kind}: {shown(value)}")
    return made


def _has_few_places(shape: NumberShape) -> bool:
    """Whether a number of this kind is never written with three places, so that three figures may be a group."""
    return shape.kind == "int" or (isinstance(shape.rule, Money) and shape.rule.places < GROUP)


def exact(value: Any) -> Decimal | None:
    """Return a number as an exact ``Decimal``; ``None`` for one that cannot be used, such as infinity."""
    return bounded(str(value)) if is_number(value) and value == value and abs(value) != float("inf") else None


def is_number(value: Any) -> bool:
    """Return whether a value is a number, which ``True`` is not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def choice(shape: ChoiceShape, value: Any) -> Any:
    """Return the declared choice that a value equals, else the only one that is spelled alike."""
    if is_number(value):
        value = as_int(one) if (one := exact(value)) is not None else value
    for one in shape.values:
        if type(value) is type(one) and value == one:
            return one
    if isinstance(value, str):
        alike = [one for one in shape.values if spelled(_word(one), shape.rule) == spelled(value, shape.rule)]
        if len(alike) == 1:
            return alike[0]
    raise Unreadable(f"none of the choices: {shown(value)}")


def _word(choice: Any) -> str:
    return choice if isinstance(choice, str) else json.dumps(choice)


def iso(shape: IsoShape, value: Any) -> str:
    """Return a date, time or UUID in its one spelling; a moment with a zone in UTC."""
    text = expect(value, str, f"a {shape.kind} as text").strip()
    if not ISO_FORMS[shape.kind].fullmatch(text):
        raise Unreadable(f"no {shape.kind} in its standard form: {shown(text)}")
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
        raise Unreadable(f"no {shape.kind} that exists: {shown(text)}") from error


def expect(value: Any, kind: type, what: str) -> Any:
    """Return a value if it is of an expected kind."""
    if not isinstance(value, kind):
        raise Unreadable(f"not {what}, but {shown(value)}")
    return value


def shown(value: Any) -> str:
    """Return a value as text for an error message, cut short; untrusted."""
    text = repr(value[:60]) if isinstance(value, str) else type(value).__name__ if value is not None else "nothing"
    return str(value)[:40] if is_number(value) else text
