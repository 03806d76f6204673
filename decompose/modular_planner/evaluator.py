"""The Evaluator: (state, goal) to the estimated number of steps still needed; lower is better (MAP, algorithm 2).

The published code puts a random integer where a reply cannot be read. Here such a reply is spoiled and drawn again.
"""

import re

import msgspec

from surefoot.decompose.modular_planner.wording import WORK, answer, chat, compact, said
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step

MOST = 9999
"""A larger estimate is no estimate."""

DUTIES = (
    "You are the Evaluator of a planner: you estimate the smallest number of actions that lead from a state to a goal. "
    "Name a useful heuristic, apply it, and correct it for what it misses.",
    "How far is it from here to there? You are the Evaluator of a planner and answer with a number of actions, the "
    "fewest with which it can be done. Sketch a way, count its actions, and see whether any of them can be spared.",
    "You are the Evaluator of a planner: two situations will be compared by what you say of each. List what is not yet "
    "as the goal wants it, say how many actions each point takes, and add those that are needed to make way.",
)
"""Its duty, in each wording."""


class EvaluatorFacts(msgspec.Struct, frozen=True):
    """What the Evaluator reads: the domain, a state, and the goal to measure from."""

    world: World
    state: str
    goal: str


def step(facts: EvaluatorFacts, lead: int | None = None) -> Step:
    """Build the Evaluator's step for one state."""
    return Step("value", Role.EVALUATOR, facts, WORK + 8, lead)


def prompt(facts: EvaluatorFacts, dialect: Dialect, wording: int = 0) -> Prompt:
    """Word the Evaluator's question; ``compact``: ``value STATE to GOAL``."""
    world = facts.world
    state, goal = (world.say_state(s, dialect) for s in (facts.state, facts.goal))
    if dialect == "compact":
        return compact("Evaluator", world, state, "to", goal)
    return chat(
        world,
        "Evaluator",
        DUTIES,
        "one line with a whole number, in the form\nsteps = N",
        [("State", state), ("Goal", goal)],
        wording,
    )


def parse(facts: EvaluatorFacts, text: str, dialect: Dialect) -> str | Flag:
    """Read the Evaluator's reply: the estimate in decimal digits."""
    number = answer(text).replace(" ", "") if dialect == "compact" else (said(text, "steps") or [""])[-1].rstrip(".")
    # The length comes first: `int` refuses, or takes quadratic time for, thousands of digits of a hostile reply.
    if not re.fullmatch("[0-9]{1,5}", number) or int(number) > MOST:
        return Flag("misformatted", text[-200:])
    return str(int(number))


def check(facts: EvaluatorFacts, candidate: str) -> Flag | None:
    """Flag an estimate other than 0 for a state that is the goal itself."""
    if facts.state == facts.goal and candidate != "0":
        return Flag("inconsistent", f"{candidate} steps from the goal to itself")
    return None
