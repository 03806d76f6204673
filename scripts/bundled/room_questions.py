"""The planner's questions on castles for the bundled model, with replies that show their work.

Castles are drawn at random. The published one is never among them under any numbering of its rooms, nor is any other
with 15 rooms that have four doors each. Nothing that decides imports this file.
"""

import itertools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from surefoot.decompose.answer_keys import graph
from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator
from surefoot.decompose.modular_planner.actor import Rejected
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.rooms import BEST, Chest, Edge, Rooms

MODULES: Final = ("propose", "check", "value", "reached")
"""In castles there is nothing to predict, as a step names the next room, and nothing to decompose."""
MOST_ROOMS: Final = 15

Pair = tuple[str, str]
"""Prompt and right reply."""


def question(rng: random.Random, module: str) -> Pair:
    """Draw a module's question in a random castle, and its reply with the work shown."""
    return next(questions(rng, module))


def questions(rng: random.Random, module: str, most: int = MOST_ROOMS) -> Iterator[Pair]:
    """Draw questions of one module in one random castle, without end."""
    with_chests = rng.random() < 0.7
    world = castle(rng, with_chests, most)
    rules = graph.RoomRules(world)
    while True:
        room, other = (str(room) for room in rng.sample(world.rooms(), 2))
        goal = BEST if with_chests and rng.random() < 0.7 else other
        if module == "reached" and rng.random() < 0.4:
            room = target(world, goal)
        if goal == BEST and not is_plain(rules, room):
            continue
        if module != "propose" or there_is_a_way(world, room, goal):
            yield asked(rng, world, step(rng, module, rules, room, goal))


def is_plain(rules: graph.RoomRules, room: str) -> bool:
    """Whether the chest to go for is worth the most of all, as in the questions that were trained on."""
    most = int(target(rules.world, BEST))
    if int(room) in rules.world.worths:
        return rules.met(room, BEST) == (int(room) == most)
    return most in rules.targets(room, BEST)


def there_is_a_way(world: Rooms, room: str, goal: str) -> bool:
    """Whether a path leads from a room to a goal elsewhere; none does from the room of another chest."""
    return 0 < graph.RoomRules(world).distance(room, goal) < graph.FAR


def asked(rng: random.Random, world: Rooms, step: Step) -> Pair:
    """Make the prompt and the reply of a step in a castle."""
    prompt = GraphNavigation().prompt(step, "compact")
    shown = work(rng, step, world)
    if step.kind == "propose":
        return prompt.user, f"{shown} = {proposals(step.reads, world, shown.split(' ')[-1])}"
    right = graph.answers(prompt).right[0].rpartition(" = ")[2]
    return prompt.user, f"{shown} = {right.replace(' ', '') if step.kind == 'value' else right}"


def proposals(facts: actor.ActorFacts, world: Rooms, last: str) -> str:
    """The Actor's answer: the step its work ends with, then other doors of the room in order of number."""
    rejected = {said.action for said in facts.rejected}
    left = [action for action in graph.RoomRules(world).actions(facts.state) if action not in rejected]
    first = [action for action in left if action.replace("-", ">") == last]
    said = [*first, *(action for action in left if action not in first)][: facts.breadth]
    return " / ".join(world.say_action(action, "compact") for action in said) or "-"


def proposes_well(prompt: str, said: str) -> bool:
    """Whether an Actor's answer has as many doors as asked for, the first of them on a shortest path."""
    asked, world = graph.read_compact(prompt)
    left = [action for action in graph.RoomRules(world).actions(asked.state) if action not in asked.rejected]
    actions = [action.replace(" ", "-") for action in said.split(" / ")] if said != "-" else []
    if not {*actions} <= {*left} or len(actions) != len({*actions}) or len(actions) != min(asked.breadth, len(left)):
        return False
    lengths = {action: way_by(world, asked.state, asked.goal, action) for action in left}
    return not left or lengths[actions[0]] == min(lengths.values())


def way_by(world: Rooms, state: str, goal: str, action: str) -> int:
    """Number of steps to a goal if a room is left by one door and no other."""
    return graph.RoomRules(world).by_door(state, goal, action)


def step(rng: random.Random, module: str, rules: graph.RoomRules, room: str, goal: str) -> Step:
    """Draw the step by which a module is asked in a castle."""
    world = rules.world
    if module == "value":
        return evaluator.step(evaluator.EvaluatorFacts(world, room, goal))
    if module == "reached":
        return orchestrator.step(orchestrator.OrchestratorFacts(world, room, goal))
    near = rules.actions(room)
    if module == "check":
        return monitor.step(monitor.MonitorFacts(world, room, proposed(rng, world, room, near)))
    rejected = rng.sample(near, min(len(near), rng.choice((0, 0, 0, 1, 1, 2, 3))))
    breadth = rng.choice((1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 8))
    avoid = tuple(Rejected(action, "visited") for action in rejected)
    return actor.step(actor.ActorFacts(world, room, goal, breadth, avoid))


def proposed(rng: random.Random, world: Rooms, room: str, near: list[str]) -> str:
    """Draw a step for the Monitor: through a door, a wall or a changed door, or from another room."""
    draw, changed = rng.random(), [*world.locked, *world.opened]
    if draw < 0.35 and near:
        return rng.choice(near)
    if draw < 0.55 and changed:
        ends = list(rng.choice(changed))
        return "{}-{}".format(*sorted(ends, key=lambda end: str(end) != room))
    if draw < 0.75:
        return f"{room}-{rng.choice([other for other in world.rooms() if str(other) != room])}"
    return "{}-{}".format(*rng.sample(rng.choice(world.edges), 2))


