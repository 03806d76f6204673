"""The answer key of a world of one's own: exact rules from its moves, and right replies in both dialects."""

from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.decompose.answer_keys.own_world import FAR, OwnRules, world_answers
from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator, predictor
from surefoot.decompose.plan import PlanStep
from surefoot.decompose.referees.own_world import world_referee
from surefoot.decompose.step import Dialect, Flag, Step
from tests.decompose.methods.worlds import Counter, moves

WORLD = Counter.world()
RULES = OwnRules(WORLD, moves, str.__eq__)
KEY = world_answers(Counter, moves)
STEPS = {
    "evaluator": (evaluator.step(evaluator.EvaluatorFacts(WORLD, "5", "8")), "2"),
    "orchestrator yes": (orchestrator.step(orchestrator.OrchestratorFacts(WORLD, "8", "8")), "yes"),
    "orchestrator no": (orchestrator.step(orchestrator.OrchestratorFacts(WORLD, "5", "8")), "no"),
    "monitor yes": (monitor.step(monitor.MonitorFacts(WORLD, "6", "double")), "yes"),
    "monitor no": (monitor.step(monitor.MonitorFacts(WORLD, "7", "double")), "no range"),
    "predictor": (predictor.step(predictor.PredictorFacts(WORLD, "5", "double")), "10"),
    "actor": (actor.step(actor.ActorFacts(WORLD, "5", "8", 1)), "less"),
    "actor told": (
        actor.step(actor.ActorFacts(WORLD, "5", "8", 1, (actor.Rejected("less", "it was tried"),))),
        "double",
    ),
}


def distances() -> dict[str, int]:
    """Fewest actions to 8 from every number, by hand: from 8 backwards."""
    return {"8": 0, "9": 1, "4": 1, "10": 2, "5": 2, "2": 2, "11": 3, "6": 3, "3": 3, "1": 3, "12": 4, "7": 4, "0": FAR}


def test_distances_are_the_fewest_actions() -> None:
    assert {str(n): RULES.distance(str(n), "8") for n in range(13)} == distances()
    assert RULES.rule_of_thumb("5", "8") == RULES.distance("5", "8")


def test_actions_are_ranked_by_what_is_left_after_them() -> None:
    assert RULES.ranked("5", "8") == ["less", "double"]  # by name they would stand the other way round
    assert RULES.ranked("5", "10") == ["double", "less"]
    assert RULES.ranked("0", "8") == ["double"]


def test_what_is_not_possible_breaks_the_first_rule_and_changes_nothing() -> None:
    assert RULES.broken("7", "double") == "range"
    assert RULES.broken("6", "double") == RULES.broken("7", "less") == ""
    assert RULES.after("7", "double") == "7"
    assert RULES.after("6", "double") == "12"
    assert RULES.other_actions("7") == ["double"]  # possible at 6
    assert RULES.other_actions("5") == []
    assert RULES.subgoals("5", "8") == ()


def test_a_goal_may_be_more_than_one_state() -> None:
    even = OwnRules(WORLD, moves, lambda state, goal: int(state) % 2 == 0)
    assert even.met("4", "even")
    assert not even.met("5", "even")
    assert even.distance("5", "even") == 1
    assert world_answers(Counter, moves, lambda state, goal: goal == "8" and state == "5") is not None


def read(task: Counter, step: Step, text: str, dialect: Dialect) -> str:
    found = task.parse(step, text, dialect)
    assert not isinstance(found, Flag), found
    return found


@pytest.mark.parametrize("dialect", ["chat", "compact"])
@pytest.mark.parametrize("name", STEPS)
def test_right_replies_are_right_and_wrong_ones_differ(name: str, dialect: Dialect) -> None:
    task, (step, said) = Counter(), STEPS[name]
    found = KEY(task.prompt(step, dialect))
    assert {read(task, step, text, dialect).partition(":")[0] for text in found.right} == {said}
    wrong = {task.parse(step, text, dialect) for text in found.wrong}
    assert wrong
    assert said not in wrong


@pytest.mark.parametrize("dialect", ["chat", "compact"])
@pytest.mark.parametrize(("first", "wanted"), [("5", "8"), ("12", "1"), ("8", "8"), ("3", "12")])
def test_right_modules_reach_the_goal_by_the_fewest_actions(
    grow: Any, dialect: Dialect, first: str, wanted: str
) -> None:
    task = Counter(first=first, wanted=wanted)
    problem = task.problem_of_run()
    output = grow(task, KEY, dialect, problem, (problem.start,))
    assert output["ended"] == "accepted"
    assert len(output["plan"]) == RULES.distance(first, wanted)


def test_a_number_from_which_there_is_no_way_is_given_up(grow: Any) -> None:
    task = Counter(first="0")
    problem = task.problem_of_run()
    assert grow(task, KEY, "chat", problem, (problem.start,))["ended"] != "accepted"


def test_a_prompt_that_is_no_module_s_is_refused() -> None:
    prompt = Counter().prompt(STEPS["actor"][0], "chat")
    with pytest.raises(ValueError, match="module"):
        KEY(type(prompt)("Which number is it?", "Nobody asks."))


class Finished:
    """A finished plan without steps of its own."""

    def __init__(self, *plan: str) -> None:
        self.output = {"plan": list(plan), "predicted": ["8"]}

    def __iter__(self) -> Iterator[PlanStep]:
        return iter(())


@pytest.mark.parametrize(
    ("plan", "valid", "reached", "error"),
    [
        (("less", "double"), True, True, None),
        (("double",), True, False, "it ends in 10"),
        (("double", "double"), False, False, "action 2: double is not possible in 10"),
        ((), True, False, "it ends in 5"),
    ],
)
def test_the_referee_goes_by_the_moves_alone(plan: tuple[str, ...], valid: bool, reached: bool, error: str) -> None:
    found = world_referee(moves)(Counter(), Finished(*plan))
    assert (found.valid, found.reached_goal, found.first_error) == (valid, reached, error)
