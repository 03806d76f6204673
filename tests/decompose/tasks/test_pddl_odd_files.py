"""PDDL files as they come: odd ones are read for what they say, damaged ones are refused in one line that names where.

One small world, and what is changed in its texts; what can be read is planned and the plan judged by the referee.
"""

import pytest

from surefoot.decompose.answer_keys.strips_plans import Plans
from surefoot.decompose.referees import pddl as referee
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.strips import StripsWorld

DOMAIN = """(define (domain d) (:requirements :strips :typing)
 (:types room ball) (:predicates (at ?b - ball ?r - room) (here ?r - room) (held ?b - ball) (free))
 (:action go :parameters (?a ?b - room) :precondition (here ?a) :effect (and (here ?b) (not (here ?a))))
 (:action pick :parameters (?b - ball ?r - room)
  :precondition (and (at ?b ?r) (here ?r) (free)) :effect (and (held ?b) (not (at ?b ?r)) (not (free))))
 (:action drop :parameters (?b - ball ?r - room)
  :precondition (and (held ?b) (here ?r)) :effect (and (at ?b ?r) (free) (not (held ?b)))))"""
PROBLEM = """(define (problem p) (:domain d) (:objects r1 r2 - room b1 b2 - ball)
 (:init (here r1) (free) (at b1 r1) (at b2 r2))
 (:goal (and (at b1 r2) (at b2 r1))))"""
ACTION, COST = "(:action go", "(:functions (total-cost) - number (way ?a ?b - room) - number)\n (:action go"
PRE, EFFECT, MOVED = ":precondition (here ?a)", ":effect (and (here ?b) (not (here ?a)))", "(not (here ?a))"
TWO, TYPED, NULLARY = "(and (at b1 r2) (at b2 r1))", "r1 r2 - room", "(held ?b - ball) (free))"
Change = tuple[str, str]


def changed(text: str, change: Change) -> str:
    """The text with a part replaced; a change of nothing adds to its end."""
    old, new = change
    assert old in text, old
    return text.replace(old, new, 1) if old else text + new


def world_of(domain: str, problem: str) -> tuple[int, bool]:
    """Actions of the key's plan for the two texts, and whether it reaches the goal."""
    posed = PddlPlanning(domain=domain, problem=problem).problem_of_run()
    assert isinstance(posed.world, StripsWorld)
    plans, state, plan = Plans(posed.world), posed.start, list[str]()
    while (following := plans.next(state, posed.goal).action) is not None:
        plan.append(following)
        state = plans.after(state, following)
    return len(plan), referee.judge(posed, tuple(plan)).reached_goal


@pytest.mark.parametrize(
    ("domain", "problem"),
    [
        (DOMAIN.replace("\n", "\r\n"), PROBLEM.replace("\n", "\r\n")),
        (DOMAIN.replace("\n", "\r"), PROBLEM.replace("\n", "\r")),
        ("\ufeff; a remark\n" + DOMAIN, "\ufeff" + PROBLEM + "\n; )))"),
        (DOMAIN.replace(" ", "\t"), PROBLEM.replace(" ", "\f")),
        (DOMAIN.replace(" ", "\u00a0"), PROBLEM),
        (DOMAIN.upper(), PROBLEM),
        (DOMAIN.replace("held", "HeLd", 1), PROBLEM.upper()),
        (DOMAIN.replace("room", "zimmer-ü"), PROBLEM.replace("room", "zimmer-ü")),
        (DOMAIN.replace("here", "at-2.5"), PROBLEM.replace("here", "at-2.5").replace("b1", "1")),
        (DOMAIN.replace("held", "h" * 5000), PROBLEM),
        (DOMAIN + PROBLEM, DOMAIN + PROBLEM),  # both in one file, given twice
        (DOMAIN + ")", PROBLEM),  # published files end so
    ],
)
def test_how_a_text_is_written_does_not_matter(domain: str, problem: str) -> None:
    assert world_of(domain, problem) == (6, True)


