"""Exact simulator of graph navigation, for scoring finished plans. Nothing that decides imports it."""

from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.rooms import BEST, Rooms


def verify(task: GraphNavigation, plan: FinishedPlan) -> Verification:
    """Judge a finished walk by going through the castle's doors as they are now."""
    # The output is known only once the steps were read to their end.
    for _ in plan:
        pass
    return judge(task.problem_of_run(), tuple(plan.output["plan"]))


def judge(problem: Problem, actions: tuple[str, ...]) -> Verification:
    """Judge a walk: solved at a target within the cap, without invalid moves; a chest entered is collected."""
    here, doors, targets = int(problem.start), _doors(problem), _targets(problem)
    collected = here in _chests(problem)
    for count, action in enumerate(actions[: problem.cap]):
        if here in targets:
            return Verification(True, True, count)
        source, _, then = action.partition("-")
        if int(source) != here or int(then) not in doors.get(here, ()):
            return Verification(False, False, count, f"move {count}: {action} from room {here}: no such door here")
        here = int(then)
        # Only one chest may be collected, so the right one comes too late then.
        if collected and here in targets:
            return Verification(True, False, count + 1, "another chest was collected before")
        collected = collected or (here in _chests(problem) and here not in targets)
    reached = here in targets
    return Verification(True, reached, min(len(actions), problem.cap), None if reached else "not at the target")


def legal_actions(problem: Problem, state: str) -> list[str]:
    """Return every step that the doors allow, for the random-legal row of a table."""
    return [f"{state}-{room}" for room in _doors(problem).get(int(state), ())]


def after(problem: Problem, state: str, action: str) -> str:
    """Return the room that a step leads to."""
    return action.partition("-")[2]


def at_goal(problem: Problem, state: str) -> bool:
    """Return whether a room meets the goal."""
    return int(state) in _targets(problem)


def optimal(problem: Problem) -> int | None:
    """Return the fewest steps to a target without entering another chest's room.

    ``None`` where doors do not always open: the best walk is then not the one of the fewest rooms.
    """
    if _world(problem).chances:
        return None
    steps = _steps(problem, frozenset(_chests(problem)))
    return min((steps[room] for room in _targets(problem) if room in steps), default=None)


def _steps(problem: Problem, ends: frozenset[int]) -> dict[int, int]:
    """Steps from the start to every room; ways end in some rooms."""
    doors, steps = _doors(problem), {int(problem.start): 0}
    rooms = list(steps)
    for room in rooms:
        for then in doors.get(room, ()) if room not in ends else ():
            if then not in steps:
                steps[then] = steps[room] + 1
                rooms.append(then)
    return steps


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
    for a, b in world.one_way:
        doors.setdefault(a, []).append(b)
    return doors


def _chests(problem: Problem) -> dict[int, int]:
    """What chests are worth; none where a room is to be reached, whatever lies on the way."""
    return _world(problem).worths if problem.goal == BEST else {}


def _targets(problem: Problem) -> frozenset[int]:
    """The goal's room, or those of the best chests that can be reached from the start before any other."""
    if problem.goal != BEST:
        return frozenset([int(problem.goal)])
    chests = _chests(problem)
    first = {room: chests[room] for room in _steps(problem, frozenset(chests)) if chests.get(room, 0) > 0}
    return frozenset(room for room, worth in first.items() if worth == max(first.values()))
