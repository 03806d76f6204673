"""Finds the objects for which conditions hold in a state: the atom with the fewest matches comes first."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from surefoot.decompose.tasks.strips_formulas import Atom, Formula, Parameter, is_atom, opposite

Values = dict[str, str]
"""Objects by variable."""


class Facts:
    """Atoms that are true in a state, found by predicate and by any one argument.

    Args:
        world_objects: Objects, each with all its types.
        atoms: All that is true.
    """

    def __init__(self, world_objects: Iterable[tuple[str, tuple[str, ...]]], atoms: AbstractSet[Atom]) -> None:
        self.types = {name: frozenset(types) for name, types in world_objects}
        self.atoms: AbstractSet[Atom] = atoms
        self._by_name: dict[str, list[Atom]] = {}
        for atom in atoms:
            self._by_name.setdefault(atom[0], []).append(atom)
        self._by_argument: dict[tuple[str, int], dict[str, list[Atom]]] = {}

    def fits(self, value: str, types: Sequence[str]) -> bool:
        """Return whether an object is of one of some types; any object fits where no types are given."""
        return not types or not self.types[value].isdisjoint(types)

    def candidates(self, atom: Atom, values: Values) -> list[Atom]:
        """Return the true atoms that may match an atom, by the bound argument with the fewest matches."""
        best = self._by_name.get(atom[0], [])
        for place, argument in enumerate(atom[1:], 1):
            value = values.get(argument, argument)
            if value[0] != "?":
                found = self._at(atom[0], place).get(value, [])
                # The rarest argument first: what is left to compare decides the cost of the whole search.
                if len(found) < len(best):
                    best = found
        return best

    def _at(self, name: str, place: int) -> dict[str, list[Atom]]:
        found = self._by_argument.get((name, place))
        if found is None:
            found = self._by_argument[name, place] = {}
            for atom in self._by_name.get(name, ()):
                if place < len(atom):
                    found.setdefault(atom[place], []).append(atom)
        return found


class Search(msgspec.Struct, frozen=True):
    """What a search for bindings is given: the true atoms, and the types of the variables."""

    facts: Facts
    types: dict[str, Sequence[str]]


def bindings(
    facts: Facts, variables: Sequence[Parameter], conditions: Sequence[Formula], values: Values
) -> Iterator[Values]:
    """Yield every choice of objects for some variables that makes all conditions true.

    Args:
        facts: What is true.
        variables: The variables that objects are wanted for.
        conditions: Formulas; other variables in them have values already.
        values: Those values.
    """
    inner = {name: value for name, value in values.items() if name not in {v.name for v in variables}}
    types: dict[str, Sequence[str]] = {v.name: v.types for v in variables}
    yield from extended(Search(facts, types), [v.name for v in variables], list(conditions), inner)


def extended(search: Search, free: list[str], conditions: list[Formula], values: Values) -> Iterator[Values]:
    """Yield some values extended by objects for the free variables, in every way that makes the conditions true."""
    settled = [one for one in conditions if is_settled(one, values)]
    if not all(true(search.facts, one, values) for one in settled):
        return
    left = [one for one in conditions if one not in settled] if settled else conditions
    if not free:
        yield values
        return
    atoms = [one for one in left if is_atom(one) and one[0] != "="]
    if atoms:
        chosen = min(atoms, key=lambda atom: len(search.facts.candidates(atom, values)))
        for found in search.facts.candidates(chosen, values):
            further = matched(search, chosen, found, values)
            if further is not None:
                yield from extended(search, [v for v in free if v not in further], left, further)
        return
    name = free[0]
    for value in search.facts.types:
        if search.facts.fits(value, search.types[name]):
            yield from extended(search, free[1:], left, {**values, name: value})


def matched(search: Search, wanted: Atom, found: Atom, values: Values) -> Values | None:
    """Return the values that make one atom equal to another, of types that fit; ``None`` if there are none."""
    if len(wanted) != len(found):
        return None
    further = values
    for argument, value in zip(wanted[1:], found[1:], strict=True):
        here = further.get(argument, argument)
        if here[0] == "?":
            if not search.facts.fits(value, search.types.get(argument, ())):
                return None
            further = {**further, argument: value}
        elif here != value:
            return None
    return further


def is_settled(formula: Formula, values: Values) -> bool:
    """Return whether all variables of a formula have values, apart from those its quantifiers bind."""
    word = formula[0]
    if word == "not":
        return is_settled(formula[1], values)
    if word in ("and", "or"):
        return all(is_settled(part, values) for part in formula[1:])
    if word in ("forall", "exists"):
        return is_settled(formula[2], {**values, **dict.fromkeys((v[0] for v in formula[1]), "")})
    return all(argument[0] != "?" or argument in values for argument in formula[1:])


def true(facts: Facts, formula: Formula, values: Values) -> bool:
    """Return whether a formula holds whose free variables all have values."""
    word = formula[0]
    if word == "not":
        return not true(facts, formula[1], values)
    if word == "and":
        return all(true(facts, part, values) for part in formula[1:])
    if word == "or":
        return any(true(facts, part, values) for part in formula[1:])
    if word in ("forall", "exists"):
        variables = [Parameter(name, tuple(types)) for name, *types in formula[1]]
        body = formula[2] if word == "exists" else opposite(formula[2])
        parts = body[1:] if body[0] == "and" else (body,)
        found = any(True for _ in bindings(facts, variables, parts, values))
        return found if word == "exists" else not found
    atom: Atom = bind(formula, values)
    if word == "=":
        return bool(atom[1] == atom[2])
    return atom in facts.atoms


def bind(atom: Atom, values: Values) -> Atom:
    """Return an atom with objects in place of variables."""
    return (atom[0], *(values.get(argument, argument) for argument in atom[1:]))
