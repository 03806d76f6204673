"""Reads PDDL text into a world, a start and a goal. Parsing and validation are the library's (pddl, MIT licence).

Supported: ``:strips``, ``:typing``, ``:negative-preconditions``, ``:equality``; conjunctive preconditions, effects and
goals of literals. Anything else is an error that names it.
"""

import functools
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from surefoot.decompose.tasks.strips import Atom, Parameter, Schema, StripsWorld, join

SUPPORTED = ("strips", "typing", "negative-preconditions", "equality")
UNSUPPORTED = {
    ":durative-action": "durative actions",
    ":functions": "numeric fluents",
    ":derived": "derived predicates",
}
"""Words of PDDL that the parser would only stumble over."""


class Read(msgspec.Struct, frozen=True):
    """What a domain and a problem say."""

    name: str
    world: StripsWorld
    start: str
    goal: str
    literals: int


class _Literals(msgspec.Struct, frozen=True):
    true: tuple[Atom, ...]
    false: tuple[Atom, ...]


@functools.cache
def read(domain_text: str, problem_text: str) -> Read:
    """The problem of two PDDL texts.

    Raises:
        ValueError: A text is not PDDL, the two do not fit, or something in them is not supported. One line.
    """
    domain = _parsed("domain", _checked("domain", domain_text, (":predicates", ":action")))
    problem = _parsed("problem", _checked("problem", problem_text, (":init", ":goal")))
    if problem.domain_name is not None and problem.domain_name != domain.name:
        raise ValueError(f"problem {problem.name} is for domain {problem.domain_name}, not {domain.name}")
    schemas = tuple(sorted((_schema(action) for action in domain.actions), key=lambda schema: schema.name))
    changing = {atom[0] for schema in schemas for atom in (*schema.adds, *schema.deletes)}
    init = [_atom(one, "init") for one in problem.init]
    goal = _literals(problem.goal, "the goal")
    world = StripsWorld(
        str(domain.name),
        tuple(sorted((str(o.name), _types(o, domain.types)) for o in {*domain.constants, *problem.objects})),
        tuple(sorted((str(p.name), len(p.terms)) for p in domain.predicates)),
        schemas,
        tuple(sorted(atom for atom in init if atom[0] not in changing)),
    )
    _check_names(world, [*init, *goal.true, *goal.false])
    start = join([_text(atom) for atom in init if atom[0] in changing])
    wanted = [*map(_text, goal.true), *(f"(not {_text(atom)})" for atom in goal.false)]
    if not wanted:
        raise ValueError(f"problem {problem.name} has an empty goal")
    return Read(str(problem.name), world, start, join(wanted), len(wanted))


@functools.cache
def _parser(kind: str) -> Any:
    # Imported here, as it takes a tenth of a second and no other task needs it; making a parser takes as long.
    from pddl.parser.domain import DomainParser
    from pddl.parser.problem import ProblemParser

    return DomainParser() if kind == "domain" else ProblemParser()


@functools.cache
def _parsed(kind: str, text: str) -> Any:
    import lark
    from pddl.exceptions import PDDLError

    try:
        return _parser(kind)(text)
    except lark.exceptions.UnexpectedInput as error:
        found = str(getattr(error, "token", "")) or "the end"
        raise ValueError(
            f"the {kind} is not valid PDDL: line {error.line}, column {error.column}: {found!r} is not expected there"
        ) from error
    except (lark.exceptions.LarkError, PDDLError, ValueError, AssertionError, KeyError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"the {kind} is not valid PDDL: {first}") from error


