"""A ledger's balance by counting: the model says which number comes next, and nothing else is asked.

Every amount is added to the balance digit by digit, each digit by counting on as far as it says. Who says what:

- The model: the successor of a number.
- The code: the entries, how far to count, the carry, the place of a digit, and the form of questions and answers.

What the code counts is how many questions were asked, never what they said: a wrong answer goes into the balance.
"""

import random
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.outline import Chains, Outline
from surefoot.decompose.plan import Node
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.micro_prompts import LOOKS, SHOWN, WAYS, next_number, number_in, shift_of
from surefoot.decompose.tasks.multiply_micro import OFFSET, Count, Number, begin_adding, write_digit

Amounts = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,12}(,[0-9]{1,12})*$")]
ASK = "Answer with the next number of the list and nothing else."


class Whole(msgspec.Struct, frozen=True):
    """The goal of the one node there is."""


class Balance(Task, frozen=True, kw_only=True):
    """Sum the entries of a ledger by counting."""

    entries: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="entries, drawn at random")] = 500
    most: Annotated[int, msgspec.Meta(ge=1, le=10**9, description="largest amount of a drawn entry")] = 99
    amounts: Annotated[Amounts | None, msgspec.Meta(description="amounts, by commas, instead of drawn ones")] = None
    draw: Annotated[int, msgspec.Meta(ge=0, description="which random entries")] = 0

    summary: ClassVar[str] = "Sum of a ledger's entries by counting"
    wordings: ClassVar[int] = WAYS
    looks: ClassVar[int] = LOOKS

    def __post_init__(self) -> None:
        if not any(amount.strip("0") for amount in self.booked()):
            raise ValueError("every amount is 0: nothing is to be counted, and so nothing would be asked")

    def booked(self) -> tuple[str, ...]:
        """Return the amounts: as given in the options, or drawn from the seed."""
        if self.amounts is not None:
            return tuple(self.amounts.split(","))
        rng = random.Random(f"balance {self.draw}")
        return tuple(str(rng.randint(1, self.most)) for _ in range(self.entries))

    def root(self) -> Node:
        """Return the balance of all entries as a node."""
        return Node((), Whole(), (self.booked(),))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Count:
        """Return the state before the first count."""
        return _onward(tuple(inputs[0]), Count((0,)))

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for the next number of the count, or return the balance."""
        if state.left:
            return Step("next", Role.ACTOR, Number(state.value), 6)
        return Done("".join(map(str, reversed(state.result))).lstrip("0") or "0")

    def advance(self, goal: Any, state: Any, candidate: str) -> Count:
        """Take the number, and go on to the next count where this one is at its end."""
        counted: Count = msgspec.structs.replace(state, value=int(candidate), left=state.left - 1)
        return counted if counted.left else _onward(self.booked(), counted)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Most questions: for each digit 9, and 1 for each carry up to the last place."""
        amounts = inputs[0]
        places = len(str(sum(int(amount) for amount in amounts))) + 1
        return sum(9 * len(amount) + places for amount in amounts)

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Questions if every answer is right."""
        state, count = self.begin(goal, inputs), 0
        while state.left:
            count += state.left
            state = _onward(tuple(inputs[0]), msgspec.structs.replace(state, value=state.value + state.left, left=0))
        return count

    def outline(self, leaf_steps: int) -> Outline:
        """Return the one chain the task consists of."""
        root = self.root()
        return Outline((Chains("next", 1, self.usual_steps(root.goal, root.inputs)),))

    def mode(self) -> str:
        """How many facts an entry takes, and who says what."""
        root = self.root()
        facts, entries = self.usual_steps(root.goal, root.inputs), len(self.booked())
        return (
            f"mode micro: {facts:,} facts for {entries:,} entries, {facts / entries:.1f} facts a step; the model says "
            "which number comes next; code says how far to count, the places and the form"
        )

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """A row of numbers to go on with; another wording shows more of them."""
        asked = next_number(OFFSET + step.reads.value, wording)
        return Prompt(asked.user.strip(), ASK) if dialect == "chat" else asked

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """The number, without the offset."""
        number = number_in(text.strip() if dialect == "chat" else text)
        if number is None or not OFFSET - max(SHOWN) + min(SHOWN) <= number <= 999:
            return Flag("misformatted", text[:200])
        return str(number - OFFSET)

    def answer(self, output: Any, steps: Iterator[Any]) -> Any:
        """The balance, as a decimal string."""
        return output

    def look_variant(self, number: int, dialect: Dialect) -> tuple[int, int]:
        """Each further look shows more numbers, and counts from another offset; chat has one offset."""
        return number, 0 if dialect == "chat" else shift_of(number)

    def relabel(self, step: Step, number: int) -> Step:
        """The same count, from an offset that is less by ``number``."""
        return msgspec.structs.replace(step, reads=Number(step.reads.value - number))

    def unlabel(self, candidate: str, number: int) -> str:
        """The number of the count, by the usual offset."""
        return str(int(candidate) + number)

    def sample_step(self, number: int) -> Step:
        """A number of the counts: a digit of the balance and what has been counted on it."""
        rng = random.Random(f"balance {number}")
        return Step("next", Role.ACTOR, Number(rng.randint(0, 9) + rng.randint(0, 8)), 6)


def _onward(amounts: tuple[str, ...], state: Count) -> Count:
    """Finish what needs no question: write a digit down, and begin the next entry, if any is left."""
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
