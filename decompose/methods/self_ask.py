"""Ask for follow-up questions one at a time, each chosen after the answers so far (self-ask, arXiv 2210.03350).

The dynamic arm of Divide-or-Conquer (arXiv 2402.15000): every follow-up sees all earlier questions and answers again,
so that its prompt tokens grow with the square of the number of steps.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from surefoot.decompose.methods.asking import PART, Asking, Goal, Turn, Wording, asked_too_often, labelled
from surefoot.decompose.methods.direct import context_of
from surefoot.decompose.methods.tool_text import call_of, listed, read_use, text_of, told_failure
from surefoot.decompose.step import Done, Flag, Role, Step

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

MOST_FOLLOW_UPS = 2000
"""Follow-up questions of one question, at most."""
FOLLOW_UP, USE, ANSWERED = "Follow up", "Use", "Answer"


def _read_follow_up(problem: "Problem", step: Step, text: str) -> str | Flag:
    """A last line ``Answer: ...`` or, without one, ``Follow up: ...``."""
    answer, follow = labelled(text, ANSWERED), labelled(text, FOLLOW_UP)
    if answer is not None:
        found = problem.read_answer(answer)
        return Flag("misformatted", f"not {problem.answer_form()}") if found is None else f"{ANSWERED}: {found}"
    used = labelled(text, USE) if step.kind == "follow-up or tool" else None
    if used:
        use = read_use(used, problem.tools())
        return Flag("misformatted", f"no use of a tool: {used[:100]}") if use is None else f"{USE}: {use}"
    return f"{FOLLOW_UP}: {follow}" if follow else Flag("misformatted", "neither a follow-up question nor an answer")


NEXT = Wording(
    "Say which question to ask next, or answer the question if nothing more is needed.",
    f"End with one line: {FOLLOW_UP}: <a question that stands for itself>\nor with one line: Answer: <{{form}}>",
    Role.TASK_DECOMPOSER,
    _read_follow_up,
    256,
)
NEXT_OR_TOOL = Wording(
    "Say which question to ask next or which tool to use, or answer the question if nothing more is needed.",
    f"End with one line: {USE}: <tool[its input]>\nor with one line: {FOLLOW_UP}: <a question that stands for itself>\n"
    "or with one line: Answer: <{form}>",
    Role.TASK_DECOMPOSER,
    _read_follow_up,
    256,
)


class SelfAsk(Asking, frozen=True):
    """Follow-up questions, one after the other; the board is the questions and answers so far."""

    wordings: ClassVar[Mapping[str, Wording]] = {
        "follow-up": NEXT,
        "follow-up or tool": NEXT_OR_TOOL,
        "part": PART,
    }

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask for the next follow-up question and for its answer, or for the use of a tool; or end with the answer."""
        if len(board) == MOST_FOLLOW_UPS:
            return Done(None, f"{MOST_FOLLOW_UPS} follow-up questions gave no answer")
        told = tuple(line for asked, found in board for line in (("Asked", asked), ("Found", found)))
        context, tools = context_of(problem, goal), listed(problem.tools())
        said = yield self.ask("follow-up or tool" if tools else "follow-up", goal, goal.text, (*context, *tools, *told))
        kind, _, text = said.partition(": ")
        if kind == ANSWERED:
            return Done(text)
        often = asked_too_often(text, (asked for asked, _ in board))
        if often is not None:
            return often
        use = read_use(text, problem.tools()) if kind == USE else None
        if use is not None:
            found = text_of((yield call_of(use)))
            # That a tool failed is told as such, and never as something that was found.
            return (*board, (str(use), found if isinstance(found, str) else told_failure(found)))
        # Only the follow-up itself: what it needs of earlier answers, it has to say.
        found = yield self.ask("part", goal, text, context)
        return (*board, (text, found))
