"""Conditions of PDDL: from brackets to formulas, with ``not`` moved inwards and ``imply`` written out."""

from surefoot.decompose.tasks.pddl_forms import Form, Part, Refused
from surefoot.decompose.tasks.pddl_scope import Scope, name, variables_of
from surefoot.decompose.tasks.strips_formulas import TRUE, Atom, Formula, Parameter, all_of, any_of

NUMERIC = frozenset({"<", ">", "<=", ">=", "+", "-", "*", "/"})


def condition(part: Part | None, scope: Scope, variables: frozenset[str]) -> Formula:
    """Read a precondition or goal as a formula; an empty bracket is always true.

    Args:
        part: The bracket.
        scope: What is declared.
        variables: Variables that may stand in it.

    Raises:
        Refused: It is no condition, names what is not declared, or has a feature that is not supported.
    """
    if not isinstance(part, Form):
        raise Refused(0, f"a condition is expected, not {part!r}")
    return TRUE if not part.parts else _read(part, scope, variables, True)


def _read(form: Part, scope: Scope, variables: frozenset[str], wanted: bool) -> Formula:
    """A formula, or its negation where it is not wanted."""
    if not isinstance(form, Form):
        raise Refused(0, f"a condition in brackets is expected, not {form!r}")
    head, parts = form.head, form.parts[1:]
    if not form.parts:
        return TRUE if wanted else ("or",)
    if head in ("and", "or"):
        found = [_read(part, scope, variables, wanted) for part in parts]
        return all_of(found) if (head == "and") == wanted else any_of(found)
    if head == "not" and len(parts) == 1:
        return _read(parts[0], scope, variables, not wanted)
    if head == "imply" and len(parts) == 2:
        left, right = _read(parts[0], scope, variables, not wanted), _read(parts[1], scope, variables, wanted)
        return any_of([left, right]) if wanted else all_of([left, right])
    if head in ("forall", "exists") and len(parts) == 2:
        return _quantified(form, scope, variables, wanted)
    read = atom(form, scope, variables)
    return read if wanted else ("not", read)


def _quantified(form: Form, scope: Scope, variables: frozenset[str], wanted: bool) -> Formula:
    inner = variables_of(form.parts[1], form.line)
    scope.check_types(inner, form.line)
    body = _read(form.parts[2], scope, variables | {v.name for v in inner}, wanted)
    if not inner:
        return body
    word = "forall" if (form.head == "forall") == wanted else "exists"
    return (word, tuple(_variable(v) for v in inner), body)


def _variable(variable: Parameter) -> Atom:
    return (variable.name, *variable.types)


def atom(form: Form, scope: Scope, variables: frozenset[str]) -> Atom:
    """Read an atom whose names are declared.

    Raises:
        Refused: It is none.
    """
    head = form.head
    if head == "preference":
        raise Refused(form.line, "preferences are not supported")
    if head in NUMERIC or (any(isinstance(part, Form) for part in form.parts) and head == "="):
        raise Refused(form.line, f"numeric conditions ({head} ...) are not supported")
    arguments = [part for part in form.parts[1:] if isinstance(part, str)]
    if len(arguments) < len(form.parts) - 1 or not head:
        raise Refused(form.line, f"({head} ...) is no condition that is known")
    if head == "=":
        found: Atom = ("=", *arguments)
    else:
        found = (name(head, form.line, "a predicate"), *arguments)
    scope.check_atom(found, variables, form.line)
    return found
