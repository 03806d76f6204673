"""The Orchestrator: (state, goal) to reached or not, for sub-goals and for the goal (MAP, algorithms 2 and 3)."""

import msgspec

from surefoot.decompose.modular_planner.wording import WORK, answer, chat, compact, said
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step

REACHED = "yes"

DUTIES = (
    "You are the Orchestrator of a planner: you say whether a state meets a goal completely.",
    "Is it done? You are the Orchestrator of a planner, which stops when you say yes. Compare the two part by part: "
    "everything that is wanted has to be so now; nearly is no.",
    "You are the Orchestrator of a planner. For each thing that the goal asks for, look whether it is there. One that "
    "is missing or different makes the answer no.",
)
"""Its duty, in each wording."""


class OrchestratorFacts(msgspec.Struct, frozen=True):
    """What the Orchestrator reads: the domain, a state, and a goal."""

    world: World
    state: str
    goal: str


def step(facts: OrchestratorFacts, lead: int | None = None) -> Step:
    """Build the Orchestrator's step for one state and goal."""
    return Step("reached", Role.ORCHESTRATOR, facts, WORK + 4, lead)


def prompt(facts: OrchestratorFacts, dialect: Dialect, wording: int = 0) -> Prompt:
    """Word the Orchestrator's question; ``compact``: ``reached STATE to GOAL``."""
    world = facts.world
    state, goal = (world.say_state(s, dialect) for s in (facts.state, facts.goal))
    if dialect == "compact":
        return compact("Orchestrator", world, state, "to", goal)
    return chat(
        world,
        "Orchestrator",
        DUTIES,
        "one line, in the form\nreached = yes or no",
        [("State", state), ("Goal", goal)],
        wording,
    )


def parse(facts: OrchestratorFacts, text: str, dialect: Dialect) -> str | Flag:
    """Read the Orchestrator's reply: ``"yes"`` or ``"no"``."""
    met = answer(text) if dialect == "compact" else (said(text, "reached") or [""])[-1].lower().rstrip(".")
    return met if met in (REACHED, "no") else Flag("misformatted", text[-200:])


def check(facts: OrchestratorFacts, candidate: str) -> Flag | None:
    """Return ``None``: no verdict of the Orchestrator contradicts what the prompt shows."""
    return None
