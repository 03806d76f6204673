"""Right and plausible wrong replies to module questions about graph navigation, read off the prompt's text alone.

For the simulated model, for training the bundled one and for measuring. Nothing that decides imports it.
"""

import heapq
import re

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.micro import micro_answers
from surefoot.decompose.answer_keys.modules import Asked, module_answers, read_chat, role_of
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.rooms import BEST, Chest, Edge, Rooms, aim

FAR = 99
"""Steps from where the goal cannot be reached any more; the bundled model has learned no larger number."""


def answers(prompt: Prompt) -> Answers:
    """Return all right and wrong replies to a graph-navigation question, in the prompt's own dialect.

    Raises:
        ValueError: The text is not a module's question about rooms.
    """
    if prompt.raw:
        return micro_answers(prompt)
    if prompt.system:
        world = _read_castle(prompt.system)
        asked = read_chat(prompt, world)
        if asked.role == "TaskDecomposer":
            return _described(asked, RoomRules(world))
        return module_answers(asked, RoomRules(world), world, "chat")
    asked, world = read_compact(prompt.user)
    if asked.role == "Orchestrator":
        return _reached(asked, RoomRules(world))
    return module_answers(asked, RoomRules(world), world, "compact")


def _described(asked: Asked, rules: "RoomRules") -> Answers:
    """Replies to the question for a described goal: the best chest's room, and all other chests' to be avoided."""
    chests = rules.world.worths
    target = min(rules.targets(asked.state, asked.goal), default=next(iter(chests)))

    def say(room: int) -> str:
        return "\n".join([f"go = room {room}", *(f"avoid = room {other}" for other in chests if other != room)])

    return Answers((say(target),), tuple(say(room) for room in chests if room != target) or ("???",))


def _reached(asked: Asked, rules: "RoomRules") -> Answers:
    """Replies to the ``compact`` Orchestrator's question, which show the room they mean before they answer.

    A reply that means another room is wrong in its answer too, so that it is wrong whatever is read of it.
    """
    met = rules.met(asked.state, asked.goal)
    targets = rules.targets(asked.state, asked.goal)
    target = int(asked.state) if met else min(targets, default=int(asked.state))
    others = [room for room in rules.world.worths if room != target] if asked.goal == BEST else []
    wrong = [f"@{asked.state} > {room} = {'no' if met else 'yes'}" for room in others or [target]]
    return Answers((f"@{asked.state} > {target} = {'yes' if met else 'no'}",), tuple(wrong))


def _read_castle(text: str) -> Rooms:
    text = re.split("[Yy]ou are the ", text)[0]
    edges = [
        (int(room), int(nearby))
        for room, listed in re.findall(r"Room (\d+) is connected to rooms? ([\d, ]+)\.", text)
        for nearby in listed.split(", ")
    ]
    one_way = _pairs(r"One can get from room (\d+) to room (\d+), but not back", text)
    if not edges and not one_way:
        raise ValueError("not a question about rooms")
    return Rooms(
        tuple(edges),
        _pairs(r"A chest in room (\d+) is worth (-?\d+)", text),
        _pairs(r"the chest in room (\d+) was found to be worth (-?\d+)", text),
        _pairs(r"the door between rooms (\d+) and (\d+) was locked", text),
        _pairs(r"a door between rooms (\d+) and (\d+) was opened", text),
        one_way,
        _chances(r"The door from room (\d+) to room (\d+) opens in (\d+) of 100", text),
    )


def _chances(pattern: str, text: str) -> tuple[tuple[int, int, int], ...]:
    return tuple((int(a), int(b), int(percent)) for a, b, percent in re.findall(pattern, text))


def _pairs(pattern: str, text: str) -> tuple[Edge | Chest, ...]:
    return tuple((int(a), int(b)) for a, b in re.findall(pattern, text))


def read_compact(text: str) -> tuple[Asked, Rooms]:
    """Read the module, the castle and the rooms that a ``compact`` prompt asks about.

    Raises:
        ValueError: It is not a module's question.
    """
    role = role_of(text)
    castle, *further, asked = [part.strip() for part in text.partition(" ")[2].split("|")]
    edges = _doors(castle)
    facts: dict[str, list[tuple[int, int]]] = {"chest": [], "worth": [], "shut": [], "open": [], "only": []}
    chances: tuple[tuple[int, int, int], ...] = ()
    for part in further:
        word, _, told = part.partition(" ")
        if word == "often":
            chances += _chances(r"(\d+)>(\d+) \$(\d+)", told)
            continue
        facts[word] += _pairs(r"(\d+) \$(-?\d+)", told) if word in ("chest", "worth") else _doors(told)
    chests, changed, locked, opened = (tuple(facts[word]) for word in ("chest", "worth", "shut", "open"))
    world = Rooms(edges, chests, changed, locked, opened, tuple(facts["only"]), chances)
    asked, *avoided = asked.split(" not ")
    words = asked.split()
    if role == "Monitor":
        return Asked(role, words[3], action=f"{words[0]}-{words[1]}"), world
    breadth = int(words.pop(0)) if role == "Actor" else 1
    rejected = tuple(action.replace(" ", "-") for action in avoided)
    return Asked(role, words[0], words[2], breadth=breadth, rejected=rejected), world


def _doors(text: str) -> tuple[Edge, ...]:
    return tuple((int(a), int(b)) for a, b in re.findall(r"(\d+)[-x>](\d+)", text))


