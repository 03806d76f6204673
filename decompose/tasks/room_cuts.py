"""The modules of a castle cut into facts: which door of a room leads back towards the first one.

In a castle without a circle every room but the first has one such door. The model looks it up in the list of doors
that the question shows; ways, distances and valid moves follow from it by code.
"""

from collections.abc import Generator, Mapping

import msgspec

from surefoot.decompose.modular_planner.actor import NONE, ActorFacts
from surefoot.decompose.modular_planner.evaluator import EvaluatorFacts
from surefoot.decompose.modular_planner.fact_modules import Cut
from surefoot.decompose.modular_planner.monitor import VALID, MonitorFacts
from surefoot.decompose.modular_planner.orchestrator import OrchestratorFacts
from surefoot.decompose.step import Role, Step
from surefoot.decompose.tasks.counting import REPLY_TOKENS
from surefoot.decompose.tasks.rooms import Rooms

Asking = Generator[Step, str, str | None]


class Door(msgspec.Struct, frozen=True):
    """A room whose door towards the first room is asked for.

    Attributes:
        doors: All doors: a room, and the next room on the way back from it.
        room: The room.
    """

    doors: tuple[tuple[int, int], ...]
    room: int


def doors_back(world: Rooms) -> tuple[tuple[int, int], ...]:
    """Return each room but the first with the next room on the way back to the first, in the order of the rooms.

    Raises:
        ValueError: The castle has a circle, more than one part, or doors that are not open to both sides.
    """
    first, *others = world.rooms()
    plain = not (world.locked or world.opened or world.one_way or world.chances)
    found, reached = dict[int, int](), [first]
    for room in reached:
        nearby = [b if a == room else a for a, b in world.edges if room in (a, b)]
        for other in nearby:
            if other != first and other not in found:
                found[other] = room
                reached.append(other)
    if not plain or len(found) != len(others) or len(world.edges) != len(others):
        raise ValueError(
            "only castles without a circle, all doors open, are asked for by single doors; see --dialect chat"
        )
    return tuple(sorted(found.items()))


def propose(facts: ActorFacts) -> Asking:
    """The Actor: the next room of the way to the goal, followed back from there; else the door towards the first."""
    doors = _doors(facts)
    found, room = "", int(facts.goal)
    for _ in doors:
        if room not in dict(doors):
            break
        back = int((yield door(doors, room, Role.ACTOR)))
        if back == int(facts.state):
            found = f"{back}-{room}"
            break
        room = back
    refused = {one.action for one in facts.rejected}
    ways = [found] if found else []
    if (not ways or facts.breadth > 1 or set(ways) & refused) and int(facts.state) in dict(doors):
        ways.append(f"{facts.state}-{(yield door(doors, int(facts.state), Role.ACTOR))}")
    kept = [way for way in dict.fromkeys(ways) if way not in refused and len(set(way.split("-"))) == 2]
    return "; ".join(kept[: facts.breadth]) or NONE


def check(facts: MonitorFacts) -> Asking:
    """The Monitor: whether the action starts here, by code, and whether one of both rooms leads back to the other."""
    doors, (here, there) = _doors(facts), facts.action.split("-")
    if here != facts.state:
        return "no room"
    for room, other in ((there, here), (here, there)):
        if int(room) in dict(doors) and (yield door(doors, int(room), Role.MONITOR)) == other:
            return VALID
    return "no door"


def value(facts: EvaluatorFacts) -> Asking:
    """The Evaluator: the rooms on both ways back, up to where they meet."""
    doors = _doors(facts)
    if facts.state == facts.goal:
        return "0"
    here = yield from _way_back(doors, int(facts.state))
    there = yield from _way_back(doors, int(facts.goal))
    meeting = next((room for room in here if room in there), None)
    return None if meeting is None else str(here.index(meeting) + there.index(meeting))


def reached(facts: OrchestratorFacts) -> Asking:
    """The Orchestrator: by code."""
    return "yes" if facts.state == facts.goal else "no"
    yield


CUTS: Mapping[str, Cut] = {"check": check, "propose": propose, "value": value, "reached": reached}
"""How each module is cut, by kind of question; the Predictor is not asked, as a move names the room it leads to."""


def door(doors: tuple[tuple[int, int], ...], room: int, role: Role) -> Step:
    """Ask for the door of a room that leads back towards the first one."""
    return Step("door", role, Door(doors, room), REPLY_TOKENS)


def _way_back(doors: tuple[tuple[int, int], ...], room: int) -> Generator[Step, str, list[int]]:
    """The rooms from one back to the first, as far as answers lead to rooms that there are, each once."""
    way = [room]
    while room in dict(doors):
        room = int((yield door(doors, room, Role.EVALUATOR)))
        if room in way:
            break
        way.append(room)
    return way


def _doors(facts: ActorFacts | MonitorFacts | EvaluatorFacts) -> tuple[tuple[int, int], ...]:
    assert isinstance(facts.world, Rooms)
    return doors_back(facts.world)
