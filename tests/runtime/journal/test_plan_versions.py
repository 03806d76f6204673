"""The versions of plans are read from the journal alone, which may be anybody's."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.revision import Report, Revision
from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.plan_versions import evidence_in, version_chains
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import EVIDENCE, Counts, Record, record_of_revision

WRONG = Evidence(Assumption("gate", "left"), "contradicts")


def revision(parent: int) -> Revision:
    return Revision(parent, "evidence", (Report((0,), WRONG),))


def journal(*records: Record, revisions: int = 1) -> Any:
    kept = {"/": records[::2], "/#1": records[1::2], "pilot": ()}
    return SimpleNamespace(
        totals=Counts(revisions=revisions),
        segments=lambda: list(kept),
        payloads=lambda key: [pack([one]) for one in kept[key]],
    )


def test_chains_are_put_together_from_all_segments() -> None:
    records = [
        record_of_revision((), revision(1)),
        record_of_revision((), revision(0)),
        record_of_revision((4,), revision(0)),
    ]
    chains = version_chains(journal(*records, revisions=3))
    assert list(chains) == [(), (4,)]
    assert [one.version for one in chains[()].versions] == [0, 1, 2]


def test_a_run_without_revisions_is_not_read() -> None:
    assert version_chains(SimpleNamespace(totals=Counts())) == {}  # type: ignore[arg-type]


def test_a_missing_version_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(JournalError, match="do not follow each other: version 1 is revised, and the newest is 0"):
        version_chains(journal(record_of_revision((), revision(1))))


@pytest.mark.parametrize("text", ["", "{", '{"parent": "x"}', '{"parent": 0, "because": "mood", "triggers": []}'])
def test_what_cannot_be_read_is_one_error(text: str) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        version_chains(journal(Record((), "revised", 0, 0, 0, (text,))))


def test_evidence_is_read_as_it_was_written() -> None:
    kept = tuple(msgspec.json.encode(one).decode() for one in (WRONG, WRONG))
    assert evidence_in(Record((), EVIDENCE, 0, 0, 0, kept)) == (WRONG, WRONG)
