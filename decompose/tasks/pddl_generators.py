"""Domains of our own for blocksworld, its mystery wording and logistics, and random problems in PDDL text.

The problems have the shape of PlanBench's (Valmeekam et al.; sizes as counted in its instance files): towers of 4
blocks in 89 of 100, else of 5, with 1 to 4 goal atoms; 2 or 3 cities of 1 to 3 locations, a truck in each, 1 to 3
airplanes, 1 to 7 packages.
"""

import itertools
import random
from typing import Literal

Generated = Literal["blocksworld", "mystery", "logistics"]

BLOCKSWORLD = """\
(define (domain blocksworld)
 (:requirements :strips)
 (:predicates (clear ?x) (ontable ?x) (handempty) (holding ?x) (on ?x ?y))
 (:action pick-up :parameters (?x) :precondition (and (clear ?x) (ontable ?x) (handempty))
  :effect (and (holding ?x) (not (clear ?x)) (not (ontable ?x)) (not (handempty))))
 (:action put-down :parameters (?x) :precondition (holding ?x)
  :effect (and (clear ?x) (handempty) (ontable ?x) (not (holding ?x))))
 (:action stack :parameters (?x ?y) :precondition (and (clear ?y) (holding ?x))
  :effect (and (handempty) (clear ?x) (on ?x ?y) (not (clear ?y)) (not (holding ?x))))
 (:action unstack :parameters (?x ?y) :precondition (and (on ?x ?y) (clear ?x) (handempty))
  :effect (and (holding ?x) (clear ?y) (not (on ?x ?y)) (not (clear ?x)) (not (handempty)))))"""

MYSTERY_NAMES = {
    "blocksworld": "mystery", "ontable": "planet", "clear": "province", "handempty": "harmony", "holding": "pain",
    "on": "craves", "pick-up": "attack", "put-down": "succumb", "stack": "overcome", "unstack": "feast",
}  # fmt: skip

LOGISTICS = """\
(define (domain logistics)
 (:requirements :strips :typing)
 (:types truck airplane - vehicle package vehicle - thing airport - location city)
 (:predicates (at ?t - thing ?l - location) (in ?p - package ?v - vehicle) (in-city ?l - location ?c - city))
 (:action load-truck :parameters (?p - package ?t - truck ?l - location) :precondition (and (at ?t ?l) (at ?p ?l))
  :effect (and (in ?p ?t) (not (at ?p ?l))))
 (:action load-airplane :parameters (?p - package ?a - airplane ?l - airport) :precondition (and (at ?a ?l) (at ?p ?l))
  :effect (and (in ?p ?a) (not (at ?p ?l))))
 (:action unload-truck :parameters (?p - package ?t - truck ?l - location) :precondition (and (at ?t ?l) (in ?p ?t))
  :effect (and (at ?p ?l) (not (in ?p ?t))))
 (:action unload-airplane :parameters (?p - package ?a - airplane ?l - airport)
  :precondition (and (at ?a ?l) (in ?p ?a)) :effect (and (at ?p ?l) (not (in ?p ?a))))
 (:action drive-truck :parameters (?t - truck ?from - location ?to - location ?c - city)
  :precondition (and (at ?t ?from) (in-city ?from ?c) (in-city ?to ?c)) :effect (and (at ?t ?to) (not (at ?t ?from))))
 (:action fly-airplane :parameters (?a - airplane ?from - airport ?to - airport) :precondition (at ?a ?from)
  :effect (and (at ?a ?to) (not (at ?a ?from)))))"""

COLOURS = ("red", "blue", "orange", "yellow", "white")


def generated(kind: Generated, instance: int) -> tuple[str, str]:
    """Generate domain and problem ``instance`` (from 1) as PDDL text; the same number gives the same problem."""
    if kind == "logistics":
        return LOGISTICS, logistics(instance)
    domain, problem = BLOCKSWORLD, blocks(instance)
    if kind == "mystery":
        names = dict(zip(COLOURS, "abcde", strict=True)) | MYSTERY_NAMES
        return _renamed(domain, names), _renamed(problem, names)
    return domain, problem


