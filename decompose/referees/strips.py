"""An exact STRIPS executor that grounds nothing: parameters are matched against the state, one after the other."""

from collections.abc import Iterator

import msgspec

from surefoot.decompose.tasks.strips import Atom, Schema, StripsWorld, literals, parts

State = frozenset[Atom]


class Fault(msgspec.Struct, frozen=True):
    """Why an action cannot be done.

    Attributes:
        rule: ``parameters``, ``different``, or the predicate of the first fact that is missing or forbidden.
        detail: In words.
    """

    rule: str
    detail: str


def facts(text: str) -> State:
    """A canonical state as a set of atoms."""
    return frozenset(tuple(parts(literal)) for literal in literals(text))


def text(state: State) -> str:
    """The canonical form of a state."""
    return " ".join(sorted(f"({' '.join(atom)})" for atom in state))


def holds(state: State, always: State, goal: str) -> bool:
    """Whether all literals of a goal hold; what is not stated is false."""
    for literal in literals(goal):
        negated = literal.startswith("(not ")
        atom = tuple(parts(literal[5:-1] if negated else literal))
        if ((atom in state) or (atom in always)) == negated:
            return False
    return True


def fault(world: StripsWorld, state: State, action: str) -> Fault | None:
    """Why an action cannot be done in a state; ``None`` if it can."""
    name, *arguments = parts(action)
    schema = next((s for s in world.schemas if s.name == name and len(s.parameters) == len(arguments)), None)
    objects = dict(world.objects)
    if schema is None or not set(arguments) <= set(objects):
        return Fault("parameters", f"{action} is no action with these objects")
    for parameter, argument in zip(schema.parameters, arguments, strict=True):
        if parameter.types and not {*parameter.types} & {*objects[argument], "object"}:
            return Fault("parameters", f"{argument} is not of type {' or '.join(parameter.types)}")
    bound = dict(zip((p.name for p in schema.parameters), arguments, strict=True))
    true = state | frozenset(world.always)
    for atom in schema.needs:
        if _bind(atom, bound) not in true:
            return Fault(atom[0], f"({' '.join(_bind(atom, bound))}) does not hold")
    for atom in schema.forbids:
        found = _bind(atom, bound)
        if atom[0] == "=" and found[1] == found[2]:
            return Fault("different", f"{found[1]} twice")
        if found in true:
            return Fault(atom[0], f"({' '.join(found)}) holds")
    return None


def after(world: StripsWorld, state: State, action: str) -> State:
    """The state after an action; its needs are not checked. What it deletes and adds is true afterwards."""
    name, *arguments = parts(action)
    schema = next(s for s in world.schemas if s.name == name)
    bound = dict(zip((p.name for p in schema.parameters), arguments, strict=False))
    deleted = {_bind(atom, bound) for atom in schema.deletes}
    return (state - deleted) | {_bind(atom, bound) for atom in schema.adds}


def applicable(world: StripsWorld, state: State) -> list[str]:
    """Every action that can be done, sorted."""
    by_name: dict[str, list[Atom]] = {}
    for atom in (*state, *world.always):
        by_name.setdefault(atom[0], []).append(atom)
    found = []
    for schema in world.schemas:
        for bound in _bindings(world, schema, by_name):
            action = f"({' '.join((schema.name, *(bound[p.name] for p in schema.parameters)))})"
            if fault(world, state, action) is None:
                found.append(action)
    return sorted(found)


def _bindings(world: StripsWorld, schema: Schema, true: dict[str, list[Atom]]) -> Iterator[dict[str, str]]:
    """Values of a schema's parameters that make its needs true; types and what it forbids are left to `fault`."""

    def extend(number: int, bound: dict[str, str]) -> Iterator[dict[str, str]]:
        if number == len(schema.needs):
            yield from _fill(world, schema, bound)
            return
        wanted = schema.needs[number]
        for atom in true.get(wanted[0], ()):
            matched = _match(wanted, atom, bound)
            if matched is not None:
                yield from extend(number + 1, matched)

    yield from extend(0, {})


def _fill(world: StripsWorld, schema: Schema, bound: dict[str, str]) -> Iterator[dict[str, str]]:
    free = next((p for p in schema.parameters if p.name not in bound), None)
    if free is None:
        yield bound
        return
    for name, types in world.objects:
        if not free.types or {*free.types} & {*types, "object"}:
            yield from _fill(world, schema, {**bound, free.name: name})


def _match(wanted: Atom, atom: Atom, bound: dict[str, str]) -> dict[str, str] | None:
    if wanted[0] != atom[0] or len(wanted) != len(atom):
        return None
    found = dict(bound)
    for variable, value in zip(wanted[1:], atom[1:], strict=True):
        if variable.startswith("?"):
            if found.setdefault(variable, value) != value:
                return None
        elif variable != value:
            return None
    return found


def _bind(atom: Atom, bound: dict[str, str]) -> Atom:
    return (atom[0], *(bound.get(argument, argument) for argument in atom[1:]))
