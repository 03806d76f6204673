"""The TaskDecomposer's question in the published transfer experiment: describe the goal, a room and those to avoid.

What it answers is not a state to pass through: the Actor is told it in place of the goal. The Evaluator and the
Orchestrator go by the chests, as in the released code.
"""

import re
from typing import Any

import msgspec

from surefoot.decompose.modular_planner.wording import chat, compact, said
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step
from surefoot.decompose.tasks.rooms import Rooms, aim

KIND = "describe"

DUTIES = (
    "You are the TaskDecomposer of a planner: describe the goal. Say which room to go to and which to avoid.",
    "Where to, and where not? You are the TaskDecomposer of a planner and put the goal into plain words: the room that "
    "is worth going to, and every room that would spoil it.",
    "You are the TaskDecomposer of a planner. Compare what the rooms are worth now; name the one to reach, then those "
    "that must not be entered on the way.",
)
"""Its duty, in each wording."""


class GoalFacts(msgspec.Struct, frozen=True):
    """What the TaskDecomposer of a castle reads: the castle, the room one is in, and the goal."""

    world: Rooms
    state: str
    goal: str


class RoomDescriber:
    """Asks for a castle's goal in words (`surefoot.decompose.modular_planner.planner.Describer`)."""

    def step(self, world: Any, state: str, goal: str, lead: int | None) -> Step:
        """Build the question that describes a castle's goal."""
        return Step(KIND, Role.TASK_DECOMPOSER, GoalFacts(world, state, goal), 64, lead)


def prompt(facts: GoalFacts, dialect: Dialect, wording: int = 0) -> Prompt:
    """Word the question for a described goal.

    In ``compact`` it is the Orchestrator's question, as the bundled model was taught no other: its reply shows the room
    it means before it answers.
    """
    world = facts.world
    state, goal = (world.say_state(s, dialect) for s in (facts.state, facts.goal))
    if dialect == "compact":
        return compact("Orchestrator", world, state, "to", goal)
    form = "the line\ngo = room N\nand for each room to avoid a line\navoid = room N"
    return chat(world, "TaskDecomposer", DUTIES, form, [("Current state", state), ("Goal", goal)], wording)


def parse(facts: GoalFacts, text: str, dialect: Dialect) -> str | Flag:
    """Read a described goal such as ``8!15``."""
    rooms = facts.world.rooms()
    if dialect == "compact":
        shown = re.match(r"@\d{1,4} > (\d{1,4})(?= )", text)
        named = [shown[1]] if shown else []
        # The reply names no room to avoid: in `compact` the best goal means the other chests.
        avoided = [str(room) for room in facts.world.worths if [str(room)] != named]
    else:
        named, avoided = (_rooms(said(text, name)) for name in ("go", "avoid"))
    numbers = [*named, *avoided]
    if len(named) != 1 or not avoided or not all(int(room) in rooms for room in numbers) or named[0] in avoided:
        return Flag("misformatted", text[-200:])
    return f"{named[0]}!{','.join(sorted(set(avoided), key=int))}"


def _rooms(values: list[str]) -> list[str]:
    found = [re.fullmatch(r"(?:room )?(\d{1,4})\.?", value, re.IGNORECASE) for value in values]
    return [room[1] for room in found if room is not None] if all(found) else []


def check(facts: GoalFacts, candidate: str) -> Flag | None:
    """Flag a goal that avoids the room where one is; nothing else that the prompt shows can contradict one."""
    here = int(facts.state) in aim(candidate)[1]
    return Flag("inconsistent", f"room {facts.state} is where one starts") if here else None


SCHEMA = {"go": {"type": "string"}, "avoid": {"type": "array", "items": {"type": "string"}}}
"""What a ``chat`` reply names, as JSON schemas."""
