"""Exact simulator of graph navigation, for scoring finished plans. Nothing that decides imports it."""

from collections import deque

from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.rooms import BEST, Rooms


def verify(task: GraphNavigation, plan: FinishedPlan) -> Verification:
    """Walk the plan from the start, through the doors as they are now."""
    for _ in plan:
        pass
    return judge(task.problem_of_run(), tuple(plan.output["plan"]))


def judge(problem: Problem, actions: tuple[str, ...]) -> Verification:
    """Solved: at the target within the cap and no invalid move; a chest that is entered is the one collected."""
    here, doors, target = int(problem.start), _doors(problem), _target(problem)
    collected = here in _chests(problem)
    for count, action in enumerate(actions[: problem.cap]):
        if here == target:
            return Verification(True, True, count)
        source, _, then = action.partition("-")
        if int(source) != here or int(then) not in doors.get(here, ()):
            return Verification(False, False, count, f"move {count}: {action} from room {here}: no such door here")
        here = int(then)
        if collected and here == target:
            return Verification(True, False, count + 1, "another chest was collected before")
        collected = collected or (here in _chests(problem) and here != target)
    reached = here == target
    return Verification(True, reached, min(len(actions), problem.cap), None if reached else "not at the target")


def legal_actions(problem: Problem, state: str) -> list[str]:
    """Every valid action, for the random-legal row of a table."""
    return [f"{state}-{room}" for room in _doors(problem)[int(state)]]


def after(problem: Problem, state: str, action: str) -> str:
    """The room that an action leads to."""
    return action.partition("-")[2]


def at_goal(problem: Problem, state: str) -> bool:
    """Whether a state meets the goal."""
    return int(state) == _target(problem)


def optimal(problem: Problem) -> int | None:
    """Fewest moves to the target without entering another chest's room."""
    doors, target = _doors(problem), _target(problem)
    closed = {room for room in _chests(problem) if room != target}
    start = int(problem.start)
    seen, queue = {start: 0}, deque([start])
    while queue:
        room = queue.popleft()
        if room == target:
            return seen[room]
        for then in doors.get(room, ()):
            if then not in seen and then not in closed:
                seen[then] = seen[room] + 1
                queue.append(then)
    return None


def _world(problem: Problem) -> Rooms:
    assert isinstance(problem.world, Rooms)
    return problem.world


def _doors(problem: Problem) -> dict[int, list[int]]:
    world = _world(problem)
    doors: dict[int, list[int]] = {}
    shut = {frozenset(edge) for edge in world.locked}
    for a, b in (*world.edges, *world.opened):
        if frozenset((a, b)) not in shut:
            doors.setdefault(a, []).append(b)
            doors.setdefault(b, []).append(a)
    return doors


def _chests(problem: Problem) -> dict[int, int]:
    return {**dict(_world(problem).chests), **dict(_world(problem).changed)}


def _target(problem: Problem) -> int:
    if problem.goal != BEST:
        return int(problem.goal)
    chests = _chests(problem)
    return max(chests, key=lambda room: chests[room])
