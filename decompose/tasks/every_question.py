"""All questions of a file in one run: a node for each of them, and one that puts their answers together as a table.

Questions do not depend on each other, so one that fails is one row without an answer.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref, failure_of

MOST_STEPS = 1_000_000
"""Steps of all questions together, as far as a plan is concerned: never so few that they would be run as one chain."""


class Every(msgspec.Struct, frozen=True, tag=True):
    """Answer all questions of a file."""


class Gather(msgspec.Struct, frozen=True, tag=True):
    """Put the answers to all questions together; the inputs are what their nodes returned, in the file's order."""


ROOT = Node((), Every(), ())
"""The root of a run that answers all questions."""


def all_of(nodes: Iterable[Node]) -> Expansion:
    """Return a child for each question's node, whose failure is its output, and one that gathers what they return."""
    children = [Child(node.goal, tuple(map(Literal, node.inputs)), may_fail=True) for node in nodes]
    return Expansion((*children, Child(Gather(), tuple(map(Ref, range(len(children)))))))


def table_of(questions: Sequence[tuple[str, str]], outputs: Sequence[Any]) -> list[dict[str, Any]]:
    """Return a row for each question: its id where it has one, the question, the answer, and why there is none.

    Args:
        questions: Id, which may be empty, and text of each.
        outputs: What its node returned: the answer, a plan of one answer, or a failure.
    """
    named, failed = any(identity for identity, _ in questions), any(map(failure_of, outputs))
    rows = []
    for (identity, text), output in zip(questions, outputs, strict=True):
        failure = failure_of(output)
        row: dict[str, Any] = {"id": identity} if named else {}
        row |= {"question": text, "answer": None if failure else _answer_in(output)}
        rows.append({**row, "why": failure.message if failure else ""} if failed else row)
    return rows


def _answer_in(output: Any) -> Any:
    """The answer itself, also where it comes as a plan of one action."""
    if not isinstance(output, dict) or "plan" not in output:
        return output
    return output["plan"][0] if output["plan"] else None
