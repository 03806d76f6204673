"""A row's own columns beside its result: their names, and types that hold for the whole table."""

import json
import pathlib
from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

Kind = Literal["int", "float", "bool", "text"]

RESULT: Final = ("row", "answer", "error", "votes", "margin", "flags", "cost_usd", "by_person")
"""Names of what a result has of its own; a column of the table with one of them gets ``OWN`` before it."""
OWN: Final = "input_"
"""What stands before the name of a column that is called like something of a result."""


class RowInputs(msgspec.Struct, frozen=True):
    """The rows that a run keeps, as columns that stand before the results.

    Attributes:
        path: The file of rows; see ``surefoot.runtime.session.table``.
    """

    path: pathlib.Path

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the columns of each row in order; none of a row that could not be read."""
        with self.path.open("rb") as file:
            for line in file:
                row = msgspec.json.decode(line)
                yield {shown(name): value for name, value in row.items()} if isinstance(row, dict) else {}

    def columns(self) -> dict[str, Kind]:
        """Return the columns of all rows with their types, from one pass over the file: rows may differ."""
        kinds: dict[str, set[type]] = {}
        for row in self.rows():
            for name, value in row.items():
                kinds.setdefault(name, set()).add(_kind(value))
        return {name: _column(found - {type(None)}) for name, found in kinds.items()}


def shown(name: str) -> str:
    """Return what a column of the table is called beside results: no two columns have one name.

    So ``votes`` is ``input_votes``, and ``input_votes`` is ``input_input_votes``, whatever else the table has: results
    may be asked about again, as often as one likes.
    """
    bare = name
    while bare.startswith(OWN):
        bare = bare.removeprefix(OWN)
    return f"{OWN}{name}" if bare in RESULT else name


def as_kind(value: Any, kind: Kind) -> Any:
    """Return a value as its column holds it: what is not text in a column of text is JSON."""
    if value is None or kind != "text":
        return value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _kind(value: Any) -> type:
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return str  # no column of numbers takes it
    return type(value)


def _column(kinds: set[type]) -> Kind:
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int"
    return "float" if kinds and kinds <= {int, float} else "text"
