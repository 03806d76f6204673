"""Prompt templates: a text with ``{fields}``, filled from a row, and nothing else.

What stands between braces is a name of a field, whole: ``{Invoice No.}`` and ``{a.b}`` are fields with these names.
There are no attributes, no indices and no format codes, so neither a template nor a row can reach anything else. ``{{``
and ``}}`` are braces. Braces in a row's values are text: a template is filled once, from left to right.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

TOKEN = re.compile(r"\{\{|\}\}|\{([^{}\n]++)\}|[{}]")
SHOWN = 12
"""Known fields that an error names at most."""


class Template(msgspec.Struct, frozen=True):
    """A prompt text with ``{fields}`` to be filled from a row.

    Attributes:
        text: As written.

    Raises:
        ValueError: A brace stands alone. One line that says where.
    """

    text: str

    def __post_init__(self) -> None:
        for match in TOKEN.finditer(self.text):
            if match[0] in ("{", "}"):
                line = self.text.count("\n", 0, match.start()) + 1
                raise ValueError(f"line {line} of the template has a lone {match[0]}: write {match[0] * 2} for a brace")

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the template's fields, each once, in order."""
        return tuple(dict.fromkeys(match[1] for match in TOKEN.finditer(self.text) if match[1] is not None))

    def check(self, known: Iterable[str]) -> None:
        """Raise unless every field of the template is known.

        Raises:
            ValueError: A field is not known. One line that names it and those that are.
        """
        names = list(known)
        for field in self.fields:
            if field not in names:
                shown = ", ".join(map(_named, names[:SHOWN])) + (
                    f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
                )
                raise ValueError(f"the template asks for {{{field}}}, and the fields are: {shown or 'none'}")

    def fill(self, row: Mapping[str, Any]) -> str:
        """Fill in a row's values: texts as they are, nothing as an empty text, anything else as JSON.

        Raises:
            ValueError: A field is missing from the row.
        """
        if any(field not in row for field in self.fields):
            self.check(row)
        return TOKEN.sub(lambda match: match[0][0] if match[1] is None else _said(row[match[1]]), self.text)


def _named(name: str) -> str:
    """A name as it is, and in quotes where blanks, commas or what is not shown would hide where it ends."""
    return name if name.strip() == name != "" and "," not in name and name.isprintable() else repr(name)


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    plain = msgspec.to_builtins(value, str_keys=True)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
