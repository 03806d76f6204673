"""Writes a PDDL world out: actions without variables, conditions without quantifiers."""

from collections.abc import Iterable

from surefoot.decompose.answer_keys.strips_ground import NOTHING, Action, Change, Condition, Ground
from surefoot.decompose.answer_keys.strips_reachable import Reachable, reachable
from surefoot.decompose.referees.strips_matching import Values, bind, bindings
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_derived import layers
from surefoot.decompose.tasks.strips_formulas import (
    FALSE,
    TRUE,
    Atom,
    Formula,
    Parameter,
    all_of,
    any_of,
    conjuncts,
    is_atom,
    opposite,
)
from surefoot.decompose.tasks.strips_schemas import Derived, Schema


class Grounder:
    """Writes a PDDL world out, as far as anything can come up from a state on.

    Args:
        world: The world.
        start: A state; atoms that cannot come up from it have no bit.

    Raises:
        TooLarge: The world is too large for that.
    """

    def __init__(self, world: StripsWorld, start: frozenset[Atom]) -> None:
        self.world = world
        self.found: Reachable = reachable(world, sorted(start))
        self._derived = {rule.predicate for rule in world.derived}
        moving = world.changing | self._derived
        listed = sorted(atom for atom in self.found.facts.atoms if atom[0] in moving)
        self.bits = {atom: 1 << number for number, atom in enumerate(listed)}
        self.opposites: dict[Atom, int] = {}

    def opposite_bit(self, atom: Atom) -> int:
        """Return the bit that says an atom is false; the bit is made when first asked for."""
        if atom not in self.opposites:
            self.opposites[atom] = 1 << (len(self.bits) + len(self.opposites))
        return self.opposites[atom]

    def condition(self, formula: Formula, values: Values) -> Condition | None:
        """Return a formula as a condition over bits; ``None`` if the formula cannot become true."""
        simple = self._simple(formula, values)
        return None if simple == FALSE else self._condition(simple)

    def _condition(self, formula: Formula) -> Condition:
        mask, others = 0, []
        for part in conjuncts(formula):
            if part[0] == "or":
                others.append(tuple(self._condition(inner) for inner in part[1:]))
            else:
                mask |= self.opposite_bit(part[1]) if part[0] == "not" else self.bits[part]
        return mask, tuple(others)

    def _simple(self, formula: Formula, values: Values) -> Formula:
        """A formula without variables, quantifiers, and atoms that nothing changes."""
        word = formula[0]
        if word in ("and", "or"):
            make = all_of if word == "and" else any_of
            return make([self._simple(part, values) for part in formula[1:]])
        if word in ("forall", "exists"):
            return self._written_out(formula, values)
        atom = bind(formula[1] if word == "not" else formula, values)
        if atom[0] == "=":
            known: bool | None = atom[1] == atom[2]
        else:
            known = None if atom in self.bits else atom in self.found.facts.atoms
        if known is not None:
            return TRUE if known == (word != "not") else FALSE
        return ("not", atom) if word == "not" else atom

    def _written_out(self, formula: Formula, values: Values) -> Formula:
        word, variables, body = formula
        asked = body if word == "exists" else opposite(body)
        can_be = [part for part in conjuncts(asked) if self.can_match(part)]
        typed = [Parameter(name, tuple(types)) for name, *types in variables]
        found = [self._simple(body, further) for further in bindings(self.found.facts, typed, can_be, values)]
        return any_of(found) if word == "exists" else all_of(found)

    def can_match(self, part: Formula) -> bool:
        """Return whether a condition is an atom or compares objects, so that facts can be matched with it."""
        return is_atom(part) or (part[0] == "not" and part[1][0] == "=")

    def change(
        self, when: Condition, adds: list[Atom], deletes: list[Atom]
    ) -> tuple[Condition, list[Atom], list[Atom]]:
        """Return a change without deletions of what cannot be true or is added by the same change."""
        return when, adds, [atom for atom in deletes if atom in self.bits and atom not in adds]


