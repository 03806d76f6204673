"""Long multiplication by counting: the model says which number comes next, and nothing else is asked.

A product of two digits is a count of as many steps; a digit is added by counting on. Who says what:

- The model: the successor of a number.
- The code: which digits are multiplied, how far to count, the carry, the place of a digit, the form of questions and
  answers, and that nothing is counted where a digit is 0.

What the code counts is how many questions were asked, never what they said: a wrong answer goes into the product.
"""

import functools
import random
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.division import Division
from surefoot.decompose.plan import Node
from surefoot.decompose.step import Role, Step
from surefoot.decompose.tasks.counting import REPLY_TOKENS, SAYS, Count, Counting, Number, begin_adding, write_digit
from surefoot.decompose.tasks.multiply import Digits, Multiply, Product


class MultiplyMicro(Counting, frozen=True, kw_only=True):
    """Multiply two whole numbers by counting."""

    digits: Annotated[int, msgspec.Meta(ge=1, le=100, description="digits of both factors, drawn at random")] = 8
    x: Annotated[Digits | None, msgspec.Meta(description="first factor; drawn at random if missing")] = None
    y: Annotated[Digits | None, msgspec.Meta(description="second factor; drawn at random if missing")] = None
    draw: Annotated[int, msgspec.Meta(ge=0, description="which random factors")] = 0

    summary: ClassVar[str] = "Long multiplication by counting"

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
        return self.onward(Count((0,) * (len(inputs[0]) + len(inputs[1]))))

    def onward(self, state: Count) -> Count:
        """End a count, and begin the next one, if any is left."""
        x, y = (factor[::-1] for factor in self.factors())
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

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Most questions: 81 for each pair of digits, and 27 to add what they give."""
        return 108 * len(inputs[0]) * len(inputs[1])

    def who_says(self) -> Division:
        """How many facts a pair of digits takes, and who says what."""
        x, y = self.factors()
        code = ("which digits are multiplied", "how far to count", "the carries", "the places", "the form")
        return Division(self.facts(), len(x) * len(y), "products of digits", SAYS, code)

    def sample_step(self, number: int) -> Step:
        """A number of the counts, each as often as the counts have it: of a product, or of a digit added to another."""
        rng = random.Random(f"multiply micro {number}")
        products, facts = _counted(self)
        if rng.randrange(facts) < sum(products):
            value = rng.randrange(rng.choices(products, products)[0])
        else:
            value = rng.randint(0, 9) + rng.randint(0, 8)
        return Step("next", Role.ACTOR, Number(value), REPLY_TOKENS)


@functools.lru_cache(maxsize=8)
def _counted(task: MultiplyMicro) -> tuple[list[int], int]:
    """The products of all pairs of digits, which are counted out, and the facts of the whole."""
    x, y = task.factors()
    return [int(one) * int(other) for one in x for other in y], task.facts()
