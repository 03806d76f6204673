"""Small planning problems of the shapes that people bring: eight domains of the competitions, in words of our own.

Each function gives domain and problem number ``seed``; all of them can be solved.
"""

import itertools
import random
from collections.abc import Callable

POST = """(define (domain post) (:requirements :strips)
 (:predicates (OBJ ?x) (TRUCK ?x) (AIRPLANE ?x) (LOCATION ?x) (AIRPORT ?x) (CITY ?x)
  (at ?x ?l) (in ?x ?v) (in-city ?l ?c))
 (:action LOAD-TRUCK :parameters (?o ?t ?l)
  :precondition (and (OBJ ?o) (TRUCK ?t) (LOCATION ?l) (at ?t ?l) (at ?o ?l))
  :effect (and (not (at ?o ?l)) (in ?o ?t)))
 (:action LOAD-AIRPLANE :parameters (?o ?a ?l)
  :precondition (and (OBJ ?o) (AIRPLANE ?a) (LOCATION ?l) (at ?o ?l) (at ?a ?l))
  :effect (and (not (at ?o ?l)) (in ?o ?a)))
 (:action UNLOAD-TRUCK :parameters (?o ?t ?l)
  :precondition (and (OBJ ?o) (TRUCK ?t) (LOCATION ?l) (at ?t ?l) (in ?o ?t))
  :effect (and (not (in ?o ?t)) (at ?o ?l)))
 (:action UNLOAD-AIRPLANE :parameters (?o ?a ?l)
  :precondition (and (OBJ ?o) (AIRPLANE ?a) (LOCATION ?l) (in ?o ?a) (at ?a ?l))
  :effect (and (not (in ?o ?a)) (at ?o ?l)))
 (:action DRIVE-TRUCK :parameters (?t ?from ?to ?c)
  :precondition (and (TRUCK ?t) (LOCATION ?from) (LOCATION ?to) (CITY ?c) (at ?t ?from)
    (in-city ?from ?c) (in-city ?to ?c))
  :effect (and (not (at ?t ?from)) (at ?t ?to)))
 (:action FLY-AIRPLANE :parameters (?a ?from ?to)
  :precondition (and (AIRPLANE ?a) (AIRPORT ?from) (AIRPORT ?to) (at ?a ?from))
  :effect (and (not (at ?a ?from)) (at ?a ?to))))"""

DEPOT = """(define (domain yard) (:requirements :strips :typing)
 (:types site locatable - object store shop - site lorry crane surface - locatable base box - surface)
 (:predicates (at ?x - locatable ?s - site) (on ?b - box ?s - surface) (in ?b - box ?l - lorry)
  (lifting ?c - crane ?b - box) (idle ?c - crane) (clear ?s - surface))
 (:action drive :parameters (?l - lorry ?a ?b - site) :precondition (at ?l ?a)
  :effect (and (not (at ?l ?a)) (at ?l ?b)))
 (:action lift :parameters (?c - crane ?b - box ?u - surface ?s - site)
  :precondition (and (at ?c ?s) (idle ?c) (at ?b ?s) (on ?b ?u) (clear ?b))
  :effect (and (not (at ?b ?s)) (lifting ?c ?b) (not (clear ?b)) (not (idle ?c)) (clear ?u) (not (on ?b ?u))))
 (:action drop :parameters (?c - crane ?b - box ?u - surface ?s - site)
  :precondition (and (at ?c ?s) (at ?u ?s) (clear ?u) (lifting ?c ?b))
  :effect (and (idle ?c) (not (lifting ?c ?b)) (at ?b ?s) (not (clear ?u)) (clear ?b) (on ?b ?u)))
 (:action load :parameters (?c - crane ?b - box ?l - lorry ?s - site)
  :precondition (and (at ?c ?s) (at ?l ?s) (lifting ?c ?b)) :effect (and (not (lifting ?c ?b)) (in ?b ?l) (idle ?c)))
 (:action unload :parameters (?c - crane ?b - box ?l - lorry ?s - site)
  :precondition (and (at ?c ?s) (at ?l ?s) (idle ?c) (in ?b ?l))
  :effect (and (not (in ?b ?l)) (not (idle ?c)) (lifting ?c ?b))))"""

