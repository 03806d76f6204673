"""The wording of graph navigation: a castle with rooms, doors and chests (CogEval, as MAP used it).

A state is canonically the room's number, an action ``"7-10"`` (go from room 7 to room 10), which names the next state
itself. A goal is a room's number, or ``"best"``: collect as much reward as possible, where only one chest may be
collected and entering its room collects it; or ``"8!15"``, as the TaskDecomposer describes it in the published transfer
experiment: go to room 8 and avoid room 15.
"""

import re

import msgspec

from surefoot.decompose.step import Dialect
from surefoot.decompose.tasks.room_examples import ELSEWHERE

BEST = "best"

Edge = tuple[int, int]
Chest = tuple[int, int]
"""A room and what its chest is worth."""


class Rooms(msgspec.Struct, frozen=True):
    """The world of one castle: rooms, doors, chests, and what changed.

    Attributes:
        edges: Doors, each once.
        chests: Rooms with a chest and their worth.
        changed: Chests whose worth was changed afterwards: room and new worth.
        locked: Doors that were locked after the castle was described.
        opened: Doors that were opened after that.
        one_way: Doors, and teleports, that lead from the first room to the second and not back.
        chances: Doors that do not always open: from, to, and in how many of 100 attempts. One tries until it does.
        examples: Which worked examples are shown: those of the published castle, of the small tree (transfer), or,
            by any other name, of a castle that is not asked about.
    """

    edges: tuple[Edge, ...]
    chests: tuple[Chest, ...] = ()
    changed: tuple[Chest, ...] = ()
    locked: tuple[Edge, ...] = ()
    opened: tuple[Edge, ...] = ()
    one_way: tuple[Edge, ...] = ()
    chances: tuple[tuple[int, int, int], ...] = ()
    examples: str = "n15star"

    @property
    def rules(self) -> tuple[str, ...]:
        """Return ``room`` (the action starts elsewhere) and ``door`` (there is no open door)."""
        return ("room", "door")

    def rooms(self) -> list[int]:
        """Return all rooms that have a door, in ascending order."""
        return sorted({room for edge in (*self.edges, *self.one_way, *self.opened) for room in edge})

    def attempts(self, room: int, nearby: int) -> int:
        """Return how often the door between two rooms is tried until it opens: the expectation, rounded."""
        percent = {(a, b): n for a, b, n in self.chances}.get((room, nearby), 100)
        return max(1, round(100 / percent))

    @property
    def worths(self) -> dict[int, int]:
        """Return what the chest of each room is worth now."""
        return {**dict(self.chests), **dict(self.changed)}

    def as_it_was(self) -> "Rooms | None":
        """Return the castle before anything in it changed; ``None`` if nothing did."""
        if not (self.changed or self.locked or self.opened):
            return None
        return msgspec.structs.replace(self, changed=(), locked=(), opened=())

    @property
    def always_changes(self) -> bool:
        """Return ``True``: every step leads to another room."""
        return True

    def description(self) -> str:
        """Return one sentence for each room, each door stated once, at the room where it first appears."""
        sentences = [
            f"Room {room} is connected to room{'s' * (len(nearby) > 1)} {', '.join(map(str, nearby))}."
            for room, nearby in self._grouped()
        ]
        lines = [f"There is a castle with {len(self.rooms())} rooms; doors can be used both ways.", " ".join(sentences)]
        lines += [f"One can get from room {a} to room {b}, but not back." for a, b in self.one_way]
        lines += [f"The door from room {a} to room {b} opens in {n} of 100 attempts." for a, b, n in self.chances]
        if self.chances:
            lines.append(
                "One tries such a door until it opens: every attempt counts as a step. The others always open."
            )
        lines += [f"A chest in room {room} is worth {worth}." for room, worth in self.chests]
        if self.chests:
            lines.append("Only one chest may be collected, and entering a room with a chest collects it.")
        if any(worth < 0 for _, worth in (*self.chests, *self.changed)):
            lines.append("A chest whose worth is negative is a loss: its room is to be avoided.")
        lines += [f"Later, the door between rooms {a} and {b} was locked." for a, b in self.locked]
        lines += [f"Later, a door between rooms {a} and {b} was opened." for a, b in self.opened]
        lines += [f"Later, the chest in room {room} was found to be worth {worth}." for room, worth in self.changed]
        lines.append("room: an action starts in the current room.\ndoor: there is an open door between the two rooms.")
        return "\n".join(lines)

    def preamble(self) -> str:
        """Return the castle in words: each door, then changes: ``1-7 2-5 | chest 8 $50 | shut 1x11 | open 11-13``."""
        parts = [" ".join(f"{room}-{nearby}" for room, others in self._grouped() for nearby in others)]
        parts += [f"only {a}>{b}" for a, b in self.one_way]
        parts += [f"often {a}>{b} ${n}" for a, b, n in self.chances]
        parts += [f"chest {room} ${worth}" for room, worth in self.chests]
        parts += [f"shut {a}x{b}" for a, b in self.locked] + [f"open {a}-{b}" for a, b in self.opened]
        parts += [f"worth {room} ${worth}" for room, worth in self.changed]
        return " | ".join(parts) + " |"

    def state_form(self) -> str:
        """Return the form of a state: a room's name."""
        return "room N"

    def action_form(self) -> str:
        """Return the form of an action: one step between two rooms."""
        return "go from X to Y"

    def example(self, role: str, wording: int = 0) -> str:
        """Return worked examples of a module, from other castles or other starts than those evaluated."""
        own = {"n7tree": TREE_EXAMPLES, "n15star": EXAMPLES}.get(self.examples, {}).get(role, "")
        foreign = ELSEWHERE.get(role, "")
        return foreign if (wording % 2 and foreign) or not own else own

    def say_state(self, state: str, dialect: Dialect) -> str:
        """Write a state as ``room 7``, or say what the best goal is, or a described one.

        In ``compact`` a described goal is ``best`` where it names the best chest, as the bundled model knows no other
        word for it, and else the room.
        """
        if "!" in state:
            room, avoided = aim(state)
            if dialect == "compact":
                return BEST if self.worths.get(room, 0) == max(self.worths.values()) else str(room)
            return f"go to room {room} and avoid room {', room '.join(map(str, sorted(avoided)))}"
        if dialect == "compact":
            return state
        return "collect as much reward as possible, by the shortest way" if state == BEST else f"room {state}"

    def say_action(self, action: str, dialect: Dialect) -> str:
        """Write an action as ``go from 7 to 10``."""
        return action.replace("-", " ") if dialect == "compact" else "go from {} to {}".format(*action.split("-"))

    def read_state(self, text: str, dialect: Dialect) -> str | None:
        """Read a room that exists, or the best goal."""
        if text == self.say_state(BEST, dialect):
            return BEST
        described = re.fullmatch(r"go to room (\d{1,4}) and avoid room ([\d, rom]+)", text)
        if described:
            return f"{described[1]}!{','.join(re.findall('[0-9]+', described[2]))}"
        found = re.fullmatch(r"(?:room )?(\d{1,4})\.?", text, re.I)
        # A room that does not exist is misread rather than judged: no rule of the castle speaks of it.
        return found[1] if found and int(found[1]) in self.rooms() else None

    def read_action(self, text: str, dialect: Dialect) -> str | None:
        """Read a step between two different rooms that exist."""
        number = r"(\d{1,4})"
        chat = rf"go from (?:room )?{number} to (?:room )?{number}\.?"
        pattern = f"{number} {number}" if dialect == "compact" else chat
        found = re.fullmatch(pattern, text, re.I)
        if found is None or found[1] == found[2] or not {int(found[1]), int(found[2])} <= set(self.rooms()):
            return None
        return f"{found[1]}-{found[2]}"

    def stated_after(self, action: str) -> str | None:
        """Return the room that the action names as its end."""
        return action.partition("-")[2]

    def state_tokens(self, state: str) -> int:
        """Return the length of a state in words, which does not depend on the room."""
        return 2

    def _grouped(self) -> list[tuple[int, list[int]]]:
        groups: dict[int, list[int]] = {}
        for a, b in self.edges:
            groups.setdefault(a, []).append(b)
        return list(groups.items())


