"""One abstract plan for all questions of a shape; tools fill it (Chain-of-Abstraction, arXiv 2401.17464).

The planner sees the question with its numbers replaced by ``v1``, ``v2``, ...: questions that differ in numbers only
put the same prompt, so that with ``--cache modules`` one vote on one plan serves all of them. The plan is one as of
``rewoo`` whose inputs name the ``v``; the question's own numbers take their places, and tools compute.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from surefoot.decompose.methods.asking import PART, Goal, Turn, Wording
from surefoot.decompose.methods.rewoo import MODEL, Line, Rewoo, read_plan
from surefoot.decompose.methods.tool_text import listed
from surefoot.decompose.step import Done, Flag, Role, Step

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

_NUMBER = re.compile(r"(?<![\w.])-?\d{1,40}(?:\.\d{1,40})?(?![\w.]\w)")
_VARIABLE = re.compile(r"\bv(\d{1,6})\b")


def abstracted(question: str) -> tuple[str, tuple[str, ...]]:
    """Return a question with its numbers replaced by ``v1``, ``v2``, ... in order, and the numbers."""
    values: list[str] = []

    def replaced(found: re.Match[str]) -> str:
        values.append(found[0])
        return f"v{len(values)}"

    return _NUMBER.sub(replaced, question), tuple(values)


def bound(lines: tuple[Line, ...], values: tuple[str, ...]) -> tuple[Line, ...]:
    """Return a plan with a question's numbers in the places of its variables.

    Raises:
        ValueError: It names a variable that the question has not.
    """

    def value(found: re.Match[str]) -> str:
        if not 0 < int(found[1]) <= len(values):
            raise ValueError(f"there is no {found[0]}: the question has {len(values)} numbers")
        return values[int(found[1]) - 1]

    def fill(part: str | int) -> str | int:
        return part if isinstance(part, int) else _VARIABLE.sub(value, part)

    return tuple(msgspec.structs.replace(line, parts=tuple(map(fill, line.parts))) for line in lines)


def _read(problem: "Problem", step: Step, text: str) -> str | Flag:
    try:
        lines = read_plan(text, problem.tools())
        most = max((int(number) for number in _VARIABLE.findall(step.reads.question)), default=0)
        bound(lines, ("0",) * most)
    except ValueError as error:
        return Flag("inconsistent", str(error))
    return "\n".join(map(str, lines))


PLAN = Wording(
    "Write a plan for every question of this form, in which v1, v2, ... stand for numbers that are not known yet.",
    "Write one line each: #E1 = <tool>[<input with v1, v2, ...>]\n"
    "#E1 in the input of another line stands for what that line found; the last line finds the answer.",
    Role.TASK_DECOMPOSER,
    _read,
    1 << 16,
)


class AbstractChain(Rewoo, frozen=True):
    """A plan for the question's form, voted on, and tools that fill it; the last line's result is the answer."""

    wordings: ClassVar[Mapping[str, Wording]] = {"abstract plan": PLAN, "part": PART}

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask for the plan of the question's form, and fill it; or, in a line of the plan, find what it is about."""
        if goal.part == "line":
            return (yield from self.line(goal, board))
        form, values = abstracted(goal.text)
        tools = listed({**problem.tools(), MODEL: None})
        said = yield self.ask("abstract plan", goal, form, tools)
        lines = bound(read_plan(said, problem.tools()), values)
        found = yield from self.run(goal, lines)
        if isinstance(found, Done):
            return found
        answer = problem.read_answer(found[lines[-1].number])
        return Done(answer) if answer is not None else Done(None, f"the plan ends in no {problem.answer_form()}")
