"""Modules cut into facts: the planner gets whole candidates, facts are steps, and facts that make none end the plan."""

import random
from collections import Counter
from typing import Any

import pytest

from surefoot.decompose.modular_planner.fact_modules import FactThread, facts_of, moves_of, replayed
from surefoot.decompose.modular_planner.modular_task import Thread
from surefoot.decompose.modular_planner.planner import Board
from surefoot.decompose.step import Done, Role, Step
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.digit_hanoi_micro import DigitHanoiMicro
from surefoot.decompose.tasks.graph_navigation_micro import GraphNavigationMicro
from tests.decompose.modular_planner.driving import drive
from tests.decompose.tasks.micro_walks import walk

TASKS = [DigitHanoiMicro(), GraphNavigationMicro(graph="n7tree", start=4, goal=7)]


@pytest.mark.parametrize("task", TASKS)
def test_a_plan_is_made_of_facts_alone_and_the_planner_gets_whole_answers(task: Any) -> None:
    problem = task.problem_of_run()
    done, asked = drive(task, problem, task.right_fact)
    assert done.output["ended"] == "accepted"
    assert {step.kind for step in asked} <= {"third", "next", "door"}
    assert {Role.ACTOR, Role.MONITOR, Role.EVALUATOR} <= {step.role for step in asked}
    assert tuple(asked) == facts_of(task, problem)
    assert (task.usual_steps(problem, ()), moves_of(task, problem)) == (len(asked), len(done.output["plan"]))
    assert len(asked) <= task.size(problem, ())
    said = task.who_says()
    assert (said.facts, said.steps) == (len(asked), len(done.output["plan"]))
    assert set(said.model) == {step.kind for step in asked}


@pytest.mark.parametrize("task", TASKS)
def test_answers_in_perfect_form_that_know_nothing_make_no_plan(task: Any) -> None:
    """The proof that the model matters: nothing that code does puts a right fact in the place of a wrong one."""
    rng, problem, solved = random.Random(5), task.problem_of_run(), 0
    right = drive(task, problem, task.right_fact)[0].output["plan"]

    def guess(step: Step) -> str:
        if step.kind == "third":
            return rng.choice("ABC")
        return str(rng.randint(0, 3)) if step.kind == "next" else str(rng.choice(step.reads.doors)[0])

    for _ in range(25):
        done, _ = drive(task, problem, guess)
        solved += done.output["plan"] == right and done.output["ended"] == "accepted"
    assert solved <= 1


def test_the_state_between_facts_is_what_was_said_and_nothing_else() -> None:
    """Resuming needs no generator: the same facts lead to the same question."""
    task = DigitHanoiMicro()
    problem = task.problem_of_run()
    state = task.begin(problem, (problem.start,))
    for _ in range(12):
        step = task.next_step(problem, state)
        assert isinstance(step, Step)
        again = FactThread(state.thread, state.facts)
        assert task.next_step(problem, again) == step
        state = task.advance(problem, state, task.right_fact(step))
    assert isinstance(state.thread, Thread)


def test_facts_that_make_no_answer_end_the_plan_and_say_which_module_lacked_one() -> None:
    task = DigitHanoiMicro()
    problem = task.problem_of_run()
    done = task.next_step(problem, FactThread(Thread(Board(problem.start)), (), "predict"))
    assert isinstance(done, Done)
    assert done.output["ended"] == "facts that make no answer (predict)"
    assert "given up after 0 actions" in done.failure


def test_a_cut_ends_with_a_candidate_or_asks_for_the_next_fact() -> None:
    def cut() -> Any:
        first = yield "asked"
        return f"said {first}"

    assert replayed(cut(), ()) == "asked"
    assert replayed(cut(), ("x",)) == "said x"


def test_whole_modules_and_facts_of_them_make_the_same_plans_of_every_published_problem() -> None:
    plans = Counter(
        len(drive(task, problem, task.right_fact)[0].output["plan"])
        for task in [DigitHanoiMicro()]
        for problem in task.suite()
    )
    assert sum(plans.values()) == len(DigitHanoi().suite()) == 24
    assert max(plans) == 7


def test_walks_of_micro_tasks_know_it_too() -> None:
    task = DigitHanoiMicro()
    finished = walk(task, lambda one, step: one.right_fact(step))
    assert finished.output["ended"] == "accepted"
