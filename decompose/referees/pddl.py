"""Scores plans for PDDL problems by executing them. Nothing that decides imports it."""

from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.referees import strips
from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.pddl_collections import Unread
from surefoot.decompose.tasks.strips import StripsWorld


def verify(task: PddlPlanning, plan: FinishedPlan) -> Verification:
    """Judge a finished PDDL plan by executing its actions from the start state."""
    # The output is known only once the steps were read to their end.
    for _ in plan:
        pass
    return judge(task.problem_of_run(), tuple(plan.output["plan"]))


def judge(problem: Problem | Unread, actions: tuple[str, ...]) -> Verification:
    """Execute a PDDL plan; what the model said of states on the way is not looked at."""
    if isinstance(problem, Unread):
        return Verification(True, False, 0, problem.why)
    world = _world(problem)
    state = strips.facts(problem.start)
    for count, action in enumerate(actions):
        found = strips.fault(world, state, action)
        if found is not None:
            return Verification(False, False, count, f"action {count}, {action}: {found.detail}")
        state = strips.after(world, state, action)
    reached = strips.holds(world, state, problem.goal)
    return Verification(True, reached, len(actions), None if reached else "the plan does not end at the goal")


def legal_actions(problem: Problem | Unread, state: str) -> list[str]:
    """Return every PDDL action that can be done, for the random-legal row of a table."""
    if isinstance(problem, Unread):
        return []
    return strips.applicable(_world(problem), strips.facts(state))


def after(problem: Problem, state: str, action: str) -> str:
    """Return the state that a PDDL action leads to."""
    return strips.text(strips.after(_world(problem), strips.facts(state), action))


def at_goal(problem: Problem | Unread, state: str) -> bool:
    """Return whether a PDDL state meets the goal."""
    return not isinstance(problem, Unread) and strips.holds(_world(problem), strips.facts(state), problem.goal)


def optimal(problem: Problem) -> int | None:
    """Return the fewest actions by breadth-first search where the state space is small; else ``None``."""
    world = _world(problem)
    # States grow exponentially with objects; above this the column of a table stays empty.
    if len(world.objects) > 6:
        return None
    start = strips.facts(problem.start)
    seen, layer, depth = {start}, [start], 0
    while layer:
        if any(strips.holds(world, state, problem.goal) for state in layer):
            return depth
        further = {
            strips.after(world, state, action) for state in layer for action in strips.applicable(world, state)
        } - seen
        seen |= further
        layer, depth = list(further), depth + 1
    return None


def _world(problem: Problem) -> StripsWorld:
    if not isinstance(problem.world, StripsWorld):
        raise TypeError(f"{problem.name} is not a PDDL problem")
    return problem.world
