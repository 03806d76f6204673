"""What is read of PDDL, and what is refused, in one line that names the place."""

import concurrent.futures
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.referees import strips
from surefoot.decompose.tasks.pddl_forms import DEEPEST
from surefoot.decompose.tasks.pddl_generators import BLOCKSWORLD
from surefoot.decompose.tasks.pddl_reader import Read, read
from surefoot.decompose.tasks.strips_from_lines import world_of

DATA = pathlib.Path(__file__).parents[2] / "data" / "pddl"
PAIRS = {
    name: tuple((DATA / f"{name}-{kind}.pddl").read_text() for kind in ("domain", "problem"))
    for name in ("crates", "ferry", "lamps")
}
PROBLEM = "(define (problem p) (:domain d) (:objects a b) (:init (p a)) (:goal (q b)))"
DOMAIN = """(define (domain d)
 (:requirements :strips)
 (:predicates (p ?x) (q ?x))
 (:action go
  :parameters (?x ?y)
  :precondition (p ?x)
  :effect (q ?y)))"""


def changed(domain: str = "", problem: str = "") -> Read:
    """The small pair with 'OLD => NEW' done to its texts."""
    texts = []
    for text, change in ((DOMAIN, domain), (PROBLEM, problem)):
        old, _, new = change.partition(" => ")
        assert old in text
        texts.append(text.replace(old, new) if change else text)
    return read(*texts)


def next_states(found: Read) -> set[str]:
    state = strips.facts(found.start)
    return {strips.text(strips.after(found.world, state, one)) for one in strips.applicable(found.world, state)}


USUAL = changed()


@pytest.mark.parametrize(
    ("domain", "problem"),
    [
        ("(define => \ufeff(define", "(define => \ufeff(define"),
        ("\n => \r\n", ""),
        ("\n => \r", ""),
        ("(:predicates => ; caf\ufffd (:durative-action\n (:predicates", ""),
        (":requirements :strips => :requirements :adl :typing :fluents :durative-actions :what-ever", ""),
        (" (:requirements :strips)\n => ", ""),
        ("(:predicates (p ?x) (q ?x)) => (:predicates (p ?x - object) (q ?x)) (:functions)", ""),
        (":parameters (?x ?y) => :parameters (?x -object ?y - object)", ""),
        (":precondition (p ?x)\n  :effect (q ?y) => :effect (and (and (q ?y))) :precondition (and (p ?x) (and))", ""),
        (":action go\n  :parameters (?x ?y)\n  :precondition (p ?x) => :action go :vars (?y) :parameters (?x)\n"
         "  :precondition (p ?x)", ""),
        ("", "(:domain d) (:objects a b) (:init (p a)) (:goal (q b)) => "
             "(:goal (and (q b))) (:init (and (p a) (not (p b)) (not (q a)))) (:objects b a) (:domain d)"),
        ("(:predicates => (:constants a) (:predicates", ""),
        ("(define (domain d) => (in-package \"pddl\") (define (domain d)", ""),
        ("DOMAIN".replace("DOMAIN", "(p ?x) => (P ?X)"), "(p a) => (P A)"),
        (" :effect (q ?y))) =>  :effect (q ?y))))  ; one too many", "(:goal => (:length (:serial 4)) (:goal"),
        ("(:predicates => (:functions (fuel ?x)) (:predicates", "(p a) => (p a) (= (fuel a) 3.5)"),
    ],
)  # fmt: skip
def test_other_ways_to_write_the_same(domain: str, problem: str) -> None:
    found = changed(domain, problem)
    assert (found.start, found.goal) == (USUAL.start, USUAL.goal)
    assert next_states(found) == next_states(USUAL) == {"(q a)", "(q b)"}


def test_missing_parts_of_an_action_are_empty() -> None:
    found = changed(domain="  :precondition (p ?x)\n => ")
    assert strips.applicable(found.world, frozenset()) == [f"(go {x} {y})" for x in "ab" for y in "ab"]
    found = changed(domain="\n  :effect (q ?y) => ")
    assert next_states(found) == {found.start}


def test_names_with_dots_digits_and_words_of_pddl() -> None:
    domain = DOMAIN.replace(":action go", ":action assign").replace("(q ", "(minimize ")
    problem = (
        PROBLEM.replace("(q b)", "(minimize 2.x-1)").replace("a b)", "problem 2.x-1)").replace("(p a)", "(p problem)")
    )
    found = read(domain, problem)
    assert found.goal == "(minimize 2.x-1)"
    able = strips.applicable(found.world, strips.facts(found.start))
    assert able == ["(assign problem 2.x-1)", "(assign problem problem)"]