GRIPPER = """(define (domain hands) (:requirements :strips)
 (:predicates (room ?r) (ball ?b) (hand ?g) (robot-in ?r) (at ?b ?r) (free ?g) (holds ?g ?b))
 (:action move :parameters (?from ?to) :precondition (and (room ?from) (room ?to) (robot-in ?from))
  :effect (and (robot-in ?to) (not (robot-in ?from))))
 (:action pick :parameters (?b ?r ?g)
  :precondition (and (ball ?b) (room ?r) (hand ?g) (at ?b ?r) (robot-in ?r) (free ?g))
  :effect (and (holds ?g ?b) (not (at ?b ?r)) (not (free ?g))))
 (:action drop :parameters (?b ?r ?g) :precondition (and (ball ?b) (room ?r) (hand ?g) (holds ?g ?b) (robot-in ?r))
  :effect (and (at ?b ?r) (free ?g) (not (holds ?g ?b)))))"""

FERRY = """(define (domain boats) (:requirements :strips :typing :negative-preconditions)
 (:types port car) (:predicates (here ?p - port) (at ?c - car ?p - port) (empty) (aboard ?c - car))
 (:action sail :parameters (?a ?b - port) :precondition (and (here ?a) (not (here ?b)))
  :effect (and (here ?b) (not (here ?a))))
 (:action board :parameters (?c - car ?p - port) :precondition (and (at ?c ?p) (here ?p) (empty))
  :effect (and (aboard ?c) (not (at ?c ?p)) (not (empty))))
 (:action debark :parameters (?c - car ?p - port) :precondition (and (aboard ?c) (here ?p))
  :effect (and (at ?c ?p) (empty) (not (aboard ?c)))))"""

SATELLITE = """(define (domain orbits) (:requirements :strips :equality :typing) (:types satellite star tool mode)
 (:predicates (carries ?t - tool ?s - satellite) (supports ?t - tool ?m - mode) (points ?s - satellite ?d - star)
  (power-left ?s - satellite) (powered ?t - tool) (calibrated ?t - tool) (picture ?d - star ?m - mode)
  (target ?t - tool ?d - star))
 (:action turn :parameters (?s - satellite ?new ?old - star) :precondition (and (points ?s ?old) (not (= ?new ?old)))
  :effect (and (points ?s ?new) (not (points ?s ?old))))
 (:action switch-on :parameters (?t - tool ?s - satellite) :precondition (and (carries ?t ?s) (power-left ?s))
  :effect (and (powered ?t) (not (calibrated ?t)) (not (power-left ?s))))
 (:action switch-off :parameters (?t - tool ?s - satellite) :precondition (and (carries ?t ?s) (powered ?t))
  :effect (and (not (powered ?t)) (power-left ?s)))
 (:action calibrate :parameters (?s - satellite ?t - tool ?d - star)
  :precondition (and (carries ?t ?s) (target ?t ?d) (points ?s ?d) (powered ?t)) :effect (calibrated ?t))
 (:action take :parameters (?s - satellite ?d - star ?t - tool ?m - mode)
  :precondition (and (calibrated ?t) (carries ?t ?s) (supports ?t ?m) (powered ?t) (points ?s ?d))
  :effect (picture ?d ?m)))"""

ROVER = """(define (domain probes) (:requirements :strips :typing) (:types probe point bag)
 (:predicates (at ?r - probe ?p - point) (way ?a ?b - point) (sees ?a ?b - point) (bag-of ?b - bag ?r - probe)
  (empty ?b - bag) (full ?b - bag) (soil ?p - point) (rock ?p - point) (has-soil ?r - probe ?p - point)
  (has-rock ?r - probe ?p - point) (sent-soil ?p - point) (sent-rock ?p - point) (lander ?p - point))
 (:action go :parameters (?r - probe ?a ?b - point) :precondition (and (at ?r ?a) (way ?a ?b))
  :effect (and (at ?r ?b) (not (at ?r ?a))))
 (:action dig :parameters (?r - probe ?b - bag ?p - point)
  :precondition (and (at ?r ?p) (soil ?p) (bag-of ?b ?r) (empty ?b))
  :effect (and (has-soil ?r ?p) (full ?b) (not (empty ?b)) (not (soil ?p))))
 (:action chip :parameters (?r - probe ?b - bag ?p - point)
  :precondition (and (at ?r ?p) (rock ?p) (bag-of ?b ?r) (empty ?b))
  :effect (and (has-rock ?r ?p) (full ?b) (not (empty ?b)) (not (rock ?p))))
 (:action tip :parameters (?r - probe ?b - bag) :precondition (and (bag-of ?b ?r) (full ?b))
  :effect (and (empty ?b) (not (full ?b))))
 (:action send-soil :parameters (?r - probe ?s ?x ?l - point)
  :precondition (and (at ?r ?x) (has-soil ?r ?s) (lander ?l) (sees ?x ?l)) :effect (sent-soil ?s))
 (:action send-rock :parameters (?r - probe ?s ?x ?l - point)
  :precondition (and (at ?r ?x) (has-rock ?r ?s) (lander ?l) (sees ?x ?l)) :effect (sent-rock ?s)))"""