def work(rng: random.Random, step: Step, world: Rooms) -> str:
    """The work that a reply shows before its answer: the room, the target, the path to it.

    The way is found backwards: from the target, then from each room that is found, in that order, the steps that lead
    there from rooms not seen before, until one leads from the room that is asked about. The steps that lead to room 5
    come after a ``5:``. The Evaluator then follows the steps to the target and counts them. Doors of a room come in
    any order: what is to be said next is then any of those left, and none has to be put in its place first.
    """
    if step.kind == "check":
        return " ".join(doors_at(rng, step.reads, world))
    state, goal = str(step.reads.state), str(step.reads.goal)
    words = [f"@{state}", f"> {target(world, goal)}"]
    if step.kind == "reached":
        return " ".join(words)
    rejected = {said.action for said in step.reads.rejected} if step.kind == "propose" else set()
    found = steps(rng, world, state, goal, rejected)
    words += [f"{a}>{b}" if a else f"{b}:" for a, b in found]
    if step.kind == "value":
        words += followed(dict(found), state, target(world, goal))
    return " ".join(words)


def doors_at(rng: random.Random, facts: monitor.MonitorFacts, world: Rooms) -> list[str]:
    """The Monitor's work: the room, and all steps that end there if the action begins there."""
    near = shuffled(rng, graph.RoomRules(world).actions(facts.state))
    here = facts.action.partition("-")[0] == facts.state
    return [f"{facts.state}:", *(f"{action.partition('-')[2]}>{facts.state}" for action in near if here)]


def shuffled(rng: random.Random, actions: Sequence[str]) -> list[str]:
    """Return items in a random order."""
    return rng.sample(actions, len(actions))


def target(world: Rooms, goal: str) -> str:
    """The room that a goal names."""
    now = {**dict(world.chests), **dict(world.changed)}
    return str(max(now, key=lambda room: now[room])) if goal == BEST else goal


def steps(rng: random.Random, world: Rooms, state: str, goal: str, rejected: set[str]) -> list[tuple[str, str]]:
    """Steps towards the target in breadth-first order, ending with one from the state where a path exists."""
    rules, queue = graph.RoomRules(world), [target(world, goal)]
    shut = {str(room) for room, _ in world.chests} - set(queue) if goal == BEST else set()
    seen, found = {*shut, *queue}, []
    if state in queue:
        return []
    for room in queue:
        found.append(("", room))
        for other in (rules.after(room, action) for action in shuffled(rng, rules.actions(room))):
            if other in seen or (other == state and f"{state}-{room}" in rejected):
                continue
            found.append((other, room))
            if other == state:
                return found
            queue.append(other)
            seen.add(other)
    return found


def followed(way: dict[str, str], state: str, target: str) -> Iterator[str]:
    """The path from a state to the target, its steps counted."""
    count = 1
    while way.get(state, target) != target:
        state, count = way[state], count + 1
        yield f"{count - 1} {state}>{way[state]}"
    if state in way:
        yield str(count)


def castle(rng: random.Random, with_chests: bool, most: int = MOST_ROOMS) -> Rooms:
    """Draw a random castle whose rooms can all be reached; with chests and changed doors now and then."""
    while regular(edges := doors(rng, most)):
        pass
    rooms = sorted({room for edge in edges for room in edge})
    chests: tuple[Chest, ...] = ()
    if with_chests or rng.random() < 0.2:
        chosen = rng.sample(rooms, rng.choice((2, 2, 2, 2, 3, 4)))
        chests = tuple(zip(chosen, worths(rng, len(chosen)), strict=True))
    changed = tuple((room, worth) for room, worth in new_worths(rng, chests)) if rng.random() < 0.4 else ()
    locked: tuple[Edge, ...] = ()
    opened: tuple[Edge, ...] = ()
    if rng.random() < 0.45:
        walls = [pair for pair in itertools.combinations(rooms, 2) if pair not in edges and pair[::-1] not in edges]
        locked = tuple(rng.sample(edges, rng.choice((0, 1, 1, 1, 2))))
        opened = tuple(turned(rng, edge) for edge in rng.sample(walls, min(len(walls), rng.choice((0, 1, 1, 1, 2)))))
    return Rooms(edges, chests, changed, locked, opened)


def new_worths(rng: random.Random, chests: tuple[Chest, ...]) -> list[Chest]:
    """Draw new worths of one chest or of all."""
    kept = chests if rng.random() < 0.7 else chests[:1]
    while True:
        new = dict(zip([room for room, _ in kept], worths(rng, len(kept)), strict=True))
        if clear(sorted({**dict(chests), **new}.values())):
            return list(new.items())


def worths(rng: random.Random, count: int) -> list[int]:
    """Draw a number of worths that clearly differ."""
    while True:
        if clear(sorted(found := rng.sample(range(1, 100), count))):
            return found


def clear(worths: list[int]) -> bool:
    """Whether all worths differ by more than 5."""
    return all(b - a > 5 for a, b in itertools.pairwise(worths))


def turned(rng: random.Random, edge: Edge) -> Edge:
    """A door named from either of its sides."""
    return edge if rng.random() < 0.5 else edge[::-1]


def regular(edges: tuple[Edge, ...]) -> bool:
    """Whether doors could be those of the published castle with its rooms renumbered."""
    counts = Counter(room for edge in edges for room in edge)
    return len(counts) == MOST_ROOMS and set(counts.values()) == {4}


def doors(rng: random.Random, largest: int = MOST_ROOMS) -> tuple[Edge, ...]:
    """Draw the doors of a castle of 4 to ``largest`` rooms: a tree, more doors, or groups with few doors between."""
    size = rng.choice((rng.randint(4, min(7, largest)), rng.randint(4, largest), largest, largest))
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
    wanted = round(rng.uniform(rng.choice((1, 1.7)) * size - 1, 2.1 * size))
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
