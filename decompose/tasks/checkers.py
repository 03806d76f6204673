"""Checker jumping: n red checkers left of a gap, n blue ones right of it, change places in (n + 1)^2 - 1 moves.

One of the puzzles of "The Illusion of Thinking" (Shojaee et al., 2025), and the one in which LEAD (arXiv 2603.06870)
finds steps that a model gets wrong in every answer: votes alone cannot mend those.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.plan import Node, PlanStep
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Step
from surefoot.decompose.tasks.turns import Shown, Turns, turn

_RULES = (
    "Checkers stand in a row with one gap, written _. R moves right only, B moves left only: one place into the gap, "
    "or over exactly one checker of the other colour into the gap. All R are to get to the right of all B. A position "
    "from which that is no longer possible is lost: two checkers of one colour must not block each other. Places are "
    "counted from 1. Which checker moves next, and how does the row look afterwards?",
    "There is a row of red (R) and blue (B) checkers with a single free place, _. Reds go right, blues go left, by one "
    "step into the free place or by a jump over one checker of the other colour. The colours have to change sides, and "
    "nobody can go back: choose the move that does not shut others in. Say the place, from 1, of the checker that "
    "moves now, then the whole row after the move.",
    "Here is a row of R, B and one empty place (_). An R can only go rightwards, a B only leftwards, to the empty "
    "place next to it or to the one behind a single checker of the other kind. In the end every R is right of every B. "
    "Find the one move that keeps this possible. Answer with the mover's place, counted from 1, and the new row.",
)


class Checkers(Turns, frozen=True, kw_only=True):
    """Let red and blue checkers change places, one move a question."""

    checkers: Annotated[int, msgspec.Meta(ge=1, le=14, description="checkers of each colour")] = 5

    about: ClassVar[dict[str, tuple[str, ...]]] = {"jump": _RULES}
    form: ClassVar[dict[str, str]] = {"jump": "PLACE ROW"}
    pattern: ClassVar[dict[str, str]] = {"jump": r"[0-9]{1,2} [RBXO_]{3,29}"}
    wordings: ClassVar[int] = len(_RULES)
    relabelings: ClassVar[int] = 1
    summary: ClassVar[str] = "Checker jumping: red and blue change places; steps that are wrong alike are known here"

    def root(self) -> Node:
        """Return the whole row as one chain, which promises the row at the end: a lost row contradicts it."""
        red, blue = "R" * self.checkers, "B" * self.checkers
        return Node((), "swap", (f"{red}_{blue}",), f"{blue}_{red}")

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for the next move, or return the last row: the right one, or one without moves."""
        if not places(state):
            return Done(state)
        return turn("jump", state, 2 * self.checkers + 16)

    def advance(self, goal: Any, state: Any, candidate: str) -> str:
        """Return the row that the answer states."""
        return candidate.partition(" ")[2]

    def answer(self, output: Any, steps: Iterator[PlanStep]) -> Iterator[int]:
        """Return the places of the checkers that moved, in order."""
        return (int(step.candidate.partition(" ")[0]) for step in steps)

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Flag a move that the rules forbid, and a row that does not follow from the move."""
        place, _, row = plain(candidate).partition(" ")
        shown = plain(step.reads.facts)
        if int(place) not in places(shown):
            return Flag("illegal", f"the checker at {place} cannot move")
        return None if row == moved(shown, int(place)) else Flag("inconsistent", f"{row} does not follow")

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the moves of the only way: (n + 1)^2 - 1."""
        return (self.checkers + 1) ** 2 - 1

    def relabel(self, step: Step, number: int) -> Step:
        """Return the row with other letters for the colours.

        A row in the mirror would be another puzzle in name only: the start is its own mirror image, so that a run in
        the mirror comes to the same rows, and to the same mistakes.
        """
        return msgspec.structs.replace(step, reads=Shown(step.reads.facts.translate(RENAMED)))

    def unlabel(self, candidate: str, number: int) -> str:
        """Translate the answer to the row with other letters."""
        return plain(candidate)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word the question, with the letters that the row has."""
        found = Turns.prompt(self, step, dialect, wording)
        if plain(step.reads.facts) == step.reads.facts:
            return found
        renamed = re.sub(r"\b[RB]\b", lambda letter: letter[0].translate(RENAMED), found.system)
        return Prompt(found.user, renamed)

    def sample_step(self, number: int) -> Step:
        """Return the first question: others follow from answers only."""
        return turn("jump", self.root().inputs[0], 2 * self.checkers + 16)


def places(row: str) -> list[int]:
    """Return the places, from 1, of the checkers that can move."""
    gap = row.index("_")
    found = []
    for colour, step in (("R", -1), ("B", 1)):  # reds come from the left of the gap, blues from its right
        near, far = gap + step, gap + 2 * step
        if 0 <= near < len(row) and row[near] == colour:
            found.append(near + 1)
        if 0 <= far < len(row) and row[far] == colour and row[near] not in (colour, "_"):
            found.append(far + 1)
    return sorted(found)


def moved(row: str, place: int) -> str:
    """Return the row after the checker at a place has moved into the gap."""
    cells, gap = list(row), row.index("_")
    cells[gap], cells[place - 1] = cells[place - 1], "_"
    return "".join(cells)


RENAMED = str.maketrans("RB", "XO")
"""Other letters for the colours."""


def plain(text: str) -> str:
    """Return a row, or an answer, with the usual letters."""
    return text.translate(str.maketrans("XO", "RB"))
