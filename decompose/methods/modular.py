"""The Modular Agentic Planner as a method beside the others: for any problem that offers a world (MAP, Nature
Communications 16:8633).

Such a problem's answer is a plan. The six modules find it as `surefoot.decompose.modular_planner.planner` says; each of
their questions is a step of the problem like any other.
"""

from typing import TYPE_CHECKING, Any

from surefoot.decompose.methods.asking import Asking, Goal, Turn
from surefoot.decompose.modular_planner import monitor
from surefoot.decompose.modular_planner.modular_task import MODULES
from surefoot.decompose.modular_planner.planner import Planner
from surefoot.decompose.modular_planner.settings import settings_of
from surefoot.decompose.step import Done, Flag, Prompt, Step

if TYPE_CHECKING:
    from surefoot.decompose.modular_planner.planner import Problem as Posed
    from surefoot.decompose.problem import Problem

UNUSED = frozenset({"decomposer"})
"""The TaskDecomposer is left out: of a world that nobody knows, no sub-goals are known."""


class Modular(Asking, frozen=True):
    """Plan in the problem's world, one action a turn; the board is the planner's own."""

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask the modules for one action; end with the plan as the problem's answer, or with why there is none."""
        posed = problem.world(goal.number)
        if posed is None:
            return Done(None, f"question {goal.number + 1} has no world to plan in")
        planner = planner_of(posed)
        now = planner.begin(posed) if board == () else board
        while now.met and not now.ended:  # these turns only note what is known, and ask nothing
            now = yield from planner.turn(posed, now)
        if not now.ended:
            now = yield from planner.turn(posed, now)
        done = planner.end(now)
        if done is None:
            return now
        return done if done.failure else Done(problem.answer_of_plan(tuple(done.output["plan"])))

    def prompt(self, problem: "Problem", step: Step) -> Prompt:
        """Word a question as the module that it belongs to does, for instruction models."""
        found: Prompt = MODULES[step.kind].prompt(step.reads, "chat", 0)
        return found

    def parse(self, problem: "Problem", step: Step, text: str) -> str | Flag:
        """Read a reply as the module does; a candidate that contradicts the question is a red flag."""
        found: str | Flag = MODULES[step.kind].parse(step.reads, text, "chat")
        if isinstance(found, Flag):
            return found
        flag: Flag | None = MODULES[step.kind].check(step.reads, found)
        return found if flag is None else flag

    def same(self, step: Step, one: str, other: str) -> bool:
        """Return whether two candidates are the same answer: checks are, if they name the same rule."""
        return monitor.same(one, other) if step.kind == "check" else one == other


def planner_of(posed: "Posed") -> Planner:
    """Return the planner for one planning problem: climbing, with a list of the states that were seen."""
    return Planner(settings_of("surefoot", posed.cap, None, None, "", UNUSED))
