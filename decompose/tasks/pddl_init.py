"""The state that a PDDL problem starts in, and the values of its functions."""

from fractions import Fraction

from surefoot.decompose.tasks.pddl_costs import number
from surefoot.decompose.tasks.pddl_forms import Form, Refused
from surefoot.decompose.tasks.pddl_scope import Scope
from surefoot.decompose.tasks.pddl_sections import Sections
from surefoot.decompose.tasks.strips_formulas import Atom, text_of


def initial(problem: Sections, scope: Scope, derived: set[str]) -> tuple[list[Atom], dict[Atom, Fraction]]:
    """Read the facts that are true at the start of a PDDL problem, and the values of functions.

    Raises:
        Refused: Something in it is neither, or is not declared.
    """
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
        elif part.head == "at" and isinstance(part.parts[-1], Form):
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
