"""What is written into a prompt about the form of the answer."""

import json

from surefoot.decompose.typed.shape_of import fields_of
from surefoot.decompose.typed.shapes import (
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
    is_scalar,
)
from surefoot.decompose.typed.strict_schema import ANSWER

ISO = {
    "date": '"YYYY-MM-DD"',
    "datetime": '"YYYY-MM-DDThh:mm:ss"',
    "time": '"hh:mm:ss"',
    "uuid": "UUID",
}


def asked_form(shape: Shape, structured: bool = False) -> str:
    """Return the sentence that asks for an answer of a shape.

    Args:
        shape: Of the answer.
        structured: Whether the server holds the reply to the schema, which wants an object in every case.
    """
    form = form_of(shape)
    if isinstance(shape, RecordShape):
        return f"End your reply with one JSON object of this form:\n{form}"
    if structured:
        return f'End your reply with one JSON object of this form:\n{{"{ANSWER}": {form}}}'
    if is_scalar(shape):
        return f"End your reply with one line of this form:\nAnswer: <{form}>"
    return f"End your reply with one JSON value of this form:\n{form}"


def form_of(shape: Shape, within: tuple[RecordShape, ...] = ()) -> str:
    """Return a shape as one would write it down for a person.

    Args:
        shape: What to describe.
        within: Records around it, which are not described again.
    """
    match shape:
        case TextShape():
            return "text"
        case TruthShape():
            return "true or false"
        case NullShape():
            return "null"
        case NumberShape(kind):
            return "whole number" if kind == "int" else "number"
        case ChoiceShape(values):
            return " or ".join(json.dumps(value, ensure_ascii=False) for value in values)
        case IsoShape(kind):
            return ISO[kind]
        case ListShape(item):
            return f"[{form_of(item, within)}, ...]"
        case TupleShape(items):
            return f"[{', '.join(form_of(item, within) for item in items)}]"
        case MapShape(_, value):
            return f'{{"name": {form_of(value, within)}, ...}}'
        case UnionShape(options, _):
            return " or ".join(form_of(option, within) for option in options)
        case RecordShape():
            return _record(shape, within)
    return "any JSON value"


def _record(shape: RecordShape, within: tuple[RecordShape, ...]) -> str:
    if shape in within:
        return f"another {shape.cls.__name__} like the one around it"
    fields = [f"{json.dumps(one.name)}: {form_of(one.shape, (*within, shape))}" for one in fields_of(shape)]
    return f"{{{', '.join(fields)}}}"
