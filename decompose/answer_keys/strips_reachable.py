"""Which atoms and actions of a PDDL world can come up at all, if nothing ever became false (delete relaxation).

Joined as a database does it (Helmert, Artificial Intelligence 173, 2009, section 6): each new atom is matched with
every condition that it may be, and the other conditions with what is known so far.
"""

from collections.abc import Iterator, Sequence

import msgspec

from surefoot.decompose.referees.strips_matching import Facts, Search, Values, bind, bindings, extended, matched
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_formulas import Atom, Formula, Parameter, conjuncts, is_atom, literals_in
from surefoot.decompose.tasks.strips_schemas import Schema

MOST_WORK = 3_000_000
"""Atoms looked at before a world counts as too large."""
MOST_ACTIONS = 40_000


class TooLarge(Exception):
    """A PDDL world has too many atoms or actions to look at one by one. Never leaves this package."""


class CountedFacts(Facts):
    """True atoms of a state, to which more are added, with a bound on how many are looked at."""

    def __init__(self, world: StripsWorld) -> None:
        super().__init__(world.objects, frozenset())
        self._true: set[Atom] = set()
        self.atoms = self._true
        self.left = MOST_WORK
        for atom in sorted(world.always):
            self.add(atom)

    def candidates(self, atom: Atom, values: Values) -> list[Atom]:
        """Return the true atoms that may match an atom, and count them against the bound.

        Raises:
            TooLarge: Too many have been looked at.
        """
        found = super().candidates(atom, values)
        self.left -= len(found) + 1
        if self.left < 0:
            raise TooLarge
        return found

    def add(self, atom: Atom) -> None:
        """Add an atom to those that are true."""
        self._true.add(atom)
        self._by_name.setdefault(atom[0], []).append(atom)
        for (name, place), table in self._by_argument.items():
            if name == atom[0] and place < len(atom):
                table.setdefault(atom[place], []).append(atom)


class Rule(msgspec.Struct, frozen=True):
    """A rule of a delete-relaxed PDDL world: what follows once some conditions hold.

    Attributes:
        variables: Its variables.
        needs: Atoms that must be true.
        sure: Conditions that never change, hence can be looked at beforehand.
        heads: Atoms that follow.
        schema: The action that this is; ``None`` for conditional effects and derived predicates.
    """

    variables: tuple[Parameter, ...]
    needs: tuple[Atom, ...]
    sure: tuple[Formula, ...]
    heads: tuple[Atom, ...]
    schema: Schema | None = None


class Reachable(msgspec.Struct, frozen=True):
    """The atoms and actions of a PDDL world that can come up at all.

    Attributes:
        facts: Atoms, those that never change included.
        actions: Actions with the objects of their parameters, in an order that does not depend on hashing.
    """

    facts: CountedFacts
    actions: list[tuple[Schema, Values]]


def reachable(world: StripsWorld, start: Sequence[Atom]) -> Reachable:
    """Return all atoms and actions that can come up from a state if nothing ever became false.

    Raises:
        TooLarge: It is too much.
    """
    facts = CountedFacts(world)
    rules = list(_rules(world))
    waiting_for: dict[str, list[tuple[Rule, int]]] = {}
    for rule in rules:
        for place, atom in enumerate(rule.needs):
            waiting_for.setdefault(atom[0], []).append((rule, place))
    actions: dict[tuple[str, Atom], tuple[Schema, Values]] = {}
    queue: list[Atom] = []

    def conclude(rule: Rule, values: Values) -> None:
        if rule.schema is not None:
            key = rule.schema.name, tuple(values[p.name] for p in rule.variables)
            if key in actions:
                return
            actions[key] = rule.schema, values
            if len(actions) > MOST_ACTIONS:
                raise TooLarge
        for head in rule.heads:
            atom = bind(head, values)
            if atom not in facts.atoms:
                facts.add(atom)
                queue.append(atom)

    for atom in sorted(start):
        if atom not in facts.atoms:
            facts.add(atom)
            queue.append(atom)
    for rule in rules:
        if not any(atom[0] in _moving(world) for atom in rule.needs):
            for values in list(bindings(facts, rule.variables, (*rule.needs, *rule.sure), {})):
                conclude(rule, values)
    for atom in queue:
        for rule, place in waiting_for.get(atom[0], ()):
            for values in list(_joined(facts, rule, place, atom)):
                conclude(rule, values)
    return Reachable(facts, [actions[key] for key in sorted(actions)])


def _joined(facts: Facts, rule: Rule, place: int, atom: Atom) -> Iterator[Values]:
    """Values under which a need of a rule is this atom, and its other needs are true."""
    search = Search(facts, {v.name: v.types for v in rule.variables})
    values = matched(search, rule.needs[place], atom, {})
    if values is None:
        return
    others: list[Formula] = [*rule.needs[:place], *rule.needs[place + 1 :], *rule.sure]
    yield from extended(search, [v.name for v in rule.variables if v.name not in values], others, values)


def _moving(world: StripsWorld) -> frozenset[str]:
    """Predicates that can become true."""
    return world.changing | {rule.predicate for rule in world.derived}


def _rules(world: StripsWorld) -> Iterator[Rule]:
    moving = _moving(world)
    for schema in world.schemas:
        conditions = (*schema.needs, *(("not", atom) for atom in schema.forbids), *schema.where)
        needs, sure = _split(conditions, moving)
        yield Rule(schema.parameters, needs, sure, schema.adds, schema)
        for effect in schema.effects:
            further, also = _split(conjuncts(effect.when), moving)
            names = {v.name for v in effect.variables}
            variables = (*(p for p in schema.parameters if p.name not in names), *effect.variables)
            if len(variables) == len(schema.parameters) + len(names):  # else a variable stands for two things
                yield Rule(variables, (*needs, *further), (*sure, *also), effect.adds)
            else:
                yield Rule(variables, further, also, effect.adds)
    for rule in world.derived:
        needs, sure = _split(conjuncts(rule.when), moving)
        yield Rule(rule.variables, needs, sure, ((rule.predicate, *(v.name for v in rule.variables)),))


def _split(conditions: Sequence[Formula], moving: frozenset[str]) -> tuple[tuple[Atom, ...], tuple[Formula, ...]]:
    """Conditions that are atoms, and those that nothing changes."""
    needs = tuple(one for one in conditions if is_atom(one) and one[0] != "=")
    sure = tuple(one for one in conditions if one not in needs and not any(a[0] in moving for a, _ in literals_in(one)))
    return needs, sure
