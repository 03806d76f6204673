"""Small PDDL worlds written out, for tests of the answer key: plain ones, and one with all that conditions have."""

import itertools
from collections import deque
from collections.abc import Iterator

import msgspec

from surefoot.decompose.answer_keys.strips_breadth import Wanted
from surefoot.decompose.answer_keys.strips_grounder import ground
from surefoot.decompose.answer_keys.strips_relaxed import Heuristic
from surefoot.decompose.answer_keys.strips_states import States
from surefoot.decompose.referees import strips
from surefoot.decompose.tasks.pddl_generators import generated
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_words import parts, split_literals

SWITCHES = """(define (domain switches) (:requirements :adl :derived-predicates)
 (:predicates (on ?s) (wired ?s ?t) (fused ?s) (dark))
 (:derived (dark) (forall (?s) (not (on ?s))))
 (:action press :parameters (?s) :precondition (or (on ?s) (not (fused ?s)))
  :effect (and (when (on ?s) (not (on ?s))) (when (not (on ?s)) (on ?s))
   (forall (?t) (when (and (wired ?s ?t) (not (on ?t))) (on ?t)))))
 (:action blow :parameters (?s ?t) :precondition (and (not (= ?s ?t)) (on ?s) (on ?t))
  :effect (and (fused ?s) (not (on ?s))))
 (:action reset :parameters () :precondition (dark) :effect (forall (?s) (not (fused ?s)))))"""
"""Disjunctions, negations, quantifiers, conditional effects and a derived predicate."""

FERRY = """(define (domain ferry) (:predicates (port ?x) (car ?x) (here ?p) (at ?c ?p) (aboard ?c) (empty))
 (:action sail :parameters (?a ?b) :precondition (and (here ?a) (port ?b)) :effect (and (here ?b) (not (here ?a))))
 (:action board :parameters (?c ?p) :precondition (and (at ?c ?p) (here ?p) (empty))
  :effect (and (aboard ?c) (not (at ?c ?p)) (not (empty))))
 (:action land :parameters (?c ?p) :precondition (and (aboard ?c) (here ?p))
  :effect (and (at ?c ?p) (empty) (not (aboard ?c)))))"""


def _problem(domain: str, objects: str, init: str, goal: str) -> str:
    return f"(define (problem p) (:domain {domain}) (:objects {objects}) (:init {init}) (:goal (and {goal})))"


def _texts(name: str) -> tuple[str, str]:
    if name == "switches":
        init = "(wired a b) (wired b c) (fused c)"
        return SWITCHES, _problem("switches", "a b c", init, "(fused a) (on c) (not (on b))")
    if name == "ferry":
        init = "(port p) (port q) (car x) (car y) (here p) (at x p) (at y q) (empty)"
        return FERRY, _problem("ferry", "p q x y", init, "(at x q) (at y p) (here p)")
    return generated("blocksworld", 3)


NAMES = ("switches", "ferry", "blocks")


class Small(msgspec.Struct, frozen=True, dict=True):
    """One small world: as a world, written out, and where it starts and ends."""

    world: StripsWorld
    start: str
    goal: str
    states: States
    wanted: Wanted
    heuristic: Heuristic

    @property
    def first(self) -> int:
        """The start as a number."""
        number = self.states.read(self.start)
        assert number is not None
        return number


def small(name: str, goal: str | None = None) -> Small:
    """Write a small world out; another goal may be given."""
    found = read(*_texts(name))
    wanted = found.goal if goal is None else goal
    negated = [tuple(parts(one[5:-1])) for one in split_literals(wanted) if one.startswith("(not ")]
    states = States(ground(found.world, strips.facts(found.start), negated))
    condition = states.ground.goal(wanted)
    assert condition is not None
    reach = Wanted(states, condition[0])
    return Small(found.world, found.start, wanted, states, reach, Heuristic(states.ground))


def everywhere(one: Small, most: int = 400) -> dict[str, int]:
    """All states that can be reached, with their distance from the start, by the referee alone."""
    start = strips.facts(one.start)
    depth, queue = {start: 0}, deque([start])
    while queue and len(depth) < most:
        here = queue.popleft()
        for action in strips.applicable(one.world, here):
            there = strips.after(one.world, here, action)
            if there not in depth:
                depth[there] = depth[here] + 1
                queue.append(there)
    return {strips.text(state): steps for state, steps in depth.items()}


def distances(one: Small) -> dict[str, int]:
    """The fewest actions to the goal from every state that can reach it, by the referee alone."""
    near = {state for state in everywhere(one) if strips.holds(one.world, strips.facts(state), one.goal)}
    found = dict.fromkeys(near, 0)
    before: dict[str, set[str]] = {}
    for state, follower in _edges(one):
        before.setdefault(follower, set()).add(state)
    for steps in itertools.count(1):
        near = {state for one_near in near for state in before.get(one_near, ()) if state not in found}
        if not near:
            return found
        found |= dict.fromkeys(near, steps)
    return found


def _edges(one: Small) -> Iterator[tuple[str, str]]:
    for state in everywhere(one):
        facts = strips.facts(state)
        for action in strips.applicable(one.world, facts):
            yield state, strips.text(strips.after(one.world, facts, action))
