"""Conditions of PDDL as nested tuples: conjunctions, disjunctions, quantifiers and literals, with no other negation.

======================================  =========================================================
``("on", "?x", "b")``                   an atom: a predicate and its arguments
``("=", "?x", "?y")``                   both are the same object
``("not", atom)``                       the atom is false
``("and", ...)``, ``("or", ...)``       all, or any, of the formulas; of none: true, or false
``("forall", variables, formula)``      for all objects; likewise ``exists``. A variable is its name and its types,
                                        ``("?x", "truck", "plane")``; no types stand for any object
======================================  =========================================================

Tuples, because a world is part of what a step reads: it is compared, hashed and encoded with the step.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

Atom = tuple[str, ...]
"""A predicate's name and its arguments: objects, or variables with a question mark."""

Formula = tuple[Any, ...]


class Parameter(msgspec.Struct, frozen=True):
    """A variable or an object of a formula, and the types allowed; none for any."""

    name: str
    types: tuple[str, ...] = ()


WORDS = frozenset({"and", "or", "not", "imply", "forall", "exists", "when", "="})
"""Words that cannot name a predicate."""

TRUE: Formula = ("and",)
FALSE: Formula = ("or",)


def text_of(formula: Formula) -> str:
    """Write a formula as PDDL."""
    word, *rest = formula
    if word in ("forall", "exists"):
        variables, inner = rest
        return f"({word} {variables_text(variables)} {text_of(inner)})"
    if word in ("and", "or", "not"):
        return f"({' '.join((word, *map(text_of, rest)))})"
    return f"({' '.join(formula)})"


def variables_text(variables: Iterable[Atom]) -> str:
    """Write variables and their types as PDDL, in brackets."""
    return f"({' '.join(map(_typed, variables))})"


def _typed(variable: Atom) -> str:
    name, *types = variable
    if not types:
        return f"{name} - object"
    return f"{name} - {types[0]}" if len(types) == 1 else f"{name} - (either {' '.join(types)})"


def all_of(parts: list[Formula]) -> Formula:
    """Return a conjunction without conjunctions in it and without what is always true."""
    flat = [inner for part in parts for inner in (part[1:] if part[0] == "and" else (part,))]
    if FALSE in flat:
        return FALSE
    return flat[0] if len(flat) == 1 else ("and", *dict.fromkeys(flat))


def any_of(parts: list[Formula]) -> Formula:
    """Return a disjunction without disjunctions in it and without what is never true."""
    flat = [inner for part in parts for inner in (part[1:] if part[0] == "or" else (part,))]
    if TRUE in flat:
        return TRUE
    return flat[0] if len(flat) == 1 else ("or", *dict.fromkeys(flat))


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    """Return the parts of a conjunction; a formula of another kind is its only part."""
    return formula[1:] if formula[0] == "and" else (formula,)


def is_atom(formula: Formula) -> bool:
    """Return whether a formula is an atom; ``=`` counts as one."""
    return formula[0] not in ("and", "or", "not", "forall", "exists")


def is_literal(formula: Formula) -> bool:
    """Return whether a formula is an atom or a negated one."""
    return is_atom(formula) or formula[0] == "not"


def literals_in(formula: Formula) -> Iterator[tuple[Atom, bool]]:
    """Yield every atom of a formula, and whether the atom stands there without ``not``."""
    word = formula[0]
    if word == "not":
        yield formula[1], False
    elif word in ("forall", "exists"):
        yield from literals_in(formula[2])
    elif word in ("and", "or"):
        for part in formula[1:]:
            yield from literals_in(part)
    else:
        yield formula, True


def bound(formula: Formula, values: dict[str, str]) -> Formula:
    """Return a formula with values in place of variables; variables of its quantifiers keep their names."""
    word = formula[0]
    if word == "not":
        return ("not", bound(formula[1], values))
    if word in ("and", "or"):
        return (word, *(bound(part, values) for part in formula[1:]))
    if word in ("forall", "exists"):
        inner = {name: value for name, value in values.items() if name not in {v[0] for v in formula[1]}}
        return (word, formula[1], bound(formula[2], inner))
    return (word, *(values.get(argument, argument) for argument in formula[1:]))


def opposite(formula: Formula) -> Formula:
    """Return the formula that is true exactly where another is not."""
    word = formula[0]
    if word == "not":
        return formula[1]  # type: ignore[no-any-return]
    if word in ("and", "or"):
        return ("or" if word == "and" else "and", *map(opposite, formula[1:]))
    if word in ("forall", "exists"):
        return ("exists" if word == "forall" else "forall", formula[1], opposite(formula[2]))
    return ("not", formula)
