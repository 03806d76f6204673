"""Evidence that ended its node is told from other evidence by the record alone, also by one that a stranger wrote."""

import msgspec
import pytest

from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.revision import Report
from surefoot.runtime.errors import JournalError
from surefoot.runtime.execution.reports import record_of_evidence, report_in
from surefoot.runtime.payloads import pack, unpack

SHUT = Evidence(Assumption("gate", "left"), "contradicts", found="right")
HOLDS = Evidence(Assumption("ford"), "supports")


def test_what_ended_the_node_is_the_report_of_a_record() -> None:
    record = record_of_evidence(((1, 2), 0, 7), [HOLDS, SHUT], SHUT)
    assert (record.attempt, record.first, len(record.entries)) == (0, 7, 2)
    [read] = unpack(pack([record]))
    assert report_in(read) == Report((1, 2), SHUT)


@pytest.mark.parametrize("ending", [None, HOLDS, Evidence(None, "unsolvable")])
def test_other_evidence_is_none(ending: Evidence | None) -> None:
    """A node that cannot be solved says so by its end."""
    found = [SHUT, HOLDS, Evidence(None, "unsolvable")]
    assert report_in(record_of_evidence(((1,), 0, 0), found, ending)) is None


def test_other_records_are_none_and_bad_ones_are_refused() -> None:
    record = record_of_evidence(((1,), 0, 0), [SHUT], SHUT)
    assert report_in(msgspec.structs.replace(record, part="run")) is None
    for bad in ({"children": (3,)}, {"entries": ("{",)}, {"entries": ('{"assumption": 3}',)}):
        with pytest.raises(JournalError, match="evidence cannot be read"):
            report_in(msgspec.structs.replace(record, **bad))