class RoomRules(msgspec.Struct, frozen=True):
    """The exact rules of a castle, as `surefoot.decompose.answer_keys.modules.Exact` asks for them."""

    world: Rooms

    def actions(self, state: str) -> list[str]:
        """Return a step through every door of the room one is in."""
        return [f"{state}-{room}" for room in self._nearby(int(state))]

    def broken(self, state: str, action: str) -> str:
        """Return ``room`` (the action starts elsewhere) or ``door`` (there is no such door), or nothing."""
        source, _, then = action.partition("-")
        if source != state:
            return "room"
        return "" if int(then) in self._nearby(int(source)) else "door"

    def after(self, state: str, action: str) -> str:
        """Return the room that an action names as its end."""
        return action.partition("-")[2]

    def distance(self, state: str, goal: str) -> int:
        """Return the fewest steps to the goal's room that enter no other chest's room."""
        if self.met(state, goal):
            return 0
        if goal == BEST:
            found = self._first_chests(int(state)) if int(state) not in self.world.worths else {}
            best = self._best(found)
            return FAR if best is None else found[best]
        room, avoided = aim(goal)
        return self._around(int(state), avoided).get(room, FAR)

    def rule_of_thumb(self, state: str, goal: str) -> int:
        """Return the exact distance: no usual heuristic is known for castles."""
        return self.distance(state, goal)

    def met(self, state: str, goal: str) -> bool:
        """Return whether a room is the goal's, or that of the best chest to be had from one of the rooms beside it.

        Where one came from is not in the prompt, so a chest that is the best from any side counts as the best.
        """
        room = int(state)
        if goal != BEST:
            return room == aim(goal)[0]
        if room not in self.world.worths:
            return False
        beside = [near for near in self._nearby(room) if near not in self.world.worths]
        bests = [self._best(self._first_chests(near)) for near in beside]
        return any(best is not None and self.world.worths[best] == self.world.worths[room] for best in bests)

    def subgoals(self, state: str, goal: str, count: int = 1) -> tuple[str, ...]:
        """Return no sub-goals: castles are never split."""
        return ()

    def other_actions(self, state: str) -> list[str]:
        """Return steps through doors that do not exist."""
        near = {*self._nearby(int(state)), int(state)}
        return [f"{state}-{room}" for room in self.world.rooms() if room not in near]

    def ranked(self, state: str, goal: str) -> list[str]:
        """Return a room's doors by the steps that remain behind them; a chest that is not the best is no end.

        Where no chest can be had that is worth anything, the rooms of the others are not entered either.
        """
        targets = self.targets(state, goal)
        if goal == BEST and not targets:
            return [action for action in self.actions(state) if int(self.after(state, action)) not in self.world.worths]

        def left(action: str) -> int:
            room = int(self.after(state, action))
            tried = self.world.attempts(int(state), room)
            if goal == BEST and room in self.world.worths:
                return tried if room in targets else FAR
            return tried + self.distance(str(room), goal)

        return sorted(self.actions(state), key=lambda action: (left(action), action))

    def by_door(self, state: str, goal: str, action: str) -> int:
        """Return the steps to the goal after leaving by a door and never returning; ``FAR`` if there is no way."""
        targets, start = self.targets(state, goal), int(self.after(state, action))
        chests = frozenset(self.world.worths) if goal == BEST else frozenset[int]()
        steps = self._around(start, chests | {int(state)})
        tried = self.world.attempts(int(state), start)
        return min((steps[room] + tried for room in targets if room in steps), default=FAR)

    def targets(self, state: str, goal: str) -> frozenset[int]:
        """Return the goal's room, or the rooms of the most valuable chests that can be reached first."""
        if goal != BEST:
            return frozenset([aim(goal)[0]])
        first, worth = self._first_chests(int(state)), self.world.worths
        best = self._best(first)
        return frozenset(room for room in first if best is not None and worth[room] == worth[best])

    def _nearby(self, room: int) -> list[int]:
        shut = {frozenset(edge) for edge in self.world.locked}
        doors = [edge for edge in (*self.world.edges, *self.world.opened) if frozenset(edge) not in shut]
        both_ways = {b if a == room else a for a, b in doors if room in (a, b)}
        return sorted(both_ways | {b for a, b in self.world.one_way if a == room})

    def _first_chests(self, start: int) -> dict[int, int]:
        """Chests that can be reached before any other, and in how many steps."""
        reached = self._around(start, frozenset(self.world.worths))
        return {room: steps for room, steps in reached.items() if room in self.world.worths}

    def _around(self, start: int, ends: frozenset[int]) -> dict[int, int]:
        """Steps to every room, expected attempts at doors included; ways end in some rooms."""
        seen: dict[int, int] = {}
        queue = [(0, start)]
        while queue:
            steps, room = heapq.heappop(queue)
            if room in seen:
                continue
            seen[room] = steps
            for nearby in self._nearby(room) if room not in ends else ():
                heapq.heappush(queue, (steps + self.world.attempts(room, nearby), nearby))
        return seen

    def _best(self, chests: dict[int, int]) -> int | None:
        """The chest that is worth the most, of equals the nearest; ``None`` if none is worth anything."""
        worth = self.world.worths
        found = [room for room in chests if worth[room] > 0]
        return max(found, key=lambda room: (worth[room], -chests[room], -room), default=None)
