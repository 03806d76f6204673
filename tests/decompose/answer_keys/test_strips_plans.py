"""The answer key of PDDL questions: an instance is planned once, plans execute, and no domain is known by its names."""

import itertools
import pathlib
from typing import Any

import pytest

from surefoot.decompose.answer_keys import strips_plans, strips_reachable
from surefoot.decompose.answer_keys.pddl import StripsRules
from surefoot.decompose.answer_keys.strips_plans import FAR, Plans
from surefoot.decompose.referees import pddl as referee
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.pddl_generators import generated
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.scripts.benchmarks import pddl_shapes

DATA = pathlib.Path(__file__).parents[2] / "data"
HANOI = """(define (domain hanoi) (:predicates (clear ?x) (on ?x ?y) (smaller ?x ?y))
 (:action move :parameters (?disc ?from ?to)
  :precondition (and (smaller ?to ?disc) (on ?disc ?from) (clear ?disc) (clear ?to))
  :effect (and (clear ?from) (on ?disc ?to) (not (on ?disc ?from)) (not (clear ?to)))))"""


def hanoi(count: int) -> tuple[str, str]:
    discs, pegs = [f"d{number}" for number in range(1, count + 1)], ["p1", "p2", "p3"]
    smaller = [(peg, disc) for peg in pegs for disc in discs]
    smaller += [(discs[large], discs[small]) for large in range(count) for small in range(large)]
    init = [f"(smaller {large} {small})" for large, small in smaller] + ["(clear p2)", "(clear p3)", "(clear d1)"]
    tower = [*itertools.pairwise(discs)]
    init += [f"(on {above} {below})" for above, below in [*tower, (discs[-1], "p1")]]
    goal = [f"(on {above} {below})" for above, below in [*tower, (discs[-1], "p3")]]
    objects = " ".join(pegs + discs)
    return HANOI, (
        f"(define (problem h) (:domain hanoi) (:objects {objects})"
        f" (:init {' '.join(init)}) (:goal (and {' '.join(goal)})))"
    )


