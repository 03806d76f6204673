"""The exact rules of river crossing, for scoring finished runs. Nothing that decides imports it."""

import itertools

from surefoot.decompose.referees.own_world import world_referee


def moves(state: str) -> dict[str, str]:
    """Return the possible crossings of a state, each with the state that follows."""
    banks, bank, places = state.split(" ")
    left, right = (set(part) - {"-"} for part in banks.split("/"))
    here, there = (left, right) if bank == "left" else (right, left)
    found = {}
    for count in range(1, int(places) + 1):
        for crossing in map(set, itertools.combinations(sorted(here), count)):
            stay, arrived = here - crossing, there | crossing
            if not all(map(safe, (crossing, stay, arrived))):
                continue
            one, other = (stay, arrived) if bank == "left" else (arrived, stay)
            side = "right" if bank == "left" else "left"
            found[f"cross {said(crossing)}"] = f"{said(one) or '-'}/{said(other) or '-'} {side} {places}"
    return found


def safe(people: set[str]) -> bool:
    """Return whether no actor is with agents without his own."""
    agents = {person for person in people if person.isupper()}
    return not agents or all(person.upper() in agents for person in people)


def said(people: set[str]) -> str:
    """Return people in order, agents first."""
    return "".join(sorted(people))


verify = world_referee(moves)
