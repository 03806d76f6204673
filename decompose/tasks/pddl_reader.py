"""Reads PDDL text into a world, a start and a goal.

What a text uses decides, not what its ``:requirements`` say. Read are: types, constants, equality, negative,
disjunctive and quantified conditions, conditional and universal effects, derived predicates, and action costs (which
are not weighed). Everything else is refused in one line that names the feature and the line it stands in.

Reading is a function of the two texts: nothing is kept between files, and threads may read at once.
"""

import functools
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TypeVar

import msgspec

from surefoot.decompose.tasks.pddl_actions import derived_rule, schema_of
from surefoot.decompose.tasks.pddl_costs import TOTAL, Costs, Increase, costs_of, minimised, number
from surefoot.decompose.tasks.pddl_forms import Form, Refused
from surefoot.decompose.tasks.pddl_goals import goal_of
from surefoot.decompose.tasks.pddl_scope import OBJECT, Scope, name, typed_list
from surefoot.decompose.tasks.pddl_sections import Sections, sections
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_derived import check_layers
from surefoot.decompose.tasks.strips_formulas import Atom, text_of
from surefoot.decompose.tasks.strips_schemas import Derived, Schema
from surefoot.decompose.tasks.strips_words import join

T = TypeVar("T")


class Read(msgspec.Struct, frozen=True):
    """What a domain and a problem say.

    Attributes:
        name: The problem's name.
        world: Objects, actions and what never changes.
        start: State in canonical form.
        goal: Goal in canonical form.
        literals: Literals of the goal.
        costs: What actions cost; ``None`` if the domain has no costs.
    """

    name: str
    world: StripsWorld
    start: str
    goal: str
    literals: int
    costs: Costs | None = None


@functools.lru_cache(maxsize=64)
def read(domain_text: str, problem_text: str) -> Read:
    """The problem of two PDDL texts.

    Raises:
        ValueError: A text is not PDDL, the two do not fit, or something in them is not supported. One line.
    """
    domain = _within("domain", lambda: sections("domain", domain_text))
    problem = _within("problem", lambda: sections("problem", problem_text))
    _check_pair(domain, problem)
    scope = _scope(domain, problem)
    actions = _within("domain", lambda: _actions(domain, scope))
    rules = _within("domain", lambda: _rules(domain, scope, [schema for schema, _ in actions]))
    facts, table = _within("problem", lambda: _init(problem, scope, {rule.predicate for rule in rules}))
    goal = _within("problem", lambda: goal_of(problem.one(":goal"), scope))
    world = StripsWorld(
        domain.name,
        tuple(sorted((one, scope.all_types(types)) for one, types in scope.objects.items())),
        tuple(sorted((*scope.predicates.items(), *((rule.predicate, 0) for rule in goal.rules)))),
        tuple(schema for schema, _ in actions),
        derived=(*rules, *goal.rules),
    )
    always = tuple(sorted(atom for atom in facts if atom[0] not in world.changing))
    start = join([text_of(atom) for atom in facts if atom[0] in world.changing])
    costs = _within("domain", lambda: _costs(domain, problem, actions, table))
    world = msgspec.structs.replace(world, always=always)
    return Read(problem.name, world, start, join(list(goal.literals)), len(goal.literals), costs)


def _within(kind: str, part: Callable[[], T]) -> T:
    """A part of the reading; what is refused says of which text it is.

    Raises:
        ValueError: Something is refused.
    """
    try:
        return part()
    except Refused as error:
        raise ValueError(f"{kind}, {error}") from error


def _check_pair(domain: Sections, problem: Sections) -> None:
    wanted = problem.one(":domain")
    said = wanted.parts[1] if wanted is not None and len(wanted.parts) > 1 else domain.name
    if said != domain.name:
        raise ValueError(f"problem {problem.name} is for domain {said}, not {domain.name}")


def _scope(domain: Sections, problem: Sections) -> Scope:
    """All that is declared; an object may be named in both texts."""
    scope = Scope({OBJECT: set()}, {}, {}, {})
    for form in domain.all(":types"):
        _within("domain", functools.partial(_declare_types, form, scope))
    for word, into, of_what in ((":predicates", scope.predicates, "predicate"), (":functions", scope.functions, "function")):
        for form in domain.all(word):
            _within("domain", functools.partial(_declare, form, into, of_what, scope))
    for form in domain.all(":constants"):
        _within("domain", functools.partial(_declare_objects, form, scope))
    for form in problem.all(":objects"):
        _within("problem", functools.partial(_declare_objects, form, scope))
    return scope


def _declare_types(form: Form, scope: Scope) -> None:
    """Types; one that only stands behind a dash is a type as well."""
    for one in typed_list(form.parts[1:], form.line):
        scope.parents.setdefault(name(one.name, form.line, "a type"), set()).update(one.types)
        for above in one.types:
            scope.parents.setdefault(name(above, form.line, "a type"), set())


