"""A task that adds numbers, and models whose accuracy depends on the prompt's text and nothing else."""

import hashlib
import math
import random
import re
from typing import Any, ClassVar

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Node
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime.models.port import Model, Reply, Request


class Two(msgspec.Struct, frozen=True):
    a: int
    b: int


class Adder(Task, frozen=True, kw_only=True):
    """Add pairs of numbers."""

    count: int = 60
    question_forms: ClassVar = {"add": ("{a} plus {b}",)}

    def root(self) -> Node:
        return Node((), "sums", ((),))

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        return Done(list(state)) if len(state) == self.count else self.sample_step(len(state))

    def advance(self, goal: Any, state: Any, candidate: str) -> Any:
        return (*state, int(candidate))

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return self.count

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"{step.reads.a} + {step.reads.b}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text if re.fullmatch("[0-9]{1,4}", text) else Flag("misformatted", text)

    def sample_step(self, number: int) -> Step:
        dice = random.Random(f"adder {number}")
        return Step("add", Role.ACTOR, Two(dice.randint(1, 30), dice.randint(1, 30)), 8)


def answers(prompt: Prompt) -> Answers:
    """Right and wrong replies to the last question of a text."""
    a, b = map(int, re.findall(r"(\d+) (?:\+|plus) (\d+)", prompt.user)[-1])
    return Answers((str(a + b),), (str(a + b + 1), str(a + b + 10), str(a)))


class Reader(Model):
    """Adds, and errs as often as the text of the prompt makes it.

    Turns and examples help, the order of examples counts, and a label helps with its cue only. Without any of it,
    3 of 10 replies are right.
    """

    name, dialect = "reader", "chat"

    def __init__(self, even: bool = False) -> None:
        self.even, self.asked = even, 0
        self.prompts: list[Request] = []

    async def ask(self, request: Request) -> list[Reply]:
        self.asked += len(request.draws)
        self.prompts.append(request)
        known = answers(request.prompt)
        return [Reply(self._said(request, known, draw), tokens_out=2) for draw in request.draws]

    def right(self, request: Request) -> float:
        """Probability of a right reply."""
        if self.even:
            return 0.6
        text = "\n".join([*(turn.user for turn in request.examples), request.prompt.user])
        shown = max(len(request.examples), text.count(" + ") + text.count(" plus ") - 1)
        label, cue = "Q: " in text, "A: " in text + request.prefill
        odds = -0.85 + 0.6 * min(shown, 4) + 0.8 * bool(request.examples) + (1.5 if label and cue else -0.5 * label)
        odds += 0.5 * ("plus" in request.prompt.user) - 0.4 * ("Be exact." in text + request.prompt.system)
        return 1 / (1 + math.exp(-odds))

    def _said(self, request: Request, known: Answers, draw: int) -> str:
        text = f"{request.prompt.user}\0{len(request.examples)}\0{request.seed}\0{draw}"
        number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) / 2**64
        return known.right[0] if number < self.right(request) else known.wrong[draw % len(known.wrong)]
