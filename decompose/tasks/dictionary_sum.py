"""A running sum over words whose values stand in a dictionary, one word a turn.

The task of "The Illusion of Diminishing Returns" (Sinha et al., arXiv 2509.09677): knowledge and plan are given, only
the execution is long. Each turn is shown the sum so far, one word and the dictionary, and says the next sum.
"""

import random
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.plan import Node
from surefoot.decompose.step import Done, Step
from surefoot.decompose.tasks.turns import Turns, turn

WORDS = (
    "apple",
    "river",
    "stone",
    "cloud",
    "lamp",
    "horse",
    "paper",
    "bridge",
    "salt",
    "garden",
    "wheel",
    "letter",
    "snow",
    "glass",
    "field",
    "rope",
    "candle",
    "drum",
    "leaf",
    "mirror",
    "anchor",
    "basket",
    "copper",
    "dragon",
    "engine",
    "feather",
    "guitar",
    "harbor",
    "island",
    "jacket",
)


class Sum(msgspec.Struct, frozen=True):
    """The sum so far, and how many words were added."""

    total: int = 0
    turns: int = 0


class DictionarySum(Turns, frozen=True, kw_only=True):
    """Add up the values of words, one word a question."""

    turns: Annotated[int, msgspec.Meta(ge=1, le=1_000_000, description="words to add up")] = 100
    words: Annotated[int, msgspec.Meta(ge=1, le=len(WORDS), description="words in the dictionary")] = 20
    draw: Annotated[int, msgspec.Meta(ge=0, description="which random values and words")] = 0

    about: ClassVar[dict[str, tuple[str, ...]]] = {
        "add": (
            "You are given the sum so far, a word, and a dictionary of words and their values. Add the word's value to "
            "the sum and say the new sum.",
            "Look the word up in the dictionary that follows it; its value may be negative. What is the sum once this "
            "value is added to the number at the front?",
        )
    }
    form: ClassVar[dict[str, str]] = {"add": "SUM"}
    pattern: ClassVar[dict[str, str]] = {"add": r"-?[0-9]{1,12}"}
    summary: ClassVar[str] = "A running sum over the words of a dictionary: long execution without planning"

    def values(self) -> dict[str, int]:
        """Return the dictionary whose values are added up."""
        rng = random.Random(f"dictionary {self.draw}")
        return {word: rng.randint(-99, 99) for word in WORDS[: self.words]}

    def word(self, number: int) -> str:
        """Return the word of a turn, counted from 0."""
        return random.Random(f"word {self.draw} {number}").choice(WORDS[: self.words])

    def root(self) -> Node:
        """Return the whole sum as one chain."""
        return Node((), "sum", (0,))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Sum:
        """Return the sum before the first word."""
        return Sum()

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for the sum with the next word, or return the sum."""
        return Done(state.total) if state.turns == self.turns else self._asked(state.total, self.word(state.turns))

    def _asked(self, total: int, word: str) -> Step:
        listed = " ".join(f"{name}={value}" for name, value in self.values().items())
        return turn("add", f"{total} {word} | {listed}", 8)

    def advance(self, goal: Any, state: Any, candidate: str) -> Sum:
        """Return the sum that the answer states."""
        return Sum(int(candidate), state.turns + 1)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return one step for each word."""
        return self.turns

    def sample_step(self, number: int) -> Step:
        """Draw a sum and a word."""
        rng = random.Random(f"dictionary-sum {number}")
        return self._asked(rng.randint(-2000, 2000), rng.choice(WORDS[: self.words]))