def test_types_with_two_parents_and_a_type_of_everything() -> None:
    domain = """(define (domain d) (:types object car boat - machine amphibian - (either car boat) stone)
     (:predicates (moved ?x - (either car boat)) (seen ?x - object))
     (:action drive :parameters (?c - car) :effect (moved ?c))
     (:action sail :parameters (?b - boat) :effect (moved ?b))
     (:action look :parameters (?x - (either stone boat)) :effect (seen ?x))
     (:action see :parameters (?x - object) :effect (seen ?x)))"""
    problem = """(define (problem p) (:domain d) (:objects duck - amphibian mini - car rock - stone) (:init)
     (:goal (forall (?x - machine) (and (moved ?x) (seen ?x)))))"""
    found = read(domain, problem)
    assert dict(found.world.objects)["duck"] == ("amphibian", "boat", "car", "machine")
    assert found.goal == "(moved duck) (moved mini) (seen duck) (seen mini)"
    assert strips.applicable(found.world, frozenset()) == [
        "(drive duck)", "(drive mini)", "(look duck)", "(look rock)", "(sail duck)", "(see duck)", "(see mini)",
        "(see rock)",
    ]  # fmt: skip


def test_equality_both_ways() -> None:
    same = changed(domain=":precondition (p ?x) => :precondition (and (p ?x) (= ?x ?y))")
    other = changed(domain=":precondition (p ?x) => :precondition (and (p ?x) (not (= ?x ?y)))")
    assert strips.applicable(same.world, strips.facts("(p a)")) == ["(go a a)"]
    assert strips.applicable(other.world, strips.facts("(p a)")) == ["(go a b)"]
    fault = strips.fault(same.world, strips.facts("(p a)"), "(go a b)")
    assert fault is not None
    assert fault.rule == "same"
    assert {"same"} < set(same.world.rules)
    assert {"different"} < set(other.world.rules)


def test_costs_are_read_and_added_up() -> None:
    costs = read(*PAIRS["ferry"]).costs
    assert costs is not None
    plan = ["(board c1 x)", "(sail x y)", "(debark c1 y)", "(sail y z)"]
    assert costs.of_plan(plan) == 7.5
    assert costs.of_plan(["(sail x z)"]) == 6
    assert read(*PAIRS["lamps"]).costs is None


@pytest.mark.parametrize(
    ("domain", "problem", "said"),
    [
        ("(define (domain d) => (define (domain", "", "domain, line 1: a closing bracket"),
        (" :precondition (p ?x) =>  :precondition (p ?x))))", "", "domain, line 6: a closing bracket"),
        ("", "(q b))) => (q b", "problem, line 1: a closing bracket"),
        ("", "(:domain d) => (:domain e)", "problem p is for domain e, not d"),
        ("", "(p a) => (r a)", r"problem, line 1: \(r a\): no predicate r is declared"),
        ("", "(p a) => (p a b)", r"problem, line 1: \(p a b\): predicate p is declared with 1 arguments, not 2"),
        ("", "(p a) => (p c)", r"problem, line 1: \(p c\): there is no object c"),
        ("", "(p a) => (p a) (not (p a))", "problem, line 1: init: .* true and not"),
        ("(p ?x)\n => (p fence)\n", "", r"domain, line 6: \(p fence\): there is no object fence"),
        ("(p ?x)\n => (p ?z)\n", "", r"domain, line 6: \(p \?z\): variable \?z is not a parameter"),
        ("(?x ?y) => (?x ?x)", "", r"domain, line 5: variable \?x is named twice"),
        ("(?x ?y) => (?x - room ?y)", "", r"domain, line 4: \?x is of type room, which is not declared"),
        ("(q ?x)) => (q ?x) (p ?x ?y))", "", "domain, line 3: predicate p is declared twice, with other arguments"),
        (":effect (q ?y))) => :effect (q ?y))\n (:action go))", "", "domain, line 8: there are two actions of"),
        ("(:action go => (:durative-action go", "", r"domain, line 4: durative actions \(:durative-action\) are not"),
        ("(:action => (:functions (fuel ?x)) (:action", "", ""),
        ("(p ?x)\n => (and (p ?x) (>= (fuel ?x) 3))\n", "", r"domain, line 6: numeric conditions \(>= ...\) are not"),
        ("(p ?x)\n => (preference soft (p ?x))\n", "", "domain, line 6: preferences are not supported"),
        ("(q ?y))) => (decrease (fuel ?y) 1)))", "", r"domain, line 7: numeric effects \(decrease ...\) are not"),
        ("(q ?y))) => (when (p ?x) (increase (total-cost) 1))))", "", "domain, line 7: costs that depend"),
        ("(q ?y))) => (probabilistic 0.5 (q ?y))))", "", "domain, line 7: probabilistic effects are not supported"),
        ("(q ?y))) => (or (q ?y))))", "", "domain, line 7: an effect is an atom"),
        ("", "(:goal => (:constraints (always (p a))) (:goal", "problem, line 1: constraints on plans"),
        ("", "(p a) => (p a) (at 5 (p b))", "problem, line 1: timed initial literals"),
        ("", "(:goal (q b)) => ", r"problem, line 1: problem p has no \(:goal"),
        ("", "(:goal (q b)) => (:goal (and))", "problem, line 1: the goal is empty"),
        ("", "(:init (p a)) => ", r"problem, line 1: problem p has no \(:init"),
        ("(:predicates => (:gadgets (q)) (:predicates", "", r"domain, line 3: section \(:gadgets ...\) is not known"),
        ("(p ?x)\n => (not (p ?x) (q ?x))\n", "", r"domain, line 6: \(not ...\) is no condition"),
        ("(domain d) => (domain (d))", "", "domain, line 1: a domain needs a name"),
        (" (:action => (:derived (q ?x) (not (q ?x)))\n (:action", "", "domain, "),
    ],
)  # fmt: skip
def test_what_is_refused_is_said_in_one_line_with_its_place(domain: str, problem: str, said: str) -> None:
    if not said:  # declared and not used: the body decides
        assert changed(domain, problem).goal == USUAL.goal
        return
    with pytest.raises(ValueError, match=said) as error:
        changed(domain, problem)
    assert "\n" not in str(error.value)


