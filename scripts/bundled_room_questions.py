"""The planner's questions on castles for the bundled model, with replies that show their work.

Castles are drawn at random. The published one is never among them under any numbering of its rooms, nor is any other
with 15 rooms that have four doors each. Nothing that decides imports this file.
"""

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from typing import Final

from decompose.answer_keys import graph
from decompose.map import actor, evaluator, monitor, orchestrator
from decompose.map.actor import Rejected
from decompose.step import Step
from decompose.tasks.graph_navigation import GraphNavigation
from decompose.tasks.rooms import BEST, Chest, Edge, Rooms

MODULES: Final = ("propose", "check", "value", "reached")
"""In castles there is nothing to predict, as a step names the next room, and nothing to decompose."""
MOST_ROOMS: Final = 15

Pair = tuple[str, str]
"""Prompt and right reply."""


def question(rng: random.Random, module: str) -> Pair:
    """A module's question in a random castle, and its reply with the work."""
    return next(questions(rng, module))


def questions(rng: random.Random, module: str, most: int = MOST_ROOMS) -> Iterator[Pair]:
    """Questions of a module in one random castle of at most so many rooms, without end."""
    with_chests = rng.random() < 0.7
    world = castle(rng, with_chests, most)
    rules = graph.RoomRules(world)
    while True:
        room, other = (str(room) for room in rng.sample(world.rooms(), 2))
        goal = BEST if with_chests and rng.random() < 0.7 else other
        if module == "reached" and rng.random() < 0.4:
            room = target(world, goal)
        if module != "propose" or 0 < rules.distance(room, goal) < graph.FAR:
            yield asked(world, step(rng, module, rules, room, goal))


def asked(world: Rooms, step: Step) -> Pair:
    """A step's prompt and reply."""
    prompt = GraphNavigation().prompt(step, "compact")
    right = graph.answers(prompt).right[0]
    answer = right.replace(" ", "") if step.kind == "value" else right
    return prompt.user, " = ".join(filter(None, (work(step, world), answer)))


def step(rng: random.Random, module: str, rules: graph.RoomRules, room: str, goal: str) -> Step:
    """What a module is asked there."""
    world = rules.world
    if module == "value":
        return evaluator.step(evaluator.EvaluatorFacts(world, room, goal))
    if module == "reached":
        return orchestrator.step(orchestrator.OrchestratorFacts(world, room, goal))
    near = rules.actions(room)
    if module == "check":
        return monitor.step(monitor.MonitorFacts(world, room, proposed(rng, world, room, near)))
    rejected = rng.sample(near, min(len(near), rng.choice((0, 0, 0, 1, 1, 2, 3))))
    breadth = rng.choice((2, 2, 2, 2, 2, 2, 1, 3, 8))
    avoid = tuple(Rejected(action, "visited") for action in rejected)
    return actor.step(actor.ActorFacts(world, room, goal, breadth, avoid))


def proposed(rng: random.Random, world: Rooms, room: str, near: list[str]) -> str:
    """A step to be checked: through a door, through a wall, through a door that changed, or from elsewhere."""
    draw, changed = rng.random(), [*world.locked, *world.opened]
    if draw < 0.35 and near:
        return rng.choice(near)
    if draw < 0.55 and changed:
        ends = list(rng.choice(changed))
        return "{}-{}".format(*sorted(ends, key=lambda end: str(end) != room))
    if draw < 0.75:
        return f"{room}-{rng.choice([other for other in world.rooms() if str(other) != room])}"
    return "{}-{}".format(*rng.sample(rng.choice(world.edges), 2))


def work(step: Step, world: Rooms) -> str:
    """What a reply says before its answer: the worth of every chest, the target, and the rooms around it by steps."""
    if step.kind == "check":
        return ""
    state, goal = str(step.reads.state), str(step.reads.goal)
    now = {**dict(world.chests), **dict(world.changed)}
    words = [f"{room} ${worth}" for room, worth in now.items()] if goal == BEST else []
    words.append(f"> {target(world, goal)}")
    if step.kind != "reached":
        words += list(levels(world, state, goal))
    return " ".join(words)


def target(world: Rooms, goal: str) -> str:
    """The room of a goal."""
    now = {**dict(world.chests), **dict(world.changed)}
    return str(max(now, key=lambda room: now[room])) if goal == BEST else goal