@pytest.mark.parametrize(
    ("domain", "problem", "length"),
    [
        ((ACTION, ";c (((\n(:action;x)\n go"), ("(here r1)", "(here ;) r2\n r1)"), 6),
        (("", ""), ("b1 b2 - ball", "b1 b2 - (either ball room)"), 6),
        (("(at ?b - ball", "(at ?b -(either ball room)"), ("", ""), 6),
        (("(:types room ball)", "(:types room ball thing - (either room ball))"), ("", ""), 6),
        (("(:types room ball)", "(:types room) (:types ball - object object)"), ("", ""), 6),
        ((" (:types room ball)", " (:types room ball)\n (:constants r1 - room)"), ("r1 r2", "r2"), 6),
        ((" (:types room ball)", " (:types room ball)\n (:constants r1 - room)"), ("", ""), 6),
        (("(:requirements :strips :typing)", ""), ("", ""), 6),
        (("(:requirements :strips :typing)", "(:requirements :adl :no-such-thing)"), ("", ""), 6),
        ((PRE, ":precondition (and (here ?a) (forall (?x - ball) (imply (held ?x) (not (free)))))"), ("", ""), 6),
        ((PRE, ":precondition (or (and (here ?a) (free)) (and (here ?a) (exists (?x - ball) (held ?x))))"),
         ("", ""), 6),
        ((PRE, ":precondition (and (here ?a) (not (or (= ?a ?b) (not (here ?a)))))"), ("", ""), 6),
        ((PRE, ":vars (?z - ball) " + PRE), ("", ""), 6),
        ((EFFECT, ":effect (and (here ?b) (not (here ?a)) (forall (?x - ball) (when (held ?x) (and (forall (?y - ball) "
          "(when (= ?x ?y) (held ?y)))))))"), ("", ""), 6),
        ((EFFECT, ":effect (and (here ?b) (forall (?x - room) (when (not (= ?x ?b)) (not (here ?x)))))"), ("", ""), 6),
        ((EFFECT, ":effect (and (here ?b) (not (here ?b)) (not (here ?a)))"), ("", ""), 6),  # added wins
        ((NULLARY, "(held ?b - ball) (free) (free))"), ("", ""), 6),
        ((ACTION, "(:action nop :parameters () :precondition () :effect ())\n " + ACTION), ("", ""), 6),
        ((ACTION, "(:action nop :effect (free))\n " + ACTION), (TWO, "(at b1 r2)"), 3),
        ((ACTION, "(:functions (fuel) (way ?a ?b - room) - number)\n " + ACTION),
         ("(free)", "(free) (= (way r1 r2) 3.5)"), 6),
        ((ACTION, COST), ("(free)", "(free) (= (total-cost) 0) (= (way r1 r2) 3)"), 6),
        ((NULLARY,
         "(held ?b - ball) (free) (any ?r - room))\n (:derived (any ?r - room) (exists (?b - ball) (at ?b ?r)))"),
         (TWO, "(and (at b1 r2) (any r1))"), 6),
        ((NULLARY, "(held ?b - ball) (free) (met ?a ?b - room))\n (:derived (met ?a ?b - room) (or (= ?a ?b) "
          "(exists (?c - room) (and (met ?a ?c) (here ?c)))))"), ("", ""), 6),
        (("", ""), ("r1 r2 - room", "r1 r2 r1 - room"), 6),
        (("", ""), ("(:domain d)", ""), 6),
        (("", ""),
         ("(:init (here r1) (free) (at b1 r1) (at b2 r2))", "(:init (and (here r1) (free)) (at b1 r1) (at b2 r2))"), 6),
        (("", ""), ("(free)", "(free) (not (held b1)) (= b1 b1)"), 6),
        (("", ""), ("(:goal", "(:metric minimize (total-time)) (:length (:serial 3)) (:goal"), 6),
        (("", ""), (TWO, "(forall (?b - ball) (at ?b r2))"), 3),
        (("", ""), (TWO, "(or (held b1) (and (held b2) (here r1)))"), 1),
        (("", ""), (TWO, "(exists (?b - ball) (held ?b))"), 1),
        (("", ""), (TWO, "(not (free))"), 1),
        (("", ""), (TWO, "(at b1 r1)"), 0),
    ],
)  # fmt: skip
def test_what_is_odd_is_read_for_what_it_says(domain: Change, problem: Change, length: int) -> None:
    assert world_of(changed(DOMAIN, domain), changed(PROBLEM, problem)) == (length, True)