MICONIC = """(define (domain lift) (:requirements :strips) (:predicates (person ?x) (floor ?x) (from ?p ?f) (to ?p ?f)
  (above ?low ?high) (boarded ?p) (served ?p) (lift-at ?f))
 (:action board :parameters (?f ?p) :precondition (and (floor ?f) (person ?p) (lift-at ?f) (from ?p ?f))
  :effect (boarded ?p))
 (:action depart :parameters (?f ?p) :precondition (and (floor ?f) (person ?p) (lift-at ?f) (to ?p ?f) (boarded ?p))
  :effect (and (not (boarded ?p)) (served ?p)))
 (:action up :parameters (?a ?b) :precondition (and (floor ?a) (floor ?b) (lift-at ?a) (above ?a ?b))
  :effect (and (lift-at ?b) (not (lift-at ?a))))
 (:action down :parameters (?a ?b) :precondition (and (floor ?a) (floor ?b) (lift-at ?a) (above ?b ?a))
  :effect (and (lift-at ?b) (not (lift-at ?a)))))"""

DRIVERLOG = """(define (domain vans) (:requirements :strips :typing)
 (:types place thing - object driver van parcel - thing)
 (:predicates (at ?x - thing ?p - place) (in ?p - parcel ?v - van) (driving ?d - driver ?v - van) (road ?a ?b - place)
  (path ?a ?b - place) (empty ?v - van))
 (:action load :parameters (?p - parcel ?v - van ?l - place) :precondition (and (at ?v ?l) (at ?p ?l))
  :effect (and (not (at ?p ?l)) (in ?p ?v)))
 (:action unload :parameters (?p - parcel ?v - van ?l - place) :precondition (and (at ?v ?l) (in ?p ?v))
  :effect (and (not (in ?p ?v)) (at ?p ?l)))
 (:action get-in :parameters (?d - driver ?v - van ?l - place) :precondition (and (at ?v ?l) (at ?d ?l) (empty ?v))
  :effect (and (not (at ?d ?l)) (driving ?d ?v) (not (empty ?v))))
 (:action get-out :parameters (?d - driver ?v - van ?l - place) :precondition (and (at ?v ?l) (driving ?d ?v))
  :effect (and (not (driving ?d ?v)) (at ?d ?l) (empty ?v)))
 (:action drive :parameters (?v - van ?a ?b - place ?d - driver)
  :precondition (and (at ?v ?a) (driving ?d ?v) (road ?a ?b)) :effect (and (not (at ?v ?a)) (at ?v ?b)))
 (:action walk :parameters (?d - driver ?a ?b - place) :precondition (and (at ?d ?a) (path ?a ?b))
  :effect (and (not (at ?d ?a)) (at ?d ?b))))"""

Pair = tuple[str, str]


def _pair(domain: str, objects: str, init: list[str], goal: list[str]) -> Pair:
    name = domain.split()[2].rstrip(")")
    return domain, (
        f"(define (problem small) (:domain {name}) (:objects {objects})\n"
        f" (:init {' '.join(f'({fact})' for fact in init)})\n (:goal (and {' '.join(f'({fact})' for fact in goal)})))"
    )


def _ring(dice: random.Random, places: list[str], word: str, more: int) -> list[str]:
    """Ways between places, both ways, on which every place can be reached."""
    edges = {(a, b) for a, b in itertools.pairwise(places)}
    edges |= {tuple(dice.sample(places, 2)) for _ in range(more)}  # type: ignore[misc]
    return [f"{word} {a} {b}" for x, y in sorted(edges) for a, b in ((x, y), (y, x))]


