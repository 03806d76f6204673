"""Reads PDDL text into a world, a start and a goal.

What a text uses decides, not what its ``:requirements`` say. Read are: types, constants, equality, negative,
disjunctive and quantified conditions, conditional and universal effects, derived predicates, and action costs (which
are not weighed). Everything else is refused in one line that names the feature and the line it stands in.

Reading is a function of the two texts: nothing is kept between files, and threads may read at once.
"""

import functools
import itertools
from collections.abc import Iterable
from fractions import Fraction

import msgspec

from surefoot.decompose.tasks.pddl_actions import derived_rule, schema_of
from surefoot.decompose.tasks.pddl_costs import TOTAL, Costs, Increase, costs_of, minimised
from surefoot.decompose.tasks.pddl_declarations import scope_of, within
from surefoot.decompose.tasks.pddl_forms import Refused
from surefoot.decompose.tasks.pddl_goals import goal_of
from surefoot.decompose.tasks.pddl_init import initial
from surefoot.decompose.tasks.pddl_scope import Scope
from surefoot.decompose.tasks.pddl_sections import Sections, sections
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_derived import check_layers
from surefoot.decompose.tasks.strips_formulas import Atom, text_of
from surefoot.decompose.tasks.strips_schemas import Derived, Schema
from surefoot.decompose.tasks.strips_words import join


class Read(msgspec.Struct, frozen=True):
    """What a PDDL domain and problem say.

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
    """Read a PDDL domain and problem into a world, a start and a goal.

    Raises:
        ValueError: A text is not PDDL, the two do not fit, or something in them is not supported. One line.
    """
    domain = within("domain", lambda: sections("domain", domain_text))
    problem = within("problem", lambda: sections("problem", problem_text))
    _check_pair(domain, problem)
    scope = scope_of(domain, problem)
    actions = within("domain", lambda: _actions(domain, scope))
    rules = within("domain", lambda: _rules(domain, scope, [schema for schema, _ in actions]))
    facts, table = within("problem", lambda: initial(problem, scope, {rule.predicate for rule in rules}))
    goal = within("problem", lambda: goal_of(problem.one(":goal"), scope))
    world = StripsWorld(
        domain.name,
        tuple(sorted((one, scope.all_types(types)) for one, types in scope.objects.items())),
        tuple(sorted((*scope.predicates.items(), *((rule.predicate, 0) for rule in goal.rules)))),
        tuple(schema for schema, _ in actions),
        derived=(*rules, *goal.rules),
    )
    always = tuple(sorted(atom for atom in facts if atom[0] not in world.changing))
    start = join([text_of(atom) for atom in facts if atom[0] in world.changing])
    costs = within("domain", lambda: _costs(domain, problem, actions, table))
    world = msgspec.structs.replace(world, always=always)
    return Read(problem.name, world, start, join(list(goal.literals)), len(goal.literals), costs)


def _check_pair(domain: Sections, problem: Sections) -> None:
    wanted = problem.one(":domain")
    said = wanted.parts[1] if wanted is not None and len(wanted.parts) > 1 else domain.name
    if said != domain.name:
        raise ValueError(f"problem {problem.name} is for domain {said}, not {domain.name}")


def _actions(domain: Sections, scope: Scope) -> list[tuple[Schema, list[Increase]]]:
    found = sorted((schema_of(form, scope) for form in domain.all(":action")), key=lambda pair: pair[0].name)
    for (one, _), (other, _) in itertools.pairwise(found):
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