def aim(goal: str) -> tuple[int, frozenset[int]]:
    """Return the room of a goal such as ``8`` or ``8!15,3``, and the rooms that are to be avoided."""
    room, _, avoided = goal.partition("!")
    return int(room), frozenset(map(int, filter(None, avoided.split(","))))


EXAMPLES = {
    "Actor": (
        "Current state: room 9\nGoal: room 4\nRoom 9 is connected to 15 and room 15 to 4.\naction = go from 9 to 15"
    ),
    "Monitor": (
        "Current state: room 9\nProposed action: go from 9 to 4\nThere is no door between rooms 9 and 4.\n"
        "rule = door\nvalid = no\nCurrent state: room 9\nProposed action: go from 9 to 15\n"
        "Both rules hold.\nvalid = yes"
    ),
    "Evaluator": "State: room 9\nGoal: room 4\nThe shortest way is 9, 15, 4.\nsteps = 2",
    "Orchestrator": "State: room 9\nGoal: room 4\nreached = no\nState: room 4\nGoal: room 4\nreached = yes",
    "plan in-context": (
        "Current state: room 2\nGoal: room 10\naction = go from 2 to 11\naction = go from 11 to 1\n"
        "action = go from 1 to 10"
    ),
    "plan cot": (
        "Current state: room 2\nGoal: room 10\nRoom 10 is next to 1, 1 is next to 11, and 11 is next to 2.\n"
        "action = go from 2 to 11\naction = go from 11 to 1\naction = go from 1 to 10"
    ),
}
"""Worked examples by module; the pairs that are not evaluated."""

TREE_EXAMPLES = {
    "Actor": (
        "In another castle room 1 is connected to 2 and 3, room 2 to 4 and 5, room 3 to 6 and 7; the chest in "
        "room 4 is worth 56, in room 5 22, in room 6 10, in room 7 50.\nCurrent state: room 3\n"
        "Goal: collect as much reward as possible, by the shortest way\naction = go from 3 to 1"
    ),
    "Monitor": EXAMPLES["Monitor"].replace("9", "3").replace("15", "1"),
    "Evaluator": (
        "In another castle room 1 is connected to 2 and 3, room 2 to 4 and 5; the chest in room 4 is worth the most.\n"
        "State: room 3\nGoal: collect as much reward as possible, by the shortest way\n"
        "The way is 3, 1, 2, 4.\nsteps = 3"
    ),
}
"""The same for the transfer from the small tree."""
