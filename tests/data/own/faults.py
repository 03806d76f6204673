"""Tasks with one fault each, of kinds that everybody makes."""

import random
from typing import Annotated

from msgspec import Meta

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Child, Expansion, Literal, Node
from surefoot.decompose.referees.verification import Verification
from surefoot.decompose.step import Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task


class Sound(Task, frozen=True, kw_only=True):
    """Nothing wrong: steps that count down."""

    n: Annotated[int, Meta(ge=1)] = 5

    def root(self):
        return Node((), "down to 0", (self.n,))

    def size(self, goal, inputs):
        return 20

    def next_step(self, goal, state):
        return Done(state) if state <= 0 else Step("less", Role.ACTOR, reads=state)

    def advance(self, goal, state, candidate):
        return int(candidate)

    def prompt(self, step, dialect):
        return Prompt(f"one less than {step.reads}?")

    def parse(self, step, text, dialect):
        return text.strip() if text.strip().lstrip("-").isdigit() else Flag("misformatted", text)


class TypoInPrompt(Sound, frozen=True, kw_only=True):
    def prompt(self, step, dialect):
        return Prompt(f"one less than {step.raeds}?")


class AsyncAdvance(Sound, frozen=True, kw_only=True):
    async def advance(self, goal, state, candidate):
        return int(candidate)


class ParseInt(Sound, frozen=True, kw_only=True):
    def parse(self, step, text, dialect):
        return int(text)


class Impure(Sound, frozen=True, kw_only=True):
    def prompt(self, step, dialect):
        return Prompt(f"{random.random()}: one less than {step.reads}?")


class Appends(Sound, frozen=True, kw_only=True):
    def begin(self, goal, inputs):
        return {"left": inputs[0], "said": []}

    def next_step(self, goal, state):
        return Done(state["said"]) if state["left"] <= 0 else Step("less", Role.ACTOR, reads=state["left"])

    def advance(self, goal, state, candidate):
        state["said"].append(candidate)
        return {"left": int(candidate), "said": state["said"]}


class Splits(Sound, frozen=True, kw_only=True):
    def decomposition_step(self, goal, inputs):
        return Step("split", Role.TASK_DECOMPOSER, reads=5) if goal == "down to 0" else None


class ExpandFails(Splits, frozen=True, kw_only=True):
    def expand(self, goal, inputs, candidate):
        return Expansion((Child("x", (Literal(self.helper()),)),))

    def helper(self):
        return {}["gone"]


class AsyncBegin(Sound, frozen=True, kw_only=True):
    async def begin(self, goal, inputs):
        return inputs[0]


class OutputObject(Sound, frozen=True, kw_only=True):
    def next_step(self, goal, state):
        return Done(object()) if state <= 0 else Step("less", Role.ACTOR, reads=state)


class NegativeSize(Sound, frozen=True, kw_only=True):
    def size(self, goal, inputs):
        return -1


class NextNone(Sound, frozen=True, kw_only=True):
    def next_step(self, goal, state):
        return Step("less", Role.ACTOR, reads=state) if state > 0 else None


class Arguments(Sound, frozen=True, kw_only=True):
    def prompt(self, step):
        return Prompt("?")


class PostInit(Sound, frozen=True, kw_only=True):
    def __post_init__(self):
        return {}["a"]


class WrongOption(Sound, frozen=True, kw_only=True):
    rng: random.Random = random.Random(0)


class Unfinished(Task, frozen=True, kw_only=True):
    def root(self):
        return Node((), "x", (1,))


class Exits(Sound, frozen=True, kw_only=True):
    def parse(self, step, text, dialect):
        raise SystemExit(3)


class AnswerFails(Sound, frozen=True, kw_only=True):
    def answer(self, output, steps):
        for step in steps:
            yield step.nothing


class AnswerObject(Sound, frozen=True, kw_only=True):
    def answer(self, output, steps):
        return object()


class Silent(Sound, frozen=True, kw_only=True):
    """Nothing wrong: nothing has to be asked."""

    def next_step(self, goal, state):
        return Done(state)


def answers(prompt):
    n = int(prompt.user.rpartition(" ")[2].rstrip("?"))
    return Answers((str(n - 1),), (str(n + 1),))


def verify(task, plan):
    return Verification(True, True, sum(1 for _ in plan))
