"""Right and wrong replies of the six modules, for a domain so small that every reply can be written down: a line."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.modules import Asked, module_answers
from surefoot.decompose.step import Dialect

LENGTH = 6
DIALECTS: tuple[Dialect, ...] = ("chat", "compact")


class Line:
    """Squares 0 to 5 in a row: its rules and its words. A thumb says how many squares the goal is to the right."""

    rules = ("edge",)

    def actions(self, state: str) -> list[str]:
        return [one for one in ("left", "right") if not self.broken(state, one)]

    def broken(self, state: str, action: str) -> str:
        return "" if 0 <= int(self.after(state, action)) < LENGTH else "edge"

    def after(self, state: str, action: str) -> str:
        return str(int(state) + (1 if action == "right" else -1))

    def distance(self, state: str, goal: str) -> int:
        return abs(int(state) - int(goal))

    def rule_of_thumb(self, state: str, goal: str) -> int:
        return max(0, int(goal) - int(state))

    def met(self, state: str, goal: str) -> bool:
        return state == goal

    def subgoals(self, state: str, goal: str, most: int = 1) -> tuple[str, ...]:
        return (str((int(state) + int(goal)) // 2),)

    def other_actions(self, state: str) -> list[str]:
        return [one for one in ("left", "right") if self.broken(state, one)]

    def ranked(self, state: str, goal: str) -> list[str]:
        return sorted(self.actions(state), key=lambda one: self.distance(self.after(state, one), goal))

    def say_state(self, state: str, dialect: Dialect) -> str:
        return state if dialect == "compact" else f"square {state}"

    def say_action(self, action: str, dialect: Dialect) -> str:
        return action if dialect == "compact" else f"go {action}"


LINE: Any = Line()
squares = st.integers(0, LENGTH - 1).map(str)


def asked(role: str, dialect: Dialect = "compact", **facts: Any) -> Answers:
    return module_answers(Asked(role, **{"state": "2", "goal": "4", **facts}), LINE, LINE, dialect)


@pytest.mark.parametrize(
    ("role", "facts", "chat", "compact"),
    [
        ("Actor", {}, "action = go right", "right"),
        ("Actor", {"breadth": 2}, "action = go right\naction = go left", "right / left"),
        ("Actor", {"rejected": ("right",)}, "action = go left", "left"),
        ("Actor", {"rejected": ("right", "left")}, "action = none", "-"),
        ("Monitor", {"action": "right"}, "Every rule holds.\nvalid = yes", "yes"),
        ("Monitor", {"state": "0", "action": "left"}, "One is broken.\nrule = edge\nvalid = no", "no edge"),
        ("Predictor", {"action": "left"}, "next_state = square 1", "1"),
        ("Evaluator", {}, "steps = 2", "2"),
        ("Orchestrator", {}, "reached = no", "no"),
        ("Orchestrator", {"state": "4"}, "reached = yes", "yes"),
        ("TaskDecomposer", {}, "subgoal = square 3", "3"),
        ("TaskDecomposer", {"failed": ("3",)}, "subgoal = none", "-"),
        ("plan", {}, "action = go right\naction = go right", "right / right"),
        ("plan", {"state": "4"}, "action = none", "-"),
    ],
)
def test_the_right_reply_of_each_module_in_both_dialects(
    role: str, facts: dict[str, Any], chat: str, compact: str
) -> None:
    assert asked(role, "chat", **facts).right == (chat,)
    assert asked(role, "compact", **facts).right == (compact,)


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=40)
@given(
    role=st.sampled_from(["Actor", "Monitor", "Predictor", "Evaluator", "Orchestrator", "TaskDecomposer", "plan"]),
    state=squares, goal=squares, action=st.sampled_from(["left", "right"]), breadth=st.integers(1, 3),
)  # fmt: skip
def test_there_is_always_a_wrong_reply_and_none_is_right(dialect: Dialect, role: str, **facts: Any) -> None:
    found = asked(role, dialect, **facts)
    assert len(found.right) == 1
    assert found.wrong
    assert not set(found.right) & set(found.wrong)
    assert len(set(found.wrong)) == len(found.wrong)


def test_an_actors_mistakes_put_another_action_first_or_one_that_breaks_a_rule() -> None:
    assert set(asked("Actor").wrong) == {"left"}
    assert set(asked("Actor", state="0", goal="3").wrong) == {"left"}, "which breaks a rule there"
    assert "left / right" in asked("Actor", breadth=2).wrong


def test_a_monitors_mistake_is_the_other_verdict() -> None:
    assert asked("Monitor", action="right").wrong == ("no edge",)
    assert asked("Monitor", state="0", action="left").wrong == ("yes",)


def test_a_predictors_mistakes_are_other_states_and_never_the_one_it_started_from() -> None:
    wrong = asked("Predictor", state="2", action="left").wrong
    assert "3" in wrong
    assert "2" not in wrong


def test_an_evaluators_mistake_is_the_rule_of_thumb_where_that_is_wrong() -> None:
    assert asked("Evaluator", state="4", goal="1").wrong == ("0",)
    assert set(asked("Evaluator", state="2", goal="3").wrong) == {"0", "2", "3"}, "near values, none below 0"


def test_a_wrong_plan_lacks_a_step_or_begins_with_a_bad_one() -> None:
    wrong = asked("plan", state="1", goal="4").wrong
    assert "right / right" in wrong
    assert "left / right / right / right" in wrong


def test_without_a_wrong_reply_what_is_said_cannot_be_read() -> None:
    class Alone(Line):
        def after(self, state: str, action: str) -> str:
            return state

    alone: Any = Alone()
    found = module_answers(Asked("Predictor", "2", action="left"), alone, alone, "compact")
    assert found.wrong == ("???",)
