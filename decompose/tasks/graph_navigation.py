"""Graph navigation: the four CogEval questions that MAP was measured on, the transfer, and any graph of one's own.

Sources: Momennejad et al., CogEval (cogeval/cogmaps, MIT licence, (c) 2023 cogmaps) for the graphs; MAP's released
problem lists for the pairs and starts. Solved means: in the target's room within the first six moves and no invalid
move; whether the way is a shortest one is reported apart.
"""

import random
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import msgspec

from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.rooms import BEST, Chest, Edge, Rooms

CAP = 6
"""Most moves, as published."""

N15STAR = (
    "1-7 1-10 1-13 1-11 2-5 2-8 2-11 2-14 3-6 3-9 3-12 3-8 4-7 4-10 4-13 4-15 5-8 5-11 5-14 "
    "6-9 6-12 6-15 7-10 7-13 8-14 9-12 9-15 10-13 11-14 12-15"
)
N7TREE = "1-2 1-3 2-4 2-5 3-6 3-7"
TREE_CHESTS = ((4, 56), (5, 22), (6, 10), (7, 50))

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

Question = Literal["steppath", "valuepath", "detour", "revaluation", "transfer"]


class GraphNavigation(MapTask, frozen=True, kw_only=True):
    """Find the way from room to room, or to the best chest, in a castle known from its description."""

    question: Annotated[Question, msgspec.Meta(description="steppath, valuepath, detour, revaluation, transfer")] = (
        "steppath"
    )
    steps: Annotated[int, msgspec.Meta(ge=2, le=4, description="length of the published step paths, for a suite")] = 2
    graph: Annotated[Literal["n15star", "n7tree"], msgspec.Meta(description="a castle that is known by name")] = (
        "n15star"
    )
    edges: Annotated[str | None, msgspec.Meta(description="doors of a castle of your own, such as '1-2 2-3 3-1'")] = (
        None
    )
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

    summary: ClassVar[str] = "MAP on graph navigation: n15star, n7tree or your own edges"
    unused: ClassVar[frozenset[str]] = frozenset({"decomposer"})

    @property
    def unused_by_paper(self) -> frozenset[str]:  # type: ignore[override]
        """The published system searches in all questions but the step paths."""
        return frozenset({"search"}) if self.question == "steppath" else frozenset()

    def __post_init__(self) -> None:
        MapTask.__post_init__(self)
        world = self._world()
        for room in (self.start, self.goal):
            if room is not None and room not in world.rooms():
                raise ValueError(f"there is no room {room}; rooms are {', '.join(map(str, world.rooms()))}")
        if self.problem is not None and self.problem > len(self.suite()):
            raise ValueError(f"problem {self.problem} does not exist: the suite has {len(self.suite())}")

    def problem_of_run(self) -> Problem:
        """A start and a target if given, else a numbered problem of the question's suite."""
        if self.start is None and self.edges is None and self.graph == "n15star":
            return self.suite()[(self.problem or 1) - 1]
        world = self._world()
        rooms = world.rooms()
        goal = str(self.goal) if self.goal is not None else BEST if world.chests else str(rooms[-1])
        start = str(rooms[0] if self.start is None else self.start)
        cap = CAP if self.edges is None else 2 * len(rooms)
        return Problem(f"{self.question} {start} to {goal}", world, start, goal, cap)

    def suite(self) -> Sequence[Problem]:
        """The published problems of the question: 19 of each length, 11, 13, 13 or 78."""
        castle = edges_of(N15STAR)
        if self.question == "steppath":
            listed = [pair.split("-") for pair in PAIRS[self.steps].split()]
            pairs = [(a, b) for x, y in listed for a, b in ((x, y), (y, x)) if f"{a}-{b}" not in SHOWN]
            return [Problem(f"steppath {a} to {b}", Rooms(castle), a, b, CAP) for a, b in pairs]
        if self.question == "transfer":
            return [problem for pair in TRANSFERS for problem in _to_chests("transfer", *pair, "n7tree")]
        found = _to_chests(self.question, 8, 15)
        return [p for p in found if p.start not in ("1", "6")] if self.question == "valuepath" else found

    def sample_step(self, number: int) -> Step:
        """A random module's question in a random room."""
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
        if self.edges is not None:
            return Rooms(edges_of(self.edges), chests_of(self.chests or ""), examples="elsewhere")
        if self.graph == "n7tree":
            return Rooms(edges_of(N7TREE), TREE_CHESTS, examples="n7tree")
        return Rooms(edges_of(N15STAR), chests_of(self.chests or ""))


def edges_of(text: str) -> tuple[Edge, ...]:
    """Doors from ``"1-2 2-3"`` or ``"1-2,2-3"``.

    Raises:
        ValueError: Something is not a pair of different room numbers, or there are no pairs.
    """
    found = []
    for part in text.replace(",", " ").split():
        a, _, b = part.partition("-")
        if not (a.isdecimal() and b.isdecimal() and a != b and max(len(a), len(b)) <= 4):
            raise ValueError(f"edges: {part!r} is not a pair of different rooms such as 1-2")
        found.append((int(a), int(b)))
    if not found:
        raise ValueError("edges: at least one pair such as 1-2 is needed")
    return tuple(dict.fromkeys(found))


def chests_of(text: str) -> tuple[Chest, ...]:
    """Chests from ``"8:50 15:10"``.

    Raises:
        ValueError: Something is not a room and a worth.
    """
    found = []
    for part in text.replace(",", " ").split():
        room, _, worth = part.partition(":")
        if not (room.isdecimal() and worth.isdecimal()):
            raise ValueError(f"chests: {part!r} is not a room and its worth such as 8:50")
        found.append((int(room), int(worth)))
    return tuple(found)


def _to_chests(question: str, large: int, small: int, examples: str = "n15star") -> list[Problem]:
    """A problem for each start that is not a chest's room."""
    world = Rooms(edges_of(N15STAR), ((large, 50), (small, 10)), examples=examples)
    if question == "detour":
        world = msgspec.structs.replace(world, locked=((1, 11),), opened=((11, 13),))
    if question == "revaluation":
        world = msgspec.structs.replace(world, changed=((large, 12), (small, 48)))
    starts = [room for room in range(1, 16) if room not in (large, small)]
    return [Problem(f"{question} {large}/{small} from {room}", world, str(room), BEST, CAP) for room in starts]
