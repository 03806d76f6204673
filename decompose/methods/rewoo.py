"""Plan first, without seeing what is found; then run the plan in parallel; then answer (ReWOO, arXiv 2305.18323).

A plan is lines ``#E2 = tool[input]``, where ``#E1`` in an input stands for what the first line found. It is read by a
grammar into nodes and checked before anything runs; substitution is on nodes, so that ``#E1`` is no part of ``#E10``.
Plans are voted on in a canonical form: two that differ in numbering and order only are one. Lines that do not read
each other are run at the same time, and a line that fails stops what reads it and nothing else.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from surefoot.decompose.methods.asking import FORM, PART, Asking, Goal, Shown, Turn, Wording, child, read_answer
from surefoot.decompose.methods.direct import context_of
from surefoot.decompose.methods.tool_text import Use, call_of, listed, text_of
from surefoot.decompose.plan import Expansion, Ref, failure_of
from surefoot.decompose.step import Done, Flag, Role, Step

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

MODEL = "Ask"
"""The tool that is a question to the model."""
MOST_LINES = 4000
"""Lines of a plan, at most."""
LONGEST_INPUT = 2000
"""Characters of the input of a line, at most."""
_LINE = re.compile(r"#E(\d{1,6})\s*=\s*(\w+)\s*\[(.*)\]\s*")
_REFERENCE = re.compile(r"#E(\d{1,6})(?!\d)")


class Line(msgspec.Struct, frozen=True):
    """A line of a plan: a tool and its input, in which numbers stand for what other lines found."""

    number: int
    tool: str
    parts: tuple[str | int, ...]

    @property
    def reads(self) -> tuple[int, ...]:
        """Return the numbers of the lines that it reads, each once, in the order in which they are named."""
        return tuple(dict.fromkeys(part for part in self.parts if isinstance(part, int)))

    def filled(self, found: Mapping[int, str]) -> str:
        """Return the input with what was found in the places of the numbers."""
        return "".join(found[part] if isinstance(part, int) else part for part in self.parts)

    def __str__(self) -> str:
        return f"#E{self.number} = {self.tool}[{self.filled({number: f'#E{number}' for number in self.reads})}]"


def read_plan(text: str, tools: Iterable[str]) -> tuple[Line, ...]:
    """Return the lines of a plan in canonical form; other lines of the reply are not looked at.

    Raises:
        ValueError: It is none, or it cannot be run: one line that says what is wrong with it.
    """
    lines: dict[int, Line] = {}
    known = {MODEL, *tools}
    for row in (row.strip() for row in text.splitlines()):
        if row.startswith("#E"):
            line = _read_line(row, known)
            if line.number in lines:
                raise ValueError(f"#E{line.number} stands there twice")
            lines[line.number] = line
    if not 0 < len(lines) <= MOST_LINES:
        raise ValueError(f"a plan has 1 to {MOST_LINES:,} lines '#E1 = tool[input]', and this one has {len(lines):,}")
    return _canonical(lines, _levels(lines))


def _read_line(row: str, tools: set[str]) -> Line:
    found = _LINE.fullmatch(row)
    if found is None or not found[3].strip() or len(found[3]) > LONGEST_INPUT:
        raise ValueError(f"no line of a plan: {row[:100]}")
    if found[2] not in tools:
        raise ValueError(f"#E{found[1]} uses {found[2]}, which is none of {', '.join(sorted(tools))}")
    parts: list[str | int] = []
    for number, piece in enumerate(_REFERENCE.split(" ".join(found[3].split()))):
        parts += [int(piece) if number % 2 else piece] if piece else []
    return Line(int(found[1]), found[2], tuple(parts))


def _levels(lines: Mapping[int, Line]) -> dict[int, int]:
    """How many lines have to be run before each, one after the other.

    Raises:
        ValueError: A line reads itself, one that is not there, or lines read each other in a circle.
    """
    for line in lines.values():
        if line.number in line.reads:
            raise ValueError(f"#E{line.number} reads itself")
        if missing := [number for number in line.reads if number not in lines]:
            raise ValueError(f"#E{line.number} reads #E{missing[0]}, which is not there")
    waiting = {line.number: len(line.reads) for line in lines.values()}
    readers: dict[int, list[int]] = {}
    for line in lines.values():
        for number in line.reads:
            readers.setdefault(number, []).append(line.number)
    levels = {number: 0 for number, count in waiting.items() if not count}
    ready = list(levels)
    # Each line once: a reply may well be a chain of thousands of lines.
    for number in ready:
        for reader in readers.get(number, ()):
            waiting[reader] -= 1
            levels[reader] = max(levels.get(reader, 0), levels[number] + 1)
            if not waiting[reader]:
                ready.append(reader)
    if left := [number for number, count in waiting.items() if count]:
        raise ValueError(f"#E{min(left)} and others read each other in a circle")
    return levels


def _canonical(lines: Mapping[int, Line], levels: Mapping[int, int]) -> tuple[Line, ...]:
    """The lines in an order, and with numbers, that follow from what they do and not from how they were numbered.

    Lines that do the same become one: which of the two a third one names would be chance.
    """
    keys: dict[int, str] = {}
    for number in sorted(lines, key=levels.__getitem__):
        line = lines[number]
        told = [line.tool, *(f"\0{keys[part]}" if isinstance(part, int) else part for part in line.parts)]
        keys[number] = hashlib.blake2b("\1".join(told).encode(errors="surrogatepass"), digest_size=16).hexdigest()
    first = {keys[number]: number for number in lines}
    order = sorted(first.values(), key=lambda number: (levels[number], keys[number]))
    places = {keys[number]: place for place, number in enumerate(order, start=1)}
    return tuple(
        Line(
            places[keys[number]],
            lines[number].tool,
            tuple(places[keys[part]] if isinstance(part, int) else part for part in lines[number].parts),
        )
        for number in order
    )


def _read(problem: "Problem", step: Step, text: str) -> str | Flag:
    try:
        return "\n".join(map(str, read_plan(text, problem.tools())))
    except ValueError as error:
        return Flag("inconsistent", str(error))


PLAN = Wording(
    "Write a plan for the question: which tools to use, with what input. Nothing is found out before it is written.",
    "Write one line each: #E1 = <tool>[<input>]\n#E1 in the input of another line stands for what that line found.",
    Role.TASK_DECOMPOSER,
    _read,
    1 << 16,
)
PLANS: Mapping[str, Wording] = {
    "plan": PLAN,
    "plan, reworded": msgspec.structs.replace(
        PLAN, instruction="Which tools have to be used, and with what input, to answer the question? Plan all of it."
    ),
    "plan, reworded again": msgspec.structs.replace(
        PLAN, instruction="The question is answered by others, who follow your plan of tools and inputs line by line."
    ),
}
"""The same question in three wordings, the usual one first; each is voted on by itself."""
SOLVE = Wording("Answer the question from what was found, which may have errors.", FORM, Role.PREDICTOR, read_answer)


class Rewoo(Asking, frozen=True):
    """A voted plan, its lines in parallel, and an answer from what they found.

    Attributes:
        reworded: Whether the plan is asked for in a second wording as well, and in a third where the two winners
            differ. Votes cannot see a mistake that every draw of a prompt makes; another prompt need not make it.
    """

    reworded: bool = False
    wordings: ClassVar[Mapping[str, Wording]] = {**PLANS, "part": PART, "solve": SOLVE}

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask for the plan, run it, and ask for the answer; or, in a line of the plan, find what it is about."""
        if goal.part == "line":
            return (yield from self.line(goal, board))
        context = context_of(problem, goal)
        tools = listed({**problem.tools(), MODEL: None})
        said = yield from self._planned(goal, (*context, *tools))
        if isinstance(said, Done):
            return said
        lines = read_plan(said, problem.tools())
        known = yield from self.run(goal, lines)
        if isinstance(known, Done):
            return known
        told = [(("Asked", _shown(line, known)), ("Found", known[line.number])) for line in lines]
        answer = yield self.ask("solve", goal, goal.text, tuple(pair for pairs in told for pair in pairs))
        return Done(answer)

    def _planned(self, goal: Goal, shown: Shown) -> Turn:
        """The plan that won its vote; with several wordings the one that two of them agree on, or the question's end.

        Plans are compared in canonical form, as ballots are.
        """
        found: list[str] = []
        for kind in PLANS if self.reworded else ("plan",):
            found.append((yield self.ask(kind, goal, goal.text, shown)))
            if not self.reworded or found[-1] in found[:-1]:
                return found[-1]
        return Done(None, f"the plans asked for in {len(found)} wordings are all different: their votes agree in vain")

    def run(self, goal: Goal, lines: tuple[Line, ...]) -> Turn:
        """Run the lines of a plan; what each found, by number, or the end of a question whose plan failed."""
        found = yield Expansion(tuple(_child(goal, line) for line in lines))
        if failed := [line.number for line, one in zip(lines, found, strict=True) if failure_of(one) is not None]:
            why = failure_of(found[failed[0] - 1])
            return Done(
                None, f"{len(failed)} of {len(lines)} lines failed; #E{failed[0]}: {why.message if why else ''}"
            )
        return {line.number: text for line, text in zip(lines, found, strict=True)}

    def line(self, goal: Goal, inputs: Any) -> Turn:
        """Find what one line of a plan is about, from what the lines that it reads found."""
        line = msgspec.convert(goal.given, Line)
        if any(failure_of(one) is not None for one in inputs):
            return Done(None, "a line that it reads failed")
        text = line.filled(dict(zip(line.reads, inputs, strict=True)))
        if line.tool == MODEL:
            said = yield self.ask("part", goal, text)
            return Done(said)
        result = text_of((yield call_of(Use(line.tool, text))))
        return Done(result) if isinstance(result, str) else Done(None, f"{result.error}: {result.message}")


def _child(goal: Goal, line: Line) -> Any:
    # In canonical order a line reads earlier ones only, so that line 3 is child 2.
    given = msgspec.to_builtins(line)
    return child(Goal("", goal.number, "line", goal.depth + 1, given), tuple(Ref(number - 1) for number in line.reads))


def _shown(line: Line, found: Mapping[int, str]) -> str:
    text = line.filled(found)
    return text if line.tool == MODEL else f"{line.tool}[{text}]"
