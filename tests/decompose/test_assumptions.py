"""What plans take for granted, and what is found against it."""

import pytest

from surefoot.decompose.assumptions import Assumption, Evidence, Findings, restated, rests, told

LEFT, RIGHT = Assumption("gate", "left"), Assumption("gate", "right")
SHUT = Evidence(LEFT, "contradicts", found="right")


@pytest.mark.parametrize(
    ("evidence", "text", "refutes"),
    [
        (SHUT, "gate = left does not hold: it is right", True),
        (Evidence(Assumption("old rows are clean"), "supports"), "old rows are clean holds", False),
        (Evidence(None, "unsolvable"), "the node cannot be solved", True),
    ],
)
def test_evidence_says_what_it_is_about(evidence: Evidence, text: str, refutes: bool) -> None:
    assert (str(evidence), evidence.refutes) == (text, refutes)


def test_findings_know_what_was_refuted_and_what_was_found_instead() -> None:
    findings = Findings((SHUT, Evidence(Assumption("bridge"), "contradicts"), Evidence(RIGHT, "supports")))
    assert findings.refuted("gate") == ("left",)
    assert (findings.found("gate"), findings.found("bridge", "unknown")) == ("right", "unknown")


def test_only_findings_among_the_inputs_are_replaced() -> None:
    findings = Findings((SHUT,))
    assert told(("start", Findings(), 3), findings) == ("start", findings, 3)
    assert told(("start", 3), findings) == ("start", 3)


def test_an_assumption_is_a_name_and_a_value() -> None:
    assert rests((LEFT,), LEFT)
    assert not rests((LEFT,), RIGHT)
    assert not rests((LEFT,), None)


def test_an_assumption_that_was_refuted_is_found_when_it_is_made_again() -> None:
    findings = Findings((Evidence(LEFT, "supports"), SHUT))
    assert restated((RIGHT, LEFT), findings) == SHUT
    assert restated((RIGHT,), findings) is None