def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What is counted: searches of any kind, by the states they started from."""
    started: list[int] = []
    for name in ("in_breadth", "find_plan", "back"):
        usual = getattr(strips_plans, name)

        def counted(wanted: Any, *others: Any, usual: Any = usual) -> Any:
            started.append(others[0] if isinstance(others[0], int) else others[1])
            return usual(wanted, *others)

        monkeypatch.setattr(strips_plans, name, counted)
    return started


def walk(plans: Plans, state: str, goal: str) -> list[str]:
    plan = []
    while (known := plans.next(state, goal)).action is not None:
        assert known.left == plans.next(state, goal).left
        plan.append(known.action)
        state = plans.after(state, known.action)
    assert known.left == 0
    return plan


@pytest.mark.parametrize(("discs", "most"), [(4, 1), (8, 2)])
def test_an_instance_is_planned_once(monkeypatch: pytest.MonkeyPatch, discs: int, most: int) -> None:
    """Four discs are within a search through few states; eight need a second, larger one. No question costs another."""
    found, started = read(*hanoi(discs)), searches(monkeypatch)
    plans = Plans(found.world)
    assert len(walk(plans, found.start, found.goal)) == 2**discs - 1
    assert len(started) == most


def test_a_state_off_the_way_is_led_back_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(*hanoi(8))
    plans = Plans(found.world)
    first = plans.next(found.start, found.goal)
    other = next(action for action in plans.actions(found.start) if action != first.action)
    started = searches(monkeypatch)
    astray = plans.after(found.start, other)
    assert plans.next(astray, found.goal).left <= first.left + 1
    assert len(started) == 1
    problem = PddlPlanning(domain=HANOI, problem=hanoi(8)[1]).problem_of_run()
    assert referee.judge(problem, (other, *walk(plans, astray, found.goal))).reached_goal


def test_where_the_best_action_is_rejected_the_next_best_leads_on() -> None:
    """By names alone a walk among eight discs that may not go back would go anywhere."""
    found = read(*hanoi(8))
    rules = StripsRules(found.world)
    first = rules.ranked(found.start, found.goal)[0]
    astray = rules.after(found.start, next(one for one in rules.actions(found.start) if one != first))
    left = {one: rules.distance(rules.after(astray, one), found.goal) for one in rules.actions(astray)}
    ranked = rules.by_distance().ranked(astray, found.goal)
    assert [left[one] for one in ranked] == sorted(left.values())
    assert ranked[0] == rules.ranked(astray, found.goal)[0]


def test_what_is_said_of_small_worlds_does_not_depend_on_what_was_asked_before() -> None:
    found = read(*hanoi(4))
    asked = Plans(found.world)
    walk(asked, found.start, found.goal)
    state = found.start
    for action in walk(asked, found.start, found.goal):
        for other in asked.actions(state):
            beside = asked.after(state, other)
            assert Plans(found.world).next(beside, found.goal) == asked.next(beside, found.goal)
        state = asked.after(state, action)


def test_what_cannot_be_solved_is_said_with_no_action() -> None:
    domain, problem = generated("blocksworld", 1)
    circular = problem.replace("(:goal (and", "(:goal (and (on red blue) (on blue red)")
    found = read(domain, circular)
    rules = StripsRules(found.world)
    assert rules.ranked(found.start, found.goal) == []
    assert rules.distance(found.start, found.goal) == FAR
    assert rules.actions(found.start)


def test_names_that_are_known_do_not_bring_rules_that_are() -> None:
    """Logistics' names, another world: trucks are reached through unary predicates, and nothing flies."""
    domain = """(define (domain post) (:predicates (truck ?x) (package ?x) (at ?x ?y) (in ?x ?y) (road ?x ?y))
     (:action load-truck :parameters (?p ?t ?l) :precondition (and (truck ?t) (package ?p) (at ?t ?l) (at ?p ?l))
      :effect (and (in ?p ?t) (not (at ?p ?l))))
     (:action unload-truck :parameters (?p ?t ?l) :precondition (and (truck ?t) (at ?t ?l) (in ?p ?t))
      :effect (and (at ?p ?l) (not (in ?p ?t))))
     (:action drive-truck :parameters (?t ?a ?b) :precondition (and (truck ?t) (at ?t ?a) (road ?a ?b))
      :effect (and (at ?t ?b) (not (at ?t ?a))))
     (:action fly-airplane :parameters (?t ?a ?b) :precondition (and (at ?t ?a) (road ?b ?b)) :effect (at ?t ?b)))"""
    problem = """(define (problem p) (:domain post) (:objects t p q a b c)
     (:init (truck t) (package p) (package q) (at t a) (at p b) (at q c) (road a b) (road b c) (road c a))
     (:goal (and (at p a) (at q b) (in q t))))"""
    reachable = problem.replace("(in q t)", "(at t c)")
    found = read(domain, reachable)
    assert referee.judge(
        PddlPlanning(domain=domain, problem=reachable).problem_of_run(),
        tuple(walk(Plans(found.world), found.start, found.goal)),
    ).reached_goal
    impossible = read(domain, problem)
    assert Plans(impossible.world).next(impossible.start, impossible.goal).left == FAR


@pytest.mark.parametrize("shape", pddl_shapes.SHAPES)
def test_shapes_of_the_competitions_are_planned(shape: str) -> None:
    """Among them PlanBench's logistics, where the kinds of things are unary predicates."""
    for seed in (1, 2, 3):
        domain, problem = pddl_shapes.SHAPES[shape](seed)
        found = read(domain, problem)
        plan = walk(Plans(found.world), found.start, found.goal)
        assert referee.judge(PddlPlanning(domain=domain, problem=problem).problem_of_run(), tuple(plan)).reached_goal


def test_a_world_that_is_too_large_is_given_up_not_searched_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips_reachable, "MOST_ACTIONS", 10)
    found = read(*hanoi(4))
    plans = Plans(found.world)
    assert plans.next(found.start, found.goal).left == FAR
    assert plans.actions(found.start) == ["(move d1 d2 p2)", "(move d1 d2 p3)"]
    assert plans.after(found.start, "(move d1 d2 p2)") != found.start


def test_the_data_has_no_instance_that_the_key_cannot_solve() -> None:
    for path in sorted((DATA / "pddl").glob("*-domain.pddl")):
        texts = path.read_text(), path.with_name(path.name.replace("-domain", "-problem")).read_text()
        found = read(*texts)
        plan = walk(Plans(found.world), found.start, found.goal)
        assert referee.judge(PddlPlanning(domain=texts[0], problem=texts[1]).problem_of_run(), tuple(plan)).reached_goal
