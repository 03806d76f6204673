"""Tower of Hanoi: a state carried from step to step, and sub-goals that can be promised.

The state is a string of peg letters, disk 1 (the smallest) first: ``"aab"`` is disks 1 and 2 on peg a, disk 3 on
peg b. A goal moves a tower of the smallest disks, or carries one disk, from one peg to another.

The micro-step is MAKER's (arXiv 2511.09030, sect. 4): previous move and state in, move and next state out. Its
strategy works for even towers and one goal peg only; here the direction of disk 1 follows from the tower's height
and its two pegs. The decomposition step is the classic one: the smaller tower out of the way, the largest disk
across, the smaller tower on top; the model states the three states in between, and they become promises.
"""

import functools
import random
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from surefoot.decompose.drawing import Drawing
from surefoot.decompose.outline import Outline, halved
from surefoot.decompose.plan import Child, Expansion, Node, PlanStep, Ref
from surefoot.decompose.plan import Literal as Given
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks import hanoi_chat
from surefoot.decompose.tasks.hanoi_several import played_back
from surefoot.decompose.tasks.hanoi_states import (
    WORD,
    above,
    drawing,
    illegal,
    move_before,
    moved,
    third,
    tower_state,
    words,
)
from surefoot.decompose.tasks.hanoi_wordings import WORDINGS

Peg = Literal["a", "b", "c"]
RELABELLED = ("bca", "cba")
"""Pegs under other names: what a, b and c are called. The second turns clockwise into counter-clockwise."""


class Tower(msgspec.Struct, frozen=True, tag=True):
    """Move the ``disks`` smallest disks, which stand on ``source``, to ``target``."""

    disks: int
    source: str
    target: str


class Carry(msgspec.Struct, frozen=True, tag=True):
    """Move one disk, on which nothing stands, from ``source`` to ``target``."""

    disk: int
    source: str
    target: str


class MoveFacts(msgspec.Struct, frozen=True):
    """What a step of a Tower of Hanoi chain reads.

    Attributes:
        direction: ``cw`` if disk 1 goes a to b to c to a, else ``ccw``.
        previous: The previous move, such as ``"3ca"``: disk 3 from c to a, or ``"-"`` at the first step.
        state: Peg letters, disk 1 first.
        states_next: Whether the next state is asked for as well.
    """

    direction: str
    previous: str
    state: str
    states_next: bool = True


class GoalFacts(msgspec.Struct, frozen=True):
    """What a carry or a decomposition of a tower reads.

    Attributes:
        goal: The disk to carry, or the largest disk of the tower to split, and its pegs: ``"3ca"``.
        state: Peg letters, disk 1 first.
        states_next: Whether the next state is asked for as well.
    """

    goal: str
    state: str
    states_next: bool = True


class Walk(msgspec.Struct, frozen=True):
    """Where a Tower of Hanoi chain stands.

    Attributes:
        state: Peg letters, disk 1 first.
        previous: The previous move, or ``"-"``.
        steps: Steps done.
    """

    state: str
    previous: str = "-"
    steps: int = 0


