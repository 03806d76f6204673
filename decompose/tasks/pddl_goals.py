"""The goal of a PDDL problem as a list of literals.

A disjunction or a quantifier that cannot be written out as literals becomes a derived predicate without arguments,
which is true exactly where the condition is.
"""

import itertools

import msgspec

from surefoot.decompose.tasks.pddl_conditions import condition
from surefoot.decompose.tasks.pddl_forms import Form, Refused
from surefoot.decompose.tasks.pddl_scope import Scope
from surefoot.decompose.tasks.strips_formulas import Formula, bound, conjuncts, is_literal, text_of
from surefoot.decompose.tasks.strips_schemas import Derived

MOST = 500
"""Literals that a goal's quantifiers are written out to at most."""


class Goal(msgspec.Struct, frozen=True):
    """The goal of a PDDL problem, as literals.

    Attributes:
        literals: Literals in canonical form.
        rules: Derived predicates that stand for what is no literal.
    """

    literals: tuple[str, ...]
    rules: tuple[Derived, ...] = ()


def goal_of(section: Form | None, scope: Scope) -> Goal:
    """Read the goal section of a PDDL problem.

    Raises:
        Refused: It is none, or is empty.
    """
    assert section is not None
    if len(section.parts) != 2:
        raise Refused(section.line, "a goal is (:goal CONDITION)")
    try:
        found = condition(section.parts[1], scope, frozenset())
    except Refused as error:
        raise Refused(0, f"{error}" if error.args[0].startswith("line") else f"line {section.line}: {error}") from error
    parts = [inner for part in conjuncts(found) for inner in _written_out(part, scope)]
    literals = [part for part in parts if is_literal(part) and "=" not in (part[0], part[-1][0])]
    others = [part for part in parts if part not in literals]
    rules: list[Derived] = []
    for part in others:
        called = _free_name(scope, len(rules))
        rules.append(Derived(called, (), part))
    said = [*map(text_of, literals), *(f"({rule.predicate})" for rule in rules)]
    if not said:
        raise Refused(section.line, "the goal is empty")
    return Goal(tuple(said), tuple(rules))


def _free_name(scope: Scope, number: int) -> str:
    """A name for a part of the goal that is no predicate of the domain."""
    return next(
        called
        for called in (f"goal-part-{number + 1}{'-' * dashes}{'x' * bool(dashes)}" for dashes in itertools.count())
        if called not in scope.predicates
    )


def _written_out(part: Formula, scope: Scope) -> list[Formula]:
    """A universal quantifier over literals, for each of its objects; all else as it is."""
    if part[0] != "forall" or not all(is_literal(inner) for inner in conjuncts(part[2])):
        return [part]
    choices = [_objects(scope, variable[1:]) for variable in part[1]]
    count = len(conjuncts(part[2]))
    for objects in choices:
        count *= len(objects)
    if count > MOST:
        return [part]
    names = [variable[0] for variable in part[1]]
    return [
        bound(inner, dict(zip(names, chosen, strict=True)))
        for chosen in itertools.product(*choices)
        for inner in conjuncts(part[2])
    ]


def _objects(scope: Scope, types: tuple[str, ...]) -> list[str]:
    return [one for one, own in scope.objects.items() if not types or {*types} & {*scope.all_types(own)}]
