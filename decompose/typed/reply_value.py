"""The answer in a reply, by the shape that is asked for: a JSON value, or what an answer line says."""

from typing import Any

from surefoot.decompose.typed.answer_line import last_line, unwrapped
from surefoot.decompose.typed.canonical import canonical
from surefoot.decompose.typed.json_texts import SURROGATE, Broken, Found, last_value
from surefoot.decompose.typed.scalars import STATED, Reading, Unreadable
from surefoot.decompose.typed.shapes import ListShape, RecordShape, Shape, TextShape, TupleShape, UnionShape, is_scalar
from surefoot.decompose.typed.strict_schema import ANSWER, EXPLANATION


def reply_value(shape: Shape, text: str) -> tuple[Any, Reading]:
    """Return the answer of a reply as builtin values, and how these are to be read.

    A record is the last object. An answer that fits on a line is the later one of the last answer line and the last
    object that holds nothing but an ``answer`` (and perhaps an ``explanation``). Any other answer is the last list or
    object of its kind, or such an object.

    Raises:
        Unreadable: There is none, or the last one broke off; or the reply is no text that can be stored.
    """
    if SURROGATE.search(text):
        raise Unreadable("half of a character")
    found = last_value(text, lambda value: _wanted(shape, value), lists=_may_be_list(shape))
    if is_scalar(shape):
        return _scalar(shape, text, found)
    if found is None:
        raise Unreadable("no JSON value of the kind that is asked for")
    if isinstance(found, Broken):
        raise Unreadable(found.reason)
    return _inner(shape, found.value), STATED


def _scalar(shape: Shape, text: str, found: Found | Broken | None) -> tuple[Any, Reading]:
    line = last_line(text)
    if found is not None and (line is None or not line.marked or found.start >= line.start):
        if isinstance(found, Broken):
            raise Unreadable(found.reason)
        return _inner(shape, found.value), STATED
    if line is None or not (line.marked or not _takes_any_text(shape)):
        raise Unreadable('no line "Answer: ..."')
    how = Reading(line=True)
    said = unwrapped(line.text)
    try:
        canonical(shape, said, how)
    except Unreadable:
        said = unwrapped(said.removesuffix("."))  # a full stop ends a sentence, unless it is part of the value
    return said, how


def _wanted(shape: Shape, value: Any) -> bool:
    if _is_outer(shape, value):
        return True
    return not is_scalar(shape) and (_may_be_list(shape) if isinstance(value, list) else _may_be_object(shape))


def _is_outer(shape: Shape, value: Any) -> bool:
    """Whether a value is the outer object of an answer that is no record."""
    if isinstance(shape, RecordShape) or not isinstance(value, dict):
        return False
    return ANSWER in value and value.keys() <= {ANSWER, EXPLANATION}


def _inner(shape: Shape, value: Any) -> Any:
    return value[ANSWER] if _is_outer(shape, value) else value


def _takes_any_text(shape: Shape) -> bool:
    if isinstance(shape, UnionShape):
        return any(_takes_any_text(option) for option in shape.options)
    return isinstance(shape, TextShape)


def _may_be_list(shape: Shape) -> bool:
    if isinstance(shape, UnionShape):
        return any(_may_be_list(option) for option in shape.options)
    return not is_scalar(shape) and not isinstance(shape, RecordShape)


def _may_be_object(shape: Shape) -> bool:
    if isinstance(shape, UnionShape):
        return any(_may_be_object(option) for option in shape.options)
    return not is_scalar(shape) and not isinstance(shape, ListShape | TupleShape)