def logistics(seed: int) -> Pair:
    """Return trucks and airplanes, whose kinds are predicates."""
    dice = random.Random(f"post {seed}")
    cities = [f"c{number}" for number in range(dice.randint(2, 3))]
    places = {city: [f"{city}-l{number}" for number in range(dice.randint(2, 3))] for city in cities}
    every = [place for city in cities for place in places[city]]
    parcels = [f"o{number}" for number in range(dice.randint(1, 4))]
    trucks, planes = [f"t-{city}" for city in cities], ["a0"]
    init = [f"CITY {one}" for one in cities] + [f"LOCATION {one}" for one in every] + [f"OBJ {one}" for one in parcels]
    init += [f"AIRPORT {places[city][0]}" for city in cities]
    init += [f"in-city {place} {city}" for city in cities for place in places[city]]
    init += [f"TRUCK {one}" for one in trucks] + [f"AIRPLANE {one}" for one in planes]
    init += [f"at t-{city} {dice.choice(places[city])}" for city in cities] + [f"at a0 {places[cities[0]][0]}"]
    goal = []
    for parcel in parcels:
        here, there = dice.sample(every, 2)
        init.append(f"at {parcel} {here}")
        goal.append(f"at {parcel} {there}")
    return _pair(POST, " ".join([*cities, *every, *parcels, *trucks, *planes]), init, goal)


def depots(seed: int) -> Pair:
    """Return trucks, hoists and crates on pallets."""
    dice = random.Random(f"yard {seed}")
    sites = ["store0", "shop0", "shop1"][: dice.randint(2, 3)]
    boxes = [f"b{number}" for number in range(dice.randint(2, 4))]
    bases = [f"base-{site}" for site in sites]
    init = [f"at base-{site} {site}" for site in sites] + [f"at crane-{site} {site}" for site in sites]
    init += [f"idle crane-{site}" for site in sites] + [f"at lorry0 {dice.choice(sites)}"]
    piles = {site: [f"base-{site}"] for site in sites}
    for box in boxes:
        site = dice.choice(sites)
        init += [f"on {box} {piles[site][-1]}", f"at {box} {site}"]
        piles[site].append(box)
    init += [f"clear {pile[-1]}" for pile in piles.values()]
    wanted = {site: [f"base-{site}"] for site in sites}
    goal = []
    for box in dice.sample(boxes, len(boxes)):
        site = dice.choice(sites)
        goal.append(f"on {box} {wanted[site][-1]}")
        wanted[site].append(box)
    kinds = [f"store0 - store {' '.join(sites[1:])} - shop", f"{' '.join(boxes)} - box {' '.join(bases)} - base"]
    return _pair(
        DEPOT, " ".join([*kinds, f"{' '.join(f'crane-{s}' for s in sites)} - crane lorry0 - lorry"]), init, goal
    )


def gripper(seed: int) -> Pair:
    """Return a robot with two hands that carries balls."""
    dice = random.Random(f"hands {seed}")
    balls, rooms = [f"b{number}" for number in range(dice.randint(2, 6))], ["r0", "r1", "r2"][: dice.randint(2, 3)]
    init = [f"room {room}" for room in rooms] + [f"ball {ball}" for ball in balls]
    init += ["hand left", "hand right", "free left", "free right", f"robot-in {dice.choice(rooms)}"]
    goal = []
    for ball in balls:
        here, there = dice.sample(rooms, 2)
        init.append(f"at {ball} {here}")
        goal.append(f"at {ball} {there}")
    return _pair(GRIPPER, " ".join([*rooms, *balls, "left", "right"]), init, goal)


def ferry(seed: int) -> Pair:
    """Return cars that are taken across by a ferry."""
    dice = random.Random(f"boats {seed}")
    ports, cars = [f"p{number}" for number in range(dice.randint(2, 4))], [f"c{n}" for n in range(dice.randint(1, 4))]
    init, goal = [f"here {dice.choice(ports)}", "empty"], []
    for car in cars:
        here, there = dice.sample(ports, 2)
        init.append(f"at {car} {here}")
        goal.append(f"at {car} {there}")
    return _pair(FERRY, f"{' '.join(ports)} - port {' '.join(cars)} - car", init, goal)


def satellite(seed: int) -> Pair:
    """Return satellites that take pictures."""
    dice = random.Random(f"orbits {seed}")
    stars, modes = [f"s{number}" for number in range(dice.randint(4, 6))], ["infrared", "x-ray"]
    ships = [f"sat{number}" for number in range(dice.randint(1, 2))]
    tools = [f"tool{number}" for number in range(len(ships) + 1)]
    init = [f"power-left {ship}" for ship in ships] + [f"points {ship} {dice.choice(stars)}" for ship in ships]
    for number, tool in enumerate(tools):
        init += [f"carries {tool} {ships[number % len(ships)]}", f"target {tool} {dice.choice(stars)}"]
        init += [f"supports {tool} {modes[number % 2]}"]
    goal = [f"picture {star} {dice.choice(modes)}" for star in dice.sample(stars, dice.randint(1, 3))]
    objects = f"{' '.join(ships)} - satellite {' '.join(stars)} - star {' '.join(tools)} - tool infrared x-ray - mode"
    return _pair(SATELLITE, objects, init, goal)


