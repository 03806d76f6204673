"""Many PDDL problems at once: files that were found in a folder, or a published JSON file.

A collection is kept as one JSON text, so that a run directory holds the problems themselves.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.tasks import planbench
from surefoot.decompose.tasks.pddl_costs import Costs
from surefoot.decompose.tasks.pddl_forms import Form, Refused, forms
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.decompose.tasks.planbench import Entry

MOST = 10_000
"""Problems of a collection."""


class Unread(msgspec.Struct, frozen=True):
    """A problem of a collection that cannot be read: it has its row, and nothing is asked about it.

    Attributes:
        name: For people and tables.
        why: What is wrong with it, in one line.
        start: Nothing.
        goal: Nothing.
        cap: No action.
    """

    name: str
    why: str
    start: str = ""
    goal: str = ""
    cap: int = 1


class Collected(msgspec.Struct, frozen=True):
    """A problem of a collection, and what the problem's actions cost."""

    problem: Problem | Unread
    costs: Costs | None = None


@functools.lru_cache(maxsize=8)
def collected(text: str, domain: str | None, cap: int) -> tuple[Collected, ...]:
    """Return the problems of a collection, in the collection's order.

    Args:
        text: The collection.
        domain: Domain of the problems that have none of their own.
        cap: Most actions of a plan.

    Raises:
        ValueError: The text is no collection.
    """
    found = _entries(text)
    if not found:
        raise ValueError("problems: there is none in the file")
    if len(found) > MOST:
        raise ValueError(f"problems: {len(found)} are more than {MOST}")
    seen: dict[str, int] = {}
    posed = []
    for entry in found:
        seen[entry.name] = seen.get(entry.name, 0) + 1
        name = entry.name if seen[entry.name] == 1 else f"{entry.name} ({seen[entry.name]})"
        posed.append(_posed(name, entry, domain, cap))
    return tuple(posed)


def texts_of(text: str, domain: str | None) -> list[tuple[str, str]]:
    """Return domain and problem of each entry of a collection that has both, as PDDL texts.

    Raises:
        ValueError: The text is no collection.
    """
    found = [(domain or entry.domain, entry.problem) for entry in _entries(text) if entry.problem]
    return [(one, other) for one, other in found if one]


def _entries(text: str) -> list[Entry]:
    try:
        decoded: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"problems: neither PDDL files nor JSON: {error}") from error
    if isinstance(decoded, dict) and "pairs" in decoded:
        try:
            return msgspec.convert(decoded["pairs"], list[Entry])
        except msgspec.ValidationError as error:
            raise ValueError(f"problems: {error}") from error
    return planbench.entries(decoded)


def _posed(name: str, entry: Entry, domain: str | None, cap: int) -> Collected:
    if entry.refused and not (domain and entry.problem):
        return Collected(Unread(name, entry.refused))
    if not (entry.domain or domain):
        return Collected(Unread(name, "there is no domain for it"))
    try:
        found = read(domain or entry.domain, entry.problem)
    except ValueError as error:
        return Collected(Unread(name, str(error)))
    return Collected(Problem(name, found.world, found.start, found.goal, cap), found.costs)


def collection_of(files: Mapping[str, str]) -> str:
    """Put the files of a folder together as a collection: each problem with the domain it belongs to.

    A problem's domain is the one it names; of several, the one in its folder, with its number, whose file's name begins
    most like its own. Where that leaves several that differ, the problem has its row, which names them.

    Args:
        files: Texts by name.

    Raises:
        ValueError: There is no problem among them.
    """
    kinds = {name: _kind(text) for name, text in files.items()}
    domains = [name for name, (kind, _) in kinds.items() if kind == "domain"]
    problems = sorted(name for name, (kind, _) in kinds.items() if kind == "problem")
    if not problems:
        raise ValueError("problems: there is no PDDL problem in these files")
    found = []
    for name in problems:
        wanted = kinds[name][1]
        fitting = [one for one in domains if kinds[one][1] == wanted] or domains
        nearest = max((_likeness(one, name) for one in fitting), default=None)
        chosen = sorted(one for one in fitting if _likeness(one, name) == nearest)
        if len({files[one] for one in chosen}) > 1:
            why = f"its domain {wanted} is in {chosen[0]} and in {chosen[1]}: it cannot be told which; give --domain"
            found.append(Entry(name, "", files[name], why))
        else:
            found.append(Entry(name, files[chosen[0]] if chosen else "", files[name]))
    return msgspec.json.encode({"pairs": found}).decode()


def _kind(text: str) -> tuple[str, str]:
    """``domain`` and its name, ``problem`` and its domain's name; a text that is damaged counts as a problem."""
    try:
        top = [part for part in forms(text) if isinstance(part, Form) and part.head == "define"]
    except Refused:
        return ("domain", "") if "(domain" in text.lower().replace(" ", "") and "(:action" in text else ("problem", "")
    for form in top:
        header = form.parts[1] if len(form.parts) > 1 else None
        if isinstance(header, Form) and header.head == "domain":
            return "domain", str(header.parts[-1])
        named = [part for part in form.parts if isinstance(part, Form) and part.head == ":domain"]
        return "problem", str(named[0].parts[-1]) if named else ""
    return "other", ""


def _likeness(one: str, other: str) -> tuple[int, int, int]:
    """How alike the names of two files are: folders and numbers in common, letters that they begin with alike."""
    (*folders, base), (*others, other_base) = one.split("/"), other.split("/")
    numbers, other_numbers = (set(map(int, re.findall("[0-9]{1,9}", name))) for name in (base, other_base))
    return _shared(folders, others), len(numbers & other_numbers), _shared(base, other_base)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many parts two sequences begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
