"""A certificate says one thing: a proof without a bound beside it, a bound, or why there is none."""

import msgspec
import pytest

from surefoot.runtime.report.certificate_text import certificate_text
from surefoot.voting.certificate import Certificate, Evidence, certify

PROOF = "every step passed its checks"
LOOSE = certify(Evidence(races={1: {1: 500}}))
TIGHT = certify(Evidence(races={12: {12: 100}}))


def test_a_proof_has_no_bound_beside_it() -> None:
    text = certificate_text(msgspec.structs.replace(LOOSE, proof=PROOF), finished=True)
    assert (text.headline, text.good, text.stronger) == ("no wrong step", True, "")
    assert PROOF in text.known
    assert "%" not in text.headline + text.known


def test_without_the_proof_the_same_ballots_give_no_useful_bound() -> None:
    text = certificate_text(LOOSE, finished=True)
    assert (text.headline, text.good) == ("no useful bound", False)
    assert "with a lead of" in text.stronger
    assert "at most" not in text.headline + text.known


def test_a_small_bound_needs_nothing() -> None:
    text = certificate_text(TIGHT, finished=True)
    assert text.headline.startswith("any wrong step: at most ")
    assert (text.good, text.stronger) == (True, "")
    assert "With 95 % confidence" in text.known


def test_violated_assumptions_leave_no_bound() -> None:
    text = certificate_text(msgspec.structs.replace(TIGHT, violations=("a drift",)), finished=True)
    assert text.headline == "no bound"
    assert "violated: a drift" in text.known
    assert "at most" not in text.known


def test_no_ballots_are_no_certificate() -> None:
    assert certificate_text(certify(Evidence()), finished=True).headline == "nothing voted on"


@pytest.mark.parametrize("found", [LOOSE, TIGHT])
def test_what_is_not_finished_and_what_a_person_decided_are_said(found: Certificate) -> None:
    assert "as far as it goes" in certificate_text(found, finished=False).known
    assert "as far as it goes" not in certificate_text(found, finished=True).known
    assert "2 steps were decided by a person" in certificate_text(found, finished=True, by_person=2).known


def test_a_table_is_spoken_of_in_rows() -> None:
    text = certificate_text(LOOSE, finished=True, unit="row")
    assert "the table has a wrong row" in text.known
    assert "--row-target" in text.stronger
