"""Digit-hanoi by facts: shortest plans of every published problem, and each module's cut against the exact rules."""

import pathlib
from typing import Any

import pytest

from surefoot.decompose.answer_keys.digit_hanoi import DigitRules, answers
from surefoot.decompose.modular_planner.actor import ActorFacts, Rejected
from surefoot.decompose.modular_planner.evaluator import EvaluatorFacts
from surefoot.decompose.modular_planner.monitor import MonitorFacts
from surefoot.decompose.modular_planner.orchestrator import OrchestratorFacts
from surefoot.decompose.modular_planner.predictor import PredictorFacts
from surefoot.decompose.modular_planner.task_decomposer import DecomposerFacts
from surefoot.decompose.step import Flag, Role, Step
from surefoot.decompose.tasks import digit_list_cuts
from surefoot.decompose.tasks.digit_hanoi_micro import DigitHanoiMicro
from surefoot.decompose.tasks.digit_lists import DigitLists, all_states
from surefoot.runtime import api
from tests.decompose.modular_planner.driving import drive, run

TASK, WORLD, GOAL = DigitHanoiMicro(), DigitLists(3), "-/-/012"
RULES = DigitRules(3)


def decided(cut: Any) -> Any:
    return run(cut, TASK.right_fact)[0]


@pytest.mark.parametrize("numbers", [3, 4])
def test_right_facts_make_the_shortest_plan_of_every_problem(numbers: int) -> None:
    task, rules = DigitHanoiMicro(numbers=numbers), DigitRules(numbers)
    for problem in task.suite()[:: 2 * numbers - 5]:
        done, _ = drive(task, problem, task.right_fact)
        state = problem.start
        for action in done.output["plan"]:
            assert not rules.broken(state, action)
            state = rules.after(state, action)
        assert state == problem.goal
        assert len(done.output["plan"]) == rules.distance(problem.start, problem.goal)


def test_the_monitor_finds_the_first_broken_rule_of_every_move() -> None:
    for state in all_states(3):
        for action in (f"{n}{a}{b}" for n in range(3) for a in "ABC" for b in "ABC" if a != b):
            broken = RULES.broken(state, action)
            assert (
                decided(digit_list_cuts.check(MonitorFacts(WORLD, state, action))) == f"no {broken}"
                if broken
                else "yes"
            )


def test_the_monitor_compares_by_counting_and_asks_nothing_for_an_empty_list() -> None:
    _, asked = run(digit_list_cuts.check(MonitorFacts(WORLD, "0/2/1", "0AB")), TASK.right_fact)
    assert [(step.kind, step.reads.value, step.role) for step in asked] == [
        ("next", 0, Role.MONITOR), ("next", 1, Role.MONITOR),
    ]  # fmt: skip
    assert run(digit_list_cuts.check(MonitorFacts(WORLD, "0/-/12", "0AB")), TASK.right_fact) == ("yes", [])
    assert run(digit_list_cuts.check(MonitorFacts(WORLD, "01/-/2", "0AB")), TASK.right_fact) == ("no rule1", [])
    assert run(digit_list_cuts.check(MonitorFacts(WORLD, "0/2/1", "0AB")), lambda _: "9")[0] == "yes"  # a wrong count


def test_the_evaluator_counts_the_moves_of_the_puzzle() -> None:
    for state in all_states(3):
        assert decided(digit_list_cuts.value(EvaluatorFacts(WORLD, state, GOAL))) == str(RULES.distance(state, GOAL))
    assert decided(digit_list_cuts.value(EvaluatorFacts(WORLD, "0/12/-", "12/0/-"))) == "7"


def test_the_actor_names_the_move_that_makes_way_and_others_where_that_was_refused() -> None:
    def proposed(*rejected: str, breadth: int = 1, state: str = "012/-/-") -> Any:
        refused = tuple(Rejected(one, "rule2") for one in rejected)
        return decided(digit_list_cuts.propose(ActorFacts(WORLD, state, GOAL, breadth, refused)))

    assert proposed() == "2AC"
    assert proposed(breadth=2) == "2AC; 2AB"
    assert proposed("2AC") == "2AB"
    assert proposed("2AC", "2AB") == "none"
    assert proposed(state=GOAL) == "none"
    own = run(digit_list_cuts.propose(ActorFacts(WORLD, "012/-/-", GOAL, 1)), lambda step: step.reads.one)[0]
    assert own != "2AC"  # a third that is one of the two shown leads elsewhere


def test_prediction_goal_test_and_sub_goal() -> None:
    assert decided(digit_list_cuts.predict(PredictorFacts(WORLD, "012/-/-", "2AC"))) == "01/-/2"
    assert decided(digit_list_cuts.predict(PredictorFacts(WORLD, "0/2/1", "0AB"))) is None
    assert decided(digit_list_cuts.predict(PredictorFacts(WORLD, "0/2/1", "1AB"))) is None
    assert decided(digit_list_cuts.reached(OrchestratorFacts(WORLD, GOAL, GOAL))) == "yes"
    assert decided(digit_list_cuts.reached(OrchestratorFacts(WORLD, "0/-/12", GOAL))) == "no"
    split = DecomposerFacts(WORLD, "012/-/-", GOAL)
    assert decided(digit_list_cuts.subgoal(split)) == "-/12/0"
    assert decided(digit_list_cuts.subgoal(DecomposerFacts(WORLD, "012/-/-", GOAL, 1, ("-/12/0",)))) == "none"
    assert decided(digit_list_cuts.subgoal(DecomposerFacts(WORLD, GOAL, GOAL))) == "none"


def test_facts_are_worded_and_read_by_their_form_alone() -> None:
    steps = {step.kind: step for step in (TASK.sample_step(number) for number in range(40))}
    assert set(steps) == {"third", "next"}
    for step in steps.values():
        known = answers(TASK.prompt(step, "micro"))
        assert TASK.parse(step, known.right[0], "micro") == TASK.right_fact(step)
        for wrong in known.wrong:
            said = TASK.parse(step, wrong, "micro")
            assert isinstance(said, str)
            assert TASK.check(step, said) is None
        assert isinstance(TASK.parse(step, "no idea", "micro"), Flag)
        assert len({TASK.prompt(step, "micro", number) for number in range(9)}) > 3
    assert isinstance(steps["third"], Step)


def test_other_methods_are_not_cut() -> None:
    with pytest.raises(ValueError, match="--dialect chat"):
        DigitHanoiMicro(method="cot")


def test_a_run_in_the_micro_dialect_is_solved_and_errors_that_votes_cannot_mend_fail_it(tmp_path: pathlib.Path) -> None:
    asked: dict[str, Any] = {"dialect": "micro", "address": "none"}
    good = api.run("digit-hanoi", "simulated:p_error=0.05", run_dir=tmp_path / "good", **asked)
    assert good.status == "solved"
    assert len(good.output["plan"]) == 7
    bad = api.run("digit-hanoi", "simulated:p_error=0.8", run_dir=tmp_path / "bad", k=2, **asked)
    assert bad.status != "solved" or bad.output["plan"] != good.output["plan"]
