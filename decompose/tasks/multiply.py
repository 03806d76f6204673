"""Long multiplication: outputs of nodes flow into other nodes, and nothing can be promised.

A product is split at the multiplier's digits (a decomposition step), the partial products are added with a shift. As
a chain it is schoolbook multiplication. The micro-steps are one digit times one digit plus a carry, and one digit
plus one digit plus a carry; the model answers with the new carry and the digit.
"""

import random
import re
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.plan import Child, Expansion, Node, Ref
from surefoot.decompose.plan import Literal as Given
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.multiply_wordings import DIGIT, SPLIT, SYSTEM

Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,100}\Z")]


class Product(msgspec.Struct, frozen=True, tag=True):
    """Multiply the first input by the second; both are decimal strings."""


class Sum(msgspec.Struct, frozen=True, tag=True):
    """Add the second input to the first, which is moved ``shift`` places to the left."""

    shift: int


class DigitFacts(msgspec.Struct, frozen=True):
    """What a digit step reads: two digits and the carry from the place before."""

    x: str
    y: str
    carry: str


class SplitFacts(msgspec.Struct, frozen=True):
    """What a decomposition reads: the multiplier alone."""

    multiplier: str


class Column(msgspec.Struct, frozen=True):
    """A row or an addition being worked through; digit strings have the units first.

    Attributes:
        kind: ``times`` or ``plus``.
        x: Digits still to be worked on.
        y: The multiplying digit (``times``), or the digits to add (``plus``).
        carry: From the place before.
        out: Digits written down so far.
        settled: Lower digits of the running total, which this column no longer changes.
        total: The rest of the running total, to which a finished row is added.
        factor: The whole multiplicand, for the rows to come.
        pending: Multiplier digits still to come.
    """

    kind: str
    x: str
    y: str
    carry: str = "0"
    out: str = ""
    settled: str = ""
    total: str = ""
    factor: str = ""
    pending: str = ""


