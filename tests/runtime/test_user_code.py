"""Errors in somebody's task as values: where they point, what they survive, and what watching leaves alone."""

import importlib.util
import math
import pathlib
import pickle
import sys
from typing import Any

import pytest

from surefoot.decompose.plan import Child, Expansion
from surefoot.decompose.step import Done
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.checked_task import alike, check_output, checked_class, checked_closely
from surefoot.runtime.errors import ConfigurationError, UserCodeError
from surefoot.runtime.user_code import blame, wrong_value

FAULTS = pathlib.Path(__file__).parents[1] / "data" / "own" / "faults.py"


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of faulty tasks."""
    spec = importlib.util.spec_from_file_location("faults", FAULTS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "faults", module)
    spec.loader.exec_module(module)
    return module


def step_of(task: Task) -> Any:
    root = task.root()
    return task.next_step(root.goal, task.begin(root.goal, root.inputs))


def test_a_task_of_ones_own_is_watched_and_one_of_ours_is_not(faults: Any) -> None:
    plain, watched = faults.TypoInPrompt(), checked_class(faults.TypoInPrompt)()
    with pytest.raises(AttributeError):
        plain.prompt(step_of(plain), "chat")  # the placebo: nobody watches
    with pytest.raises(UserCodeError) as error:
        watched.prompt(step_of(watched), "chat")
    assert FAULTS.read_text().splitlines()[error.value.context["line"] - 1].strip().endswith('{step.raeds}?")')
    assert error.value.context["place"] == "TypoInPrompt.prompt"
    assert isinstance(error.value, ConfigurationError)
    assert checked_class(Hanoi) is Hanoi


def test_a_watched_task_is_the_task_in_all_else(faults: Any) -> None:
    watched = checked_class(faults.Sound)(n=3)
    assert isinstance(watched, faults.Sound)
    assert (type(watched).__name__, type(watched).__module__, watched.n) == ("Sound", "faults", 3)
    assert type(watched).check is Task.check, "what the task leaves to us is left alone"
    again = pickle.loads(pickle.dumps(watched))
    assert (again.n, again.prompt(step_of(again), "chat").user) == (3, "one less than 3?")
    with pytest.raises(UserCodeError):
        pickle.loads(pickle.dumps(checked_class(faults.ParseInt)())).parse(step_of(watched), "4", "chat")


def test_an_error_survives_pickling(faults: Any) -> None:
    with pytest.raises(UserCodeError) as error:
        checked_class(faults.Arguments)().prompt(None, "chat")
    again = pickle.loads(pickle.dumps(error.value))
    assert (str(again), again.context) == (str(error.value), error.value.context)


def test_impurity_is_found_whenever_it_begins(faults: Any) -> None:
    """A method that changes its mind late is found at the next power of two, and what is pure never is."""

    class Late(faults.Sound, frozen=True, kw_only=True):  # type: ignore[misc]
        def advance(self, goal: Any, state: Any, candidate: str) -> Any:
            seen.append(state)
            return len(seen) if len(seen) > 20 else 0

    seen: list[Any] = []
    task = checked_class(Late)()
    with pytest.raises(UserCodeError, match="is not pure"):
        [task.advance("", 1, "1") for _ in range(40)]
    assert len(seen) < 40
    sound = checked_class(faults.Sound)()
    for number in range(100):
        assert sound.advance("", number, str(number)) == number


def test_a_state_that_is_changed_in_place_is_found_before_it_is_changed_twice(faults: Any) -> None:
    """The check's own second call would double what was appended, and find the two results equal."""
    task, state = checked_class(faults.Appends)(), {"left": 5, "said": []}
    with pytest.raises(UserCodeError, match="changes the state it is given"):
        task.advance("", state, "4")
    assert state["said"] == ["4"], "called once"
    assert checked_class(faults.Sound)().advance("", 5, "4") == 4


@pytest.mark.parametrize("name", ["begin", "decomposition_step", "expand", "size"])
def test_inputs_are_left_alone_by_methods_that_are_called_once_as_well(faults: Any, name: str) -> None:
    def sorts(self: Any, goal: Any, inputs: Any, candidate: str = "") -> Any:
        inputs[0].sort()
        return {"begin": 0, "decomposition_step": None, "expand": Expansion((Child("x", ()),)), "size": 1}[name]

    made = type("Sorts", (faults.Sound,), {name: sorts, "__module__": "faults"}, frozen=True, kw_only=True)
    with pytest.raises(UserCodeError, match=f"Sorts.{name} .* changes the inputs it is given"):
        getattr(checked_class(made)(), name)("", ([2, 1],), *["x"] * (name == "expand"))
    getattr(checked_class(made)(), name)("", ([1, 2],), *["x"] * (name == "expand"))  # sorted already: nothing changed


def test_a_test_compares_at_every_call_and_a_run_at_some(faults: Any) -> None:
    class Third(faults.Sound, frozen=True, kw_only=True):  # type: ignore[misc]
        def advance(self, goal: Any, state: Any, candidate: str) -> Any:
            if len(state) == 3:
                state.append(4)
            return [0] * (len(state) + 1)

    def walk(task: Task) -> None:
        for length in range(1, 6):
            task.advance("", [0] * length, "")

    walk(checked_class(Third)())
    with pytest.raises(UserCodeError, match="changes the state"):
        walk(checked_closely(checked_class(Third)()))
    hanoi = Hanoi()
    assert checked_closely(hanoi) is hanoi


def test_values_that_nothing_can_compare_count_as_equal() -> None:
    assert alike(object(), object())
    assert alike({"x": math.nan}, {"x": math.nan})
    assert not alike("a", "b")
    assert not alike([1, {"a": 2}], [1, {"a": 3}])


@pytest.mark.parametrize("output", [object(), 10**30, {"a": [complex(1, 2)]}, lambda: 0])
def test_an_output_that_the_journal_cannot_keep_is_refused(faults: Any, output: Any) -> None:
    with pytest.raises(UserCodeError, match="cannot be kept"):
        check_output(faults.Sound, "next_step", output)
    check_output(faults.Sound, "next_step", {"a": [1, 2.5, None, "x"]})


def test_an_error_raised_on_purpose_passes_through(faults: Any) -> None:
    mine = ConfigurationError("--n is too large")
    assert blame(mine, faults.Sound) is mine


def test_a_coroutine_is_closed(faults: Any, recwarn: pytest.WarningsRecorder) -> None:
    async def later() -> int:
        return 1

    assert "a coroutine" in str(wrong_value(faults.Sound, "advance", "a state", later()))
    assert not recwarn.list


def test_what_a_task_says_cannot_steer_a_terminal(faults: Any) -> None:
    assert "\x1b" not in str(wrong_value(faults.Sound, "parse", "text", Done("\x1b[2J")))
    assert "\x1b" not in str(blame(ValueError("\x1b[2J"), faults.Sound, "parse"))