def ground(world: StripsWorld, start: frozenset[Atom], negated: Iterable[Atom] = ()) -> Ground:
    """Write a PDDL world out, from a state on.

    Args:
        world: The world.
        start: A state; what cannot come up from it is left out.
        negated: Atoms that a goal wants to be false.

    Raises:
        TooLarge: It is too large for that.
    """
    grounder = Grounder(world, start)
    for atom in negated:
        if atom in grounder.bits:
            grounder.opposite_bit(atom)
    raw = [one for one in (_action(grounder, *pair) for pair in grounder.found.actions) if one is not None]
    rules = [_rules(grounder, layer) for layer in layers(world.derived)]
    # Opposites are known only now that every condition has been written out.
    opposites = {grounder.bits[atom]: bit for atom, bit in grounder.opposites.items()}
    written = [(tuple(r), tuple((bit, opposites[bit]) for bit in heads if bit in opposites)) for r, heads in rules]
    actions = tuple(
        Action(said, needs, _change(grounder, always), tuple(_change(grounder, one) for one in changes))
        for said, needs, always, changes in raw
    )
    listed, derived = (
        {f"({' '.join(atom)})": bit for atom, bit in grounder.bits.items() if (atom[0] in world.changing) == wanted}
        for wanted in (True, False)
    )
    always = frozenset(f"({' '.join(atom)})" for atom in world.always)
    return Ground(listed, derived, always, tuple(written), opposites, actions)


_Raw = tuple[Condition, list[Atom], list[Atom]]


def _action(grounder: Grounder, schema: Schema, values: Values) -> tuple[str, Condition, _Raw, list[_Raw]] | None:
    """An action's parts, or ``None`` if it can never be done."""
    conditions = [*schema.needs, *(("not", atom) for atom in schema.forbids), *schema.where]
    needs = grounder.condition(("and", *conditions), values)
    if needs is None:
        return None
    adds, deletes = ([bind(atom, values) for atom in atoms] for atoms in (schema.adds, schema.deletes))
    changes = []
    for effect in schema.effects:
        sure = [part for part in conjuncts(effect.when) if grounder.can_match(part)]
        for further in bindings(grounder.found.facts, effect.variables, sure, values):
            when = grounder.condition(effect.when, further)
            if when == NOTHING:
                adds += [bind(atom, further) for atom in effect.adds]
                deletes += [bind(atom, further) for atom in effect.deletes]
            elif when is not None:
                more, fewer = ([bind(atom, further) for atom in atoms] for atoms in (effect.adds, effect.deletes))
                changes.append(grounder.change(when, more, fewer))
    said = f"({' '.join((schema.name, *(values[p.name] for p in schema.parameters)))})"
    return said, needs, grounder.change(NOTHING, adds, deletes), changes


def _change(grounder: Grounder, raw: _Raw) -> Change:
    when, adds, deletes = raw
    masks = [0, 0, 0, 0]
    for atom in adds:
        masks[0] |= grounder.bits[atom]
        masks[2] |= grounder.opposites.get(atom, 0)
    for atom in deletes:
        masks[1] |= grounder.bits[atom]
        masks[3] |= grounder.opposites.get(atom, 0)
    return Change(when, *masks)


def _rules(grounder: Grounder, layer: list[Derived]) -> tuple[list[tuple[int, Condition]], list[int]]:
    """The rules of a layer written out, and the bits of its atoms."""
    found, named = [], {rule.predicate for rule in layer}
    for rule in layer:
        sure = [part for part in conjuncts(rule.when) if grounder.can_match(part)]
        for values in bindings(grounder.found.facts, rule.variables, sure, {}):
            when = grounder.condition(rule.when, values)
            if when is not None:
                head = (rule.predicate, *(values[v.name] for v in rule.variables))
                found.append((grounder.bits[head], when))
    return found, [bit for atom, bit in grounder.bits.items() if atom[0] in named]
