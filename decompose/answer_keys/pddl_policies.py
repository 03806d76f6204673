"""What an answer key does next: a rule for blocks and one for logistics, and a search for any other domain.

None of them claims to be optimal: an Actor that is called exact proposes valid actions that lead to the goal.
"""

import functools
import heapq

from surefoot.decompose.referees import strips
from surefoot.decompose.referees.strips import State
from surefoot.decompose.tasks.strips import StripsWorld, literals, parts

BLOCK_NAMES = {"attack": "pick-up", "succumb": "put-down", "overcome": "stack", "feast": "unstack"}
_BLOCK_ATOMS = {"planet": "ontable", "province": "clear", "harmony": "handempty", "pain": "holding", "craves": "on"}


def next_action(world: StripsWorld, state: State, goal: str) -> str | None:
    """The next action, or ``None`` at the goal or where none is known."""
    if strips.holds(state, frozenset(world.always), goal):
        return None
    names = {schema.name for schema in world.schemas}
    if {"pick-up", "put-down", "stack", "unstack"} <= names or set(BLOCK_NAMES) <= names:
        return _blocks(state, goal, "attack" in names)
    if {"load-truck", "unload-truck", "drive-truck", "fly-airplane"} <= names:
        if not _located(world, state):
            return None
        found = _logistics(world, state, goal)
        if found is not None:
            return found
    plan = _searched(world, state, goal)
    return plan[0] if plan else None


def _blocks(state: State, goal: str, mystery: bool) -> str:
    """Unstack what is in the way, then build from below."""
    rename = _BLOCK_ATOMS if mystery else {}
    atoms = {(rename.get(name, name), *rest) for name, *rest in state}
    wanted = {a: b for name, *(a, b) in _goal_pairs(goal, rename)}
    below = {a: b for name, *rest in atoms if name == "on" for a, b in [rest]}
    clear = {rest[0] for name, *rest in atoms if name == "clear"}
    held = next((rest[0] for name, *rest in atoms if name == "holding"), None)

    def settled(block: str) -> bool:
        """Whether a block and all below it may stay where they are."""
        under = below.get(block)
        if block in wanted and wanted[block] != under:
            return False
        if under is not None and any(b == under and a != block for a, b in wanted.items()):
            return False
        return under is None or settled(under)

    names = {new: old for old, new in BLOCK_NAMES.items()} if mystery else {}

    def said(name: str, *blocks: str) -> str:
        return f"({' '.join((names.get(name, name), *blocks))})"

    if held is not None:
        target = wanted.get(held)
        ready = target is not None and target in clear and settled(target)
        return said("stack", held, target) if ready and target is not None else said("put-down", held)
    for block, target in sorted(wanted.items()):
        if below.get(block) != target and {block, target} <= clear and settled(target):
            under = below.get(block)
            return said("pick-up", block) if under is None else said("unstack", block, under)
    top = next(block for block in sorted(clear) if block in below and not settled(block))
    return said("unstack", top, below[top])


def _goal_pairs(goal: str, rename: dict[str, str]) -> list[tuple[str, str, str]]:
    found = []
    for literal in literals(goal):
        name, *rest = parts(literal)
        if rename.get(name, name) == "on":
            found.append(("on", rest[0], rest[1]))
    return found


def _logistics(world: StripsWorld, state: State, goal: str) -> str | None:
    """Unload what has arrived and load what can go on; else move the vehicle that the first package waits for."""
    at = {rest[0]: rest[1] for name, *rest in state if name == "at"}
    inside = {rest[0]: rest[1] for name, *rest in state if name == "in"}
    city = {rest[0]: rest[1] for name, *rest in world.always if name == "in-city"}
    kind = dict(world.objects)
    semaphore = {city[name]: name for name, types in world.objects if "airport" in types}
    moves: list[str] = []
    for literal in literals(goal):
        _, package, there = parts(literal)
        vehicle = inside.get(package)
        here = at[vehicle or package]
        if here == there and vehicle is None:
            continue
        local = city[here] == city[there]
        flying = "airplane" in kind[vehicle] if vehicle else not local and here == semaphore[city[here]]
        if vehicle is not None:
            stop = semaphore[city[there]] if flying else there if local else semaphore[city[here]]
            if here == stop:
                return f"(unload-{'airplane' if flying else 'truck'} {package} {vehicle} {here})"
            moves.append(_move(vehicle, here, stop, flying, city))
            continue
        carrier = _carrier(world, at, city, here, flying)
        if at[carrier] == here:
            return f"(load-{'airplane' if flying else 'truck'} {package} {carrier} {here})"
        moves.append(_move(carrier, at[carrier], here, flying, city))
    return moves[0] if moves else None


def _located(world: StripsWorld, state: State) -> bool:
    """Whether everything is somewhere; a state that was predicted wrongly may have lost a truck."""
    somewhere = {atom[1] for atom in state if atom[0] in ("at", "in")}
    movable = {name for name, types in world.objects if {"package", "vehicle"} & {*types}}
    return movable <= somewhere and all(("at", a[2]) in {b[:2] for b in state} for a in state if a[0] == "in")


def _carrier(world: StripsWorld, at: dict[str, str], city: dict[str, str], here: str, flying: bool) -> str:
    """The city's truck, or the airplane that is here, or the first one."""
    wanted = "airplane" if flying else "truck"
    vehicles = [name for name, types in world.objects if wanted in types]
    if not flying:
        return next(name for name in vehicles if city[at[name]] == city[here])
    return min(vehicles, key=lambda name: at[name] != here)


def _move(vehicle: str, here: str, there: str, flying: bool, city: dict[str, str]) -> str:
    if flying:
        return f"(fly-airplane {vehicle} {here} {there})"
    return f"(drive-truck {vehicle} {here} {there} {city[here]})"


@functools.lru_cache(maxsize=4096)
def _searched(world: StripsWorld, state: State, goal: str) -> tuple[str, ...]:
    """Best-first by missing goals, then length; empty if nothing is found among 20,000 states."""
    always = frozenset(world.always)

    def missing(reached: State) -> int:
        return sum(not strips.holds(reached, always, literal) for literal in literals(goal))

    queue: list[tuple[int, int, State, tuple[str, ...]]] = [(missing(state), 0, state, ())]
    seen, number = {state}, 0
    while queue and len(seen) < 20_000:
        left, _, here, plan = heapq.heappop(queue)
        if left == 0:
            return plan
        for action in strips.applicable(world, here):
            reached = strips.after(world, here, action)
            if reached not in seen:
                seen.add(reached)
                number += 1
                heapq.heappush(queue, (missing(reached), number, reached, (*plan, action)))
    return ()
