"""Tower of Hanoi by questions of one fact, for general models of 135 million parameters.

The chain is the published one (disk 1 goes round the ring at every other move, and between its moves the one move
without it is made), cut until a question asks nothing but a fact that such a model has: which number comes after a
number, and which of three pegs is neither of two. Who says what:

- The model: where disk 1 goes ("third": neither where it stands nor where it came from), which two pegs the move in
  between joins (the same fact), and which of two disks is the larger ("next": it counts up from one disk, and the other
  is larger if the count meets it).
- The code: the algorithm, where the count begins and ends, the offset of the numbers, the state, and the form of
  questions and answers. A move onto an empty peg needs no comparison, so that code makes it.

An answer is held against its form and nothing else. Flagging a "third" that names one of the two pegs shown would
leave only the right answer: then a model that guesses would do, and the proof that the model matters would be gone.
Once an answer has won its vote it counts: if it leads to a move that the puzzle does not allow, the chain ends with its
promise unkept, and is run again from its start as often as ``--seam-retries`` says.

The forms of the two prompts and their error rates were measured on SmolLM2-135M-Instruct; see docs/small-models.md.
"""

import functools
import itertools
import random
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.division import Division
from surefoot.decompose.drawing import Drawing
from surefoot.decompose.outline import Chains, Outline
from surefoot.decompose.plan import Node, PlanStep
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Peg, Tower
from surefoot.decompose.tasks.hanoi_states import drawing, illegal, moved, third
from surefoot.decompose.tasks.micro_prompts import LOOKS, WAYS, next_number, number_in, third_of_three

OFFSET = 20
"""Disk d goes by the number 20 + d: after small numbers the model's counting is unsure (0 to 1: p = .32)."""


class Pair(msgspec.Struct, frozen=True):
    """Two different pegs, of which the third is asked for."""

    one: str
    other: str


class Number(msgspec.Struct, frozen=True):
    """A number whose successor is asked for."""

    value: int


class Walk(msgspec.Struct, frozen=True):
    """Where the chain of micro-steps stands.

    Attributes:
        state: Peg letters, disk 1 first.
        moves: Moves done.
        behind: Peg that disk 1 came from; empty as long as that is not said.
        ahead: Peg that disk 1 goes to next; empty as long as that is not said.
        count: Disk that the count of a comparison has come to; 0 while nothing is compared.
        asked: Questions answered.
        broken: Whether an answer led to a move that the puzzle does not allow: the chain ends there.
    """

    state: str
    moves: int = 0
    behind: str = ""
    ahead: str = ""
    count: int = 0
    asked: int = 0
    broken: bool = False


class HanoiMicro(Task, frozen=True, kw_only=True):
    """Move a tower of disks from one peg to another, asking for one fact at a time."""

    disks: Annotated[int, msgspec.Meta(ge=1, le=30, description="number of disks")] = 3
    start: Annotated[Peg, msgspec.Meta(description="peg on which the tower stands")] = "a"
    goal: Annotated[Peg, msgspec.Meta(description="peg to which it is moved")] = "c"

    summary: ClassVar[str] = "Tower of Hanoi by questions of one fact"
    wordings: ClassVar[int] = WAYS
    looks: ClassVar[int] = LOOKS

    def __post_init__(self) -> None:
        if self.start == self.goal:
            raise ValueError(f"start and goal are both peg {self.start}")

    def root(self) -> Node:
        """The whole tower; its promise is the goal state."""
        return Node((), Tower(self.disks, self.start, self.goal), (self.start * self.disks,), self.goal * self.disks)

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Walk:
        """The entry state. A tower of even height starts as if disk 1 had come from the goal peg."""
        return Walk(inputs[0], behind=goal.target if goal.disks % 2 == 0 else "")

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for the fact that the next move needs, until all moves are done."""
        walk: Walk = state
        if walk.broken or walk.moves == 2**goal.disks - 1 or walk.asked >= self.size(goal, ()):
            return Done(walk.state)
        if walk.count:
            return Step("next", Role.ACTOR, Number(walk.count), 6)
        if not walk.behind:
            return Step("third", Role.ACTOR, Pair(goal.source, goal.target), 6)
        return Step("third", Role.ACTOR, Pair(walk.behind, walk.state[0]), 6)

    def advance(self, goal: Any, state: Any, candidate: str) -> Walk:
        """Take an answer, and make the moves that nothing is left to ask about."""
        return _taken(goal, state, candidate)[0]

    def answer(self, output: Any, steps: Iterator[PlanStep]) -> Iterator[list[int]]:
        """Yield the moves as [disk, from peg, to peg], disks from 1, pegs from 0: replayed from the answers."""
        root = self.root()
        walk = self.begin(root.goal, root.inputs)
        for step in steps:
            walk, moves = _taken(root.goal, walk, step.candidate)
            for move in moves:
                yield [int(move[:-2]), "abc".index(move[-2]), "abc".index(move[-1])]

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Questions of the whole tower if every answer is right: a larger number means that one was wrong."""
        tower: Tower = goal
        return (1 << tower.disks - 1) + tower.disks % 2 + counting(tower.disks, tower)

    def outline(self, leaf_steps: int) -> Outline:
        """Return the one chain the task consists of."""
        return Outline((Chains("", 1, self.size(self.root().goal, ())),))

    def who_says(self) -> Division:
        """How many facts a move takes, and who says what."""
        model = {"third": "which peg is the third", "next": "which number comes next"}
        code = ("the algorithm", "where counts begin and end", "the state", "the form")
        return Division(self.size(self.root().goal, ()), 2**self.disks - 1, "moves", model, code)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """A text to go on with; another wording shows the pegs in another order, or more numbers."""
        facts = step.reads
        if isinstance(facts, Number):
            return next_number(OFFSET + facts.value, wording)
        return third_of_three(facts.one.upper(), facts.other.upper(), "ABC", wording)

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """The number of a disk, or the letter of a peg."""
        if step.kind == "third":
            said = text.strip()
            return said.lower() if said in ("A", "B", "C") else Flag("misformatted", text[:200])
        number = number_in(text)
        return Flag("misformatted", text[:200]) if number is None else str(number - OFFSET)

    def sample_step(self, number: int) -> Step:
        """A question of a random kind, as often as the tower asks it, about random facts of the tower."""
        rng = random.Random(f"hanoi micro {number}")
        goal = self.root().goal
        counts = counting(self.disks, goal)
        if rng.randrange(self.size(goal, ())) < counts:
            return Step("next", Role.ACTOR, Number(rng.randint(3, self.disks)), 6)
        return Step("third", Role.ACTOR, Pair(*rng.choice(list(itertools.permutations("abc", 2)))), 6)

    def picture(self, shown: Any) -> Drawing | None:
        """Three pegs and the disks on them."""
        return drawing(shown if isinstance(shown, str) else shown.state)


