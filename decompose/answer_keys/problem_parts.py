"""How generated questions are split rightly: sub-questions in which ``#2`` stands for the answer to the second.

Also how much work a question is, in operations: a simulated model that errs once in a hundred operations errs about as
often as that in one, and far more often in sixty at once. Nothing that decides imports it.
"""

import re

from surefoot.decompose.tasks.problems import bridges, crafting, dictionary, expressions, graphs, ledger
from surefoot.decompose.tasks.problems.expressions import Operand, Operation

LINES_OF_AN_OPERATION = 25
"""Lines of a ledger that are as much work as one operation."""


def parts_of(question: str) -> tuple[str, ...]:
    """Return the sub-questions of a question, each of one operation or few; none where it is one already."""
    for split in (_of_expression, _of_graph, _of_crafting, _of_dictionary):
        found = split(question)
        if found is not None:
            return tuple(found) if len(found) > 1 else ()
    return ()


def halves_of(question: str) -> tuple[str, ...]:
    """Return a question split one level down: its operands and what is done with them; none where it is one step."""
    found = expressions.read(question)
    if found is not None and isinstance(found[0], Operation):
        return _halves_of_operation(found[0], found[1])
    graph = graphs.read(question)
    if graph is not None:
        return _halves_of_graph(*graph)
    return parts_of(question)


def _halves_of_operation(whole: Operation, modular: bool) -> tuple[str, ...]:
    asked: list[str] = []
    operands: list[str] = []
    for side in (whole.left, whole.right):
        whole_side = isinstance(side, Operation)
        operands.append(asked_once(asked, expressions.worded(side, modular)) if whole_side else str(side))
    joined = expressions.worded(Operation(operands[0], whole.operator, operands[1]), modular)
    return (*asked, joined) if asked else ()


def _halves_of_graph(defined: dict[str, graphs.Definition], wanted: str) -> tuple[str, ...]:
    asked: list[str] = []
    operands: list[str] = []
    for name in defined[wanted].operands:
        one = defined.get(name)
        if one is None or len(one.operands) == 1:
            operands.append(name if one is None else one.operands[0])
            continue
        operands.append(asked_once(asked, graphs.worded(tuple(graphs.needed(defined, name)), name)))
    if not asked or len(operands) < 2:
        return ()
    return (*asked, expressions.worded(Operation(operands[0], defined[wanted].operator, operands[1]), modular=True))


def asked_once(parts: list[str], part: str) -> str:
    """Return the number, as ``#2``, of a sub-question among others, where it is put if it is not there yet."""
    if part not in parts:
        parts.append(part)
    return f"#{parts.index(part) + 1}"


def filled(part: str, answers: tuple[str, ...]) -> str:
    """Return a sub-question with the answers in the places of ``#1``, ``#2``, ..."""
    return re.sub(r"#(\d{1,6})", lambda found: answers[int(found[1]) - 1], part)


def work_of(question: str, context: str = "") -> float:
    """Return how much work it is to answer a question at once, in operations; at least one."""
    found = expressions.read(question)
    if found is not None:
        return max(1, _operators(found[0]))
    edges = bridges.read(question)
    if edges is not None:
        return max(1, sum(map(len, edges[0].values())) // 4)
    if ledger.read(question) is not None or ledger.read_users(question) is not None:
        return max(1.0, (context.count("\n") + 1) / LINES_OF_AN_OPERATION)
    return max(1, sum(_operators(read[0]) for part in parts_of(question) if (read := expressions.read(part))))


def _operators(expression: Operand) -> int:
    return 0 if isinstance(expression, str) else 1 + _operators(expression.left) + _operators(expression.right)


def _of_expression(question: str) -> list[str] | None:
    found = expressions.read(question)
    if found is None:
        return None
    parts: list[str] = []

    def split(operand: Operand) -> str:
        if isinstance(operand, str):
            return operand
        bare = Operation(split(operand.left), operand.operator, split(operand.right))
        return asked_once(parts, expressions.worded(bare, found[1]))

    split(found[0])
    return parts


def _of_graph(question: str) -> list[str] | None:
    found = graphs.read(question)
    if found is None:
        return None
    parts: list[str] = []
    named: dict[str, str] = {}
    for one in graphs.needed(*found):
        operands = [named.get(name, name) for name in one.operands]
        if len(operands) == 1:
            named[one.name] = operands[0]
            continue
        bare = Operation(operands[0], one.operator, operands[1])
        named[one.name] = asked_once(parts, expressions.worded(bare, modular=True))
    return parts


def _of_crafting(question: str) -> list[str] | None:
    found = crafting.read(question)
    if found is None:
        return None
    recipes, raw, made = found
    parts: list[str] = []
    named: dict[str, str] = {raw: "1"}

    def split(name: str) -> str:
        if name in named or name not in recipes:
            return named.get(name, "0")
        terms = [f"({count} * {split(what)})" for count, what in recipes[name].needs]
        named[name] = asked_once(parts, f"What is {' + '.join(terms) if len(terms) > 1 else terms[0][1:-1]}?")
        return named[name]

    split(made)
    return parts


def _of_dictionary(question: str) -> list[str] | None:
    found = dictionary.read(question)
    if found is None:
        return None
    return [found.part(number, f"#{number}" if number else str(found.begins)) for number in range(len(found.turns))]
