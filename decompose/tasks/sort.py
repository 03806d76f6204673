"""Sorting by merging: each question compares two numbers; the task's own code splits the list.

MAKER's appendix (arXiv 2511.09030) sorts lists of integers; a list of n takes at most n log2(n) comparisons.
"""

import random
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.plan import Child, Expansion, Node, Ref
from surefoot.decompose.plan import Literal as Given
from surefoot.decompose.step import Done, Flag, Step
from surefoot.decompose.tasks.turns import Turns, turn


class Sorted(msgspec.Struct, frozen=True, tag=True):
    """Sort the input, a list of integers, in ascending order."""


class Merged(msgspec.Struct, frozen=True, tag=True):
    """Merge two sorted lists, the inputs, into one."""


class Merging(msgspec.Struct, frozen=True):
    """What is left of two sorted lists, and what was taken from them so far."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    taken: tuple[int, ...] = ()


class Sort(Turns, frozen=True, kw_only=True):
    """Sort a list of integers by questions about two of them."""

    numbers: Annotated[str, msgspec.Meta(description="the list, such as '3 -1 2'; drawn at random if missing")] = ""
    length: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="numbers, when they are drawn at random")] = 20
    draw: Annotated[int, msgspec.Meta(ge=0, description="which random numbers")] = 0

    about: ClassVar[dict[str, tuple[str, ...]]] = {
        "smaller": (
            "Which of the two integers is smaller? If they are equal, name either.",
            "Two integers are given. Compare their signs first, then their sizes, and name the one that comes first in "
            "ascending order; equal ones are alike.",
        )
    }
    form: ClassVar[dict[str, str]] = {"smaller": "N"}
    pattern: ClassVar[dict[str, str]] = {"smaller": r"-?[0-9]{1,30}"}
    summary: ClassVar[str] = "Sorting by merging: the code splits the list, each question compares two numbers"

    def __post_init__(self) -> None:
        self.listed()

    def listed(self) -> list[int]:
        """Return the numbers to sort, as given or drawn.

        Raises:
            ValueError: Something is not an integer.
        """
        if not self.numbers.strip():
            rng = random.Random(f"sort {self.length} {self.draw}")
            return [rng.randint(-10_000, 10_000) for _ in range(self.length)]
        parts = self.numbers.replace(",", " ").strip("[] \n").split()
        if not all(part.removeprefix("-").isdecimal() and part.isascii() and len(part) <= 30 for part in parts):
            raise ValueError("numbers: a list of integers such as '3 -1 2' is needed")
        return list(map(int, parts))

    def root(self) -> Node:
        """Return the whole list as a node."""
        return Node((), Sorted(), (self.listed(),))

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        """Return both halves and their merging, without a question; lists of one or two are chains."""
        numbers = inputs[0]
        if isinstance(goal, Merged) or len(numbers) < 3:
            return None
        middle = len(numbers) // 2
        halves = (Child(Sorted(), (Given(part),)) for part in (numbers[:middle], numbers[middle:]))
        return Expansion((*halves, Child(Merged(), (Ref(0), Ref(1)))))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Merging:
        """Return the two lists to merge; those of a pair are its two numbers."""
        if isinstance(goal, Merged):
            return Merging(tuple(inputs[0]), tuple(inputs[1]))
        return Merging(tuple(inputs[0][:1]), tuple(inputs[0][1:]))

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask which of the two first numbers is smaller; once a list is empty the other follows as it is."""
        if not state.left or not state.right:
            return Done([*state.taken, *state.left, *state.right])
        return turn("smaller", f"{state.left[0]} {state.right[0]}", 8)

    def advance(self, goal: Any, state: Any, candidate: str) -> Merging:
        """Take the smaller number from its list."""
        if int(candidate) == state.left[0]:
            return Merging(state.left[1:], state.right, (*state.taken, state.left[0]))
        return Merging(state.left, state.right[1:], (*state.taken, state.right[0]))

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Flag a number that is none of the two."""
        shown = step.reads.facts.split()
        return None if candidate in shown else Flag("inconsistent", f"{candidate} is none of {' and '.join(shown)}")

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most comparisons that a list can take."""
        if isinstance(goal, Merged):
            return len(inputs[0]) + len(inputs[1])
        count = len(inputs[0])
        return max(1, count * (count - 1).bit_length())

    def sample_step(self, number: int) -> Step:
        """Draw two numbers of the list to compare."""
        rng, numbers = random.Random(f"sort {number}"), self.listed() or [0]
        return turn("smaller", f"{rng.choice(numbers)} {rng.choice(numbers)}", 8)
