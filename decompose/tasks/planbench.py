"""Problems from PlanBench's JSON files (Valmeekam et al., NeurIPS 2023), as the published planner used them.

A file has ``instances``, each with a ``query``: a prompt whose last ``[STATEMENT]`` says the start and the goal in
sentences, or which quotes domain and problem in PDDL. The sentences are those of three domains: blocksworld, its
mystery wording and logistics.
"""

import functools
import re
from typing import Any

import msgspec

from surefoot.decompose.tasks.pddl_generators import LOGISTICS, generated
from surefoot.decompose.tasks.pddl_templates import ATOM_TEMPLATES
from surefoot.decompose.tasks.strips_formulas import Atom
from surefoot.decompose.tasks.strips_words import Patterns, patterns_of

_SAID = re.compile(r"initial conditions I have that,?\s*(.*?)\.\s*My goal is to have that\s*(.*?)\.", re.DOTALL)
_KINDS = ("truck", "airplane", "package", "city", "location")


class Entry(msgspec.Struct, frozen=True):
    """One problem of a PlanBench collection.

    Attributes:
        name: For people and tables.
        domain: PDDL text; empty if the collection has one for all.
        problem: PDDL text.
        refused: Why there is no text; empty if there is.
    """

    name: str
    domain: str = ""
    problem: str = ""
    refused: str = ""


def entries(found: Any) -> list[Entry]:
    """Return the problems of a decoded PlanBench file; a problem that cannot be read says why.

    Raises:
        ValueError: It is no file of PlanBench's.
    """
    instances = found.get("instances") if isinstance(found, dict) else None
    if not isinstance(instances, list) or not instances:
        raise ValueError("problems: the JSON has no list of instances")
    return [_entry(number, instance) for number, instance in enumerate(instances, 1)]


def _entry(number: int, instance: Any) -> Entry:
    told = instance if isinstance(instance, dict) else {}
    identity, query = told.get("instance_id", number), told.get("query")
    name = f"instance-{identity}" if isinstance(identity, int | str) else f"instance-{number}"
    if not isinstance(query, str):
        return Entry(name, refused="the instance has no query")
    quoted = [query[place.start() :] for place in re.finditer(r"\(\s*define\s*\(", query)]
    if len(quoted) >= 2:
        domain, problem = quoted[-2].removesuffix(quoted[-1]), quoted[-1]
        return Entry(name, _brackets(domain), _brackets(problem))
    said = _SAID.findall(query)
    if not said:
        return Entry(name, refused="the query states no start and goal")
    return _from_sentences(name, *said[-1])


def _brackets(text: str) -> str:
    """A text up to where its first bracket is closed."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and depth == 0:
            return text[: place + 1]
    return text


def _from_sentences(name: str, start: str, goal: str) -> Entry:
    for domain, sentences in _sentences().items():
        init, wanted = ([sentences.read(one) for one in _facts(text)] for text in (start, goal))
        if all(init) and all(wanted):
            known = [fact for fact in init if fact is not None], [fact for fact in wanted if fact is not None]
            return Entry(name, *_posed(domain, *known))
    return Entry(name, refused="its sentences are those of no known domain")


@functools.cache
def _sentences() -> dict[str, Patterns]:
    """The sentences of each domain; a blocksworld's are tried first."""
    return {name: patterns_of(ATOM_TEMPLATES[name]) for name in ("blocksworld", "mystery", "logistics")}


def _facts(text: str) -> list[str]:
    return [one.strip() for one in re.split(r",\s*(?:and\s+)?|\s+and\s+", " ".join(text.split())) if one.strip()]


def _posed(domain: str, init: list[Atom], goal: list[Atom]) -> tuple[str, str]:
    """Domain and problem as PDDL."""
    names = sorted({argument for fact in (*init, *goal) for argument in fact[1:]})
    text = LOGISTICS if domain == "logistics" else generated("mystery" if domain == "mystery" else "blocksworld", 1)[0]
    airports = {fact[1] for fact in init if fact[0] == "airport"}
    shown = [f"{one} - {_kind(one, airports)}" for one in names] if domain == "logistics" else names
    facts = " ".join(f"({' '.join(fact)})" for fact in init if fact[0] != "airport")
    wanted = " ".join(f"({' '.join(fact)})" for fact in goal)
    head = f"(define (problem published) (:domain {domain}) (:objects {' '.join(shown)})"
    return text, f"{head} (:init {facts}) (:goal (and {wanted})))"


def _kind(name: str, airports: set[str]) -> str:
    """The type of an object of logistics, by its name, as the published translation names them."""
    if name in airports:
        return "airport"
    return next((kind for kind in _KINDS if name.startswith(kind)), "package")
