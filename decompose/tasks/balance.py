"""A ledger's balance by counting: the model says which number comes next, and nothing else is asked.

Every amount is added to the balance digit by digit, each digit by counting on as far as it says. Who says what:

- The model: the successor of a number.
- The code: the entries, how far to count, the carry, the place of a digit, and the form of questions and answers.

What the code counts is how many questions were asked, never what they said: a wrong answer goes into the balance.
"""

import functools
import random
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.division import Division
from surefoot.decompose.plan import Node
from surefoot.decompose.step import Role, Step
from surefoot.decompose.tasks.counting import REPLY_TOKENS, SAYS, Count, Counting, Number, begin_adding, write_digit

Amounts = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,12}(,[0-9]{1,12})*$")]


class Whole(msgspec.Struct, frozen=True):
    """The goal of the one node there is."""


class Balance(Counting, frozen=True, kw_only=True):
    """Sum the entries of a ledger by counting."""

    entries: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="entries, drawn at random")] = 500
    most: Annotated[int, msgspec.Meta(ge=1, le=10**9, description="largest amount of a drawn entry")] = 99
    amounts: Annotated[Amounts | None, msgspec.Meta(description="amounts, by commas, instead of drawn ones")] = None
    draw: Annotated[int, msgspec.Meta(ge=0, description="which random entries")] = 0

    summary: ClassVar[str] = "Sum of a ledger's entries by counting"

    def __post_init__(self) -> None:
        if not any(amount.strip("0") for amount in self.booked()):
            raise ValueError("every amount is 0: nothing is to be counted, and so nothing would be asked")

    def booked(self) -> tuple[str, ...]:
        """Return the amounts: as given in the options, or drawn from the seed."""
        if self.amounts is not None:
            return tuple(self.amounts.split(","))
        return _drawn(self.entries, self.most, self.draw)

    def root(self) -> Node:
        """Return the balance of all entries as a node."""
        return Node((), Whole(), (self.booked(),))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Count:
        """Return the state before the first count."""
        return self.onward(Count((0,)))

    def onward(self, state: Count) -> Count:
        """Write a digit down, and begin the next entry, if any is left."""
        amounts = self.booked()
        while not state.left:
            if state.adding:
                state = write_digit(state)
            elif state.pair + 1 < len(amounts):
                entry = state.pair + 1
                digits = tuple((place, int(digit)) for place, digit in enumerate(reversed(amounts[entry])))
                state = begin_adding(Count(state.result, entry), digits)
            else:
                break
        return state

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Most questions: for each digit 9, and 1 for each carry up to the last place."""
        amounts = inputs[0]
        places = len(str(sum(int(amount) for amount in amounts))) + 1
        return sum(9 * len(amount) + places for amount in amounts)

    def who_says(self) -> Division:
        """How many facts an entry takes, and who says what."""
        code = ("the entries", "how far to count", "the carries", "the places", "the form")
        return Division(self.facts(), len(self.booked()), "entries", SAYS, code)

    def sample_step(self, number: int) -> Step:
        """A number of the counts: a digit of the balance and what has been counted on it."""
        rng = random.Random(f"balance {number}")
        return Step("next", Role.ACTOR, Number(rng.randint(0, 9) + rng.randint(0, 8)), REPLY_TOKENS)


@functools.lru_cache(maxsize=8)
def _drawn(entries: int, most: int, draw: int) -> tuple[str, ...]:
    """Draw the amounts of a ledger; kept, as every count that ends looks for the next entry."""
    rng = random.Random(f"balance {draw}")
    return tuple(str(rng.randint(1, most)) for _ in range(entries))