def rovers(seed: int) -> Pair:
    """Return rovers that take samples and send what they found."""
    dice = random.Random(f"probes {seed}")
    points = [f"w{number}" for number in range(dice.randint(4, 6))]
    probes = [f"probe{number}" for number in range(dice.randint(1, 2))]
    init = _ring(dice, points, "way", 2) + _ring(dice, points, "sees", 1) + [f"lander {dice.choice(points)}"]
    for number, probe in enumerate(probes):
        init += [f"at {probe} {dice.choice(points)}", f"bag-of bag{number} {probe}", f"empty bag{number}"]
    goal = []
    for word in ("soil", "rock"):
        for point in dice.sample(points, dice.randint(1, 2)):
            init.append(f"{word} {point}")
            goal.append(f"sent-{word} {point}")
    bags = " ".join(f"bag{number}" for number in range(len(probes)))
    return _pair(ROVER, f"{' '.join(probes)} - probe {' '.join(points)} - point {bags} - bag", init, goal)


def miconic(seed: int) -> Pair:
    """Return a problem of the shape of an elevator."""
    dice = random.Random(f"lift {seed}")
    floors = [f"f{number}" for number in range(dice.randint(3, 6))]
    people = [f"p{number}" for number in range(dice.randint(1, 4))]
    init = [f"floor {one}" for one in floors] + [f"person {one}" for one in people] + [f"lift-at {dice.choice(floors)}"]
    init += [f"above {low} {high}" for n, low in enumerate(floors) for high in floors[n + 1 :]]
    for one in people:
        here, there = dice.sample(floors, 2)
        init += [f"from {one} {here}", f"to {one} {there}"]
    return _pair(MICONIC, " ".join(floors + people), init, [f"served {one}" for one in people])


def driverlog(seed: int) -> Pair:
    """Return drivers who walk to their vans."""
    dice = random.Random(f"vans {seed}")
    places = [f"s{number}" for number in range(dice.randint(3, 4))]
    drivers, vans = [f"d{n}" for n in range(dice.randint(1, 2))], [f"v{n}" for n in range(dice.randint(1, 2))]
    parcels = [f"p{number}" for number in range(dice.randint(1, 3))]
    init = _ring(dice, places, "road", 1) + _ring(dice, places, "path", 1) + [f"empty {van}" for van in vans]
    init += [f"at {one} {dice.choice(places)}" for one in (*drivers, *vans)]
    goal = [f"at {dice.choice([*drivers, *vans])} {dice.choice(places)}"]
    for parcel in parcels:
        here, there = dice.sample(places, 2)
        init.append(f"at {parcel} {here}")
        goal.append(f"at {parcel} {there}")
    kinds = (
        f"{' '.join(places)} - place {' '.join(drivers)} - driver {' '.join(vans)} - van {' '.join(parcels)} - parcel"
    )
    return _pair(DRIVERLOG, kinds, init, goal)


SHAPES: dict[str, Callable[[int], Pair]] = {
    "logistics": logistics, "depots": depots, "gripper": gripper, "ferry": ferry, "satellite": satellite,
    "rovers": rovers, "miconic": miconic, "driverlog": driverlog,
}  # fmt: skip
"""By the name that the competitions gave the shape."""


HANOI = """(define (domain pegs) (:requirements :strips)
 (:predicates (clear ?x) (on ?x ?y) (smaller ?x ?y))
 (:action move :parameters (?disc ?from ?to)
  :precondition (and (smaller ?to ?disc) (on ?disc ?from) (clear ?disc) (clear ?to))
  :effect (and (clear ?from) (on ?disc ?to) (not (on ?disc ?from)) (not (clear ?to)))))"""


def hanoi(disks: int) -> Pair:
    """Return a Tower of Hanoi: the shortest plan has 2^disks - 1 actions."""
    discs, pegs = [f"d{number:02}" for number in range(1, disks + 1)], ["p1", "p2", "p3"]
    init = [f"smaller {peg} {disc}" for peg in pegs for disc in discs]
    init += [f"smaller {large} {small}" for n, small in enumerate(discs) for large in discs[n + 1 :]]
    init += [f"on {small} {large}" for small, large in itertools.pairwise([*discs, "p1"])]
    goal = [f"on {small} {large}" for small, large in itertools.pairwise([*discs, "p3"])]
    return _pair(HANOI, " ".join(discs + pegs), [*init, f"clear {discs[0]}", "clear p2", "clear p3"], goal)
