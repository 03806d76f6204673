"""How generated questions are contracted rightly: what was found takes the place of what was asked."""

from collections.abc import Mapping

from surefoot.decompose.tasks.problems import dictionary, expressions, graphs
from surefoot.decompose.tasks.problems.expressions import Operand, Operation


def contracted(question: str, found: Mapping[str, str]) -> str:
    """Return a question with the same answer in which what was found is known; the question itself where nothing is.

    Args:
        question: Of a family whose questions can be contracted: expressions, graphs, chains and dictionary sums.
        found: Answers by sub-question.
    """
    expression = expressions.read(question)
    if expression is not None:
        whole = _known(expression[0], expression[1], found)
        return expressions.worded(whole, expression[1])
    graph = graphs.read(question)
    if graph is not None:
        return _smaller_graph(*graph, found)
    totals = dictionary.read(question)
    return question if totals is None else _later_total(totals, found)


def _later_total(totals: dictionary.Totals, found: Mapping[str, str]) -> str:
    """The turns after those whose total is known, which begin with it."""
    begins, done = str(totals.begins), 0
    while done < len(totals.turns) - 1 and totals.part(done, begins) in found:
        begins = found[totals.part(done, begins)]
        done += 1
    return dictionary.worded(totals.values, totals.turns[done:], int(begins))


def _known(operand: Operand, modular: bool, found: Mapping[str, str]) -> Operand:
    if isinstance(operand, str):
        return operand
    if isinstance(operand.left, str) and isinstance(operand.right, str):
        return found.get(expressions.worded(operand, modular), operand)
    left, right = _known(operand.left, modular, found), _known(operand.right, modular, found)
    return Operation(left, operand.operator, right)


def _smaller_graph(defined: dict[str, graphs.Definition], wanted: str, found: Mapping[str, str]) -> str:
    """The definitions that are still needed, with numbers in the places of names that are known."""
    numbers = {one.name: one.operands[0] for one in defined.values() if not one.operator and one.operands[0].isdigit()}
    kept: dict[str, graphs.Definition] = {}
    for one in graphs.needed(defined, wanted):
        if not one.operator:
            continue
        operands = [numbers.get(name, name) for name in one.operands]
        asked = expressions.worded(Operation(operands[0], one.operator, operands[1]), modular=True)
        if asked in found:
            kept[one.name] = graphs.Definition(one.name, (found[asked],))
        else:
            kept[one.name] = graphs.Definition(one.name, tuple(operands), one.operator)
    if not kept:
        return question_of(numbers, wanted)
    return graphs.worded(tuple(graphs.needed(kept, wanted)), wanted)


def question_of(numbers: Mapping[str, str], wanted: str) -> str:
    """Return the question for a name that is a number already."""
    return graphs.worded((graphs.Definition(wanted, (numbers[wanted],)),), wanted)
