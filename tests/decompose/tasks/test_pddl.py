"""PDDL: executing plans; every single-fault mutation of a valid plan is rejected with the right reason."""

import random

import pytest

from surefoot.decompose.answer_keys.pddl import answers
from surefoot.decompose.answer_keys.strips_plans import Plans
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.referees import pddl as referee
from surefoot.decompose.referees import strips
from surefoot.decompose.step import Dialect
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.pddl_generators import BLOCKSWORLD
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.decompose.tasks.strips import StripsWorld

PROBLEM = "(define (problem p) (:domain blocksworld) (:objects a b) {init} (:goal (and (on a b))))"
INIT = "(:init (handempty) (ontable a) (ontable b) (clear a) (clear b))"
GRIPPER = """(define (domain doors) (:requirements :strips :typing :negative-preconditions :equality)
 (:types room robot) (:predicates (in ?r - robot ?x - room) (shut ?x - room ?y - room) (light ?x - room))
 (:action go :parameters (?r - robot ?x - room ?y - room)
  :precondition (and (in ?r ?x) (not (shut ?x ?y)) (not (= ?x ?y))) :effect (and (in ?r ?y) (not (in ?r ?x))))
 (:action switch-off :parameters (?r - robot ?x - room) :precondition (and (in ?r ?x) (light ?x))
  :effect (not (light ?x))))"""
HOUSE = """(define (problem house) (:domain doors) (:objects k l m - room r - robot)
 (:init (in r k) (shut k m) (light m)) (:goal (and (in r k) (not (light m)))))"""


def plan_of(problem: Problem) -> list[str]:
    assert isinstance(problem.world, StripsWorld)
    plans, state, plan = Plans(problem.world), problem.start, []
    while (known := plans.next(state, problem.goal)).action is not None:
        plan.append(known.action)
        state = plans.after(state, known.action)
    return plan


@pytest.mark.parametrize("kind", ["blocksworld", "mystery", pytest.param("logistics", marks=pytest.mark.slow)])
def test_the_keys_own_plans_reach_every_generated_goal(kind: str) -> None:
    problems = PddlPlanning(generate=kind, instances=40).suite()
    lengths = [len(plan_of(problem)) for problem in problems]
    assert all(referee.judge(problem, tuple(plan_of(problem))).reached_goal for problem in problems)
    mean = sum(lengths) / len(lengths)
    # The published instances: 7.6 and 24.1 actions at the optimum.
    assert (5 < mean < 9) if kind != "logistics" else (18 < mean < 40)
    assert all(length <= problem.cap for problem, length in zip(problems, lengths, strict=True))


def test_mystery_is_blocksworld_under_other_names() -> None:
    for number in range(1, 20):
        plain, hidden = (PddlPlanning(generate=k, instance=number).problem_of_run() for k in ("blocksworld", "mystery"))
        assert referee.optimal(plain) == referee.optimal(hidden)
        assert not {"on", "clear", "stack"} & set(str(hidden.world).replace("(", " ").replace("'", " ").split())


@pytest.mark.parametrize("kind", ["blocksworld", "logistics"])
def test_every_single_fault_is_found_with_its_reason(kind: str) -> None:
    """Leaving out an action, doing it twice or with other objects: valid plans only if they really execute."""
    for number in (1, 2, 3):
        problem = PddlPlanning(generate=kind, instance=number).problem_of_run()
        world, plan = problem.world, plan_of(problem)
        assert isinstance(world, StripsWorld)
        state = strips.facts(problem.start)
        for place, action in enumerate(plan):
            wrong = f"({action[1:-1]} {world.objects[0][0]})"
            found = referee.judge(problem, (*plan[:place], wrong, *plan[place:]))
            assert (found.valid, found.steps) == (False, place)
            again = strips.after(world, state, action)
            fault = strips.fault(world, again, action)
            assert fault is not None
            assert fault.rule in world.rules
            doubled = referee.judge(problem, (*plan[: place + 1], action, *plan[place + 1 :]))
            assert (doubled.valid, doubled.steps) == (False, place + 1)
            assert fault.detail in str(doubled.first_error)
            state = again
        assert not referee.judge(problem, tuple(plan[:-1])).reached_goal


def test_reasons_name_the_first_fact_that_is_missing() -> None:
    world = read(BLOCKSWORLD, PROBLEM.format(init=INIT)).world
    state = strips.facts("(clear a) (handempty) (on a b) (ontable b)")
    assert strips.fault(world, state, "(pick-up b)").rule == "clear"  # type: ignore[union-attr]
    assert strips.fault(world, state, "(pick-up a)").rule == "ontable"  # type: ignore[union-attr]
    assert strips.fault(world, state, "(put-down a)").rule == "holding"  # type: ignore[union-attr]
    assert strips.fault(world, state, "(fly a)").rule == "parameters"  # type: ignore[union-attr]
    assert strips.fault(world, state, "(unstack a b)") is None


def test_negative_preconditions_equality_types_and_negative_goals() -> None:
    found = read(GRIPPER, HOUSE)
    state = strips.facts(found.start)
    assert found.world.always == (("shut", "k", "m"),)
    assert strips.fault(found.world, state, "(go r k m)").rule == "shut"  # type: ignore[union-attr]
    assert strips.fault(found.world, state, "(go r k k)").rule == "different"  # type: ignore[union-attr]
    assert strips.fault(found.world, state, "(go k k l)").rule == "parameters"  # type: ignore[union-attr]
    task = PddlPlanning(domain=GRIPPER, problem=HOUSE)
    plan = ("(go r k l)", "(go r l m)", "(switch-off r m)", "(go r m l)", "(go r l k)")
    assert referee.judge(task.problem_of_run(), plan).reached_goal
    assert not referee.judge(task.problem_of_run(), plan[:3]).reached_goal
    assert referee.optimal(task.problem_of_run()) == 4  # the door from m to k is not shut


def test_one_file_without_the_other_is_an_error() -> None:
    with pytest.raises(ValueError, match="a domain and a problem"):
        PddlPlanning(domain=BLOCKSWORLD)


@pytest.mark.parametrize("dialect", ["chat", "compact"])
@pytest.mark.parametrize("kind", ["blocksworld", "mystery", "logistics"])
def test_states_and_actions_are_read_as_they_are_said(kind: str, dialect: Dialect) -> None:
    rng = random.Random(kind)
    for problem in PddlPlanning(generate=kind, instances=5).suite():
        world, state = problem.world, problem.start
        for _ in range(12):
            assert world.read_state(world.say_state(state, dialect), dialect) == state
            action = rng.choice(referee.legal_actions(problem, state))
            assert world.read_action(world.say_action(action, dialect), dialect) == action
            state = referee.after(problem, state, action)
        assert world.read_state(world.say_state(problem.goal, dialect), dialect) == problem.goal
        assert world.read_state("something else", dialect) is None


@pytest.mark.parametrize("dialect", ["chat", "compact"])
@pytest.mark.parametrize(
    "options", [{"generate": "blocksworld"}, {"generate": "logistics"}, {"domain": GRIPPER, "problem": HOUSE}]
)
def test_the_key_reads_every_prompt(options: dict[str, str], dialect: Dialect) -> None:
    task = PddlPlanning(**options)
    for number in range(12):
        step = task.sample_step(number)
        known = answers(task.prompt(step, dialect))
        right = {task.parse(step, text, dialect) for text in known.right}
        assert all(isinstance(candidate, str) for candidate in right)
        assert not right & {task.parse(step, text, dialect) for text in known.wrong}