class Hanoi(Task, frozen=True, kw_only=True):
    """Move a tower of disks from one peg to another, one disk at a time, never a larger on a smaller one."""

    disks: Annotated[int, msgspec.Meta(ge=1, le=30, description="number of disks")] = 3
    start: Annotated[Peg, msgspec.Meta(description="peg on which the tower stands")] = "a"
    goal: Annotated[Peg, msgspec.Meta(description="peg to which it is moved")] = "c"
    shown: Annotated[
        Literal["tower", "all"], msgspec.Meta(description="disks that a step is shown: those of its own tower, or all")
    ] = "all"

    summary: ClassVar[str] = "Tower of Hanoi: 2^disks - 1 dependent moves"
    offers_transition: ClassVar[bool] = True
    chainable: ClassVar[bool] = True
    one_way: ClassVar[bool] = True  # the shortest way to move a tower, which has as many steps as ``size`` allows
    wordings: ClassVar[int] = len(WORDINGS)
    relabelings: ClassVar[int] = len(RELABELLED)

    def __post_init__(self) -> None:
        if self.start == self.goal:
            raise ValueError(f"start and goal are both peg {self.start}")

    def root(self) -> Node:
        """Return the whole tower as a node, whose promise is the goal state."""
        return Node((), Tower(self.disks, self.start, self.goal), (self.start * self.disks,), self.goal * self.disks)

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Walk:
        """Return the walk before the first move: the entry state, and no previous move."""
        return Walk(inputs[0])

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for the next move, until the tower stands or the steps are used up."""
        walk: Walk = state
        height = goal.disks if isinstance(goal, Tower) else 1
        moved = walk.state[:height] if isinstance(goal, Tower) else walk.state[goal.disk - 1]
        if moved == goal.target * height or walk.steps >= self.size(goal):
            return Done(walk.state)
        states_next = self.state_by == "model"
        state = self._shown(walk.state, goal.disks if isinstance(goal, Tower) else goal.disk)
        tokens = 4 + (len(state) + WORD - 1) // WORD * states_next
        if isinstance(goal, Carry):
            facts = GoalFacts(f"{goal.disk}{goal.source}{goal.target}", state, states_next)
            return Step("carry", Role.ACTOR, facts, tokens)
        return Step("move", Role.ACTOR, MoveFacts(direction(goal), walk.previous, state, states_next), tokens)

    def advance(self, goal: Any, state: Any, candidate: str) -> Walk:
        """Adopt the state that won, or do the move that won when the task keeps the state."""
        move, *words = candidate.split(" ")
        reached = above(state.state, words) if words else moved(state.state, move)
        return Walk(reached, move, state.steps + 1)

    def answer(self, output: Any, steps: Iterator[PlanStep]) -> Iterator[list[int]]:
        """Yield the moves as [disk, from peg, to peg], disks from 1, pegs from 0, as the published method has them."""
        for step in steps:
            move = step.candidate.split(" ")[0]
            yield [int(move[:-2]), "abc".index(move[-2]), "abc".index(move[-1])]

    def size(self, goal: Any, inputs: tuple[Any, ...] = ()) -> int:
        """Return 2^n - 1, the moves of a tower of n disks."""
        return 2**goal.disks - 1 if isinstance(goal, Tower) else 1

    def outline(self, leaf_steps: int) -> Outline:
        """Return the outline of towers that are halved around the carry of their largest disk."""
        return halved(2**self.disks - 1, leaf_steps, "move", "carry", "split")

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | None:
        """Ask how to split a tower of two or more disks; a carry is not split."""
        if isinstance(goal, Carry) or goal.disks < 2:
            return None
        state = self._shown(inputs[0], goal.disks)
        tokens = 3 * (2 + (len(state) + WORD - 1) // WORD) + 2
        facts = GoalFacts(f"{goal.disks}{goal.source}{goal.target}", state)
        return Step("split", Role.TASK_DECOMPOSER, facts, tokens)

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        """Return a split tower's three children, each with the state it was said to reach as its promise."""
        children = []
        for number, part in enumerate(candidate.split(" / ")):
            move, *words = part.split(" ")
            kind = Carry if number == 1 else Tower
            source = Ref(number - 1) if number else Given(inputs[0])
            children.append(Child(kind(int(move[:-2]), move[-2], move[-1]), (source,), above(inputs[0], words)))
        return Expansion(tuple(children))

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word a step: rules, strategy, example and question in ``chat``; in ``compact`` the facts, a word each."""
        if dialect == "chat":
            return hanoi_chat.prompt(step.kind, step.reads, wording)
        facts = step.reads
        kind = step.kind if facts.states_next else f"{step.kind}-only"
        asked = f"{facts.direction} {facts.previous}" if step.kind == "move" else facts.goal
        return Prompt(f"{kind} {asked} {words(facts.state)}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a reply as the compact form ``"3ca words"``; three of them, by `` / ``, for a split."""
        if dialect == "chat":
            return hanoi_chat.parse(step.kind, step.reads, text)
        facts = step.reads
        if _pattern(step.kind == "split", len(facts.state) if facts.states_next else 0).fullmatch(text):
            return text
        return Flag("misformatted", text[:200])

    def prompt_several(self, step: Step, count: int, dialect: Dialect, wording: int = 0) -> Prompt | None:
        """Ask for the next moves of a tower, each with the state after it where a step states one."""
        if step.kind != "move":
            return None
        if dialect == "chat":
            return hanoi_chat.prompt_several(step.reads, count, wording)
        facts = step.reads
        kind = "moves" if facts.states_next else "moves-only"
        return Prompt(f"{kind} {count} {facts.direction} {facts.previous} {words(facts.state)}")

    def split_reply(self, step: Step, count: int, text: str, dialect: Dialect) -> Sequence[str] | Flag:
        """Divide a reply into moves: at each ``move = `` in ``chat``; a line each, or all in one, in ``compact``."""
        if dialect == "chat":
            return hanoi_chat.split_reply(text, count)
        steps = played_back(step.reads, text)
        return Task.split_reply(self, step, count, text, dialect) if steps is None else steps

    def reply_schema(self, step: Step) -> dict[str, Any]:
        """Return the JSON schemas of a reply: moves as three numbers, states as three lists."""
        return hanoi_chat.schema(step.kind, step.reads)

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Hold the stated move against the rules, and the stated next state against the stated move."""
        facts = step.reads
        if step.kind == "split":
            return _check_split(facts, candidate)
        move, *stated = candidate.split(" ")
        fault = illegal(facts.state, move)
        if fault:
            return Flag("illegal", fault)
        if stated and "".join(stated) != moved(facts.state, move):
            return Flag("inconsistent", f"{move} does not lead from {facts.state} to {''.join(stated)}")
        if step.kind == "carry" and move != facts.goal:
            return Flag("inconsistent", f"asked for {facts.goal}, not {move}")
        return None

    def sample_step(self, number: int) -> Step:
        """Draw a move at a random moment of the whole tower's run; one question in eight is a carry or a split."""
        rng = random.Random(f"hanoi {number}")
        if number % 8 < 7:
            moment = rng.randrange(self.size(self.root().goal))
            forgets = moment % 2 == 0 and rng.random() < 0.1
            return self._move_at(self.root().goal, "", moment, forgets)
        goal, rest = self._met(rng, self.disks - rng.randrange(self.disks))
        return self._split_or_carry(rng, goal, rest)

    def sample_leaf(self, number: int, leaf_steps: int) -> Step:
        """Draw a step of a plan whose towers of at most so many steps are not split."""
        height = max(1, (leaf_steps + 1).bit_length() - 1)
        if height >= self.disks:
            return self.sample_step(number)
        rng = random.Random(f"hanoi leaf {number}")
        if number % 8 < 7:
            return self._move_at(*self._met(rng, height), rng.randrange(2**height - 1))
        # Each tower that is split has two a disk smaller below it.
        split = rng.choices(
            range(height + 1, self.disks + 1), [2 ** (self.disks - n) for n in range(height + 1, self.disks + 1)]
        )
        return self._split_or_carry(rng, *self._met(rng, split[0]))

    def sample_chain(self, number: int, count: int) -> tuple[Tower, Walk]:
        """Draw a moment in the run of a tower that has about four times as many moves, or of the whole one."""
        rng = random.Random(f"hanoi chain {number}")
        goal, rest = self._met(rng, min(self.disks, count.bit_length() + 2))
        moment = rng.randrange(max(1, self.size(goal) - count))
        way = goal.disks, goal.source, goal.target, moment
        return goal, Walk(tower_state(*way) + rest, move_before(*way), moment)

    def _met(self, rng: random.Random, height: int) -> tuple[Tower, str]:
        """A tower of so many disks on a random way down the decomposition, and where the larger disks are then."""
        goal, rest = Tower(self.disks, self.start, self.goal), ""
        while goal.disks > height:
            aside = third(goal.source, goal.target)
            if rng.random() < 0.5:
                goal, rest = Tower(goal.disks - 1, goal.source, aside), goal.source + rest
            else:
                goal, rest = Tower(goal.disks - 1, aside, goal.target), goal.target + rest
        return goal, rest

    def _move_at(self, goal: Tower, rest: str, moment: int, forgets: bool = False) -> Step:
        """What a tower's chain asks after so many moves."""
        way = goal.disks, goal.source, goal.target, moment
        step = self.next_step(goal, Walk(tower_state(*way) + rest, "-" if forgets else move_before(*way)))
        assert isinstance(step, Step)
        return step

    def _split_or_carry(self, rng: random.Random, goal: Tower, rest: str) -> Step:
        below = goal.disks - 1
        split = self.decomposition_step(goal, (goal.source * goal.disks + rest,)) if rng.random() < 0.5 else None
        if split is not None:
            return split
        state = third(goal.source, goal.target) * below + goal.source + rest
        step = self.next_step(Carry(goal.disks, goal.source, goal.target), Walk(state))
        assert isinstance(step, Step)
        return step

    def _shown(self, state: str, disks: int) -> str:
        """What a step of a tower is shown. Larger disks neither move meanwhile nor hinder what does."""
        return state if self.shown == "all" else state[:disks]

    def relabel(self, step: Step, number: int) -> Step:
        """Return the same step of the puzzle with its pegs relabelled."""
        names = str.maketrans("abc", RELABELLED[number - 1])
        facts = step.reads
        changed = {"state": facts.state.translate(names)}
        if isinstance(facts, GoalFacts):
            changed["goal"] = facts.goal.translate(names)
        else:
            changed["previous"] = facts.previous.translate(names)
            if RELABELLED[number - 1] == "cba":
                changed["direction"] = "ccw" if facts.direction == "cw" else "cw"
        return msgspec.structs.replace(step, reads=msgspec.structs.replace(facts, **changed))

    def unlabel(self, candidate: str, number: int) -> str:
        """Give the pegs of a relabelled answer their own names again."""
        return candidate.translate(str.maketrans(RELABELLED[number - 1], "abc"))

    def picture(self, shown: Any) -> Drawing | None:
        """Draw the three pegs and the disks on them."""
        return drawing(shown if isinstance(shown, str) else shown.state)


