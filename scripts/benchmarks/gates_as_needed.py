"""The gates as ADaPT goes about them (arXiv 2311.05772): try, and split only what could not be done.

The whole way is tried first, gate by gate. Where a side turns out to be shut, the try has failed: the way is split into
its gates, each of which is tried from its start, and a gate that cannot be passed is split into its other side. Nothing
that was found goes up to a plan. Every step is asked, voted on and counted as in ``decompose/tasks/gates.py``.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.decompose.answer_keys.gates import answers as answers
from surefoot.decompose.assumptions import Evidence
from surefoot.decompose.plan import Child, Expansion, Node
from surefoot.decompose.step import Call, Done, Flag, Step
from surefoot.decompose.tasks.gates import PEGS, SIDES, Gates
from surefoot.decompose.tasks.turns import turn


class Way(msgspec.Struct, frozen=True, tag=True):
    """Pass some gates in a row; ``side`` is given where only one is left to be tried."""

    first: int
    last: int
    side: str = ""


class Trying(msgspec.Struct, frozen=True):
    """Where a try stands: the gate, what is known of it, and what was done at the gates before."""

    gate: int
    side: str = ""
    seen: str = ""
    means: str = ""
    moves: tuple[tuple[str, ...], ...] = ((),)
    done: tuple[Any, ...] = ()
    ended: bool = False


class GatesAsNeeded(Gates, frozen=True, kw_only=True):
    """The same world, without a plan: tries, and splits of what failed."""

    def root(self) -> Node:
        """Return the whole way."""
        return Node((), Way(1, self.gates), ())

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> None:
        """Return nothing: tries ask for parts themselves."""
        return

    def evidence(self, goal: Any, state: Any, asked: Any, answer: Any) -> tuple[Evidence, ...]:
        """Return nothing: no plan takes anything for granted."""
        return ()

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Flag more than one side for one gate."""
        wrong = step.kind == "route" and " " in candidate
        return Flag("inconsistent", "more than one side") if wrong else None

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Trying:
        """Return the first gate, untried."""
        return Trying(goal.first, goal.side)

    def next_step(self, goal: Any, state: Any) -> Step | Call | Expansion | Done:
        """Guess a side, look, move the towers; split where the side is shut."""
        if state.ended or state.gate > goal.last:
            return Done(list(state.done))
        if not state.side:
            guess = turn("route", "1 gates; chosen before: nothing; found shut: nothing", 8)
            return msgspec.structs.replace(guess, lead=1)
        if not state.seen:
            return Call("look", {"gate": state.gate, "side": state.side})
        if not state.means:
            return turn("look", f"gate {state.gate}, {state.side} side: {state.seen}", 8)
        if state.means == "shut":
            return Expansion(tuple(Child(one, ()) for one in self._parts(goal, state)))
        number = len(state.moves[-1]) + 1
        return turn("carry", f"{self.disks} disks from A to {PEGS[state.side]}, move {number}", 16)

    def _parts(self, goal: Way, state: Trying) -> list[Way]:
        if goal.first == goal.last:
            return [Way(goal.first, goal.last, SIDES[1 - SIDES.index(state.side)])]
        return [Way(gate, gate) for gate in range(goal.first, goal.last + 1)]

    def advance(self, goal: Any, state: Any, candidate: Any) -> Trying:
        """Take in a guess, a sight, what it means, the parts' outputs, or a move."""
        replaced: Callable[..., Trying] = msgspec.structs.replace
        if not state.side:
            return replaced(state, side=candidate)
        if not state.seen:
            return replaced(state, seen=candidate)
        if not state.means:
            return replaced(state, means=candidate)
        if state.means == "shut":
            return replaced(state, done=tuple(one for part in candidate for one in part), ended=True)
        moves = (*state.moves[:-1], (*state.moves[-1], candidate))
        if len(moves[-1]) < (1 << self.disks) - 1:
            return replaced(state, moves=moves)
        if len(moves) < self.towers:
            return replaced(state, moves=(*moves, ()))
        towers = tuple([PEGS[state.side], list(one)] for one in moves)
        return Trying(state.gate + 1, done=(*state.done, state.side, *towers))

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most steps of a try at so many gates."""
        return int((goal.last - goal.first + 2) * (4 + self.towers * (1 << self.disks)))
