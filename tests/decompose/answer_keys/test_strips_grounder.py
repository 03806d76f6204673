"""Worlds are written out as far as anything can come up: every action that can ever be done, and few others."""

import pytest

from surefoot.decompose.answer_keys import strips_reachable
from surefoot.decompose.answer_keys.strips_grounder import Grounder, ground
from surefoot.decompose.answer_keys.strips_reachable import TooLarge, reachable
from surefoot.decompose.referees import strips
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.decompose.tasks.strips_formulas import FALSE, Formula
from tests.decompose.answer_keys.small_worlds import NAMES, everywhere, small

TOYS = """(define (domain toys) (:requirements :adl :derived-predicates)
 (:types box ball - thing) (:predicates (at ?t - thing ?r) (open ?r) (lit ?r) (seen ?t - thing) (never ?r))
 (:derived (seen ?t - thing) (exists (?r) (and (at ?t ?r) (lit ?r))))
 (:action move :parameters (?t - ball ?a ?b) :precondition (and (at ?t ?a) (open ?b) (not (= ?a ?b)))
  :effect (and (at ?t ?b) (not (at ?t ?a))))
 (:action light :parameters (?r) :precondition (and (open ?r) (not (lit ?r))) :effect (lit ?r))
 (:action lose :parameters (?r) :precondition (never ?r) :effect (not (lit ?r))))"""
PROBLEM = """(define (problem p) (:domain toys) (:objects b - ball c - box x y z)
 (:init (at b x) (at c x) (open x) (open y)) (:goal (seen b)))"""


def test_every_action_that_can_be_done_somewhere_is_written_out() -> None:
    for name in NAMES:
        one = small(name)
        done = {action for state in everywhere(one) for action in strips.applicable(one.world, strips.facts(state))}
        assert done <= set(one.states.by_name)


def test_what_can_never_come_up_is_left_out() -> None:
    found = read(TOYS, PROBLEM)
    written = ground(found.world, strips.facts(found.start))
    names = {action.said for action in written.actions}
    assert names == {"(move b x y)", "(move b y x)", "(light x)", "(light y)"}
    assert set(written.bits) == {"(at b x)", "(at b y)", "(lit x)", "(lit y)"} | {
        atom for atom in written.bits if atom.startswith("(at c")
    }
    assert "(at b z)" not in written.bits
    assert {"(seen b)", "(seen c)"} == set(written.derived_bits)


def test_types_decide_who_can_be_moved() -> None:
    found = read(TOYS, PROBLEM)
    assert not any("(move c" in action.said for action in ground(found.world, strips.facts(found.start)).actions)


def test_what_holds_always_has_no_bit_and_what_never_changes_decides_at_once() -> None:
    found = read(TOYS, PROBLEM)
    grounder = Grounder(found.world, strips.facts(found.start))
    always: Formula = ("open", "x")
    assert grounder.condition(always, {}) == (0, ())
    assert grounder.condition(("open", "z"), {}) is None
    assert grounder.condition(("not", ("open", "z")), {}) == (0, ())
    assert grounder.condition(("=", "x", "x"), {}) == (0, ())
    assert grounder.condition(("not", ("=", "x", "x")), {}) is None
    assert grounder.condition(FALSE, {}) is None


def test_quantifiers_are_written_out_over_what_can_be() -> None:
    found = read(TOYS, PROBLEM)
    grounder = Grounder(found.world, strips.facts(found.start))
    lit = [grounder.bits[("lit", room)] for room in ("x", "y")]
    every = grounder.condition(("forall", (("?r",),), ("or", ("not", ("open", "?r")), ("lit", "?r"))), {})
    assert every == (sum(lit), ())
    some = grounder.condition(("exists", (("?r",),), ("and", ("open", "?r"), ("lit", "?r"))), {})
    assert some is not None
    mask, (choice,) = some
    assert mask == 0
    assert {one[0] for one in choice} == set(lit)


def test_an_opposite_is_made_once_and_is_another_bit() -> None:
    found = read(TOYS, PROBLEM)
    grounder = Grounder(found.world, strips.facts(found.start))
    atom = ("lit", "x")
    first = grounder.opposite_bit(atom)
    assert first == grounder.opposite_bit(atom)
    assert first not in grounder.bits.values()
    assert grounder.condition(("not", atom), {}) == (first, ())


def test_what_is_added_by_an_action_is_not_deleted_by_it() -> None:
    found = read(TOYS, PROBLEM)
    grounder = Grounder(found.world, strips.facts(found.start))
    at, lit = ("at", "b", "x"), ("lit", "x")
    assert grounder.change((0, ()), [at], [at, lit, ("at", "b", "z")]) == ((0, ()), [at], [lit])


@pytest.mark.parametrize("name", ["MOST_WORK", "MOST_ACTIONS"])
def test_a_world_that_takes_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    found = read(TOYS, PROBLEM)
    start = sorted(strips.facts(found.start))
    assert len(reachable(found.world, start).actions) == 4
    monkeypatch.setattr(strips_reachable, name, 3)
    with pytest.raises(TooLarge):
        reachable(found.world, start)


def test_the_order_of_what_comes_up_does_not_depend_on_the_order_of_the_state() -> None:
    found = read(TOYS, PROBLEM)
    start = sorted(strips.facts(found.start))
    one, other = reachable(found.world, start), reachable(found.world, start[::-1])
    assert [(schema.name, values) for schema, values in one.actions] == [
        (schema.name, values) for schema, values in other.actions
    ]
    assert one.facts.atoms == other.facts.atoms
