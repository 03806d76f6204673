"""Planning twice, as published for a change of the world: first in the world as it was, then as it is.

In MAP's experiments with a locked door or new rewards the planner first finds its way in the castle as it was, and is
told of the change only once its Orchestrator has accepted that plan. It begins again at the start, with the first plan
in the Actor's context. A first plan that is not accepted ends the problem: there is no second phase then.
"""

from typing import Any

import msgspec

from surefoot.decompose.modular_planner.planner import ACCEPTED, Board, Planner, Problem, moves, outcome
from surefoot.decompose.modular_planner.propose_action import Asking
from surefoot.decompose.step import Done


class Phases(msgspec.Struct, frozen=True):
    """Where the two phases stand.

    Attributes:
        first: The plan in the world before the change.
        second: The plan after it; ``None`` while the first goes on.
    """

    first: Board
    second: Board | None = None


class TwoPhases(msgspec.Struct, frozen=True):
    """The planner in the world as it was, then in the world as it is."""

    planner: Planner

    def begin(self, problem: Problem) -> Phases:
        """Return the board of the first phase."""
        return Phases(self.planner.begin(problem))

    def end(self, board: Any) -> Done | None:
        """Return the second plan, or none where the first was not accepted; ``None`` while a phase goes on."""
        if board.second is not None:
            return self.planner.end(board.second)
        if board.first.ended in ("", ACCEPTED):
            return None
        return outcome((), f"the plan before the change was given up: {board.first.ended}")

    def turn(self, problem: Problem, board: Any) -> Asking[Phases]:
        """Take one turn of the phase that is under way."""
        if board.second is not None:
            return Phases(board.first, (yield from self.planner.turn(problem, board.second)))
        first = board.first
        if first.ended:
            fresh = self.planner.begin(problem)
            return Phases(first, msgspec.structs.replace(fresh, earlier=moves(first)))
        assert problem.before is not None
        return Phases((yield from self.planner.turn(msgspec.structs.replace(problem, world=problem.before), first)))
