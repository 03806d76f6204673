"""Let the advisor choose: a chain, a graph, or votes on whole answers (see ``surefoot/decompose/advisor.py``).

One voted question says how the work hangs together, and single attempts at the whole question how often a model errs,
by how many of them agree: nothing is known of what is right. Eight are made, and more while they leave the choice open.
What was said stands in the journal, so that the choice and its reason can be read from a run again. Any other
``--method`` overrides it.
"""

import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from surefoot.decompose.advisor import GRAPH, WHOLE, Advice, Shape, advise, error_by, sure_of
from surefoot.decompose.methods.asking import FORM, Asking, Goal, Turn, Wording, child, labelled, read_answer
from surefoot.decompose.methods.direct import Direct, context_of
from surefoot.decompose.methods.program import HostProgram
from surefoot.decompose.methods.rewoo import Rewoo
from surefoot.decompose.methods.self_ask import SelfAsk
from surefoot.decompose.plan import Child, Expansion, PlanStep
from surefoot.decompose.step import Done, Flag, Role, Step

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

ATTEMPTS = 8
"""Attempts at the whole question that are made first, one answer each; all at once."""
MORE, MOST_ATTEMPTS, SURE = 4, 32, 0.95
"""How many are made at once beyond, as long as the choice is not that sure, and in all at most."""
MOST_PARTS = 1 << 20
_SHAPE = re.compile(r"(\d{1,7}) (\d{1,7}) (yes|no)")


def _read_shape(problem: "Problem", step: Step, text: str) -> str | Flag:
    """A last line ``Shape: 16 4 yes``; numbers become powers of two, so that near ones are one candidate."""
    found = _SHAPE.fullmatch((labelled(text, "Shape") or "").rstrip(".").lower())
    if found is None:
        return Flag("misformatted", "no line 'Shape: <number> <number> <yes or no>'")
    parts, depth = int(found[1]), int(found[2])
    if not 1 <= depth <= parts <= MOST_PARTS:
        return Flag("inconsistent", f"{depth} of {parts} steps cannot wait for each other")
    return f"{_about(parts)} {_about(depth)} {found[3]}"


def _about(number: int) -> int:
    return 1 << round(math.log2(number))


SHAPE = Wording(
    "How many small steps does the question take? Do not answer it.",
    "End with one line: Shape: <steps in all> <most of them that need each other, one after the other> "
    "<yes or no: could all steps be written down before any of them is answered?>",
    Role.TASK_DECOMPOSER,
    _read_shape,
)
ATTEMPT = Wording("Answer the question at once, as well as you can.", FORM, Role.ACTOR, read_answer)
WAYS: Mapping[str, type[Asking]] = {WHOLE: Direct, GRAPH: Rewoo}


class Auto(Asking, frozen=True):
    """The advisor's choice; the board is the way that was chosen, and the board of its method."""

    wordings: ClassVar[Mapping[str, Wording]] = {
        "shape": SHAPE,
        "attempt": ATTEMPT,
        **Direct.wordings,
        **SelfAsk.wordings,
        **HostProgram.wordings,
        **Rewoo.wordings,
    }

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask what the choice rests on, choose, and go on as the method does that was chosen."""
        context = context_of(problem, goal)
        if goal.part == "attempt":
            # One answer, whatever the run's lead: it is their disagreement that says something.
            shown = (*context, ("Attempt", str(goal.given)))
            return Done((yield self.ask("attempt", goal, goal.text, shown, lead=1)))
        if goal.part:  # a line of a plan
            return (yield from Rewoo().turn(problem, goal, board))
        way, inner = board or ("", ())
        if not way:
            said = yield self.ask("shape", goal, goal.text, context)
            way = yield from self._chosen(problem, goal, said)
        method = WAYS[way]() if way in WAYS else HostProgram() if problem.offers_program() else SelfAsk()
        ended = yield from method.turn(problem, goal, inner)
        return ended if isinstance(ended, Done) else (way, ended)

    def _chosen(self, problem: "Problem", goal: Goal, said: str) -> Turn:
        """The way that attempts at the question speak for; more are made while they leave it open."""
        asked, answers = 0, list[str]()
        while True:
            advice = advice_from(problem, goal, said, answers)
            if said.split()[0] == "1" or asked == MOST_ATTEMPTS:
                return advice.way
            # Where nobody can read what is said at once, more of it says nothing either.
            if asked and (not answers or sureness(problem, goal, said, answers, advice) >= SURE):
                return advice.way
            count = MORE if asked else ATTEMPTS
            found = yield Expansion(tuple(_attempt(goal, asked + n) for n in range(1, count + 1)))
            asked, answers = asked + count, [*answers, *(one for one in found if isinstance(one, str))]


def _attempt(goal: Goal, number: int) -> Child:
    return child(Goal(goal.text, goal.number, "attempt", goal.depth + 1, number))


def advice_from(problem: "Problem", goal: Goal, shape: str, attempts: Iterable[str]) -> Advice:
    """Return the advice that follows from what was said of a question."""
    known = _shape_of(shape)
    error = error_by(tuple(attempts), known.parts) if known.parts > 1 else 0.0
    return advise(known, error, _words_of(problem, goal), problem.offers_program())


def sureness(problem: "Problem", goal: Goal, shape: str, attempts: Iterable[str], advice: Advice) -> float:
    """Return how probable it is that the advice is right, by the attempts alone."""
    program = problem.offers_program()
    return sure_of(advice.way, tuple(attempts), _shape_of(shape), _words_of(problem, goal), program)


def _shape_of(said: str) -> Shape:
    parts, depth, stated = said.split()
    return Shape(int(parts), int(depth), stated == "yes")


def _words_of(problem: "Problem", goal: Goal) -> int:
    return len(goal.text.split()) + len(problem.context(goal.number).split())


def advice_of(problem: "Problem", steps: Iterable[PlanStep]) -> Advice | None:
    """Return the advice that a finished question was answered by, from its steps; ``None`` where there was none."""
    told = [step for step in steps if step.kind in ("shape", "attempt")]
    if not told or told[0].kind != "shape":
        return None
    goal = Goal(told[0].reads.question, told[0].reads.number)
    return advice_from(problem, goal, told[0].candidate, [step.candidate for step in told[1:]])
