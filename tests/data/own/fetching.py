"""A task whose every child begins with a tool, of which some fail as they may."""

from typing import Any

import surefoot
from surefoot import Answers, Call, Child, Dialect, Done, Expansion, Flag, Literal, Node, Prompt, Role, Step, failure_of


class Fetching(surefoot.Task, frozen=True, kw_only=True):
    """Add up the numbers on pages; some pages are missing or empty."""

    pages: int = 3
    may_fail: bool = True

    def root(self) -> Node:
        return Node((), "all", ())

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return None if goal == "all" else (inputs[0], None)

    def next_step(self, goal: Any, state: Any) -> Any:
        if goal == "all":
            children = tuple(Child("page", (Literal(n),), may_fail=self.may_fail) for n in range(self.pages))
            return Expansion(children) if state is None else Done(state)
        if isinstance(state, int):
            return Done(state)
        number, page = state
        if page is None:
            return Call("fetch", {"number": number})
        return Step("read", Role.ACTOR, reads=page) if page else Done(None, "the page is empty")

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        if goal == "all":
            return [one if (failed := failure_of(one)) is None else failed.message for one in candidate]
        return (state[0], candidate) if state[1] is None else int(candidate)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"Which number is on: {step.reads}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text if text.isdecimal() else Flag("misformatted")

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return 3

    def tools(self) -> dict[str, Any]:
        return {"fetch": fetch}


def fetch(number: int) -> str:
    """Page 1 is missing, page 2 is empty."""
    if number == 1:
        raise ValueError("no such page")
    return "" if number == 2 else f"page {number + 7}"


def answers(prompt: Prompt) -> Answers:
    return Answers(right=(prompt.user.split()[-1],), wrong=("99",))
