"""What a domain and its problem declare: types, predicates, functions, constants and objects."""

import functools
from collections.abc import Callable
from typing import TypeVar

from surefoot.decompose.tasks.pddl_forms import Form, Refused
from surefoot.decompose.tasks.pddl_scope import OBJECT, Scope, name, typed_list
from surefoot.decompose.tasks.pddl_sections import Sections

T = TypeVar("T")


def within(kind: str, part: Callable[[], T]) -> T:
    """Do a part of the reading, so that what is refused says which of the two texts is at fault.

    Raises:
        ValueError: Something is refused.
    """
    try:
        return part()
    except Refused as error:
        raise ValueError(f"{kind}, {error}") from error


def scope_of(domain: Sections, problem: Sections) -> Scope:
    """Return all that a domain and its problem declare; an object may be named in both texts.

    Raises:
        ValueError: Something is declared wrongly; it says in which text.
    """
    scope = Scope({OBJECT: set()}, {}, {}, {}, {})
    for form in domain.all(":types"):
        within("domain", functools.partial(_declare_types, form, scope))
    for word, into, of_what in (
        (":predicates", scope.predicates, "predicate"),
        (":functions", scope.functions, "function"),
    ):
        for form in domain.all(word):
            within("domain", functools.partial(_declare, form, into, of_what, scope))
    for form in domain.all(":constants"):
        within("domain", functools.partial(_declare_objects, form, scope))
    for form in problem.all(":objects"):
        within("problem", functools.partial(_declare_objects, form, scope))
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
        if of_what == "predicate":
            scope.argument_types[called] = [one.types for one in arguments]


def _declare_objects(form: Form, scope: Scope) -> None:
    found = typed_list(form.parts[1:], form.line)
    scope.check_types(found, form.line)
    for one in found:
        scope.objects.setdefault(name(one.name, form.line, "an object"), set()).update(one.types)
