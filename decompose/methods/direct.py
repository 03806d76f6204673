"""Ask the whole question at once: the arm that every decomposition is measured against."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from surefoot.decompose.methods.asking import ANSWER, Asking, Goal, Shown, Turn, Wording
from surefoot.decompose.step import Done

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem


class Direct(Asking, frozen=True):
    """One question, with the whole context, voted on as a whole."""

    wordings: ClassVar[Mapping[str, Wording]] = {"answer": ANSWER}

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask the question; the answer is the output."""
        said = yield self.ask("answer", goal, goal.text, context_of(problem, goal))
        return Done(said)


def context_of(problem: "Problem", goal: Goal) -> Shown:
    """Return the context of a question as it is shown, where it has one."""
    text = problem.context(goal.number)
    return (("Context", text),) if text else ()
