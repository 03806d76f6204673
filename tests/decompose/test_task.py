"""What the base class of tasks does for a task that defines the four necessary methods and no more."""

from typing import Any

import msgspec
import pytest

from surefoot.decompose.plan import Node
from surefoot.decompose.step import Dialect, Done, Prompt, Role, Step
from surefoot.decompose.task import Task


class Countdown(Task, frozen=True, kw_only=True):
    """Counts down from a number; the state is the last answer."""

    start: int = 3

    def root(self) -> Node:
        return Node((), "count", (str(self.start),))

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        return Done(state) if state == "0" else Step("less", Role.ACTOR, state)

    def prompt(self, step: Step, dialect: Dialect) -> Prompt:
        return Prompt(f"{step.reads} less one")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str:
        return text


def test_four_methods_make_a_chain() -> None:
    task = Countdown()
    state = task.begin("count", ("2",))
    assert task.next_step("count", state) == Step("less", Role.ACTOR, "2")
    assert task.advance("count", state, "1") == "1"
    assert task.next_step("count", "0") == Done("0")
    assert task.check(Step("less", Role.ACTOR, "2"), "1") is None
    assert task.decomposition_step("count", ("2",)) is None
    assert task.size("count", ("2",)) == 1_000_000
    assert task.sample_step(0) == task.sample_step(9) == Step("less", Role.ACTOR, "3")


def test_a_task_with_nothing_to_ask_cannot_be_sampled() -> None:
    with pytest.raises(ValueError, match="Countdown has nothing to ask"):
        Countdown(start=0).sample_step(0)


def test_missing_methods_are_named() -> None:
    class Empty(Task, frozen=True, kw_only=True):
        """Nothing at all."""

    step = Step("any", Role.ACTOR, None)
    for call, name in (
        (lambda: Empty().root(), "root"),
        (lambda: Empty().next_step(None, None), "next_step"),
        (lambda: Empty().prompt(step, "chat"), "prompt"),
        (lambda: Empty().parse(step, "", "chat"), "parse"),
        (lambda: Empty().expand(None, (), ""), "expand"),
    ):
        with pytest.raises(NotImplementedError, match=rf"Empty has no {name}\(\)"):
            call()


def test_tasks_are_values() -> None:
    assert Countdown(start=4) == msgspec.convert({"start": 4}, Countdown)
    with pytest.raises(AttributeError):
        Countdown().start = 4  # type: ignore[misc]
