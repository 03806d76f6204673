"""What a plan takes for granted, and what is found out against it while the plan runs.

A child of a plan says which assumptions it rests on. Its chain may report evidence at any step. Evidence against an
assumption revises the plan that made it; what was found travels to the next version as ``Findings``, a value among the
inputs of the node that is planned again, so that a question about the new plan shows it like any other fact.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

Verdict = Literal["supports", "contradicts", "unsolvable"]
"""What evidence says: the assumption holds, does not hold, or the node cannot be solved as it was given."""
Value = str | int | float | bool | None
"""A single fact. No lists: one that was read back from a journal must be equal to the one that was written."""


class Assumption(msgspec.Struct, frozen=True):
    """One thing that a plan takes for granted, as a name and the value that it is taken to have.

    Attributes:
        name: What it is about, such as ``"gate 3"``.
        value: What it is taken to be.
    """

    name: str
    value: Value = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name} = {self.value}"


class Evidence(msgspec.Struct, frozen=True):
    """What a step says about an assumption.

    Attributes:
        assumption: Which one, with the value that was held against what was seen; ``None`` for a node that cannot be
            solved whatever is assumed.
        verdict: What it says.
        strength: How sure, from 0 to 1; for people. What decides is the vote on the answer that it was read from.
        found: The value that was found instead, where one was.
    """

    assumption: Assumption | None
    verdict: Verdict
    strength: float = 1.0
    found: Value = None

    @property
    def refutes(self) -> bool:
        """Whether it speaks against what the plan rests on."""
        return self.verdict != "supports"

    def __str__(self) -> str:
        about = "the node" if self.assumption is None else str(self.assumption)
        says = {"supports": "holds", "contradicts": "does not hold", "unsolvable": "cannot be solved"}[self.verdict]
        return f"{about} {says}" + ("" if self.found is None else f": it is {self.found}")


class Findings(msgspec.Struct, frozen=True):
    """What was found out against the earlier versions of a plan: an input of the node whose plan it is.

    Attributes:
        evidence: In the order in which it revised the plan.
        before: What the version that was given up last took for granted, so that the next one can keep the rest.
    """

    evidence: tuple[Evidence, ...] = ()
    before: tuple[Assumption, ...] = ()

    def refuted(self, name: str) -> tuple[Value, ...]:
        """Return the values of an assumption that were refuted, in the order found."""
        return tuple(one.assumption.value for one in self.evidence if _is_about(one, name) and one.assumption)

    def found(self, name: str, unknown: Value = None) -> Value:
        """Return the value that was found for an assumption last, or ``unknown``."""
        values = [one.found for one in self.evidence if _is_about(one, name) and one.found is not None]
        return values[-1] if values else unknown


def _is_about(evidence: Evidence, name: str) -> bool:
    return evidence.refutes and evidence.assumption is not None and evidence.assumption.name == name


def told(inputs: tuple[Any, ...], findings: Findings) -> tuple[Any, ...]:
    """Return a node's inputs with every ``Findings`` among them replaced by what is known now."""
    return tuple(findings if isinstance(one, Findings) else one for one in inputs)


def rests(rests_on: Sequence[Assumption], assumption: Assumption | None) -> bool:
    """Return whether an assumption is among those that something rests on, name and value."""
    return assumption is not None and assumption in rests_on


def restated(rests_on: Sequence[Assumption], findings: Findings) -> Evidence | None:
    """Return the evidence against the first assumption that was refuted before and is made again, if there is one."""
    for assumption in rests_on:
        for evidence in findings.evidence:
            if evidence.refutes and evidence.assumption == assumption:
                return evidence
    return None
