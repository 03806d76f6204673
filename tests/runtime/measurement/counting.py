"""A task as a user writes it: four methods, an answer key, no word about kinds of question or usual lengths."""

from typing import Any

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Node
from surefoot.decompose.step import Dialect, Done, Prompt, Role, Step
from surefoot.decompose.task import Task


class Counting(Task, frozen=True, kw_only=True):
    """Count to a thousand."""

    def root(self) -> Node:
        return Node((), "count", ("0",))

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        return Done(state) if int(state) >= 1000 else Step("next", Role.ACTOR, reads=state)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"after {step.reads}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str:
        return text.strip()

    def sample_step(self, number: int) -> Step:
        return Step("next", Role.ACTOR, reads=str(number % 1000))


def answers(prompt: Prompt) -> Answers:
    """What follows a number, and what does not."""
    number = int(prompt.user.split()[1])
    return Answers((str(number + 1),), (str(number + 2), str(number)))
