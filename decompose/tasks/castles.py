"""Castles that are known by name, and those that are written down: doors as ``1-2``, chests as ``8:50``.

Sources: Momennejad et al., CogEval (cogeval/cogmaps, MIT licence, (c) 2023 cogmaps) for the graphs.
"""

import re

import msgspec

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
    "n21star": (
        "1-2 1-3 1-4 1-5 1-6 1-7 12-13 12-14 12-8 12-9 12-10 12-11 21-15 21-16 21-17 21-18 21-19 21-20 "
        "6-7 6-2 6-3 6-4 6-5 3-4 3-5 3-7 3-2 14-4 14-8 14-9 14-10 14-11 10-11 10-13 10-8 10-9 19-20 19-15 "
        "19-16 19-17 19-18 5-7 5-2 5-16 8-9 8-11 8-13 9-11 9-13 18-20 18-15 18-16 18-17 7-2 7-4 11-13 "
        "20-15 20-16 20-17 2-4 13-17 17-15 15-16"
    ),
}
"""CogEval's lines, its clusters and the star of 21 rooms, with the lobby as room 1; they come without chests."""
TREE_CHESTS = ((4, 56), (5, 22), (6, 10), (7, 50))


def edges_of(text: str) -> tuple[Edge, ...]:
    """Read two-way doors from ``"1-2 2-3"`` or ``"1-2,2-3"``.

    Raises:
        ValueError: Something is not a pair of different room numbers, or there are no pairs.
    """
    return doors_of(text).both_ways


class Doors(msgspec.Struct, frozen=True):
    """The doors of a castle, each in the order written.

    Attributes:
        both_ways: Doors, each once.
        one_way: Doors, and teleports, that lead from the first room to the second and not back.
        chances: Doors that do not always open: from, to, and in how many of 100 attempts.
    """

    both_ways: tuple[Edge, ...]
    one_way: tuple[Edge, ...] = ()
    chances: tuple[tuple[int, int, int], ...] = ()


def doors_of(text: str) -> Doors:
    """Read two-way doors, such as ``1-2``, one-way doors, such as ``1>2``, and their chances, such as ``1-2@80``.

    A castle in CogEval's sentences ("Room 1 is connected to rooms 2, 3, and 4.") is read as well.

    Raises:
        ValueError: Something is not a pair of different room numbers, or there are no pairs.
    """
    # Dictionaries keep the order written and each door once.
    found: dict[str, dict[Edge, int]] = {"-": {}, ">": {}}
    for part in _in_pairs(text).replace(",", " ").split():
        # Not ``\d``, which takes the digits of every script.
        pair = re.fullmatch(r"([0-9]{1,4})([->])([0-9]{1,4})(?:@([0-9]{1,3}))?", part)
        if pair is None or int(pair[1]) == int(pair[3]):
            raise ValueError(f"edges: {part!r} is not a pair of different rooms such as 1-2")
        percent = int(pair[4] or 100)
        if not 5 <= percent <= 100:
            raise ValueError(f"edges: {part!r}: a door opens in 5 to 100 of 100 attempts")
        found[pair[2]][int(pair[1]), int(pair[3])] = percent
    if not any(found.values()):
        raise ValueError("edges: at least one pair such as 1-2 is needed")
    every = [*found["-"].items(), *((edge[::-1], percent) for edge, percent in found["-"].items()), *found[">"].items()]
    chances = tuple((a, b, percent) for (a, b), percent in every if percent < 100)
    return Doors(tuple(found["-"]), tuple(found[">"]), chances)


_SENTENCE = re.compile(r"room ([0-9]{1,4}) is connected to rooms? ((?:[0-9]{1,4}|room|and|[, ])+)", re.IGNORECASE)


def _in_pairs(text: str) -> str:
    """CogEval's sentences about connected rooms as pairs; any other text as it is."""
    if "connected" not in text:
        return text
    return " ".join(
        f"{room}-{near}" for room, listed in _SENTENCE.findall(text) for near in re.findall("[0-9]+", listed)
    )


def chests_of(text: str) -> tuple[Chest, ...]:
    """Read chests from ``"8:50 15:10"``, or from CogEval's sentences; a chest's worth may be negative.

    Raises:
        ValueError: Something is not a room and a worth, or a room is named twice.
    """
    found: list[Chest] = []
    told = re.findall(r"reward of (-?[0-9]{1,9}) (?:for visiting|in) room ([0-9]{1,4})", text)
    for part in [f"{room}:{worth}" for worth, room in told] or text.replace(",", " ").split():
        room, _, worth = part.partition(":")
        if re.fullmatch(r"[0-9]{1,4}:-?[0-9]{1,9}", part) is None:
            raise ValueError(f"chests: {part!r} is not a room and its worth such as 8:50")
        if int(room) in dict(found):
            raise ValueError(f"chests: room {room} is named twice")
        found.append((int(room), int(worth)))
    return tuple(found)