def levels(world: Rooms, state: str, goal: str) -> Iterator[str]:
    """Rooms one step from the target, then two, until the state is among them or there are no more."""
    rules, level = graph.RoomRules(world), [target(world, goal)]
    shut = {str(room) for room, _ in world.chests} - set(level) if goal == BEST else set()
    seen = {*shut, *level}
    number = 0
    while level and state not in seen:
        nearby = {rules.after(room, action) for room in level for action in rules.actions(room)} - seen
        level, number = sorted(nearby, key=int), number + 1
        seen |= nearby
        if level:
            yield f"{number}: {' '.join(level)}"


def castle(rng: random.Random, with_chests: bool, most: int = MOST_ROOMS) -> Rooms:
    """A random castle in which every room can be reached; with chests, and with things that changed, now and then."""
    while regular(edges := doors(rng, most)):
        pass
    rooms = sorted({room for edge in edges for room in edge})
    chests: tuple[Chest, ...] = ()
    if with_chests or rng.random() < 0.2:
        chosen = rng.sample(rooms, rng.choice((2, 2, 2, 2, 3, 4)))
        chests = tuple(zip(chosen, rng.sample(range(1, 100), len(chosen)), strict=True))
    changed = tuple((room, worth) for room, worth in new_worths(rng, chests)) if rng.random() < 0.4 else ()
    locked: tuple[Edge, ...] = ()
    opened: tuple[Edge, ...] = ()
    if rng.random() < 0.35:
        walls = [pair for pair in itertools.combinations(rooms, 2) if pair not in edges and pair[::-1] not in edges]
        locked = tuple(rng.sample(edges, rng.choice((0, 1, 1, 1, 2))))
        opened = tuple(turned(rng, edge) for edge in rng.sample(walls, min(len(walls), rng.choice((0, 1, 1, 1, 2)))))
    return Rooms(edges, chests, changed, locked, opened)


def new_worths(rng: random.Random, chests: tuple[Chest, ...]) -> list[Chest]:
    """Other worths of one chest or of all, none twice."""
    kept = chests if rng.random() < 0.7 else chests[:1]
    free = [worth for worth in range(1, 100) if worth not in {old for _, old in chests}]
    return list(zip([room for room, _ in kept], rng.sample(free, len(kept)), strict=True))


def turned(rng: random.Random, edge: Edge) -> Edge:
    """A door told from either side."""
    return edge if rng.random() < 0.5 else edge[::-1]


def regular(edges: tuple[Edge, ...]) -> bool:
    """Whether these are the doors of a castle that could be the published one, its rooms renumbered."""
    counts = Counter(room for edge in edges for room in edge)
    return len(counts) == MOST_ROOMS and set(counts.values()) == {4}


def doors(rng: random.Random, largest: int = MOST_ROOMS) -> tuple[Edge, ...]:
    """Doors of a castle of 4 to so many rooms: a tree, more doors, or groups of rooms with few doors between them."""
    size = rng.choice((rng.randint(4, min(7, largest)), rng.randint(4, largest), rng.randint(4, largest), largest))
    rooms = rng.sample(range(1, MOST_ROOMS + 1), size) if rng.random() < 0.5 else rng.sample(range(1, size + 1), size)
    most = rng.choice((3, 4, 4, 5, 6))
    found: dict[frozenset[int], None] = {}
    count: Counter[int] = Counter()

    def join(a: int, b: int) -> None:
        if a != b and frozenset((a, b)) not in found:
            found[frozenset((a, b))] = None
            count.update((a, b))

    groups = rng.choice((1, 1, 2, 3, 3, 4))
    parts = [rooms[i::groups] for i in range(groups)]
    for part in parts:
        for i, room in enumerate(part[1:], 1):
            join(room, rng.choice([other for other in part[:i] if count[other] < most] or part[:i]))
    for one, other in itertools.pairwise(parts):
        join(rng.choice(one), rng.choice(other))
    wanted = round(rng.uniform(size - 1, 2.1 * size))
    for _ in range(4 * size):
        part = rng.choice(parts) if rng.random() < 0.85 else rooms
        a, b = rng.choice(part), rng.choice(part)
        if len(found) < wanted and max(count[a], count[b]) < most:
            join(a, b)
    edges = [tuple(sorted(edge)) for edge in found]
    if rng.random() < 0.7:
        return tuple((a, b) for a, b in sorted(edges, key=lambda edge: (edge[0], rng.random())))
    rng.shuffle(edges)
    return tuple(turned(rng, (a, b)) for a, b in edges)