@pytest.mark.parametrize(
    ("domain", "problem", "said"),
    [
        ((ACTION, "(:durative-action f :parameters ())\n " + ACTION), ("", ""), "domain, line 3: durative actions"),
        ((PRE, ":precondition (and (here ?a) (>= (fuel) 2))"), ("", ""), "domain, line 3: numeric conditions (>="),
        ((MOVED, MOVED + " (decrease (fuel) 1)"), ("", ""), "domain, line 3: numeric effects (decrease"),
        ((MOVED, MOVED + " (increase (total-cost) 1)"), ("", ""), "domain, line 3: no function total-cost"),
        ((ACTION, COST), ("(free)", "(free) (= (way r1) 3)"), "problem, line 2: init: no function way with 1"),
        ((EFFECT, ":effect (probabilistic 0.8 (here ?b))"), ("", ""), "domain, line 3: probabilistic effects"),
        ((ACTION, "(:task t :parameters ()) " + ACTION), ("", ""), "domain, line 3: tasks of hierarchical planning"),
        (("go :parameters", "go :agent ?x :parameters"), ("", ""), "domain, line 3: action go: :agent"),
        (("", ""), (TWO, "(and (preference p1 (at b1 r2)))"), "problem, line 3: preferences"),
        (("", ""), ("(:goal", "(:constraints (always (free))) (:goal"), "problem, line 3: constraints"),
        (("", ""), ("(free)", "(free) (at 5 (here r2))"), "problem, line 2: timed initial literals"),
        (("", ""), ("(free)", "(free) (oneof (free) (free))"), "problem, line 2: init: (oneof ...)"),
        (("", ""), ("(free)", "(free) (at b9 r1)"), "problem, line 2: (at b9 r1): there is no object b9"),
        (("", ""), ("(at b2 r1))", "(at b7 r1))"), "problem, line 3: (at b7 r1): there is no object b7"),
        (("", ""), ("(free)", "(free) (heavy b1)"), "problem, line 2: (heavy b1): no predicate heavy"),
        (("", ""), ("(here r1)", "(here r1 r2)"), "problem, line 2: (here r1 r2): predicate here is declared with 1"),
        (("", ""), ("(here r1)", "(here b1)"), "problem, line 2: (here b1): b1 is a ball, not a room"),
        (("", ""), ("(at b2 r1))", "(at r1 b2))"), "problem, line 3: (at r1 b2): r1 is a room, not a ball"),
        (("", ""), ("- ball", "- bal"), "problem, line 1: b1 is of type bal, which is not declared"),
        (("(?a ?b - room)", "(?a ?b - rom)"), ("", ""), "domain, line 3: ?a is of type rom"),
        (("(?a ?b - room)", "(?a ?a - room)"), ("", ""), "domain, line 3: variable ?a is named twice"),
        (("(and (here ?b)", "(and (here ?c)"), ("", ""), "domain, line 3: (here ?c): variable ?c is not a parameter"),
        (("(:action drop", "(:action pick"), ("", ""), "domain, line 6: there are two actions of the name pick"),
        ((NULLARY, "(held ?b - ball) (free) (free ?x))"), ("", ""), "domain, line 2: predicate free is declared twice"),
        ((NULLARY, "(held ?b - ball) [free])"), ("", ""), "domain, line 2: predicate '[free]' is not in brackets"),
        ((NULLARY, NULLARY + " (:derived (free) (not (free)))"), ("", ""), "domain, "),
        (("(:action pick", ")(:action pick"), ("", ""), "domain, line 4: (:action ...) stands outside of (define ...)"),
        ((ACTION, '"doc" ' + ACTION), ("", ""), "domain, line 1: '\"doc\"' stands outside all sections"),
        (("", ""), ("\n (:init", "\n (:situation s) (:init"), "problem, line 2: section (:situation ...) is not known"),
        (("", ""), ("(:objects r1 r2 - room b1 b2 - ball)", ""), "problem, line 2: (here r1): there is no object r1"),
        (("", ""), ("b1 b2 - ball", "b1 b2 -"), "problem, line 1: a type is expected behind '-'"),
        (("", ""), (" b1 b2", " ?b1 b2"), "problem, line 1: '?b1' cannot be the name of an object"),
        (("", ""), (f"(:goal {TWO})", ""), "problem, line 1: problem p has no (:goal ...)"),
        (("", ""), (TWO, "(and)"), "problem, line 3: the goal is empty"),
        (("", ""), ("(free)", "(free) (not (free))"), "problem, line 2: init: (free) is said to be true and not to be"),
        (("", ""), ("(:domain d)", "(:domain other)"), "problem p is for domain other, not d"),
        (("", ""), ("", PROBLEM), "problem, line 3: there is a second problem in the text"),
        (("", DOMAIN), ("", ""), "there is a second domain in the text"),
        ((NULLARY, "(held ?b - ball) (fr\x00ee))"), ("", ""), "domain, line 2: 'fr\\x00ee' cannot be the name"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_place(domain: Change, problem: Change, said: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as refused:
        world_of(changed(DOMAIN, domain), changed(PROBLEM, problem))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("domain", "problem", "said"),
    [
        ("", PROBLEM, "this is not a domain"),
        (" \n; nothing\n", PROBLEM, "this is not a domain"),
        (DOMAIN, "", "this is not a problem"),
        (PROBLEM, DOMAIN, "this is not a domain"),
        (DOMAIN, DOMAIN, "this is not a problem"),
        (DOMAIN[:-1], PROBLEM, "domain, line 1: a closing bracket ')' is missing"),
        ('{"domain": 1}', PROBLEM, "this is not a domain"),
        ("<html><body>404</body></html>", PROBLEM, "this is not a domain"),
        ("(" * 100_000, PROBLEM, "more than 100 brackets inside each other"),
        (DOMAIN, "(" * 5000 + ")" * 5000, "more than 100 brackets"),
    ],
)
def test_what_is_no_such_file_is_said(domain: str, problem: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^(domain|problem), line 1: ") as refused:
        world_of(domain, problem)
    assert said in str(refused.value)


def test_a_megabyte_is_read() -> None:
    names, remarks = " ".join(f"x{number}" for number in range(20_000)), f"; {'(' * 98}\n" * 9000
    problem = remarks + PROBLEM.replace("b2 - ball", f"b2 {names} - ball")
    assert len(problem) > 1_000_000
    posed = PddlPlanning(domain=DOMAIN, problem=problem).problem_of_run()
    assert isinstance(posed.world, StripsWorld)
    assert len(posed.world.objects) == 20_004
