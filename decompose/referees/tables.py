"""Scores the table of a run that answered all questions of a file. Nothing that decides imports it."""

from collections.abc import Callable, Sequence
from typing import Any

from surefoot.decompose.referees.verification import Verification


def marks_of_table(rows: Any, right: Sequence[str], normal: Callable[[Any], str] = str) -> Verification:
    """Compare the answers of a table with the right ones, row by row.

    Args:
        rows: As `surefoot.decompose.tasks.every_question.table_of` makes them; hostile.
        right: The right answers, in the same order.
        normal: Brings an answer to the form in which it is compared.
    """
    if not isinstance(rows, list) or len(rows) != len(right):
        return Verification(False, False, 0, "this is not a table with a row for each question")
    said = [row.get("answer") if isinstance(row, dict) else None for row in rows]
    wrong = [n for n, (one, wanted) in enumerate(zip(said, right, strict=True), 1) if _differs(one, wanted, normal)]
    if not wrong:
        return Verification(True, True, len(right))
    named = ", ".join(map(str, wrong[:5])) + (", ..." if len(wrong) > 5 else "")
    return Verification(True, False, len(right) - len(wrong), f"{len(wrong)} of {len(right)} are not right: {named}")


def _differs(answer: Any, wanted: str, normal: Callable[[Any], str]) -> bool:
    return answer is None or normal(answer) != wanted
