"""Towers that are carried through gates, of each of which one side is walled up: a plan with hidden facts.

A voted question says which side to take at every gate; nothing tells beforehand, so it is a guess. At each gate a scout
looks at the side that was chosen, while carriers already move their towers of Hanoi, disk by disk, to the peg that
stands at that side. What a scout sees is the world's and comes from a tool; whether one can pass is a voted question.
"""

import hashlib
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.assumptions import Assumption, Evidence, Findings
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref
from surefoot.decompose.step import Call, Done, Flag, Step
from surefoot.decompose.tasks.turns import Turns, turn

SIDES = ("left", "right")
PEGS = {"left": "B", "right": "C"}
SEEN = {"open": "daylight at the far end", "shut": "bare stone from wall to wall"}
"""What is seen at a side that is open, and at one that is walled up."""


class Route(msgspec.Struct, frozen=True, tag=True):
    """Choose sides, and bring everything through all gates."""


class Scout(msgspec.Struct, frozen=True, tag=True):
    """Look at the chosen side of a gate."""

    gate: int


class Carry(msgspec.Struct, frozen=True, tag=True):
    """Move one tower to the chosen side of a gate."""

    gate: int
    tower: int


class Camp(msgspec.Struct, frozen=True, tag=True):
    """Say which sides were taken, and which moves were made."""


class Looking(msgspec.Struct, frozen=True):
    """Where a scout stands, what was seen there, and what that means."""

    side: str
    seen: str = ""
    means: str = ""


class Carrying(msgspec.Struct, frozen=True):
    """To which peg a tower is moved, and the moves made so far."""

    peg: str
    moves: tuple[str, ...] = ()


