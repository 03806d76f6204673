"""Castles that are known by name, and those that are written down: doors as ``1-2``, chests as ``8:50``.

Sources: Momennejad et al., CogEval (cogeval/cogmaps, MIT licence, (c) 2023 cogmaps) for the graphs.
"""

import re

from surefoot.decompose.tasks.rooms import Chest, Edge

N15STAR = (
    "1-7 1-10 1-13 1-11 2-5 2-8 2-11 2-14 3-6 3-9 3-12 3-8 4-7 4-10 4-13 4-15 5-8 5-11 5-14 "
    "6-9 6-12 6-15 7-10 7-13 8-14 9-12 9-15 10-13 11-14 12-15"
)
N7TREE = "1-2 1-3 2-4 2-5 3-6 3-7"
CASTLES = {
    "n7line": "1-2 1-3 2-4 3-5 4-6 5-7",
    "n13line": "1-2 1-3 2-4 4-6 6-8 8-10 10-12 3-5 5-7 7-9 9-11 11-13",
    "n16cluster": (
        "1-2 1-3 1-4 1-7 2-3 2-4 2-14 3-4 3-16 4-5 5-6 5-7 5-8 6-7 6-8 6-11 7-8 8-9 9-10 9-11 9-12 10-11 10-12 11-12 "
        "12-13 13-14 13-15 13-16 14-15 14-16 15-16 15-10"
    ),
}
"""CogEval's lines and clusters, with the lobby as room 1; they come without chests."""
TREE_CHESTS = ((4, 56), (5, 22), (6, 10), (7, 50))


def edges_of(text: str) -> tuple[Edge, ...]:
    """Read two-way doors from ``"1-2 2-3"`` or ``"1-2,2-3"``.

    Raises:
        ValueError: Something is not a pair of different room numbers, or there are no pairs.
    """
    return doors_of(text)[0]


def doors_of(text: str) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
    """Read two-way doors, such as ``1-2``, and one-way doors, such as ``1>2``, each in their order.

    Raises:
        ValueError: Something is not a pair of different room numbers, or there are no pairs.
    """
    # Dictionaries keep the order written and each door once.
    found: dict[str, dict[Edge, None]] = {"-": {}, ">": {}}
    for part in text.replace(",", " ").split():
        # Not ``\d``, which takes the digits of every script.
        pair = re.fullmatch(r"([0-9]{1,4})([->])([0-9]{1,4})", part)
        if pair is None or int(pair[1]) == int(pair[3]):
            raise ValueError(f"edges: {part!r} is not a pair of different rooms such as 1-2")
        found[pair[2]][int(pair[1]), int(pair[3])] = None
    if not any(found.values()):
        raise ValueError("edges: at least one pair such as 1-2 is needed")
    return tuple(found["-"]), tuple(found[">"])


def chests_of(text: str) -> tuple[Chest, ...]:
    """Read chests from ``"8:50 15:10"``; a chest's worth may be negative.

    Raises:
        ValueError: Something is not a room and a worth, or a room is named twice.
    """
    found: list[Chest] = []
    for part in text.replace(",", " ").split():
        room, _, worth = part.partition(":")
        if re.fullmatch(r"[0-9]{1,4}:-?[0-9]{1,9}", part) is None:
            raise ValueError(f"chests: {part!r} is not a room and its worth such as 8:50")
        if int(room) in dict(found):
            raise ValueError(f"chests: room {room} is named twice")
        found.append((int(room), int(worth)))
    return tuple(found)
