"""An exact executor of PDDL actions that grounds nothing: parameters are matched against the state."""

import functools

import msgspec

from surefoot.decompose.referees.strips_matching import Facts, Values, bind, bindings, true
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_derived import layers
from surefoot.decompose.tasks.strips_formulas import Atom, Formula
from surefoot.decompose.tasks.strips_schemas import Schema
from surefoot.decompose.tasks.strips_words import literals, parts

State = frozenset[Atom]


class Fault(msgspec.Struct, frozen=True):
    """Why a PDDL action cannot be done in a state.

    Attributes:
        rule: Name of the rule that is broken; see `StripsWorld.rules`.
        detail: In words.
    """

    rule: str
    detail: str


def facts(text: str) -> State:
    """Return a canonical state as a set of atoms."""
    return frozenset(tuple(parts(literal)) for literal in literals(text))


def text(state: State) -> str:
    """Return the canonical form of a set of atoms."""
    return " ".join(sorted(f"({' '.join(atom)})" for atom in state))


@functools.lru_cache(maxsize=256)
def known(world: StripsWorld, state: State) -> Facts:
    """Return all that is true in a state, with what never changes and what is derived."""
    found = Facts(world.objects, state.union(world.always))
    for layer in _layers(world):
        found = _derived(world, layer, found)
    return found


@functools.lru_cache(maxsize=64)
def _layers(world: StripsWorld) -> list[list[tuple[str, Atom, tuple[Formula, ...], int]]]:
    """Derived predicates in the order in which they are worked out: name, head, conditions and place of the rule."""
    place = {rule: number for number, rule in enumerate(world.derived)}
    return [
        [
            (rule.predicate, (rule.predicate, *(v.name for v in rule.variables)), _conditions(rule.when), place[rule])
            for rule in layer
        ]
        for layer in layers(world.derived)
    ]


def _conditions(formula: Formula) -> tuple[Formula, ...]:
    return formula[1:] if formula[0] == "and" else (formula,)


def _derived(world: StripsWorld, layer: list[tuple[str, Atom, tuple[Formula, ...], int]], found: Facts) -> Facts:
    """What is true with a layer of rules, applied until nothing new follows."""
    while True:
        new = {
            bind(head, values)
            for _, head, conditions, place in layer
            for values in bindings(found, world.derived[place].variables, conditions, {})
        }
        if new <= found.atoms:
            return found
        found = Facts(world.objects, found.atoms | new)


def holds(world: StripsWorld, state: State, goal: str) -> bool:
    """Return whether all literals of a goal hold in a state; what is not stated is false."""
    true_atoms = known(world, state).atoms if world.derived else state.union(world.always)
    for literal in literals(goal):
        negated = literal.startswith("(not ")
        if (tuple(parts(literal[5:-1] if negated else literal)) in true_atoms) == negated:
            return False
    return True


@functools.lru_cache(maxsize=64)
def _schemas(world: StripsWorld) -> dict[str, Schema]:
    return {schema.name: schema for schema in world.schemas}


def _bound(world: StripsWorld, action: str) -> tuple[Schema, Values] | None:
    """An action's schema and the objects of its variables; ``None`` if there is no such action."""
    name, *arguments = parts(action)
    schema = _schemas(world).get(name)
    if schema is None or len(schema.parameters) != len(arguments) or not world.words.objects.issuperset(arguments):
        return None
    return schema, dict(zip((p.name for p in schema.parameters), arguments, strict=True))


def fault(world: StripsWorld, state: State, action: str) -> Fault | None:
    """Return why an action cannot be done in a state; ``None`` if it can."""
    found = _bound(world, action)
    if found is None:
        return Fault("parameters", f"{action} is no action with these objects")
    return _fault(known(world, state), *found)


def _fault(true_now: Facts, schema: Schema, values: Values) -> Fault | None:
    for parameter in schema.parameters:
        if not true_now.fits(values[parameter.name], parameter.types):
            return Fault("parameters", f"{values[parameter.name]} is not of type {' or '.join(parameter.types)}")
    for atom in schema.needs:
        wanted = bind(atom, values)
        if atom[0] == "=" and wanted[1] != wanted[2]:
            return Fault("same", f"{wanted[1]} is not {wanted[2]}")
        if atom[0] != "=" and wanted not in true_now.atoms:
            return Fault(atom[0], f"({' '.join(wanted)}) does not hold")
    for atom in schema.forbids:
        wanted = bind(atom, values)
        if atom[0] == "=" and wanted[1] == wanted[2]:
            return Fault("different", f"{wanted[1]} twice")
        if wanted in true_now.atoms:
            return Fault(atom[0], f"({' '.join(wanted)}) holds")
    if not all(true(true_now, condition, values) for condition in schema.where):
        return Fault("condition", f"the condition of {schema.name} does not hold")
    return None


def after(world: StripsWorld, state: State, action: str) -> State:
    """Return the state after an action, whose preconditions are not checked; an atom deleted and added is true.

    Raises:
        ValueError: There is no such action.
    """
    found = _bound(world, action)
    if found is None:
        raise ValueError(f"{action} is no action with these objects")
    schema, values = found
    adds = {bind(atom, values) for atom in schema.adds}
    deletes = {bind(atom, values) for atom in schema.deletes}
    for effect in schema.effects:
        for further in bindings(known(world, state), effect.variables, _conditions(effect.when), values):
            adds |= {bind(atom, further) for atom in effect.adds}
            deletes |= {bind(atom, further) for atom in effect.deletes}
    return (state - deletes) | adds


def applicable(world: StripsWorld, state: State) -> list[str]:
    """Return every action that can be done in a state, sorted."""
    true_now = known(world, state)
    found = []
    for schema in world.schemas:
        conditions = (*schema.needs, *(("not", atom) for atom in schema.forbids), *schema.where)
        for values in bindings(true_now, schema.parameters, conditions, {}):
            found.append(f"({' '.join((schema.name, *(values[p.name] for p in schema.parameters)))})")
    return sorted(set(found))
