"""Graph navigation: the four CogEval questions that MAP was measured on, the transfer, and any graph of one's own.

Sources: `surefoot.decompose.tasks.castles` for the graphs; MAP's released problem lists for the pairs and starts.
Solved means: in the target's room within the first six moves and no invalid move; whether the way is a shortest one is
reported apart.
"""

import random
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator
from surefoot.decompose.modular_planner.modular_task import MODULES, MapTask
from surefoot.decompose.modular_planner.planner import Describer, Problem
from surefoot.decompose.modular_planner.reply_schemas import SCHEMAS
from surefoot.decompose.step import Done, Step
from surefoot.decompose.suite import Posed
from surefoot.decompose.tasks import goal_rooms
from surefoot.decompose.tasks.castles import CASTLES, N7TREE, N15STAR, TREE_CHESTS, chests_of, doors_of, edges_of
from surefoot.decompose.tasks.goal_rooms import RoomDescriber
from surefoot.decompose.tasks.rooms import BEST, Rooms

CAP = 6
"""Moves that are scored, as published."""
PUBLISHED_CAP = 10
"""Moves after which the released scripts give up where chests are to be found."""

PAIRS = {
    2: "9-4 6-4 12-4 3-2 8-11 2-1 11-10 1-4 13-15 7-15",
    3: "9-13 6-13 12-13 3-11 8-1 14-10 2-10 5-10 5-13 14-13",
    4: "9-1 9-11 12-1 6-1 6-11 12-11 3-13 8-13 2-4 3-7",
}
"""Step paths by their shortest length; each also the other way round."""
SHOWN = ("9-4", "2-10", "7-3")
"""Pairs that are worked examples, hence not evaluated."""
TRANSFERS = ((11, 8), (8, 11), (8, 15), (15, 8), (1, 8), (8, 1))
"""Rooms of the larger and of the smaller chest."""

Castle = Literal["n15star", "n7tree", "n7line", "n13line", "n16cluster", "n21star"]
Question = Literal["steppath", "valuepath", "detour", "revaluation", "transfer"]


