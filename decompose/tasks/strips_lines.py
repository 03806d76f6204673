"""A world of PDDL in formal lines, as every prompt about it shows them.

    domain NAME
    object NAME - TYPE ...
    predicate NAME COUNT
    always ATOM
    derived (PREDICATE VARIABLE ...) (VARIABLE - TYPE ...) if CONDITION
    action NAME (VARIABLE - TYPE ...) needs ATOM ... forbids ATOM ... where CONDITION ... adds ATOM ... deletes ATOM ...
        also (VARIABLE - TYPE ...) if CONDITION adds ATOM ... deletes ATOM ...

An action's line is one line. What is empty is left out. Conditions are those of PDDL.
"""

from collections.abc import Iterable, Sequence

from surefoot.decompose.tasks.strips_formulas import TRUE, Formula, Parameter, text_of, variables_text
from surefoot.decompose.tasks.strips_schemas import Derived, Schema


def derived_line(rule: Derived) -> str:
    """Write the formal line of a derived predicate's rule."""
    head = text_of((rule.predicate, *(v.name for v in rule.variables)))
    return f"derived {head} {_typed(rule.variables)} if {text_of(rule.when)}"


def action_line(schema: Schema) -> str:
    """Write the formal line of a PDDL action."""
    said = [f"action {schema.name} {_typed(schema.parameters)}"]
    clauses = ("needs", schema.needs), ("forbids", schema.forbids), ("where", schema.where)
    for word, formulas in (*clauses, ("adds", schema.adds), ("deletes", schema.deletes)):
        said += _clause(word, formulas)
    for effect in schema.effects:
        said.append(f"also {_typed(effect.variables)}")
        said += _clause("if", () if effect.when == TRUE else (effect.when,))
        said += _clause("adds", effect.adds) + _clause("deletes", effect.deletes)
    return " ".join(said)


def _typed(variables: Iterable[Parameter]) -> str:
    return variables_text((v.name, *v.types) for v in variables)


def _clause(word: str, formulas: Sequence[Formula]) -> list[str]:
    return [word, *map(text_of, formulas)] if formulas else []