def _declare(form: Form, into: dict[str, int], of_what: str, scope: Scope) -> None:
    """Predicates or functions; of a function's type, ``- number``, nothing is kept."""
    for part in form.parts[1:]:
        if isinstance(part, str):
            if of_what == "function":
                continue
            raise Refused(form.line, f"{of_what} {part!r} is not in brackets")
        called = name(part.head or None, part.line, f"a {of_what}")
        arguments = typed_list(part.parts[1:], part.line)
        scope.check_types(arguments, part.line)
        if into.setdefault(called, len(arguments)) != len(arguments):
            raise Refused(part.line, f"{of_what} {called} is declared twice, with other arguments")


def _declare_objects(form: Form, scope: Scope) -> None:
    found = typed_list(form.parts[1:], form.line)
    scope.check_types(found, form.line)
    for one in found:
        scope.objects.setdefault(name(one.name, form.line, "an object"), set()).update(one.types)


def _actions(domain: Sections, scope: Scope) -> list[tuple[Schema, list[Increase]]]:
    found = sorted((schema_of(form, scope) for form in domain.all(":action")), key=lambda pair: pair[0].name)
    for (one, _), (other, _) in zip(found, found[1:], strict=False):
        if one.name == other.name:
            line = [form.line for form in domain.all(":action") if form.parts[1:2] == (one.name,)][1]
            raise Refused(line, f"there are two actions of the name {one.name}")
    return found


def _rules(domain: Sections, scope: Scope, schemas: Iterable[Schema]) -> list[Derived]:
    found = [derived_rule(form, scope) for form in domain.all(":derived")]
    named = {rule.predicate for rule in found}
    for schema in schemas:
        changed = [*schema.adds, *schema.deletes, *(a for e in schema.effects for a in (*e.adds, *e.deletes))]
        for atom in changed:
            if atom[0] in named:
                raise Refused(0, f"action {schema.name} changes {atom[0]}, which is derived")
    check_layers(found)
    return found


def _init(problem: Sections, scope: Scope, derived: set[str]) -> tuple[list[Atom], dict[Atom, Fraction]]:
    """The facts that are true in the beginning, and the values of functions."""
    facts: dict[Atom, None] = {}
    table: dict[Atom, Fraction] = {}
    init = problem.one(":init")
    waiting = list(reversed(init.parts[1:])) if init is not None else []
    while waiting:
        part = waiting.pop()
        if not isinstance(part, Form):
            raise Refused(init.line if init else 0, f"init: {part!r} is not in brackets")
        if part.head == "and":
            waiting += reversed(part.parts[1:])
        elif part.head == "=" and any(isinstance(inner, Form) for inner in part.parts):
            table.update([_value(part, scope)])
        elif part.head == "at" and "at" not in scope.predicates:
            raise Refused(part.line, "timed initial literals (at TIME ...) are not supported")
        elif part.head == "at" and len(part.parts) == 3 and isinstance(part.parts[2], Form):
            raise Refused(part.line, "timed initial literals (at TIME ...) are not supported")
        else:
            _fact(part, scope, facts)
    for fact in facts:
        if fact[0] in derived:
            raise Refused(0, f"init: {text_of(fact)} is derived, so it cannot be stated")
    return list(facts), table


def _fact(part: Form, scope: Scope, facts: dict[Atom, None]) -> None:
    """One fact; a negated one says what is so anyway."""
    negated = part.head == "not" and len(part.parts) == 2
    inner = part.parts[1] if negated else part
    if not isinstance(inner, Form) or not all(isinstance(word, str) for word in inner.parts):
        raise Refused(part.line, f"init: ({part.head} ...) is not a fact")
    fact = tuple(map(str, inner.parts))
    if not fact:
        raise Refused(part.line, "init: an empty bracket is not a fact")
    scope.check_atom(fact, frozenset(), part.line)
    if negated and fact in facts:
        raise Refused(part.line, f"init: {text_of(fact)} is said to be true and not to be")
    if not negated:
        facts[fact] = None


def _value(part: Form, scope: Scope) -> tuple[Atom, Fraction]:
    """``(= (f a) 3)``."""
    call = part.parts[1] if len(part.parts) == 3 else None
    if not isinstance(call, Form) or not all(isinstance(word, str) for word in call.parts) or not call.parts:
        raise Refused(part.line, "init: a function's value is (= (f ...) NUMBER)")
    atom = tuple(map(str, call.parts))
    if scope.functions.get(atom[0]) != len(atom) - 1:
        raise Refused(part.line, f"init: no function {atom[0]} with {len(atom) - 1} arguments is declared")
    return atom, number(part.parts[2], part.line)


def _costs(
    domain: Sections, problem: Sections, actions: list[tuple[Schema, list[Increase]]], table: dict[Atom, Fraction]
) -> Costs | None:
    """The costs of the function that the metric names, or else of the usual one."""
    function = minimised(problem.one(":metric") or domain.one(":metric")) or TOTAL
    amounts = costs_of({schema.name: increases for schema, increases in actions}, function)
    if not amounts:
        return None
    parameters = {schema.name: tuple(p.name for p in schema.parameters) for schema, _ in actions}
    return Costs(amounts, parameters, table)
