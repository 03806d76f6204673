"""Plans have versions: each names its parent and what made it necessary."""

import msgspec
import pytest

from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.revision import PlanVersion, Report, Revision, StaleRevision, findings_of, first_version

WRONG = Evidence(Assumption("gate", "left"), "contradicts", found="right")


def revision(parent: int, because: str = "evidence") -> Revision:
    return Revision(parent, because, (Report((0, 1), WRONG),), (Assumption("gate", "left"),), (1, 2))  # type: ignore[arg-type]


def test_a_revision_makes_a_new_chain_and_leaves_the_old_one() -> None:
    first = first_version((3,))
    second = first.revised(revision(0))
    assert first.versions == (PlanVersion((3,)),)
    assert second.head == PlanVersion((3,), 1, 0, revision(0))
    assert [one.version for one in second.revised(revision(1)).versions] == [0, 1, 2]


def test_a_revision_of_an_older_version_is_refused() -> None:
    chain = first_version(()).revised(revision(0))
    with pytest.raises(StaleRevision, match="version 0 is revised, and the newest is 1"):
        chain.revised(revision(0))


def test_findings_are_what_evidence_said_and_not_what_was_only_said_again() -> None:
    chain = first_version(()).revised(revision(0)).revised(revision(1, "restated"))
    assert chain.findings.evidence == (WRONG,)
    assert chain.findings.before == (Assumption("gate", "left"),)
    assert findings_of(()) == first_version(()).findings


def test_a_revision_is_kept_as_json_and_says_why_in_words() -> None:
    kept = msgspec.json.decode(msgspec.json.encode(revision(4)), type=Revision)
    assert kept == revision(4)
    assert (kept.version, str(kept)) == (5, "gate = left does not hold: it is right")
    assert str(revision(0, "restated")).startswith("restated: ")
