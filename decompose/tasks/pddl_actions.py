"""Actions and derived predicates of PDDL; the parts of an action may stand in any order, and each may be missing."""

from collections.abc import Iterable, Sequence

from surefoot.decompose.tasks.pddl_conditions import condition
from surefoot.decompose.tasks.pddl_costs import Increase
from surefoot.decompose.tasks.pddl_effects import Change, effects
from surefoot.decompose.tasks.pddl_forms import Form, Part, Refused
from surefoot.decompose.tasks.pddl_scope import Scope, name, typed_list, variables_of
from surefoot.decompose.tasks.strips_formulas import TRUE, Atom, Formula, Parameter, conjuncts, is_atom, is_literal
from surefoot.decompose.tasks.strips_schemas import Derived, Effect, Schema

PARTS = (":parameters", ":vars", ":precondition", ":effect")


def schema_of(form: Form, scope: Scope) -> tuple[Schema, list[Increase]]:
    """Read a PDDL action, and what the action does to functions.

    ``:vars``, a form of PDDL 1.2, are further parameters.

    Raises:
        Refused: It is none, or has what is not supported.
    """
    called = name(form.parts[1] if len(form.parts) > 1 else None, form.line, "an action")
    told = _parts(form, called)
    parameters = [v for word in PARTS[:2] if word in told for v in variables_of(told[word], form.line)]
    scope.check_types(parameters, form.line)
    known = frozenset(v.name for v in parameters)
    if len(known) < len(parameters):
        raise Refused(form.line, f"action {called} names a variable twice")
    try:
        needed = conjuncts(condition(told.get(":precondition", Form((), 0)), scope, known))
        done = effects(told.get(":effect", Form((), 0)), scope, known)
    except Refused as error:
        raise Refused(0, f"{error}" if error.args[0].startswith("line") else f"line {form.line}: {error}") from error
    plain = [change for change in done.changes if not change.variables and change.when == TRUE]
    return Schema(
        called, tuple(parameters),
        _true(needed), _false(needed),
        tuple(change.atom for change in plain if change.true),
        tuple(change.atom for change in plain if not change.true),
        tuple(part for part in needed if not is_literal(part)),
        tuple(_grouped(change for change in done.changes if change not in plain)),
    ), done.increases  # fmt: skip


def _parts(form: Form, called: str) -> dict[str, Part]:
    """The parts of an action by their words."""
    rest = form.parts[2:]
    found: dict[str, Part] = {}
    for word, part in zip(rest[::2], rest[1::2], strict=False):
        if not isinstance(word, str) or word not in PARTS:
            raise Refused(
                form.line, f"action {called}: {word if isinstance(word, str) else 'a bracket'} is not expected"
            )
        if word in found:
            raise Refused(form.line, f"action {called} has two {word}")
        found[word] = part
    if len(rest) % 2:
        raise Refused(form.line, f"action {called}: something is missing behind {rest[-1]!s:.40}")
    return found


def _true(needed: Iterable[Formula]) -> tuple[Atom, ...]:
    return tuple(part for part in needed if is_atom(part))


def _false(needed: Iterable[Formula]) -> tuple[Atom, ...]:
    return tuple(part[1] for part in needed if part[0] == "not")


def _grouped(changes: Iterable[Change]) -> list[Effect]:
    """Changes under the same variables and condition, together."""
    groups: dict[tuple[tuple[Parameter, ...], Formula], tuple[list[Atom], list[Atom]]] = {}
    for change in changes:
        true, false = groups.setdefault((change.variables, change.when), ([], []))
        (true if change.true else false).append(change.atom)
    return [Effect(*where, tuple(true), tuple(false)) for where, (true, false) in groups.items()]


def derived_rule(form: Form, scope: Scope) -> Derived:
    """Read a derived predicate such as ``(:derived (above ?x ?y - block) CONDITION)``.

    Raises:
        Refused: It is none.
    """
    head = form.parts[1] if len(form.parts) == 3 else None
    if not isinstance(head, Form):
        raise Refused(form.line, "a derived predicate is (:derived (NAME VARIABLES) CONDITION)")
    called = name(head.head or None, head.line, "a predicate")
    variables: Sequence[Parameter] = typed_list(head.parts[1:], head.line)
    scope.check_types(variables, head.line)
    names = [v.name for v in variables]
    scope.check_atom((called, *names), frozenset(names), head.line)
    if len(set(names)) < len(names) or not all(one[0] == "?" for one in names):
        raise Refused(head.line, f"the arguments of derived predicate {called} must be different variables")
    return Derived(called, tuple(variables), condition(form.parts[2], scope, frozenset(names)))
