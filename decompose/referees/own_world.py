"""Judges plans in a world of one's own by a function that knows its moves. Nothing that decides imports it."""

from collections.abc import Callable, Mapping
from typing import Any

from surefoot.decompose.referees.verification import FinishedPlan, Verification

Moves = Callable[[str], Mapping[str, str]]
"""From a state to its possible actions, each with the state that follows."""
Met = Callable[[str, str], bool]
"""From a state and a goal to whether the goal is met."""


def world_referee(moves: Moves, met: Met | None = None) -> Callable[[Any, FinishedPlan], Verification]:
    """Return the referee of a world: every action must be possible where it is taken, and the last state meet the goal.

    Args:
        moves: The possible actions of a state, each with the state that follows.
        met: Whether a state meets a goal; by default when it is the goal.
    """

    def verify(task: Any, plan: FinishedPlan) -> Verification:
        for _ in plan:  # the output is known only once the steps were read to their end
            pass
        state = task.begin_state()
        for count, action in enumerate(plan.output["plan"]):
            possible = moves(state)
            if action not in possible:
                return Verification(False, False, count, f"action {count + 1}: {action} is not possible in {state}")
            state = possible[action]
        reached = (met or str.__eq__)(state, task.goal_state())
        return Verification(True, reached, len(plan.output["plan"]), None if reached else f"it ends in {state}")

    return verify
