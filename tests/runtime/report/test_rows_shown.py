"""What a report shows of a table: counts that add up, errors by kind, and the closest votes."""

from surefoot.runtime.report.rows_shown import FAILED, FIRST, KINDS, rows_shown
from surefoot.runtime.session.row_results import RowResult


def test_counts_add_up() -> None:
    results = [RowResult(0, "a", "", 2, 2), RowResult(1, error="ValueError: no; row 1"), RowResult(2, "b", "", 3, 1)]
    results += [RowResult(3, error="not answered yet"), RowResult(4, error="ValueError: no; row 4")]
    found = rows_shown(results)
    assert (found.count, found.answered, found.waiting) == (5, 2, 1)
    assert dict(found.errors) == {"ValueError: no": 2, "not answered yet": 1}
    assert dict(found.votes) == {(2, 2): 1, (3, 1): 1}
    assert [one.row for one in found.close] == [2, 0], "the narrowest first"


def test_a_large_table_takes_little() -> None:
    many = (RowResult(n, "x" * 5000, f"E{n}: x" if n % 2 else "", 2, 1 + n % 7) for n in range(5000))
    found = rows_shown(many)
    assert (len(found.failed), len(found.close)) == (FAILED, FIRST)
    assert len(found.errors) == KINDS + 1
    assert sum(number for _, number in found.errors) == 2500
    assert {one.margin for one in found.close} == {1}
    assert max(len(one.text) for one in found.close) <= 400
