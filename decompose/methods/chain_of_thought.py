"""Ask the whole question at once and let the model think before it answers (arXiv 2201.11903)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from surefoot.decompose.methods.asking import FORM, Asking, Goal, Turn, Wording, read_answer
from surefoot.decompose.methods.direct import context_of
from surefoot.decompose.step import Done, Role

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

THINK = Wording("Think step by step, one line each, and then answer the question.", FORM, Role.ACTOR, read_answer, 4096)


class ChainOfThought(Asking, frozen=True):
    """One question whose reply may think first; only its last line counts, and votes are on whole answers."""

    wordings: ClassVar[Mapping[str, Wording]] = {"thought": THINK}

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask the question; the answer is the output."""
        said = yield self.ask("thought", goal, goal.text, context_of(problem, goal))
        return Done(said)
