"""Long multiplication by counting: the model says which number comes next, and nothing else is asked.

A product of two digits is a count of as many steps; a digit is added by counting on. Who says what:

- The model: the successor of a number.
- The code: which digits are multiplied, how far to count, the carry, the place of a digit, the form of questions and
  answers, and that nothing is counted where a digit is 0.

What the code counts is how many questions were asked, never what they said: a wrong answer goes into the product.
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
from surefoot.decompose.tasks.multiply import Digits, Multiply, Product

OFFSET = 18
"""The count of a product begins at 18, so that a window of 17 numbers begins at 2; 9 times 9 ends at 99."""


class Number(msgspec.Struct, frozen=True):
    """A number whose successor is asked for, without the offset."""

    value: int


class Count(msgspec.Struct, frozen=True):
    """Where the chain of micro-steps stands.

    Attributes:
        result: Digits of the product so far, units first.
        pair: Which pair of digits is worked on: multiplicand's digits within multiplier's digits, units first.
        value: What the count has come to.
        left: Questions of this count that are still to be asked.
        adding: What is to be added to which place, next first; empty while a product is counted.
    """

    result: tuple[int, ...]
    pair: int = -1
    value: int = 0
    left: int = 0
    adding: tuple[tuple[int, int], ...] = ()


class MultiplyMicro(Task, frozen=True, kw_only=True):
    """Multiply two whole numbers by counting."""

    digits: Annotated[int, msgspec.Meta(ge=1, le=100, description="digits of both factors, drawn at random")] = 8
    x: Annotated[Digits | None, msgspec.Meta(description="first factor; drawn at random if missing")] = None
    y: Annotated[Digits | None, msgspec.Meta(description="second factor; drawn at random if missing")] = None
    draw: Annotated[int, msgspec.Meta(ge=0, description="which random factors")] = 0

    summary: ClassVar[str] = "Long multiplication by counting"
    wordings: ClassVar[int] = WAYS
    looks: ClassVar[int] = LOOKS

    def __post_init__(self) -> None:
        if "0" in {factor.strip("0") or "0" for factor in self.factors()}:
            raise ValueError("a factor is 0: nothing is to be counted, and so nothing would be asked")

    def factors(self) -> tuple[str, str]:
        """Return both factors: as given in the options, or drawn from the seed."""
        return Multiply(digits=self.digits, x=self.x, y=self.y, draw=self.draw).factors()

    def root(self) -> Node:
        """Return the product of both factors as a node."""
        return Node((), Product(), self.factors())

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Count:
        """Return the state before the first count."""
        return _onward(inputs, Count((0,) * (len(inputs[0]) + len(inputs[1]))))

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for the next number of the count, or return the product."""
        if state.left:
            return Step("next", Role.ACTOR, Number(state.value), 6)
        return Done("".join(map(str, reversed(state.result))).lstrip("0") or "0")

    def advance(self, goal: Any, state: Any, candidate: str) -> Count:
        """Take the number, and go on to the next count where this one is at its end."""
        counted: Count = msgspec.structs.replace(state, value=int(candidate), left=state.left - 1)
        return _onward(self.factors(), counted)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Most questions: 81 for each pair of digits, and 27 to add what they give."""
        return 108 * len(inputs[0]) * len(inputs[1])

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Questions if every answer is right."""
        state, count = self.begin(goal, inputs), 0
        while state.left:
            count += state.left
            state = _onward(inputs, msgspec.structs.replace(state, value=state.value + state.left, left=0))
        return count

    def outline(self, leaf_steps: int) -> Outline:
        """Return the one chain the task consists of."""
        return Outline((Chains("next", 1, self.usual_steps(self.root().goal, self.factors())),))

    def mode(self) -> str:
        """How many facts a pair of digits takes, and who says what."""
        facts, (x, y) = self.usual_steps(self.root().goal, self.factors()), self.factors()
        pairs = len(x) * len(y)
        return (
            f"mode micro: {facts:,} facts for {pairs:,} products of digits, {facts / pairs:.1f} facts a step; the "
            "model says which number comes next; code says how far to count, the places and the form"
        )

    def answer(self, output: Any, steps: Iterator[Any]) -> Any:
        """The product, as a decimal string."""
        return output

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """A row of numbers to go on with; another wording shows more of them."""
        return next_number(OFFSET + step.reads.value, wording)

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """The number, without the offset."""
        number = number_in(text)
        if number is None or not OFFSET - max(SHOWN) + min(SHOWN) <= number <= 999:
            return Flag("misformatted", text[:200])
        return str(number - OFFSET)

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
        """A number of the counts, small ones more often, as the counts have them."""
        rng = random.Random(f"multiply micro {number}")
        x, y = self.factors()
        most = max(1, int(rng.choice(x)) * int(rng.choice(y)))
        return Step("next", Role.ACTOR, Number(rng.randrange(most)), 6)


def _onward(factors: tuple[str, ...], state: Count) -> Count:
    """Finish what needs no question: end a count, and begin the next one, if any is left."""
    x, y = factors[0][::-1], factors[1][::-1]
    while not state.left:
        if state.adding:
            state = write_digit(state)
        elif state.value:
            place = state.pair % len(x) + state.pair // len(x)
            state = begin_adding(state, ((place, state.value % 10), (place + 1, state.value // 10)))
        elif state.pair + 1 < len(x) * len(y):
            pair = state.pair + 1
            state = Count(state.result, pair, 0, int(x[pair % len(x)]) * int(y[pair // len(x)]))
        else:
            break
    return state


def write_digit(state: Count) -> Count:
    """Write down the digit that a count has come to, and carry the rest."""
    (place, _), *rest = state.adding
    result = (*state.result[:place], state.value % 10, *state.result[place + 1 :])
    written = msgspec.structs.replace(state, result=result)
    return begin_adding(written, ((place + 1, state.value // 10), *rest))


def begin_adding(state: Count, adding: tuple[tuple[int, int], ...]) -> Count:
    """Begin to add; nothing is counted where 0 is to be added."""
    adding = tuple((place, amount) for place, amount in adding if amount)
    if not adding:
        return msgspec.structs.replace(state, value=0, left=0, adding=())
    place, amount = adding[0]
    result = state.result + (0,) * (place + 1 - len(state.result))
    return msgspec.structs.replace(state, result=result, value=result[place], left=amount, adding=adding)
