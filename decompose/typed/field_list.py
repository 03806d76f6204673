"""A record type written as text, for the command line: ``vendor: text, total: money, day: date, kind: a|b``."""

import datetime
import re
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from surefoot.decompose.typed.annotations import Money, Text

KINDS: dict[str, Any] = {
    "text": Annotated[str, Text(spaces="collapse")],
    "exact": str,
    "integer": int,
    "number": float,
    "money": Annotated[Decimal, Money()],
    "date": datetime.date,
    "bool": bool,
    "prose": Annotated[str, Text(prose=True)],
}
"""Types by the word that stands for them; ``text`` ignores differences of white space, ``exact`` does not, and
``prose`` is free text that is not voted on: it is taken from the record that wins."""

# Names that begin with two underscores are Python's own, such as ``__dict__``: no struct can be made of them.
FIELD = re.compile(r"\s*((?!__)[A-Za-z_]\w{0,63})\s*(?::\s*(.{1,1000}))?\s*", re.DOTALL)


def type_of_fields(text: str) -> Any:
    """Return the type that a list of fields describes: a record, or for the one field ``answer`` its own type.

    Args:
        text: Fields separated by commas, each ``name: kind``; a kind is one of ``KINDS``, choices separated by ``|``,
            or ends in ``?`` if the field may be absent. ``text`` is meant where no kind is given.

    Raises:
        ValueError: A field cannot be read, or is there twice. One line that names it.
    """
    fields: dict[str, Any] = {}
    for part in text.split(","):
        match = FIELD.fullmatch(part)
        if match is None:
            raise ValueError(f"{part.strip()!r} is no field: write name: kind, such as total: money")
        name, kind = match[1], (match[2] or "text").strip()
        if name in fields:
            raise ValueError(f"field {name} is there twice")
        fields[name] = _kind(name, kind)
    # A lone answer needs no record around it.
    if list(fields) == ["answer"]:
        return fields["answer"]
    return msgspec.defstruct("Answer", list(fields.items()), frozen=True, kw_only=True)


def _kind(name: str, text: str) -> Any:
    if text.endswith("?"):
        return _kind(name, text[:-1].strip()) | None
    if "|" in text:
        choices = tuple(one.strip() for one in text.split("|"))
        return Literal[choices]
    if text not in KINDS:
        raise ValueError(f"field {name}: there is no kind {text!r}; use {', '.join(KINDS)}, or choices as in a|b")
    return KINDS[text]