def test_texts_that_are_something_else() -> None:
    for domain, problem in ((PROBLEM, DOMAIN), ("", ""), ("hello", "world"), (DOMAIN, DOMAIN)):
        with pytest.raises(ValueError, match=r"line 1: this is not a (domain|problem)"):
            read(domain, problem)
    with pytest.raises(ValueError, match="brackets inside each other"):
        read("(" * (DEEPEST + 1), PROBLEM)


def test_a_derived_predicate_must_not_depend_on_its_own_negation_nor_be_changed() -> None:
    changing = DOMAIN.replace(" (:action", " (:derived (q ?x) (p ?x))\n (:action")
    with pytest.raises(ValueError, match="action go changes q, which is derived"):
        read(changing, PROBLEM)
    circular = changing.replace("(p ?x))\n (:a", "(not (q ?x)))\n (:a").replace(":effect (q ?y)", ":effect (p ?y)")
    with pytest.raises(ValueError, match="depends on its own negation"):
        read(circular, PROBLEM)


def test_a_bad_domain_leaves_nothing_behind_also_in_other_threads() -> None:
    bad = DOMAIN.replace("(p ?x)\n", "(p fence)\n")

    def attempt(number: int) -> str:
        named = DOMAIN.replace("(domain d)", f"(domain d{number})")
        problem = PROBLEM.replace("(:domain d)", f"(:domain d{number})")
        try:
            read(bad, PROBLEM)
        except ValueError:
            return read(named, problem).world.domain
        return "read"

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(40))) == [f"d{number}" for number in range(40)]


@pytest.mark.parametrize("name", PAIRS)
def test_a_world_is_read_back_from_its_lines(name: str) -> None:
    world = read(*PAIRS[name]).world
    assert world_of(world.lines) == world
    assert world_of(["some other line", *world.description().splitlines(), ""]) == world


TEXTS = [text for pair in PAIRS.values() for text in pair] + [BLOCKSWORLD]


@given(st.data())
def test_damaged_text_is_read_or_refused_in_one_line(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(PAIRS)))
    texts = list(PAIRS[name])
    which = data.draw(st.integers(0, 1))
    text = texts[which]
    start = data.draw(st.integers(0, len(text) - 1))
    end = start + data.draw(st.integers(0, 30))
    odd = st.sampled_from(["(", ")", "()", "(not", "?x", "- ", "either", "=", "\x00", "é", "9e999"])
    put = data.draw(st.one_of(odd, st.text(max_size=6)))
    texts[which] = text[:start] + put + text[end:]
    try:
        read(*texts)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017