class GraphNavigation(MapTask, frozen=True, kw_only=True):
    """Find the way from room to room, or to the best chest, in a castle known from its description."""

    question: Annotated[Question, msgspec.Meta(description="steppath, valuepath, detour, revaluation, transfer")] = (
        "steppath"
    )
    steps: Annotated[int, msgspec.Meta(ge=2, le=4, description="length of the published step paths, for a suite")] = 2
    graph: Annotated[Castle, msgspec.Meta(description="a castle that is known by name")] = "n15star"
    edges: Annotated[
        str | None,
        msgspec.Meta(
            description="doors of a castle of your own, such as '1-2 2-3 3-1'; 3>1 leads one way, 1-2@80 opens in 80 %"
        ),
    ] = None
    chests: Annotated[
        str | None, msgspec.Meta(description="chests of your own castle by room, such as '8:50 15:10'")
    ] = None
    start: Annotated[Annotated[int, msgspec.Meta(ge=0, le=9999)] | None, msgspec.Meta(description="first room")] = None
    goal: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=9999)] | None,
        msgspec.Meta(description="room to reach; default: by the chests"),
    ] = None
    problem: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None, msgspec.Meta(description="number in the published suite, from 1")
    ] = None

    modules: ClassVar[dict[str, Any]] = {**MODULES, goal_rooms.KIND: goal_rooms}
    schemas: ClassVar[dict[str, Any]] = {**SCHEMAS, goal_rooms.KIND: goal_rooms.SCHEMA}
    summary: ClassVar[str] = "MAP on graph navigation: n15star, CogEval's other graphs or your own edges"
    describer: ClassVar[Describer | None] = RoomDescriber()

    @property
    def unused(self) -> frozenset[str]:  # type: ignore[override]
        """Return the TaskDecomposer, which castles have no use for but in the published transfer experiment."""
        return frozenset() if self.preset == "paper" and self.question == "transfer" else frozenset({"decomposer"})

    @property
    def unused_by_paper(self) -> frozenset[str]:  # type: ignore[override]
        """Return the modules that the published system leaves out: the search, for step paths alone."""
        return frozenset({"search"}) if self.question == "steppath" else frozenset()

    def __post_init__(self) -> None:
        MapTask.__post_init__(self)
        _check_combination(self)
        if self.problem is not None and self.problem > len(self.suite()):
            raise ValueError(f"problem {self.problem} does not exist: the suite has {len(self.suite())}")
        if self._own:
            _check_rooms(self, self._world())

    @property
    def _own(self) -> bool:
        """Whether a problem of one's own is described, in the published castle or another."""
        told = (self.start, self.goal, self.edges, self.chests)
        return self.graph != "n15star" or any(value is not None for value in told)

    def cap_of(self, problem: Posed) -> int:
        """Return the most moves: the released scripts about chests go on up to 10, of which 6 are scored."""
        longer = self.preset == "paper" and self.question in ("valuepath", "detour", "revaluation") and not self._own
        return self.cap or (PUBLISHED_CAP if longer else problem.cap)

    def problem_of_run(self) -> Problem:
        """Return a problem of one's own if anything of it is given, else a numbered one of the question's suite."""
        if not self._own:
            return self.suite()[(self.problem or 1) - 1]
        world = self._world()
        rooms = world.rooms()
        goal = str(self.goal) if self.goal is not None else BEST if world.chests else str(rooms[-1])
        free = next((room for room in rooms if room not in world.worths), rooms[0])
        start = str(self.start if self.start is not None else free if goal == BEST else rooms[0])
        cap = CAP if self.edges is None and self.graph not in CASTLES else 2 * len(rooms)
        return Problem(f"{self.question} {start} to {goal}", world, start, goal, cap, world.as_it_was())

    def suite(self) -> Sequence[Problem]:
        """Return the question's published problems (19 of each length, 11, 13, 13 or 78), or the one described."""
        if self._own:
            return [self.problem_of_run()]
        castle = edges_of(N15STAR)
        if self.question == "steppath":
            listed = [pair.split("-") for pair in PAIRS[self.steps].split()]
            pairs = [(a, b) for x, y in listed for a, b in ((x, y), (y, x)) if f"{a}-{b}" not in SHOWN]
            return [Problem(f"steppath {a} to {b}", Rooms(castle), a, b, CAP) for a, b in pairs]
        if self.question == "transfer":
            return [problem for pair in TRANSFERS for problem in _to_chests("transfer", *pair, "n7tree")]
        found = _to_chests(self.question, 8, 15)
        return [p for p in found if p.start not in ("1", "6")] if self.question == "valuepath" else found

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Return the next question, or the walk with the attempts it takes where doors do not always open."""
        found = MapTask.next_step(self, goal, state)
        if not isinstance(found, Done) or not goal.world.chances:
            return found
        percents = {f"{a}-{b}": percent for a, b, percent in goal.world.chances}
        attempts = sum(100 / percents.get(action, 100) for action in found.output["plan"])
        return msgspec.structs.replace(found, output={**found.output, "expected_attempts": round(attempts, 2)})

    def sample_step(self, number: int) -> Step:
        """Draw a random module's question in a random room."""
        rng = random.Random(f"graph {number}")
        problem = rng.choice(list(self.suite()))
        world, goal = problem.world, problem.goal
        assert isinstance(world, Rooms)
        room, other = map(str, rng.sample(world.rooms(), 2))
        asked = [
            monitor.step(monitor.MonitorFacts(world, room, f"{room}-{other}")),
            evaluator.step(evaluator.EvaluatorFacts(world, room, goal)),
            orchestrator.step(orchestrator.OrchestratorFacts(world, room, goal)),
            actor.step(actor.ActorFacts(world, room, goal, self.breadth or 2)),
        ]
        return asked[number % len(asked)]

    def _world(self) -> Rooms:
        chests = chests_of(self.chests) if self.chests is not None else None
        if self.edges is not None:
            doors = doors_of(self.edges)
            world = Rooms(doors.both_ways, chests or (), examples="elsewhere")
            return msgspec.structs.replace(world, one_way=doors.one_way, chances=doors.chances)
        if self.graph in CASTLES:
            return Rooms(edges_of(CASTLES[self.graph]), chests or (), examples="elsewhere")
        if self.graph == "n7tree":
            return Rooms(edges_of(N7TREE), TREE_CHESTS if chests is None else chests, examples="n7tree")
        if self.question == "steppath":
            return Rooms(edges_of(N15STAR), chests or ())
        large, small = TRANSFERS[0] if self.question == "transfer" else (8, 15)
        examples = "n7tree" if self.question == "transfer" else "n15star"
        world = _castle(self.question, large, small, examples)
        return world if chests is None else msgspec.structs.replace(world, chests=chests)