class Multiply(Task, frozen=True, kw_only=True):
    """Multiply two whole numbers, digit by digit."""

    digits: Annotated[
        int, msgspec.Meta(ge=1, le=100, description="digits of both factors, when they are drawn at random")
    ] = 8
    x: Annotated[Digits | None, msgspec.Meta(description="first factor; drawn at random if missing")] = None
    y: Annotated[Digits | None, msgspec.Meta(description="second factor; drawn at random if missing")] = None
    draw: Annotated[int, msgspec.Meta(ge=0, description="which random factors")] = 0

    summary: ClassVar[str] = "Long multiplication: outputs flow into other nodes, nothing is promised"
    wordings: ClassVar[int] = len(SYSTEM)
    chainable: ClassVar[bool] = True

    def factors(self) -> tuple[str, str]:
        """Return both factors: as given in the options, or drawn from the seed."""
        rng = random.Random(f"multiply {self.digits} {self.draw}")
        drawn = [str(rng.randint(10 ** (self.digits - 1), 10**self.digits - 1)) for _ in "xy"]
        return self.x or drawn[0], self.y or drawn[1]

    def root(self) -> Node:
        """Return the product of both factors as a node."""
        return Node((), Product(), self.factors())

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Column:
        """Return the first column: the row of the multiplier's units, or the sum above the shift."""
        first, second = inputs[0][::-1], inputs[1][::-1]
        if isinstance(goal, Product):
            return Column("times", first, second[0], factor=first, pending=second[1:])
        low = second.ljust(goal.shift, "0")
        return Column("plus", low[goal.shift :], first, settled=low[: goal.shift])

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for the next digit, or return the finished number."""
        if isinstance(state, str):
            return Done(state)
        y = state.y if state.kind == "times" else state.y[:1] or "0"
        return Step(state.kind, Role.ACTOR, DigitFacts(state.x[:1] or "0", y, state.carry), 5)

    def advance(self, goal: Any, state: Any, candidate: str) -> Column | str:
        """Write the digit down and carry; a finished column opens the next, or ends in the number."""
        carry, digit = candidate.split(" ")
        y = state.y if state.kind == "times" else state.y[1:]
        column: Column = msgspec.structs.replace(state, x=state.x[1:], y=y, carry=carry, out=state.out + digit)
        if column.x or (column.kind == "plus" and column.y):
            return column
        return _next_column(column)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return a step for each digit of each row and of each addition."""
        x, y = (len(number) for number in inputs)
        return x * y + (y - 1) * (x + 1) if isinstance(goal, Product) else max(x, y) + 1

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | None:
        """Ask where to split a multiplier of two or more digits."""
        if isinstance(goal, Sum) or len(inputs[1]) < 2:
            return None
        return Step("split", Role.TASK_DECOMPOSER, SplitFacts(inputs[1]), len(inputs[1]) + 4)

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        """Return a split multiplication's children: two products and their shifted sum."""
        high, low = candidate.split(" ")
        x = Given(inputs[0])
        parts = Child(Product(), (x, Given(high))), Child(Product(), (x, Given(low)))
        return Expansion((*parts, Child(Sum(len(low)), (Ref(0), Ref(1)))))

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word a step: in ``compact`` the facts, a word each; in ``chat`` a question with the form of the answer."""
        facts, wording = step.reads, wording % self.wordings
        if step.kind == "split":
            if dialect == "compact":
                return Prompt(f"halve {' '.join(facts.multiplier)}")
            return Prompt(SPLIT[wording].format(number=facts.multiplier), SYSTEM[wording])
        if dialect == "compact":
            return Prompt(f"{step.kind} {facts.x} {facts.y} {facts.carry}")
        sign = "*" if step.kind == "times" else "+"
        asked = DIGIT[wording].format(x=facts.x, sign=sign, y=facts.y, carry=facts.carry)
        return Prompt(asked, SYSTEM[wording])

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a reply: ``"carry digit"``, or ``"high low"`` for a split."""
        if dialect == "chat":
            names = ("high", "low") if step.kind == "split" else ("carry", "digit")
            said = [_last(text, name) for name in names]
        elif step.kind == "split":
            said = [h.replace(" ", "") if re.fullmatch("[0-9]( [0-9])*", h) else "" for h in text.split(" + ")]
        else:
            said = text.split(" ")
        longest = 100 if step.kind == "split" else 1
        if len(said) != 2 or not all(re.fullmatch(f"[0-9]{{1,{longest}}}", number) for number in said):
            return Flag("misformatted", text[:200])
        return " ".join(said)

    def reply_schema(self, step: Step) -> dict[str, Any]:
        """Return schemas with digits as text: zeros at the front of a half count."""
        names = ("high", "low") if step.kind == "split" else ("carry", "digit")
        return {name: {"type": "string", "pattern": "^[0-9]+$"} for name in names}

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Flag two halves of a split that are not the number; a digit step shows nothing to check against."""
        if step.kind == "split" and candidate.replace(" ", "") != step.reads.multiplier:
            return Flag("inconsistent", f"{candidate} is not {step.reads.multiplier}")
        return None

    def sample_step(self, number: int) -> Step:
        """Draw a digit of a random product; one question in sixteen is a split."""
        rng = random.Random(f"multiply {number}")
        if number % 16 == 15 and self.digits > 1:
            length = rng.randint(2, self.digits)
            facts = SplitFacts(f"{rng.randrange(10**length):0{length}}")
            return Step("split", Role.TASK_DECOMPOSER, facts, length + 4)
        x, y = rng.choice("0123456789"), rng.choice("0123456789")
        if rng.random() < 0.5:
            return Step("plus", Role.ACTOR, DigitFacts(x, y, rng.choice("01")), 5)
        carry = str(rng.randint(0, max(0, int(y) - 1)))
        return Step("times", Role.ACTOR, DigitFacts(x, y, carry), 5)


def _last(text: str, name: str) -> str:
    found = re.findall(rf"\b{name} *= *(\S{{0,101}})", text)
    return found[-1] if found else ""


def _next_column(done: Column) -> Column | str:
    """What follows a finished column: the addition of its row, the next row, or the number."""
    written = done.out + done.carry.strip("0")
    if done.kind == "times" and (done.settled or done.total):
        return msgspec.structs.replace(done, kind="plus", x=done.total, y=written, carry="0", out="", total="")
    total = done.settled + written
    if not done.pending:
        return total[::-1].lstrip("0") or "0"
    shift = len(done.settled) + 1
    settled, rest = total[:shift], total[shift:]
    return Column("times", done.factor, done.pending[0], "0", "", settled, rest, done.factor, done.pending[1:])
