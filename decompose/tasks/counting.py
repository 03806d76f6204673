"""Tasks that a model solves by counting: it says which number comes next, and nothing else is asked.

Digits are added to a result by counting on. What is counted, and in which order, is each task's own; the state of a
count, its question and its reading are the same. A wrong answer goes into the result: code counts how many questions
were asked, never what they said.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec

from surefoot.decompose.outline import Chains, Outline
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.micro_prompts import LOOKS, SHOWN, WAYS, next_number, number_in, shift_of

OFFSET = 18
"""Counts begin at 18, so that a window of 17 numbers begins at 2; a count to 81 ends at 99."""
LARGEST = 999
"""Largest number that is read as an answer."""
REPLY_TOKENS = 6
"""Tokens that an answer may take."""
SAYS = MappingProxyType({"next": "which number comes next"})
"""What the model says, by kind of question."""
ASK = "Answer with the next number of the list and nothing else."


class Number(msgspec.Struct, frozen=True):
    """A number whose successor is asked for, without the offset."""

    value: int


class Count(msgspec.Struct, frozen=True):
    """Where the chain of micro-steps stands.

    Attributes:
        result: Digits of the result so far, units first.
        pair: Which item is worked on, from 0: a pair of digits, or an entry; -1 before the first.
        value: What the count has come to.
        left: Questions of this count that are still to be asked.
        adding: What is to be added to which place, next first; empty while nothing is added.
    """

    result: tuple[int, ...]
    pair: int = -1
    value: int = 0
    left: int = 0
    adding: tuple[tuple[int, int], ...] = ()


class Counting(Task, frozen=True, kw_only=True):
    """Base of tasks that are one chain of counts: a task says what is counted on, and what its root is."""

    wordings: ClassVar[int] = WAYS
    looks: ClassVar[int] = LOOKS

    def onward(self, state: Count) -> Count:
        """Finish what needs no question, and begin the next count; a state with none left to ask is the end."""
        raise NotImplementedError(f"{type(self).__name__} has no onward()")

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for the next number of the count, or return the result as a decimal string."""
        if state.left:
            return Step("next", Role.ACTOR, Number(state.value), REPLY_TOKENS)
        return Done("".join(map(str, reversed(state.result))).lstrip("0") or "0")

    def advance(self, goal: Any, state: Any, candidate: str) -> Count:
        """Take the number, and go on to the next count where this one is at its end."""
        return self.onward(msgspec.structs.replace(state, value=int(candidate), left=state.left - 1))

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Questions if every answer is right."""
        state, count = self.begin(goal, inputs), 0
        while state.left:
            count += state.left
            state = self.onward(msgspec.structs.replace(state, value=state.value + state.left, left=0))
        return count

    def outline(self, leaf_steps: int) -> Outline:
        """Return the one chain the task consists of."""
        return Outline((Chains("next", 1, self.facts()),))

    def facts(self) -> int:
        """Return how many facts are asked for if every answer is right."""
        root = self.root()
        return self.usual_steps(root.goal, root.inputs)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """A row of numbers to go on with; another wording shows more of them."""
        asked = next_number(OFFSET + step.reads.value, wording)
        return Prompt(asked.user.strip(), ASK) if dialect == "chat" else asked

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """The number, without the offset."""
        number = number_in(text.strip() if dialect == "chat" else text)
        if number is None or not OFFSET - max(SHOWN) + min(SHOWN) <= number <= LARGEST:
            return Flag("misformatted", text[:200])
        return str(number - OFFSET)

    def answer(self, output: Any, steps: Iterator[Any]) -> Any:
        """The result, as a decimal string."""
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
