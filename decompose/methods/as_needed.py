"""Try first, and split only what could not be done (ADaPT, arXiv 2311.05772).

A question is tried as it is. Where the model says that it cannot be answered in one step, it is split into parts one
level down, each of which is tried in its turn: a tree that is as deep as the question is hard for this model.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from surefoot.decompose.methods.asking import Asking, Goal, Turn, Wording, child, labelled, read_answer
from surefoot.decompose.methods.direct import context_of
from surefoot.decompose.methods.two_stage import read_split
from surefoot.decompose.plan import Expansion, Ref, failure_of
from surefoot.decompose.step import Done, Flag, Role, Step

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

CANNOT = "cannot"
DEEPEST = 12
"""Levels of parts of parts, at most."""
_REFERENCE = re.compile(r"#(\d{1,6})")


def _read_try(problem: "Problem", step: Step, text: str) -> str | Flag:
    said = (labelled(text, "Answer") or "").rstrip(".").lower()
    return CANNOT if said == CANNOT else read_answer(problem, step, text)


TRY = Wording(
    "Answer the question if that takes one step; if it takes more, say that you cannot.",
    f"End with one line: Answer: <{{form}}>\nor with one line: Answer: {CANNOT}",
    Role.ACTOR,
    _read_try,
)
SPLIT = Wording(
    "Split the question into two or a few easier ones; the answer to the last one is to be the answer.",
    "Write one line each: 1. <a sub-question>, where #1 in a later one stands for the answer to the first",
    Role.TASK_DECOMPOSER,
    read_split,
    1 << 14,
)


class AsNeeded(Asking, frozen=True):
    """A try, and only if it fails a split, whose parts are tried likewise."""

    wordings: ClassVar[Mapping[str, Wording]] = {"try": TRY, "split once": SPLIT}

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Try the question, which is the inputs filled in; split it where that fails."""
        if any(failure_of(one) is not None for one in board):
            return Done(None, "a part that it reads failed")
        # In the order of their numbers: a part reads the answers that it names.
        answers = dict(zip(named_in(goal.text), board, strict=True))
        text = _REFERENCE.sub(lambda found: answers[int(found[1])], goal.text)
        context = context_of(problem, goal)
        said = yield self.ask("try", goal, text, context)
        if said != CANNOT:
            return Done(said)
        if goal.depth == DEEPEST:
            return Done(None, f"it could not be answered in one step after {DEEPEST} splits")
        parts = (yield self.ask("split once", goal, text, context)).split("\n")
        if parts == [text]:
            return Done(None, "it was split into itself")
        found = yield Expansion(tuple(_part(goal, part) for part in parts))
        failed = failure_of(found[-1])
        return Done(found[-1]) if failed is None else Done(None, failed.message)


def named_in(text: str) -> tuple[int, ...]:
    """Return the numbers of the answers that a part names, each once, ascending."""
    return tuple(sorted({int(number) for number in _REFERENCE.findall(text)}))


def _part(goal: Goal, text: str) -> Any:
    return child(Goal(text, goal.number, depth=goal.depth + 1), tuple(Ref(number - 1) for number in named_in(text)))
