"""Split the question once, then answer it and its sub-questions in one go (Divide-or-Conquer, arXiv 2402.15000).

The decomposer is asked as the TaskDecomposer and the solver as the Actor: with ``--modules`` each has a model, votes
and a temperature of its own. The solver sees the sub-questions that won, and nothing else of what the decomposer said.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from surefoot.decompose.methods.asking import ANSWER, FORM, Asking, Goal, Turn, Wording, labelled, read_answer
from surefoot.decompose.methods.direct import context_of
from surefoot.decompose.step import Done, Flag, Role, Step

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

MOST_PARTS = 1000
"""Sub-questions of a question, at most."""
LONGEST_PART = 1000
"""Characters of a sub-question."""
NONE = "none"
"""What a decomposer says of a question that needs no sub-questions."""
_PART = re.compile(r"\s{0,8}(\d{1,4})[.)] {1,8}(\S.*)")


def read_parts(text: str) -> tuple[str, ...]:
    """Return the numbered sub-questions of a reply, or none where it says that none are needed.

    Raises:
        ValueError: There are none, too many, one twice, or one that refers to itself or to a later one. One line.
    """
    rows = [found for row in text.splitlines() if (found := _PART.fullmatch(row.rstrip())) is not None]
    parts = tuple(" ".join(found[2].split()) for found in rows)
    if not parts and (labelled(text, "Sub-questions") or "").rstrip(".").lower() == NONE:
        return ()
    if not 0 < len(parts) <= MOST_PARTS or max(map(len, parts)) > LONGEST_PART:
        raise ValueError(f"{len(parts):,} sub-questions, or one that is too long")
    if [int(found[1]) for found in rows] != list(range(1, len(parts) + 1)):
        raise ValueError("the sub-questions are not numbered 1, 2, 3, ...")
    if len(set(parts)) < len(parts):
        raise ValueError("a sub-question is asked twice")
    for number, part in enumerate(parts, start=1):
        if any(not 0 < int(named) < number for named in re.findall(r"#(\d{1,6})", part)):
            raise ValueError(f"sub-question {number} refers to an answer that is not known then")
    return parts


def read_split(problem: "Problem", step: Step, text: str) -> str | Flag:
    """Read sub-questions as one candidate: a line each, or ``none``."""
    try:
        return "\n".join(read_parts(text)) or NONE
    except ValueError as error:
        return Flag("inconsistent", str(error))


SPLIT = Wording(
    "Split the question into sub-questions, or say that it needs none.",
    "Write one line each: 1. <a sub-question>, where #1 in a later one stands for the answer to the first\n"
    f"or one line: Sub-questions: {NONE}",
    Role.TASK_DECOMPOSER,
    read_split,
    1 << 16,
)
SOLVE = Wording(
    "Answer these sub-questions one after the other, and then the question.", FORM, Role.ACTOR, read_answer, 4096
)


class TwoStage(Asking, frozen=True):
    """One decomposition, voted on, and one solution, voted on."""

    wordings: ClassVar[Mapping[str, Wording]] = {"split": SPLIT, "solve parts": SOLVE, "answer": ANSWER}

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask for the sub-questions and then for all answers; a question that needs none is asked as it is."""
        context = context_of(problem, goal)
        said = yield self.ask("split", goal, goal.text, context)
        if said == NONE:
            return Done((yield self.ask("answer", goal, goal.text, context)))
        parts = tuple((f"Part {number}", part) for number, part in enumerate(said.split("\n"), start=1))
        return Done((yield self.ask("solve parts", goal, goal.text, (*context, *parts))))