class Gates(Turns, frozen=True, kw_only=True):
    """Towers carried through gates whose open side nobody knows beforehand."""

    gates: Annotated[int, msgspec.Meta(ge=1, le=64, description="gates, each with one hidden fact")] = 8
    disks: Annotated[int, msgspec.Meta(ge=1, le=12, description="disks of each tower")] = 4
    towers: Annotated[int, msgspec.Meta(ge=0, le=16, description="towers carried to each gate")] = 2
    world: Annotated[int, msgspec.Meta(ge=0, description="which sides are open")] = 0

    wordings: ClassVar[int] = 7
    about: ClassVar[dict[str, tuple[str, ...]]] = {
        "route": (
            "Choose a side, left or right, for every gate. Keep what was chosen before, but for sides found shut.",
            "Name the side to take at each gate in order. Where one is shut take the other; leave the rest as it was.",
            "One side for each gate is wanted: change the earlier choice only at gates whose side was found shut.",
            "Give a side for each gate, in order: as before, and the other one wherever the side was found shut.",
            "Which side is taken at which gate? One that was found shut is left for the other; nothing else changes.",
            "List the sides gate by gate. Begin from those chosen before and turn round only where it was shut.",
            "For every gate say left or right. What was chosen stays, unless it was found shut: then say the other.",
        ),
        "look": (
            "Can one pass where this is seen? Daylight means open, stone means shut.",
            "Say whether the way is open or shut, from what is seen there.",
            "Judge from the sight whether the passage is open or shut.",
            "A way with daylight behind it is open and a wall of stone is shut: which of them is this?",
            "Somebody stands at this side and reports the view. Is it open to walk through, or shut?",
            "Stone closes a passage and light shows that it goes on. Name the state of this one.",
            "Decide for this sight: open if light comes through, shut if there is only stone.",
        ),
        "carry": (
            "Towers of Hanoi: which is the move of this number, of the shortest way? Disk 1 is the smallest.",
            "Name the disk and both pegs of the numbered move of the shortest solution of the Towers of Hanoi.",
            "In the optimal sequence for this tower, say the move with this number: disk, from, to.",
            "Moving the whole tower takes a shortest sequence of moves. Which one has this number?",
            "Count through the shortest solution up to this number and say that move; disk 1 is on top.",
            "Which disk is moved, from which peg and to which, at this number of the shortest way?",
            "Say the numbered move of the minimal solution of this Tower of Hanoi.",
        ),
    }
    form: ClassVar[dict[str, str]] = {"route": "SIDE SIDE ...", "look": "open or shut", "carry": "DISK FROM TO"}
    pattern: ClassVar[dict[str, str]] = {
        "route": r"(left|right)( (left|right))*",
        "look": r"open|shut",
        "carry": r"[0-9]{1,2} [ABC] [ABC]",
    }
    summary: ClassVar[str] = "Towers through gates with hidden sides: a plan that is revised while it runs"

    def root(self) -> Node:
        """Return the whole way as a node, which is told what was found."""
        return Node((), Route(), (self.gates, Findings()))

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | None:
        """Ask for a side at every gate: several answers are right until something is known."""
        if not isinstance(goal, Route):
            return None
        findings = inputs[1]
        before = " ".join(str(one.value) for one in findings.before) or "nothing"
        shut = ", ".join(f"{one.assumption.name} {one.assumption.value}" for one in findings.evidence) or "nothing"
        step = turn("route", f"{inputs[0]} gates; chosen before: {before}; found shut: {shut}", 8 + 4 * self.gates)
        return step if findings.evidence else msgspec.structs.replace(step, lead=1)

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        """Return a scout and carriers for each gate, who rest on its side, and the camp, which reads them all.

        Raises:
            ValueError: There are more or fewer sides than gates.
        """
        sides = candidate.split()
        children: list[Child] = []
        for gate, side in zip(range(1, self.gates + 1), sides, strict=True):
            rests_on = (Assumption(f"gate {gate}", side),)
            goals = (Scout(gate), *(Carry(gate, tower) for tower in range(self.towers)))
            children += [Child(one, (Literal(side),), rests_on=rests_on) for one in goals]
        return Expansion((*children, Child(Camp(), tuple(Ref(number) for number in range(len(children))))))

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Flag a route with a wrong number of sides."""
        if step.kind == "route" and len(candidate.split()) != self.gates:
            return Flag("inconsistent", f"{len(candidate.split())} sides for {self.gates} gates")
        return None

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        """Return where a scout or a carrier begins; for the camp, what came in."""
        if isinstance(goal, Scout):
            return Looking(inputs[0])
        return Carrying(PEGS[inputs[0]]) if isinstance(goal, Carry) else inputs

    def next_step(self, goal: Any, state: Any) -> Step | Call | Expansion | Done:
        """Have a scout look and judge, a carrier name its next move, and the camp say what came in."""
        if isinstance(goal, Scout):
            if not state.seen:
                return Call("look", {"gate": goal.gate, "side": state.side})
            shown = f"gate {goal.gate}, {state.side} side: {state.seen}"
            return Done(state.side) if state.means else turn("look", shown, 8)
        if isinstance(goal, Carry):
            done = len(state.moves)
            if done == 2**self.disks - 1:
                return Done([state.peg, list(state.moves)])
            return turn("carry", f"{self.disks} disks from A to {state.peg}, move {done + 1}", 16)
        return Done(list(state))

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        """Take in what was seen, what it means, or a move."""
        if isinstance(goal, Carry):
            return Carrying(state.peg, (*state.moves, candidate))
        return Looking(state.side, state.seen or candidate, candidate if state.seen else "")

    def evidence(self, goal: Any, state: Any, asked: Any, answer: Any) -> tuple[Evidence, ...]:
        """Report a side that is shut: the other one is open."""
        if not isinstance(asked, Step) or asked.kind != "look" or answer != "shut":
            return ()
        other = SIDES[1 - SIDES.index(state.side)]
        return (Evidence(Assumption(f"gate {goal.gate}", state.side), "contradicts", found=other),)

    def tools(self) -> dict[str, Any]:
        """Return the world's own answer to looking at a side of a gate."""
        return {"look": self.look}

    def look(self, gate: int, side: str) -> str:
        """Say what is seen at one side of a gate."""
        return SEEN["open" if side == open_side(self.world, gate) else "shut"]

    def sample_step(self, number: int) -> Step:
        """Draw a look at a gate, or, seven times in eight, a move; guesses, which differ rightly, are left out."""
        side = SIDES[number // 8 % 2]
        if number % 8 == 0 or not self.towers:
            gate, seen = 1 + number // 16 % self.gates, sorted(SEEN.values())[number // 32 % 2]
            return turn("look", f"gate {gate}, {side} side: {seen}", 8)
        move = 1 + number % ((1 << self.disks) - 1)
        return turn("carry", f"{self.disks} disks from A to {PEGS[side]}, move {move}", 16)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most steps that a node takes."""
        moves = (1 << self.disks) - 1
        if isinstance(goal, Route):
            return self.gates * (2 + self.towers * moves) + 1
        return 2 if isinstance(goal, Scout) else moves if isinstance(goal, Carry) else 0


def open_side(world: int, gate: int) -> str:
    """Return which side of a gate is open: the hidden fact, which only the world's tool and a referee look at."""
    return SIDES[hashlib.blake2b(f"{world} {gate}".encode(), digest_size=1).digest()[0] & 1]
