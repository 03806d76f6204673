"""What the base class of tasks does for a task that defines the four necessary methods and no more."""

from typing import Any

import msgspec
import pytest

from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref
from surefoot.decompose.step import Dialect, Done, Prompt, Role, Step
from surefoot.decompose.suite import SuiteTask
from surefoot.decompose.task import NothingToAsk, Task, missing
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.digit_lists import DigitLists
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.decompose.tasks.rows import MapRows


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


class Split(Countdown, frozen=True, kw_only=True):
    """The root is given parts by code; one of them reads another, so that it cannot be asked at the start."""

    parts: tuple[str, ...] = ("0", "2")

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        if goal != "count":
            return None
        waiting = Child("part", (Ref(0),))
        return Expansion((*(Child("part", (Literal(part),)) for part in self.parts), waiting))


def test_the_first_part_that_asks_something_is_sampled() -> None:
    """The first part is done before it begins, and the last waits for another's output."""
    assert Split().sample_step(5) == Step("less", Role.ACTOR, "2")
    with pytest.raises(NothingToAsk, match="sample_step"):
        Split(parts=("0",)).sample_step(5)


def test_a_decomposition_question_is_sampled_before_any_chain() -> None:
    class Asked(Countdown, frozen=True, kw_only=True):
        """Asks a model how to split."""

        def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step:
            return Step("split", Role.TASK_DECOMPOSER, inputs)

    assert Asked().sample_step(1).kind == "split"
    assert Asked().sample_leaf(1, 5) == Asked().sample_step(1)


def test_the_outline_of_a_task_follows_from_how_it_is_split() -> None:
    whole = Countdown().outline(10)
    assert (whole.splits, whole.steps) == (0, 1_000_000)
    parts = Split(parts=("1", "2", "3")).outline(10)
    assert [(chains.count, chains.length) for chains in parts.chains] == [(4, 250_000)]
    assert parts.splits == 0

    class Halved(Countdown, frozen=True, kw_only=True):
        """Can be split by a question, and takes 15 steps."""

        def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step:
            return Step("split", Role.TASK_DECOMPOSER, inputs)

        def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
            return 15

    assert (Halved().outline(7).splits, Halved().outline(7).steps) == (1, 15)
    assert Halved().outline(15).splits == 0


def test_necessary_methods_that_a_class_lacks_are_found_before_anything_starts() -> None:
    class Half(Task, frozen=True, kw_only=True):
        """Has a root, and inherits the rest."""

        def root(self) -> Node:
            return Node((), "x", ())

    class Suite(SuiteTask, frozen=True, kw_only=True):
        """Asks for other methods than a plain task: root() is there, problem_of_run() is not."""

        def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
            return Prompt("?")

    assert missing(Countdown) == []
    assert missing(Half) == ["next_step", "prompt", "parse"]
    assert missing(Suite) == ["problem_of_run", "next_step", "parse"]
    for task in (Hanoi, Multiply, DigitHanoi, MapRows):
        assert missing(task) == []


def test_a_task_without_other_names_says_so_by_the_methods_that_exist() -> None:
    step = Step("any", Role.ACTOR, None)
    for call, name in (
        (lambda: Countdown().relabel(step, 1), "relabel"),
        (lambda: Countdown().unlabel("", 1), "unlabel"),
    ):
        with pytest.raises(NotImplementedError, match=rf"Countdown has no {name}\(\)"):
            call()
        assert hasattr(Task, name)


def test_a_suite_of_one_problem_is_the_run_s_own() -> None:
    class One(SuiteTask, frozen=True, kw_only=True):
        """One problem."""

        def problem_of_run(self) -> Any:
            return Problem("p", DigitLists(3), "01/2/-", "-/-/012", 17)

    task = One()
    (problem,) = task.suite()
    assert task.root() == task.node((), problem) == Node((), problem, ("01/2/-",))
    assert task.cap_of(problem) == 17
    with pytest.raises(NotImplementedError, match="problem_of_run"):
        SuiteTask().root()
