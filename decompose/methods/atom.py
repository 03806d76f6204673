"""Contract a question into a simpler one with the same answer, again and again (Atom of Thoughts, arXiv 2502.12018).

A state is one question that stands for itself. It is split into sub-questions that say which of the others they need;
those that need none are answered, and what is left is put as a new question, in which they are known. A judge says
whether the new question has the same answer. If so, it is the state and everything before it is forgotten.

The loop ends when a question needs no splitting, when the new one is no simpler, when the judge rejects it, or after
``DEEPEST`` contractions; then the last question that was accepted is answered. (The released code makes one pass.)
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from surefoot.decompose.methods.asking import (
    ANSWER,
    LONGEST_LINE,
    PART,
    YES_OR_NO,
    Asking,
    Goal,
    Turn,
    Wording,
    child,
    labelled,
    read_yes_or_no,
)
from surefoot.decompose.methods.direct import context_of
from surefoot.decompose.methods.two_stage import MOST_PARTS, NONE, read_split
from surefoot.decompose.plan import Expansion, failure_of
from surefoot.decompose.step import Done, Flag, Role, Step

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

DEEPEST = MOST_PARTS
"""Contractions of one question, at most: as many as it may have sub-questions, each of which needs the one before."""


def _read_question(problem: "Problem", step: Step, text: str) -> str | Flag:
    # It may be as long as the question that it came from; a longer one would be no simpler.
    said = labelled(text, "Question", max(LONGEST_LINE, len("Question: ") + len(step.reads.question)))
    return said if said else Flag("misformatted", "no line 'Question: ...'")


SPLIT = Wording(
    "Split the question into sub-questions that say which of the others they need, or say that it needs none.",
    "Write one line each: 1. <a sub-question>, where #1 in a later one stands for the answer to the first\n"
    f"or one line: Sub-questions: {NONE}",
    Role.TASK_DECOMPOSER,
    read_split,
    1 << 16,
)
CONTRACT = Wording(
    "Put the question again as a simpler one with the same answer, in which what was found is known.",
    "End with one line: Question: <a question that stands for itself>",
    Role.PREDICTOR,
    _read_question,
    1 << 14,
)
JUDGE = Wording("Do these two questions have the same answer?", YES_OR_NO, Role.MONITOR, read_yes_or_no)


class Atom(Asking, frozen=True):
    """Contractions of one question; the board is the question that stands now, and how many led to it.

    Attributes:
        judged: Whether a judge holds each contraction against the question it came from; without, all are accepted.
    """

    judged: bool = True
    wordings: ClassVar[Mapping[str, Wording]] = {
        "dependencies": SPLIT,
        "part": PART,
        "contract": CONTRACT,
        "judge": JUDGE,
        "answer": ANSWER,
    }

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Contract the question that stands now once, or answer it."""
        if goal.part == "independent":
            return Done((yield self.ask("part", goal, goal.text)))
        question, depth = board or (goal.text, 0)
        context = context_of(problem, goal)
        said = yield self.ask("dependencies", goal, question, context)
        independent = [part for part in said.split("\n") if "#" not in part] if said != NONE else []
        if independent and depth < DEEPEST:
            simpler = yield from self._contracted(goal, question, tuple(independent))
            if simpler is not None:
                return (simpler, depth + 1)
        return Done((yield self.ask("answer", goal, question, context)))

    def _contracted(self, goal: Goal, question: str, independent: tuple[str, ...]) -> Turn:
        """A simpler question with the same answer, or ``None`` where there is none that the judge accepts."""
        parts = tuple(child(Goal(part, goal.number, "independent", goal.depth + 1)) for part in independent)
        found = yield Expansion(parts)
        if any(failure_of(one) is not None for one in found):
            return None
        told = tuple(
            line for part, one in zip(independent, found, strict=True) for line in (("Asked", part), ("Found", one))
        )
        simpler = yield self.ask("contract", goal, question, told)
        # One that is no shorter would be contracted for ever.
        if len(simpler.split()) >= len(question.split()):
            return None
        if not self.judged:
            return simpler
        same = yield self.ask("judge", goal, "", (("First", question), ("Second", simpler)))
        return simpler if same == "yes" else None
