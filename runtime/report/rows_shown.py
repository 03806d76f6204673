"""What a report shows of a run over a table: how many rows have an answer, which have none and why, and the votes."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from surefoot.runtime.untrusted import one_line

FAILED = 50
"""Rows without an answer that are listed."""
FIRST = 20
"""Rows with an answer that are listed: those with the smallest margins."""
KINDS = 12
"""Kinds of errors that are counted apart."""


class Row(Protocol):
    """What came of one row, as ``surefoot.runtime.session.row_results.RowResult`` has it."""

    @property
    def row(self) -> int:
        """Return the number of the row, 0-based."""
        ...

    @property
    def answer(self) -> Any:
        """Return the answer as builtin values."""
        ...

    @property
    def error(self) -> str:
        """Return why there is no answer; empty if there is one."""
        ...

    @property
    def votes(self) -> int:
        """Return the ballots for the answer."""
        ...

    @property
    def margin(self) -> int:
        """Return them less those for the second."""
        ...

    @property
    def flags(self) -> dict[str, int]:
        """Return how many replies were discarded, by red flag."""
        ...


class ShownRow(msgspec.Struct, frozen=True, order=True):
    """One row of the table as the page lists it; ``text`` is its answer or its error, untrusted."""

    margin: int
    votes: int
    row: int
    text: str
    flags: str = ""


class RowsShown(msgspec.Struct, frozen=True):
    """A table in a report.

    Attributes:
        count: Rows.
        answered: Rows with an answer.
        waiting: Rows that nobody has answered yet.
        failed: Rows without an answer, the first ones.
        errors: How many rows failed with which error.
        votes: How many rows were decided by (votes, margin).
        close: Rows with the smallest margins.
    """

    count: int
    answered: int
    waiting: int
    failed: tuple[ShownRow, ...]
    errors: tuple[tuple[str, int], ...]
    votes: tuple[tuple[tuple[int, int], int], ...]
    close: tuple[ShownRow, ...]


UNANSWERED = ("not answered yet", "waits for a person")
"""Errors of rows that have not failed."""


def rows_shown(results: Iterable[Row]) -> RowsShown:
    """Look through the results of a table once, a row in memory at a time."""
    count = answered = waiting = 0
    failed: list[ShownRow] = []
    close: list[ShownRow] = []
    errors: Counter[str] = Counter()
    votes: Counter[tuple[int, int]] = Counter()
    for one in results:
        count += 1
        if one.error:
            waiting += one.error in UNANSWERED
            kind = one.error.partition(";")[0][:100]
            errors[kind if kind in errors or len(errors) < KINDS else "other errors"] += 1
            if len(failed) < FAILED:
                failed.append(ShownRow(0, 0, one.row, one_line(one.error)))
            continue
        answered += 1
        votes[one.votes, one.margin] += 1
        if len(close) < FIRST or (one.margin, one.votes, one.row) < (close[-1].margin, close[-1].votes, close[-1].row):
            flags = ", ".join(f"{name} {number:,}" for name, number in sorted(one.flags.items()))
            close.append(ShownRow(one.margin, one.votes, one.row, _answer(one.answer), flags))
            close = sorted(close)[:FIRST]
    return RowsShown(
        count,
        answered,
        waiting,
        tuple(failed),
        tuple(errors.most_common()),
        tuple(votes.most_common(KINDS)),
        tuple(close),
    )


def _answer(value: Any) -> str:
    return one_line(value if isinstance(value, str) else msgspec.json.encode(value).decode(), 300)
