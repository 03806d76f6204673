"""What a run learned of its leads is read from its journal, and said to people."""

import pytest

from surefoot.runtime.journal.learned_leads import LEADS, learned_leads, told
from surefoot.runtime.leads import LeadChange
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Record


class Reader:
    """Has batches of learned leads, and nothing else."""

    def __init__(self, *changes: LeadChange) -> None:
        self._payloads = tuple(pack([Record((), "leads", 0, 0, 1, (), learned=change)]) for change in changes)

    def payloads(self, segment: str) -> tuple[bytes, ...]:
        return self._payloads if segment == LEADS else ()


FIRST = LeadChange(64, 3, 5, 7, 320, 9.0)
LAST = LeadChange(128, 2, 3, 7, 700, 12.0, disputed=5)
FRESH = LeadChange(130, 4, 4, 7, 0, 0.0, fresh=True)


def test_the_last_change_counts_unless_a_new_pilot_came_after_it() -> None:
    assert learned_leads(Reader()) is None  # type: ignore[arg-type]
    assert learned_leads(Reader(FIRST, LAST)) == LAST  # type: ignore[arg-type]
    assert learned_leads(Reader(FIRST, FRESH)) is None  # type: ignore[arg-type]
    assert learned_leads(Reader(FIRST, FRESH, LAST)) == LAST  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "unit", "said"),
    [
        (LAST, "row", "learned since: lead 3, 5 where answers disagree, after 128 rows"),
        (FIRST, "step", "learned since: lead 3 before a seam and 5, after 64 steps"),
        (LeadChange(2000, 3, 3, 5, 1, 0.0), "step", "learned since: lead 3, after 2,000 steps"),
    ],
)
def test_what_is_said_of_it(known: LeadChange, unit: str, said: str) -> None:
    assert told(known, unit) == said


@pytest.mark.parametrize(
    ("races", "said"),
    [
        ({"2": 2_900, "3": 100}, "; 2,900 rows were decided with less before, so more may be wrong than wanted"),
        ({"2": 64, "3": 2_936}, ""),
        ({"3": 2_900, "5": 100}, ""),
    ],
)
def test_rows_that_were_decided_with_less_are_told_where_they_are_many(races: dict[str, int], said: str) -> None:
    """They agreed, and are not asked again: the share of wrong rows may be above the target."""
    assert told(LAST, "row", races) == f"{told(LAST, 'row')}{said}"
    assert told(LAST, "step", races) == told(LAST, "step")