def _checked(kind: str, text: str, needed: tuple[str, ...]) -> str:
    """The text without comments and in lower case, which PDDL does not tell from upper case.

    Raises:
        ValueError: It is something else than is asked for, lacks a part, or uses what is not supported.
    """
    lines = text.lower().splitlines()
    plain = "\n".join(line.partition(";")[0] for line in lines)
    named = re.search(rf"\(\s*define\s*\(\s*{kind}\s+([^\s()]+)", plain)
    if named is None:
        raise ValueError(f"the {kind} is not valid PDDL: it does not begin with (define ({kind} NAME)")
    words = set(re.findall(r"\(\s*(:[\w-]+)", plain))
    required = re.search(r"\(\s*:requirements([^()]*)", plain)
    for name in required[1].split() if required else ():
        if name.lstrip(":") not in SUPPORTED:
            supported = ", ".join(f":{known}" for known in SUPPORTED)
            raise ValueError(f"{kind} {named[1]} requires {name}, which is not supported; supported are {supported}")
    for word, meaning in UNSUPPORTED.items():
        if word in words:
            raise ValueError(f"{kind} {named[1]} has {meaning}, which are not supported")
    for word in needed:
        if word not in words:
            raise ValueError(f"{kind} {named[1]} has no ({word} ...)")
    return plain


def _schema(action: Any) -> Schema:
    where = f"action {action.name}"
    needed, effects = _literals(action.precondition, where), _literals(action.effect, f"the effect of {where}")
    if any(atom[0] == "=" for atom in (*needed.true, *effects.true, *effects.false)):
        raise ValueError(f"{where}: '=' is supported only as (not (= ?x ?y)) in a precondition")
    parameters = tuple(Parameter(f"?{p.name}", tuple(sorted(map(str, p.type_tags)))) for p in action.parameters)
    known = {p.name for p in parameters}
    for atom in (*needed.true, *needed.false, *effects.true, *effects.false):
        for argument in atom[1:]:
            if argument.startswith("?") and argument not in known:
                raise ValueError(f"{where}: variable {argument} is not a parameter")
    return Schema(str(action.name), parameters, needed.true, needed.false, effects.true, effects.false)


def _literals(formula: Any, where: str) -> _Literals:
    """A conjunction of literals.

    Raises:
        ValueError: It is something else.
    """
    kind = type(formula).__name__
    if formula is None or (kind in ("And", "Or") and not formula.operands):
        return _Literals((), ())
    if kind == "And":
        found = [_literals(part, where) for part in formula.operands]
        true = tuple(atom for part in found for atom in part.true)
        return _Literals(true, tuple(atom for part in found for atom in part.false))
    if kind == "Not" and type(formula.argument).__name__ in ("Predicate", "EqualTo"):
        return _Literals((), (_atom(formula.argument, where),))
    return _Literals((_atom(formula, where),), ())


def _atom(formula: Any, where: str) -> Atom:
    kind = type(formula).__name__
    if kind == "EqualTo":
        return ("=", _term(formula.left), _term(formula.right))
    if kind != "Predicate":
        said = {"When": "a conditional effect", "ForallCondition": "forall", "ExistsCondition": "exists"}
        raise ValueError(f"{where}: {said.get(kind, kind)} is not supported, only conjunctions of literals are")
    return (str(formula.name), *map(_term, formula.terms))


def _term(term: Any) -> str:
    return f"?{term.name}" if type(term).__name__ == "Variable" else str(term.name)


def _types(thing: Any, parents: Any) -> tuple[str, ...]:
    """All types of an object, upwards."""
    found: list[str] = []
    waiting = [str(name) for name in thing.type_tags]
    above = {str(child): str(parent) for child, parent in parents.items() if parent is not None}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            if name in above:
                waiting.append(above[name])
    return tuple(sorted(found))


def _check_names(world: StripsWorld, atoms: Iterable[Atom]) -> None:
    """Undeclared predicates and objects, and wrong numbers of arguments.

    Raises:
        ValueError: There is one.
    """
    objects, predicates = dict(world.objects), dict(world.predicates)
    inside = [atom for s in world.schemas for atom in (*s.needs, *s.forbids, *s.adds, *s.deletes)]
    for atom in (*atoms, *inside):
        if atom[0] == "=":
            continue
        if predicates.get(atom[0]) != len(atom) - 1:
            raise ValueError(f"({' '.join(atom)}): no predicate {atom[0]} with {len(atom) - 1} arguments is declared")
        for argument in atom[1:]:
            if not argument.startswith("?") and argument not in objects:
                raise ValueError(f"({' '.join(atom)}): there is no object {argument}")


def _text(atom: Atom) -> str:
    return f"({' '.join(atom)})"
