"""Facts and actions in words: every one is read back as it was said, and no two are said alike."""

import itertools
import pathlib

import pytest

from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.pddl_generators import BLOCKSWORLD, LOGISTICS
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.decompose.tasks.strips_words import Words

DATA = pathlib.Path(__file__).parents[2] / "data" / "pddl"
AWKWARD = Words(
    "awkward",
    {"holds": 1, "on": 2, "on-board": 1, "is": 0, "for": 3, "x": 1, "true": 0},
    {"go": ("?as", "?with"), "go-with": ("?as",), "as": (), "with": ("?a", "?b", "?c", "?d", "?e", "?f")},
    frozenset({"on", "board", "on-board", "holds", "as", "with", "1.5"}),
)
"""Names chosen to be mistaken for the words around them."""


def every(names: dict[str, int], objects: frozenset[str], most: int = 3) -> list[str]:
    return [
        f"({' '.join((name, *chosen))})"
        for name, count in names.items()
        for chosen in itertools.product(sorted(objects), repeat=min(count, most))
        if count <= most
    ]


def test_facts_are_read_as_they_are_said_and_no_two_are_said_alike() -> None:
    facts = every(AWKWARD.predicates, AWKWARD.objects)
    said = [AWKWARD.say_literal(fact) for fact in facts]
    assert len(set(said)) == len(facts) > 300
    assert [AWKWARD.read_literal(text, True) for text in said] == facts
    assert [AWKWARD.read_literal(fact, True) for fact in facts] == facts
    negated = [f"(not {fact})" for fact in facts]
    assert [AWKWARD.read_literal(AWKWARD.say_literal(one), True) for one in negated] == negated


def test_actions_are_read_as_they_are_said() -> None:
    actions = every({name: len(named) for name, named in AWKWARD.actions.items()}, AWKWARD.objects)
    said = [AWKWARD.say_action(action) for action in actions]
    assert len(set(said)) == len(actions)
    assert [AWKWARD.read_action(text, True) for text in said] == actions
    assert AWKWARD.say_action("(go on board)") == "go with on as ?as, board as ?with"
    assert "with with X0 as ?a, X1 as ?b" in " | ".join(AWKWARD.action_forms())


@pytest.mark.parametrize(
    "text", ["", "nowhere is on", "on is", "(on on)", "(on on nowhere)", "on is on on on", "( )", "()"]
)
def test_what_is_not_a_fact_is_not_read(text: str) -> None:
    assert AWKWARD.read_literal(text, True) is None
    assert AWKWARD.read_action(text, True) is None


def test_templates_go_by_the_whole_vocabulary_not_by_the_name() -> None:
    assert PddlPlanning().problem_of_run().world.words.by_hand  # type: ignore[attr-defined]
    problem = "(define (problem p) (:domain {}) (:objects a b) (:init) (:goal ({})))"
    for domain, goal in ((BLOCKSWORLD, "on a b"), (LOGISTICS, "at a b")):
        name = "blocksworld" if domain is BLOCKSWORLD else "logistics"
        assert read(domain, problem.format(name, goal)).world.words.by_hand
        more = domain.replace("(:predicates", "(:predicates (heavy ?x)")
        other = domain.replace("(:predicates", "(:predicates (extra ?x ?y ?z)").replace("domain ", "domain my-")
        assert not read(more, problem.format(name, goal)).world.words.by_hand
        assert not read(other, problem.format(f"my-{name}", goal)).world.words.by_hand
    action = "(:action stack :parameters (?x) :effect (on ?x ?x ?x))"
    wide = f"(define (domain blocksworld) (:predicates (on ?x ?y ?z)) {action})"
    world = read(wide, problem.format("blocksworld", "on a b a")).world
    assert world.say_state("(on a b a)", "chat") == "on holds for a, b, a"
    assert world.example("Actor") != PddlPlanning().problem_of_run().world.example("Actor")


def test_a_world_without_templates_is_put_in_words() -> None:
    texts = [(DATA / f"lamps-{kind}.pddl").read_text() for kind in ("domain", "problem")]
    found = read(*texts)
    world = found.world
    assert "lit" in world.say_state(found.start, "chat").split()
    assert "l4 is lit" in world.say_state(found.start, "chat").split("; ")
    assert world.read_state("hall is at; L4 is lit; l2 is smashed", "chat") is None
    assert world.read_state("hall is at; L4 is lit; l2 is broken.", "chat") == "(at hall) (broken l2) (lit l4)"
    assert world.say_state(found.goal, "chat").startswith("goal-part-1 holds; ")
    assert "(derived)" not in world.description()
    assert "A derived fact is true exactly where" in world.description()