def direction(goal: Tower) -> str:
    """Return which way disk 1 goes round: with an odd number of disks straight for the target first."""
    straight = (ord(goal.target) - ord(goal.source)) % 3 == 1
    return "cw" if straight == (goal.disks % 2 == 1) else "ccw"


def _check_split(facts: GoalFacts, candidate: str) -> Flag | None:
    parts = [part.split(" ") for part in candidate.split(" / ")]
    disk, source, target = int(facts.goal[:-2]), facts.goal[-2], facts.goal[-1]
    aside = third(source, target)
    below, rest = disk - 1, facts.state[disk:]
    if [move for move, *_ in parts] != [f"{below}{source}{aside}", facts.goal, f"{below}{aside}{target}"]:
        return Flag("inconsistent", f"these sub-goals do not move {disk} disks from {source} to {target}")
    states = ["".join(stated) for _, *stated in parts]
    wanted = [aside * below + source + rest, aside * below + target + rest, target * disk + rest]
    if states != wanted:
        return Flag("inconsistent", "a stated state is not its sub-goal done to the state before it")
    return None


@functools.cache
def _pattern(split: bool, disks: int) -> re.Pattern[str]:
    whole, part = divmod(disks, WORD)
    state = " [abc]{5}" * whole + (f" [abc]{{{part}}}" if part else "")
    one = rf"[1-9][0-9]?(?:ab|ac|ba|bc|ca|cb){state}"
    return re.compile(" / ".join([one] * 3) if split else one)