def _taken(goal: Tower, walk: Walk, candidate: str) -> tuple[Walk, list[str]]:
    """The walk after an answer, and the moves that it led to."""
    walk = msgspec.structs.replace(walk, asked=walk.asked + 1)
    if walk.count:
        return _counted(goal.disks, walk, int(candidate))
    if candidate in ((walk.behind, walk.state[0]) if walk.behind else (goal.source, goal.target)):
        return _broken(walk)
    if not walk.behind:
        return msgspec.structs.replace(walk, behind=candidate), []
    walk = msgspec.structs.replace(walk, ahead=candidate)
    if walk.moves == 0:
        return _smallest(walk)
    first, second = _top(walk.state, walk.behind), _top(walk.state, candidate)
    if first and second:
        return msgspec.structs.replace(walk, count=first), []
    return _other(walk, first or second, walk.behind if second else candidate)


def _counted(disks: int, walk: Walk, count: int) -> tuple[Walk, list[str]]:
    """Go on with a count, or end it: it met the other disk, or went past the largest."""
    first, second = _top(walk.state, walk.behind), _top(walk.state, walk.ahead)
    if count == second:
        return _other(walk, first, walk.ahead)
    if not 0 < count <= disks:
        return _other(walk, second, walk.behind)
    return msgspec.structs.replace(walk, count=count), []


def _other(walk: Walk, disk: int, target: str) -> tuple[Walk, list[str]]:
    """Make the move without disk 1, then that of disk 1, whose next peg is known by then."""
    move = f"{disk}{walk.state[disk - 1]}{target}" if disk else ""
    if not move or illegal(walk.state, move):
        return _broken(walk)
    after = msgspec.structs.replace(walk, state=moved(walk.state, move), moves=walk.moves + 1, count=0)
    after, last = _smallest(after)
    return after, [move, *last]


def _smallest(walk: Walk) -> tuple[Walk, list[str]]:
    move = f"1{walk.state[0]}{walk.ahead}"
    after = Walk(moved(walk.state, move), walk.moves + 1, walk.state[0], "", 0, walk.asked)
    return after, [move]


def _broken(walk: Walk) -> tuple[Walk, list[str]]:
    return msgspec.structs.replace(walk, broken=True), []


def _top(state: str, peg: str) -> int:
    """The smallest disk on a peg; 0 if there is none."""
    return state.find(peg) + 1


def counting(disks: int, goal: Tower) -> int:
    """Questions that the comparisons of a whole tower take, if every answer is right."""
    return _counting(disks, goal.disks, goal.source, goal.target, (("a", 0), ("b", 0), ("c", 0)))


@functools.cache
def _counting(disks: int, height: int, source: str, target: str, tops: tuple[tuple[str, int], ...]) -> int:
    """The same of a tower of smaller disks, where ``tops`` are the smallest of the larger disks on each peg."""
    if height < 2:
        return 0
    aside = third(source, target)
    largest = dict(tops)
    below = largest[target]
    # Disk 1 came onto the peg aside from the source if the smaller tower's height is odd, else from the target.
    own = 0 if not below else below - height if height % 2 == 0 else disks + 1 - below
    before = tuple({**largest, source: height}.items())
    after = tuple({**largest, target: height}.items())
    halves = _counting(disks, height - 1, source, aside, before), _counting(disks, height - 1, aside, target, after)
    return sum(halves) + own
