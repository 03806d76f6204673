"""What the names of a PDDL text stand for: types, objects, predicates and functions."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from surefoot.decompose.tasks.pddl_forms import Form, Part, Refused
from surefoot.decompose.tasks.strips_formulas import WORDS, Atom, Parameter

OBJECT = "object"
"""The type of everything."""

_NAME = re.compile(r"\w(?:[\w.+/@#%&!$~<>^-]*[\w+/@#%&!$~<>^-])?")


class Scope(msgspec.Struct, frozen=True):
    """Everything that a PDDL domain and its problem declare.

    Attributes:
        parents: Types, each with the types directly above it.
        predicates: Predicates and how many arguments they take.
        functions: The same of functions.
        objects: Objects, each with the types it is declared with.
        argument_types: By predicate, the types that each of its arguments may have; none where any may.
    """

    parents: dict[str, set[str]] = {}
    predicates: dict[str, int] = {}
    functions: dict[str, int] = {}
    objects: dict[str, set[str]] = {}
    argument_types: dict[str, list[tuple[str, ...]]] = {}

    def all_types(self, types: Iterable[str]) -> tuple[str, ...]:
        """Return some types and all types above them, sorted, without the type of everything."""
        found, waiting = set(), list(types)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.parents.get(name, ())
        return tuple(sorted(found - {OBJECT}))

    def check_types(self, variables: Iterable[Parameter], line: int) -> None:
        """Raise unless all types are declared.

        Raises:
            Refused: One is not.
        """
        for variable in variables:
            for name in variable.types:
                if name not in self.parents:
                    raise Refused(line, f"{variable.name} is of type {name}, which is not declared")

    def check_atom(self, atom: Atom, variables: frozenset[str], line: int) -> None:
        """Raise unless the predicate, number of arguments, objects and variables of an atom exist.

        Raises:
            Refused: One does not.
        """
        said = f"({' '.join(atom)})"
        if atom[0] != "=" and self.predicates.get(atom[0]) != len(atom) - 1:
            known = self.predicates.get(atom[0])
            if known is None:
                raise Refused(line, f"{said}: no predicate {atom[0]} is declared")
            raise Refused(line, f"{said}: predicate {atom[0]} is declared with {known} arguments, not {len(atom) - 1}")
        if atom[0] == "=" and len(atom) != 3:
            raise Refused(line, f"{said}: '=' compares two things")
        for argument in atom[1:]:
            if argument[0] == "?" and argument not in variables:
                raise Refused(line, f"{said}: variable {argument} is not a parameter")
            if argument[0] != "?" and argument not in self.objects:
                raise Refused(line, f"{said}: there is no object {argument}")
        for argument, types in zip(atom[1:], self.argument_types.get(atom[0], ()), strict=False):
            own = self.objects.get(argument)
            # An object without a type may be one of a text that leaves types to its actions.
            if own and types and not {*types} & {*self.all_types(own)}:
                raise Refused(line, f"{said}: {argument} is a {' and '.join(sorted(own))}, not a {' or '.join(types)}")


def typed_list(parts: Sequence[Part], line: int) -> list[Parameter]:
    """Read names with types, such as ``a b - truck c``.

    Raises:
        Refused: The list is none.
    """
    found: list[Parameter] = []
    waiting: list[str] = []
    words = iter(_spaced(parts))
    for word in words:
        if isinstance(word, Form):
            raise Refused(word.line, "a name is expected, not a bracket")
        if word != "-":
            waiting.append(word)
            continue
        types = _types(next(words, None), line)
        found += [Parameter(name, types) for name in waiting]
        waiting = []
    return found + [Parameter(name) for name in waiting]


def _spaced(parts: Sequence[Part]) -> list[Part]:
    """The parts, with a dash that is written together with a type apart from it."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) and part[0] == "-" and len(part) > 1:
            found += ["-", part[1:]]
        else:
            found.append(part)
    return found


def _types(part: Part | None, line: int) -> tuple[str, ...]:
    """A type, or those of ``(either ...)``; none if one of them is the type of everything."""
    if isinstance(part, str) and part != "-":
        found: tuple[str, ...] = (part,)
    elif isinstance(part, Form) and part.head == "either" and len(part.parts) > 1:
        found = tuple(name(word, part.line, "a type") for word in part.parts[1:])
    else:
        raise Refused(line, "a type is expected behind '-'")
    return () if OBJECT in found else tuple(dict.fromkeys(found))


def name(part: Part | None, line: int, of_what: str) -> str:
    """Read a word that can be a name.

    Raises:
        Refused: It cannot.
    """
    if not isinstance(part, str):
        raise Refused(line, f"{of_what} needs a name")
    if _NAME.fullmatch(part) is None or part in WORDS:
        raise Refused(line, f"{part[:40]!r} cannot be the name of {of_what}")
    return part


def variables_of(form: Part | None, line: int) -> list[Parameter]:
    """Read a bracket of variables with types.

    Raises:
        Refused: Something in it is no variable, or one is named twice.
    """
    if not isinstance(form, Form):
        raise Refused(line, "a bracket with variables is expected")
    found = typed_list(form.parts, form.line)
    for variable in found:
        if variable.name[0] != "?" or _NAME.fullmatch(variable.name[1:]) is None:
            raise Refused(form.line, f"{variable.name[:40]!r} is not a variable such as ?x")
    names = [variable.name for variable in found]
    if len(set(names)) < len(names):
        raise Refused(form.line, f"variable {next(n for n in names if names.count(n) > 1)} is named twice")
    return found