def _check_combination(task: GraphNavigation) -> None:
    """See that no option is given that another one makes meaningless.

    Raises:
        ValueError: One is.
    """
    given = [name for name in ("start", "goal", "edges", "chests") if getattr(task, name) is not None]
    given += ["graph"] if task.graph != "n15star" else []
    if task.problem is not None and given:
        raise ValueError(f"problem: a numbered problem of the suite has no {given[0]} of your own; give one of the two")
    if task.edges is not None and task.graph != "n15star":
        raise ValueError(f"graph: edges describe a castle of your own, {task.graph} is another; give one of the two")
    if task.steps != 2 and (given or task.question != "steppath"):
        raise ValueError("steps: the length belongs to the published step paths")
    if task.question == "steppath":
        return
    if task.goal is not None:
        raise ValueError(f"goal: {task.question} is about chests; a room to reach belongs to steppath")
    castle = "edges" if task.edges is not None else "graph" if task.graph != "n15star" else ""
    if castle and task.question != "valuepath":
        raise ValueError(f"{castle}: {task.question} is about the published castle n15star")
    if task.chests is not None and task.question == "revaluation":
        raise ValueError("chests: revaluation is about the published chests, whose worth changes")
    if (task.edges is not None or task.graph in CASTLES) and not task.chests:
        raise ValueError("chests: valuepath in a castle of your own needs some")


def _check_rooms(task: GraphNavigation, world: Rooms) -> None:
    """See that the rooms of a problem of one's own exist, and that there is something to go for.

    Raises:
        ValueError: They do not.
    """
    rooms = world.rooms()
    for room in (task.start, task.goal, *world.worths):
        if room is not None and room not in rooms:
            raise ValueError(f"there is no room {room}; rooms are {', '.join(map(str, rooms))}")
    if task.goal is None and world.chests:
        if task.start in world.worths:
            raise ValueError(f"start: room {task.start} holds a chest; start in another room")
        if all(room in world.worths for room in rooms):
            raise ValueError("chests: every room holds one; one room must be free to start in")
        if max(world.worths.values()) <= 0:
            raise ValueError("chests: none is worth collecting")


def _castle(question: str, large: int, small: int, examples: str = "n15star") -> Rooms:
    """The published castle with two chests, and what changes in it."""
    world = Rooms(edges_of(N15STAR), ((large, 50), (small, 10)), examples=examples)
    if question == "detour":
        return msgspec.structs.replace(world, locked=((1, 11),), opened=((11, 13),))
    if question == "revaluation":
        return msgspec.structs.replace(world, changed=((large, 12), (small, 48)))
    return world


def _to_chests(question: str, large: int, small: int, examples: str = "n15star") -> list[Problem]:
    """A problem for each start that is not a chest's room."""
    world = _castle(question, large, small, examples)
    starts = [room for room in range(1, 16) if room not in (large, small)]
    before = world.as_it_was()
    return [Problem(f"{question} {large}/{small} from {room}", world, str(room), BEST, CAP, before) for room in starts]
