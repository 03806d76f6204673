"""A model writes code over an input that its prompt never shows (Recursive Language Models, arXiv 2512.24601).

The input is a variable of a sandboxed process. The root sees where it begins, writes a cell of Python, and sees what
the cell gave, cut short. A cell asks sub-questions about slices, which are named by their lines and filled in outside:
each is voted on by itself, and a recursive one is a root of its own over its slice. Cells are run again from the start
with the answers known so far, so that nothing of an interpreter has to be kept: a killed run goes on as any other.

Depth, calls and cells are counted here, outside the sandbox. No code can see or change them.
"""

import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from surefoot.decompose.methods.asking import FORM, PART, Asking, Goal, Turn, Wording, child, labelled, read_answer
from surefoot.decompose.methods.tool_text import told_failure
from surefoot.decompose.plan import Expansion, failure_of
from surefoot.decompose.step import Call, Done, Flag, Role, Step

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

TOOL = "cells"
MOST_CELLS, MOST_PASSES = 12, 200
"""Cells of one root, and times that its cells are run with more answers, at most."""
MOST_CALLS = 40_000
"""Sub-questions of a whole question, at most."""
LONGEST_SLICE, LONGEST_CODE, LONGEST_QUESTION, SHOWN = 200_000, 20_000, 2000, 2000
"""Characters: of a slice that a sub-question is about, of a cell, of a sub-question, of what is shown of a result."""
BEGINNING = 3
"""Lines of the input that the root is shown."""
_FENCED = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)```", re.S)


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a cell asks: a question about lines of its input, counted from 0, the last one left out."""

    question: str
    first: int = msgspec.field(default=0, name="from")
    last: int = msgspec.field(default=0, name="to")
    recursive: bool = False


def _read_cell(problem: "Problem", step: Step, text: str) -> str | Flag:
    """The last fenced cell of a reply or, without one, its answer."""
    cells = _FENCED.findall(text[: 4 * LONGEST_CODE])
    if cells:
        code = cells[-1].strip()
        return f"code\n{code}" if 0 < len(code) <= LONGEST_CODE else Flag("misformatted", "an empty or too long cell")
    if labelled(text, "Answer") is None:
        return Flag("misformatted", "neither a cell nor an answer")
    return read_answer(problem, step, text)


CELL = Wording(
    "Write a cell of Python that finds the answer. What the question is about stands in the variable context, the "
    "question in the variable question.",
    'A cell may ask about lines of context: ask({"question": "...", "from": 0, "to": 9}), or ask_all([...]) at once;\n'
    '"recursive": True lets the one who is asked write cells too. End the last cell with the expression '
    '{"answer": <{form}>}.\nReply with one cell: ```python ... ```',
    Role.ORCHESTRATOR,
    _read_cell,
    8192,
)
ALONE = Wording(
    "Write a cell of Python that finds the answer by itself. What the question is about stands in the variable "
    "context, the question in the variable question.",
    "What a cell prints, and its last expression, is shown to you, cut short. End the last cell with the expression\n"
    '{"answer": <{form}>}.\nReply with one cell: ```python ... ```',
    Role.ORCHESTRATOR,
    _read_cell,
    8192,
)
# Long enough for lists: what a slice of some hundred lines is asked for may be which of its users do something.
SUB = Wording("Answer a question about a part of a longer text.", FORM, Role.ACTOR, read_answer, 1024)


class Recursive(Asking, frozen=True):
    """Cells of a root, and voted sub-questions; the board is the cells so far and what they gave.

    Attributes:
        depth: Levels of roots below each other; 1 for sub-questions that are plain, 0 for none: the control arm, in
            which cells may compute and ask nothing.
    """

    depth: int = 1
    wordings: ClassVar[Mapping[str, Wording]] = {"cell": CELL, "cell alone": ALONE, "sub": SUB, "part": PART}

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask for a cell and run it to its end; or, in a sub-question, ask it."""
        lines, first, last, calls = self._span(problem, goal)
        if goal.part == "sub":
            text = "\n".join(lines[first:last])
            if len(text) > LONGEST_SLICE:
                return Done(None, f"{last - first:,} lines are more than a prompt shows: ask about fewer")
            said = yield self.ask("sub" if text else "part", goal, goal.text, (("Context", text),) if text else ())
            return Done(said)
        cells, shown, spent = board or ((), (), 0)
        if len(shown) == MOST_CELLS:
            return Done(None, f"{MOST_CELLS} cells gave no answer")
        told = self._shown(goal, lines[first : first + BEGINNING], shown)
        said = yield self.ask("cell" if self.depth else "cell alone", goal, goal.text, told, lead=1)
        if not said.startswith("code\n"):
            return Done(said)
        code = said.removeprefix("code\n")
        variables = {"context": "\n".join(lines[first:last]), "question": goal.text}
        ended, spent = yield from self._run(goal, (*cells, code), variables, (first, last, calls, spent))
        failed = failure_of(ended)
        if failed is not None:
            # A cell that failed is told as such and not kept: run again it would fail again.
            return (cells, (*shown, (code, told_failure(failed))), spent)
        value = ended.get("value")
        if isinstance(value, dict) and set(value) == {"answer"}:
            answer = problem.read_answer(str(value["answer"]))
            return Done(answer) if answer is not None else Done(None, f"the cells gave no {problem.answer_form()}")
        gave = f"{ended.get('printed', '')}{ended.get('shown', '')}"
        return ((*cells, code), (*shown, (code, gave[:SHOWN])), spent)

    def _run(self, goal: Goal, cells: Sequence[str], variables: Any, span: tuple[int, int, int, int]) -> Turn:
        """Run cells until they end, each time with the answers to what they asked; and the calls spent by then."""
        first, last, calls, spent = span
        answers: dict[str, Any] = {}
        for _ in range(MOST_PASSES):
            arguments = {"cells": list(cells), "variables": variables, "answers": answers, "seed": 0}
            ended = yield Call(TOOL, arguments, may_fail=True)
            if failure_of(ended) is not None or ended.get("state") != "asks":
                return ended, spent
            read = [(key_of(raw), _request(raw, first, last)) for raw in ended["requests"]]
            wanted = [(key, one) for key, one in read if isinstance(one, Request)][: max(0, calls - spent)]
            answers |= {key: {"failed": one if isinstance(one, str) else "no calls are left"} for key, one in read}
            if wanted:
                left = (calls - spent - len(wanted)) // max(1, sum(one.recursive for _, one in wanted))
                found = yield Expansion(tuple(child(self._below(goal, one, left)) for _, one in wanted))
                spent += len(wanted)
                answers |= {key: _answered(one) for (key, _), one in zip(wanted, found, strict=True)}
        return {"failure": {"error": "refused", "message": f"it asked in more than {MOST_PASSES} rounds"}}, spent

    def _below(self, goal: Goal, request: Request, left: int) -> Goal:
        """A sub-question; one that may recurse where levels and calls are left has cells and calls of its own."""
        recurses = request.recursive and goal.depth + 1 < self.depth and left > 0
        part = "" if recurses else "sub"
        return Goal(request.question, goal.number, part, goal.depth + 1, (request.first, request.last, left))

    def _span(self, problem: "Problem", goal: Goal) -> tuple[Sequence[str], int, int, int]:
        """All lines of the input, those that the node is about, and the calls that it has."""
        lines = _lines(problem.context(goal.number))
        first, last, calls = goal.given or (0, len(lines), MOST_CALLS if self.depth else 0)
        return lines, first, last, calls

    def _shown(self, goal: Goal, beginning: Sequence[str], shown: Any) -> tuple[tuple[str, str], ...]:
        levels = (("Levels", str(self.depth - goal.depth)),)
        told = tuple(line for code, gave in shown for line in (("Cell", code), ("Gave", gave)))
        return (*levels, ("Beginning", "\n".join(beginning)[:SHOWN]), *told)


@functools.lru_cache(maxsize=32)
def _lines(text: str) -> tuple[str, ...]:
    # Cached: a million lines are cut once, not once for each of ten thousand slices.
    return tuple(text.split("\n")) if text else ()


def key_of(request: Any) -> str:
    """Return the name of a request among the answers, as the sandbox computes it."""
    return hashlib.sha256(msgspec.json.encode(request, order="sorted")).hexdigest()


def _request(raw: Any, first: int, last: int) -> Request | str:
    """A request of a cell with its lines counted in the whole input, or why there is no answer to it; hostile."""
    try:
        asked = msgspec.convert(raw, Request)
    except (msgspec.ValidationError, RecursionError):
        return 'a request is {"question": "...", "from": 0, "to": 100}'
    if not 0 < len(asked.question) <= LONGEST_QUESTION or not 0 <= asked.first <= asked.last <= last - first:
        return f"the question is empty or too long, or the lines are not among the {last - first}"
    words = " ".join(asked.question.split())
    return msgspec.structs.replace(asked, question=words, first=first + asked.first, last=first + asked.last)


def _answered(output: Any) -> dict[str, Any]:
    failed = failure_of(output)
    return {"value": output} if failed is None else {"failed": f"{failed.error}: {failed.message}"[:500]}
