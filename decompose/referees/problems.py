"""Exact answers to generated problems, for scoring finished runs. Nothing that decides imports it."""

import math
from collections.abc import Mapping
from typing import Any

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.generated import Generated
from surefoot.decompose.tasks.problems import bridges, crafting, dictionary, expressions, graphs, ledger
from surefoot.decompose.tasks.problems.expressions import MODULUS, Operand, Operation


def verify(task: Generated, plan: FinishedPlan) -> Verification:
    """Compare the answer of a run with the exact one."""
    steps = sum(1 for _ in plan)
    right = answer_of(task.question(), task.context(task.number - 1))
    reached = plan.output == right
    return Verification(True, reached, steps, None if reached else f"{plan.output} is not {right}")


def right_answers(task: Generated) -> list[str]:
    """Return the exact answers to the questions of a bench, in their order."""
    return [answer_of(question, task.context(number)) for number, question in enumerate(task.questions())]


def chance_answers(task: Generated, number: int) -> tuple[str, ...]:
    """Return what a guess at a question may be, each as likely as the other: the row ``random`` of a bench."""
    question = task.questions()[number]
    found = bridges.read(question)
    if found is not None:
        return found[2]
    expression = expressions.read(question)
    if expression is not None and not expression[1] and _is_boolean(expression[0]):
        return ("true", "false")
    return tuple(map(str, range(MODULUS)))


def answer_of(question: str, context: str = "") -> str:
    """Return the exact answer to a question of any family.

    Raises:
        ValueError: It is none.
    """
    for answered in (_of_expression, _of_graph, _of_bridge, _of_crafting, _of_dictionary):
        found = answered(question)
        if found is not None:
            return found
    kinds, asked = ledger.read(question), ledger.read_users(question)
    if asked is not None:
        users = {int(user) for user, word in ledger.rows(context) if word in ledger.KINDS[asked]}
        return ", ".join(map(str, sorted(users))) or "none"
    if kinds is None:
        raise ValueError(f"not a question of a family: {question[:100]}")
    return str(count_in(kinds, context))


def count_in(kinds: tuple[str, ...], lines: str) -> int:
    """Return how many lines name a kind, or how many users both of two."""
    rows = ledger.rows(lines)
    if len(kinds) == 1:
        return sum(word in ledger.KINDS[kinds[0]] for _, word in rows)
    users = [{user for user, word in rows if word in ledger.KINDS[kind]} for kind in kinds]
    return len(users[0] & users[1])


def evaluated(expression: Operand, modular: bool) -> int | bool:
    """Return the value of an expression; from the leaves up, as nesting may be deep.

    Raises:
        ValueError: It has an operand that is no value.
    """
    if not isinstance(expression, Operation):
        if expression in ("true", "false"):
            return expression == "true"
        return int(expression) % MODULUS if modular else int(expression)
    left, right = evaluated(expression.left, modular), evaluated(expression.right, modular)
    match expression.operator:
        case "+":
            value: int | bool = left + right
        case "*":
            value = left * right
        case "and":
            return bool(left and right)
        case "or":
            return bool(left or right)
        case _:
            return bool(left) != bool(right)
    return value % MODULUS if modular else value


def written(value: int | bool) -> str:
    """Return a value as an answer is written."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_expression(question: str) -> str | None:
    found = expressions.read(question)
    return None if found is None else written(evaluated(*found))


def _of_graph(question: str) -> str | None:
    found = graphs.read(question)
    if found is None:
        return None
    defined, wanted = found
    values: dict[str, int] = {}
    for one in graphs.needed(defined, wanted):
        known = [values[name] if name in values else int(name) for name in one.operands]
        values[one.name] = (math.prod(known) if one.operator == "*" else sum(known)) % MODULUS
    return str(values[wanted])


def _of_bridge(question: str) -> str | None:
    step = bridges.read_step(question)
    if step is not None:
        return bridges.step_answer(*step)
    found = bridges.read(question)
    if found is None:
        return None
    graph, start, places = found
    seen, front = {start}, [start]
    while front:
        following = [other for at in front for other in graph.get(at, []) if other not in seen]
        seen.update(following)
        front = following
    return next((place for place in places if place in seen), places[0])


def _of_crafting(question: str) -> str | None:
    found = crafting.read(question)
    return None if found is None else str(_needed(*found, known={}))


def _needed(recipes: Mapping[str, Any], raw: str, made: str, known: dict[str, int]) -> int:
    if made not in recipes:
        return int(made == raw)
    if made not in known:
        known[made] = sum(count * _needed(recipes, raw, what, known) for count, what in recipes[made].needs)
    return known[made]


def _of_dictionary(question: str) -> str | None:
    found = dictionary.read(question)
    if found is None:
        return None
    return str(found.begins + sum(found.values[word] for turn in found.turns for word in turn))


def _is_boolean(expression: Operand) -> bool:
    while isinstance(expression, Operation):
        expression = expression.left
    return expression in ("true", "false")