def blocks(instance: int) -> str:
    """Generate random towers, with the on-atoms of other random towers as the goal."""
    rng = random.Random(f"blocksworld {instance}")
    names = list(COLOURS[: 4 if rng.random() < 0.89 else 5])
    count = rng.choices((1, 2, 3, 4), (63, 242, 187, 8))[0]
    start, goal = _towers(rng, names), _on(_towers(rng, names))
    while len(goal) != min(count, len(names) - 1) or set(goal) <= set(_on(start)):
        start, goal = _towers(rng, names), _on(_towers(rng, names))
    init = ["(handempty)"]
    for tower in start:
        init += [f"(ontable {tower[0]})", f"(clear {tower[-1]})"]
    init += [f"(on {a} {b})" for a, b in _on(start)]
    wanted_text = " ".join(f"(on {a} {b})" for a, b in sorted(set(goal)))
    return _problem("blocksworld", instance, " ".join(names), init, wanted_text)


def logistics(instance: int) -> str:
    """Generate packages anywhere, each to be brought to a random other location."""
    rng = random.Random(f"logistics {instance}")
    cities = range(2 if rng.random() < 0.15 else 3)
    sizes = [rng.choices((1, 2, 3), (22, 75, 189))[0] for _ in cities]
    places = {city: [f"location_{city}_{i}" for i in range(sizes[city])] for city in cities}
    everywhere = [place for city in cities for place in places[city]]
    airports = [places[city][0] for city in cities]
    planes = [f"airplane_{i}" for i in range(rng.choices((1, 2, 3), (69, 171, 46))[0])]
    packages = [f"package_{i}" for i in range(rng.choices(range(1, 8), (24, 24, 26, 23, 42, 47, 100))[0])]
    objects = [
        f"{' '.join(packages)} - package {' '.join(planes)} - airplane {' '.join(airports)} - airport",
        f"{' '.join(f'truck_{c}' for c in cities)} - truck {' '.join(f'city_{c}' for c in cities)} - city",
    ]
    others = [place for place in everywhere if place not in airports]
    if others:
        objects.append(f"{' '.join(others)} - location")
    init = [f"(in-city {place} city_{city})" for city in cities for place in places[city]]
    init += [f"(at truck_{city} {rng.choice(places[city])})" for city in cities]
    init += [f"(at {plane} {rng.choice(airports)})" for plane in planes]
    goal = []
    for package in packages:
        here, there = rng.sample(everywhere, 2)
        init.append(f"(at {package} {here})")
        goal.append(f"(at {package} {there})")
    return _problem("logistics", instance, " ".join(objects), init, " ".join(goal))


def _towers(rng: random.Random, names: list[str]) -> list[list[str]]:
    """Blocks put down one by one, each on the table or on a tower."""
    towers: list[list[str]] = []
    for name in rng.sample(names, len(names)):
        place = rng.randint(0, len(towers))
        if place == len(towers):
            towers.append([name])
        else:
            towers[place].append(name)
    return towers


def _on(towers: list[list[str]]) -> list[tuple[str, str]]:
    """Which block is on which."""
    return [(above, below) for tower in towers for below, above in itertools.pairwise(tower)]


def _problem(domain: str, instance: int, objects: str, init: list[str], goal: str) -> str:
    return (
        f"(define (problem {domain}-{instance}) (:domain {domain}) (:objects {objects})\n"
        f" (:init {' '.join(init)})\n (:goal (and {goal})))"
    )


def _renamed(text: str, names: dict[str, str]) -> str:
    """A PDDL text with whole words replaced."""
    words = text.replace("(", " ( ").replace(")", " ) ").split()
    renamed = [names.get(word, word.replace("blocksworld", "mystery")) for word in words]
    return " ".join(renamed).replace("( ", "(").replace(" )", ")")
