"""Effects of PDDL actions: atoms made true or false, under conditions and for all objects, and what they cost."""

import msgspec

from surefoot.decompose.tasks.pddl_conditions import atom, condition
from surefoot.decompose.tasks.pddl_costs import Increase, increase
from surefoot.decompose.tasks.pddl_forms import Form, Part, Refused
from surefoot.decompose.tasks.pddl_scope import Scope, variables_of
from surefoot.decompose.tasks.strips_formulas import TRUE, Atom, Formula, Parameter, all_of


class Change(msgspec.Struct, frozen=True):
    """One atom that a PDDL action makes true or false.

    Attributes:
        atom: The atom.
        true: What it becomes.
        variables: Variables beside the action's parameters: it happens for all their objects.
        when: Condition, looked at before the action.
    """

    atom: Atom
    true: bool
    variables: tuple[Parameter, ...] = ()
    when: Formula = TRUE


class Effects(msgspec.Struct):
    """What a PDDL effect consists of, in the order of the text."""

    changes: list[Change]
    increases: list[Increase]


def effects(part: Part | None, scope: Scope, variables: frozenset[str]) -> Effects:
    """Read a PDDL effect into atoms, conditions and increases.

    Raises:
        Refused: It is none, names what is not declared, or has a feature that is not supported.
    """
    found = Effects([], [])
    if not isinstance(part, Form):
        raise Refused(0, f"an effect is expected, not {part!r}")
    if part.parts:
        _read(part, scope, variables, _Around(), found)
    return found


class _Around(msgspec.Struct, frozen=True):
    """The quantifiers and conditions that an effect stands in."""

    variables: tuple[Parameter, ...] = ()
    when: Formula = TRUE


def _read(form: Part, scope: Scope, variables: frozenset[str], around: _Around, found: Effects) -> None:
    if not isinstance(form, Form):
        raise Refused(0, f"an effect in brackets is expected, not {form!r}")
    head, parts = form.head, form.parts[1:]
    if head == "and":
        for part in parts:
            _read(part, scope, variables, around, found)
    elif head == "forall" and len(parts) == 2:
        inner = variables_of(parts[0], form.line)
        scope.check_types(inner, form.line)
        if around.when != TRUE and any(v.name in variables for v in inner):
            raise Refused(form.line, "forall inside a condition names a variable a second time")
        around = _Around((*around.variables, *inner), around.when)
        _read(parts[1], scope, variables | {v.name for v in inner}, around, found)
    elif head == "when" and len(parts) == 2:
        when = all_of([around.when, condition(parts[0], scope, variables)])
        _read(parts[1], scope, variables, _Around(around.variables, when), found)
    elif head in ("increase", "decrease", "assign", "scale-up", "scale-down") and head not in scope.predicates:
        if around.variables or around.when != TRUE:
            raise Refused(form.line, "costs that depend on a condition or a quantifier are not supported")
        found.increases.append(increase(form, scope, variables))
    elif head == "probabilistic":
        raise Refused(form.line, "probabilistic effects are not supported")
    else:
        found.changes.append(_change(form, scope, variables, around))


def _change(form: Form, scope: Scope, variables: frozenset[str], around: _Around) -> Change:
    inner: Form | None = form
    if form.head == "not":
        part = form.parts[1] if len(form.parts) == 2 else None
        inner = part if isinstance(part, Form) else None
    if inner is None or inner.head in ("=", "not", "or", "imply", "exists", ""):
        raise Refused(form.line, "an effect is an atom or a negated one")
    return Change(atom(inner, scope, variables), form.head != "not", around.variables, around.when)
