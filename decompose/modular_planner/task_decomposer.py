"""The TaskDecomposer: (state, goal) to sub-goals, which are states to pass through (MAP, algorithm 3).

A sub-goal that could not be reached comes back as a fact of the next question, so that the decomposition is asked
again instead of being trusted for ever: the published planner cannot recover from a bad sub-goal.
"""

import msgspec

from surefoot.decompose.modular_planner.wording import WORK, answer, chat, compact, said
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step

NONE = "none"
"""The candidate that says: no sub-goal helps here."""

DUTIES = (
    "You are the TaskDecomposer of a planner: you name intermediate states that make the goal easier to reach, in the "
    "order in which they are to be passed.",
    "The way to the goal is too long to see at once, and you are the TaskDecomposer of a planner: cut it into pieces. "
    "Ask what must be so before the hardest part of it can be done, and write down the situation in which it is.",
    "You are the TaskDecomposer of a planner and choose its milestones. Think back from the goal: which situation "
    "comes just before the last part of the way, and which before that? Name those that every good way passes.",
)
"""Its duty, in each wording."""


class DecomposerFacts(msgspec.Struct, frozen=True):
    """What the TaskDecomposer reads: a state, a goal, and sub-goals that could not be reached.

    Attributes:
        world: The domain.
        state: Where the plan stands.
        goal: What to split.
        subgoals: How many sub-goals may be named, at most.
        failed: Sub-goals named before that could not be reached.
    """

    world: World
    state: str
    goal: str
    subgoals: int = 1
    failed: tuple[str, ...] = ()


def step(facts: DecomposerFacts, lead: int | None = None) -> Step:
    """Build the TaskDecomposer's step for one state and goal."""
    tokens = WORK + 4 + facts.subgoals * (2 + 2 * facts.world.state_tokens(facts.state))
    return Step("subgoal", Role.TASK_DECOMPOSER, facts, tokens, lead)


def prompt(facts: DecomposerFacts, dialect: Dialect, wording: int = 0) -> Prompt:
    """Word the TaskDecomposer's question; ``compact``: ``subgoal [COUNT] STATE to GOAL [not STATE ...]``.

    One sub-goal is asked for without a count.
    """
    world = facts.world
    state, goal = (world.say_state(s, dialect) for s in (facts.state, facts.goal))
    failed = [world.say_state(s, dialect) for s in facts.failed]
    if dialect == "compact":
        count = [str(facts.subgoals)] if facts.subgoals > 1 else []
        return compact("TaskDecomposer", world, *count, state, "to", goal, *(f"not {s}" for s in failed))
    return chat(
        world,
        "TaskDecomposer",
        DUTIES,
        f"one to {facts.subgoals} lines in the form\nsubgoal = {world.state_form()}\n"
        "or, if no intermediate state helps, the line\nsubgoal = none",
        [("Current state", state), ("Goal", goal), *(("Could not be reached", s) for s in failed)],
        wording,
    )


def parse(facts: DecomposerFacts, text: str, dialect: Dialect) -> str | Flag:
    """Read the TaskDecomposer's reply: the states separated by `` | ``, or ``"none"``."""
    parts = answer(text).split(" / ") if dialect == "compact" else said(text, "subgoal")
    if [part.lower().rstrip(".") for part in parts] in (["-"], [NONE]):
        return NONE
    states = [facts.world.read_state(part, dialect) for part in parts]
    read = [state for state in states if state is not None]
    if not read or len(read) != len(states) or len(read) > facts.subgoals:
        return Flag("misformatted", text[-200:])
    return " | ".join(read)


def check(facts: DecomposerFacts, candidate: str) -> Flag | None:
    """Flag a sub-goal that the prompt says could not be reached."""
    again = set(facts.failed) & set(subgoals(candidate, facts))
    return Flag("inconsistent", f"{min(again)} could not be reached before") if again else None


def subgoals(candidate: str, facts: DecomposerFacts) -> tuple[str, ...]:
    """Return the states of a decided decomposition, without those that are the start or the goal itself."""
    named = () if candidate == NONE else tuple(candidate.split(" | "))
    # A sub-goal that is the start or the goal would be "reached" without any step, or be pursued twice.
    return tuple(state for state in named if state not in (facts.state, facts.goal))
