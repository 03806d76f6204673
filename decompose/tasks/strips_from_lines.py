"""Reads the lines of `surefoot.decompose.tasks.strips_lines` back into a world, for whoever has only a prompt."""

from collections.abc import Iterable

from surefoot.decompose.tasks.pddl_forms import Form, Part, forms
from surefoot.decompose.tasks.pddl_scope import variables_of
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_formulas import TRUE, Atom, Formula, Parameter
from surefoot.decompose.tasks.strips_schemas import Derived, Effect, Schema


def world_of(lines: Iterable[str]) -> StripsWorld:
    """Return the world that formal lines describe; other lines are passed over.

    Raises:
        ValueError: The lines are not those of a world.
    """
    domain, objects, predicates, always, schemas, derived = "", [], [], [], [], []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "domain" and rest and " " not in rest:
            domain = rest
        elif word == "object" and (" - " in rest or " " not in rest):
            name, _, types = rest.partition(" - ")
            objects.append((name, tuple(types.split())))
        elif word == "predicate" and rest[-1:].isdigit():
            predicates.append((rest.split()[0], int(rest.split()[1])))
        elif word == "always" and rest.startswith("("):
            always.append(_atom(forms(rest)[0]))
        elif word == "derived" and rest.startswith("("):
            derived.append(_derived(forms(rest)))
        elif word == "action" and " (" in rest:
            schemas.append(_schema(forms(rest)))
    if not domain or not schemas:
        raise ValueError("not a question about a STRIPS world")
    return StripsWorld(
        domain, tuple(objects), tuple(predicates), tuple(schemas), tuple(always), tuple(derived)
    )  # fmt: skip


def _schema(told: list[Part]) -> Schema:
    first, *others = _divided(told[1:], "also")
    plain = _clauses(first[1:])
    return Schema(
        str(told[0]), _variables(first[0]), _atoms(plain, "needs"), _atoms(plain, "forbids"), _atoms(plain, "adds"),
        _atoms(plain, "deletes"), tuple(map(formula_of, plain.get("where", ()))), tuple(map(_effect, others)),
    )  # fmt: skip


def _effect(told: list[Part]) -> Effect:
    clauses = _clauses(told[1:])
    when = formula_of(clauses["if"][0]) if "if" in clauses else TRUE
    return Effect(_variables(told[0]), when, _atoms(clauses, "adds"), _atoms(clauses, "deletes"))


def _derived(told: list[Part]) -> Derived:
    if len(told) != 4:
        raise ValueError("a derived predicate's line is damaged")
    return Derived(_atom(told[0])[0], _variables(told[1]), formula_of(told[3]))


def _divided(told: list[Part], word: str) -> list[list[Part]]:
    found: list[list[Part]] = [[]]
    for part in told:
        if part == word:
            found.append([])
        else:
            found[-1].append(part)
    if not all(found):
        raise ValueError("an action's line is damaged")
    return found


def _clauses(told: list[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    here: list[Part] = []
    for part in told:
        if isinstance(part, str):
            here = found.setdefault(part, [])
        else:
            here.append(part)
    return found


def _variables(part: Part) -> tuple[Parameter, ...]:
    return tuple(variables_of(part, 0))


def _atoms(clauses: dict[str, list[Part]], word: str) -> tuple[Atom, ...]:
    return tuple(map(_atom, clauses.get(word, ())))


def _atom(part: Part) -> Atom:
    if not isinstance(part, Form):
        raise ValueError("a line of a world is damaged")
    return tuple(map(str, part.parts))


def formula_of(part: Part) -> Formula:
    """Read a formula in the form that ``text_of`` writes."""
    if not isinstance(part, Form):
        raise ValueError("a line of a world is damaged")
    word, rest = part.head, part.parts[1:]
    if word in ("forall", "exists"):
        return (word, tuple((v.name, *v.types) for v in _variables(rest[0])), formula_of(rest[1]))
    if word in ("and", "or", "not"):
        return (word, *map(formula_of, rest))
    return _atom(part)
