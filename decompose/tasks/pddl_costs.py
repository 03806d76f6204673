"""Costs of PDDL actions: ``(increase (total-cost) ...)`` with values from a table in the problem.

Costs are read and shown; no plan is chosen by them.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import msgspec

from surefoot.decompose.tasks.pddl_forms import Form, Part, Refused
from surefoot.decompose.tasks.pddl_scope import Scope
from surefoot.decompose.tasks.strips_formulas import Atom
from surefoot.decompose.tasks.strips_words import parts

TOTAL = "total-cost"

Amount = Atom | Fraction
"""A number, or a function of objects and parameters whose value the problem gives."""


class Increase(msgspec.Struct, frozen=True):
    """How much a PDDL action adds to a function: the sum of some amounts.

    Attributes:
        function: Its name.
        amounts: What is added.
        line: Line of the text.
    """

    function: str
    amounts: tuple[Amount, ...]
    line: int


class Costs(msgspec.Struct, frozen=True):
    """What the actions of a problem cost.

    Attributes:
        amounts: By action: what it adds to the cost of a plan; one that is not named costs nothing.
        parameters: By action: its parameters in order.
        table: Values of the functions, by name and objects.
    """

    amounts: dict[str, tuple[Amount, ...]]
    parameters: dict[str, tuple[str, ...]]
    table: dict[Atom, Fraction]

    def of(self, name: str, arguments: tuple[str, ...]) -> Fraction:
        """Return what an action costs.

        Raises:
            LookupError: The problem gives no value of a function that the costs name; its text is the function's call.
        """
        values = dict(zip(self.parameters.get(name, ()), arguments, strict=False))
        total = Fraction(0)
        for amount in self.amounts.get(name, ()):
            if isinstance(amount, Fraction):
                total += amount
            else:
                call = (amount[0], *(values.get(a, a) for a in amount[1:]))
                if call not in self.table:
                    raise LookupError(f"({' '.join(call)})")
                total += self.table[call]
        return total

    def of_plan(self, plan: Sequence[str]) -> int | float | None:
        """Return what all actions of a plan cost together; ``None`` where the problem lacks a value for it."""
        try:
            total = sum((self.of(name, tuple(arguments)) for name, *arguments in map(parts, plan)), Fraction(0))
        except LookupError:
            return None
        return int(total) if total.denominator == 1 else float(total)

    def said(self, plan: Sequence[str]) -> str:
        """Return what is said beside the cost of a plan: that nothing was chosen by it, or why it is not known."""
        try:
            for name, *arguments in map(parts, plan):
                self.of(name, tuple(arguments))
        except LookupError as missing:
            return f"not known: the problem gives no value of {missing.args[0]}"
        return "read and added up; they were not weighed"


def number(part: Part, line: int) -> Fraction:
    """Read a number of PDDL, exactly.

    Raises:
        Refused: It is none, or one that no plan needs (more than 40 characters, infinite).
    """
    try:
        if not isinstance(part, str) or len(part) > 40 or not math.isfinite(float(part)):
            raise ValueError(part)
        return Fraction(part) if "e" not in part else Fraction(float(part))
    except (ValueError, ZeroDivisionError) as error:
        raise Refused(line, f"{part if isinstance(part, str) else 'a bracket'} is not a number") from error


def increase(form: Form, scope: Scope, variables: frozenset[str]) -> Increase:
    """Read ``(increase (f) amount)``, the amount being a number, a function of parameters, or a sum of such.

    Raises:
        Refused: It is something else: a numeric effect.
    """
    parts = form.parts[1:]
    if form.head != "increase" or len(parts) != 2 or not isinstance(parts[0], Form):
        raise Refused(form.line, f"numeric effects ({form.head} ...) are not supported")
    changed = _call(parts[0], scope, variables)
    return Increase(changed[0], _amounts(parts[1], scope, variables, form.line), form.line)


def _amounts(part: Part, scope: Scope, variables: frozenset[str], line: int) -> tuple[Amount, ...]:
    if isinstance(part, str):
        return (number(part, line),)
    if part.head == "+":
        return tuple(amount for inner in part.parts[1:] for amount in _amounts(inner, scope, variables, line))
    return (_call(part, scope, variables),)


def _call(form: Form, scope: Scope, variables: frozenset[str]) -> Atom:
    words = tuple(part for part in form.parts if isinstance(part, str))
    if len(words) < len(form.parts) or not words or words[0] in ("-", "*", "/"):
        raise Refused(form.line, f"arithmetic ({form.head} ...) is not supported")
    if scope.functions.get(words[0]) != len(words) - 1:
        raise Refused(form.line, f"no function {words[0]} with {len(words) - 1} arguments is declared")
    for word in words[1:]:
        if word[0] == "?" and word not in variables:
            raise Refused(form.line, f"({' '.join(words)}): variable {word} is not a parameter")
        if word[0] != "?" and word not in scope.objects:
            raise Refused(form.line, f"({' '.join(words)}): there is no object {word}")
    return words


def minimised(metric: Form | None) -> str | None:
    """Return the function that ``(:metric minimize (f))`` names; ``None`` if the metric is another or missing."""
    if metric is None or len(metric.parts) != 3 or metric.parts[1] != "minimize":
        return None
    wanted = metric.parts[2]
    if isinstance(wanted, str):
        return wanted
    return wanted.head if len(wanted.parts) == 1 else None


def costs_of(actions: dict[str, list[Increase]], function: str) -> dict[str, tuple[Amount, ...]]:
    """Return by action what the action adds to a function.

    Raises:
        Refused: An amount is itself changed by an action.
    """
    changed = {one.function for increases in actions.values() for one in increases}
    found = {}
    for name, increases in actions.items():
        wanted = [one for one in increases if one.function == function]
        for one in wanted:
            for amount in one.amounts:
                if isinstance(amount, tuple) and amount[0] in changed:
                    raise Refused(one.line, f"costs that change, as {amount[0]} does, are not supported")
        if wanted:
            found[name] = tuple(amount for one in wanted for amount in one.amounts)
    return found
