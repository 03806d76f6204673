"""One question for the whole plan: what the zero-shot, in-context, chain-of-thought and debate baselines ask."""

from typing import Literal

import msgspec

from surefoot.decompose.modular_planner.wording import chat, said
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step

Style = Literal["zero-shot", "in-context", "cot"]

_DUTY = {
    "zero-shot": "You are asked for a whole plan from the start to the goal.",
    "in-context": "You are asked for a whole plan from the start to the goal, as in the examples.",
    "cot": "You are asked for a whole plan from the start to the goal. Think step by step: before each action say why "
    "it is valid, why it helps, and which state it leads to.",
}


class PlanFacts(msgspec.Struct, frozen=True):
    """What the question for a whole plan reads: a start, a goal, and how plans are asked for.

    Attributes:
        world: The domain.
        state: The start.
        goal: The goal.
        cap: Most actions.
        style: Whether examples are shown, and whether reasons are asked for.
        advice: Plans of other agents; for debates.
    """

    world: World
    state: str
    goal: str
    cap: int
    style: Style = "zero-shot"
    advice: tuple[str, ...] = ()


def step(facts: PlanFacts) -> Step:
    """Build the step that asks for a whole plan, with one answer, as published."""
    return Step("plan", Role.ACTOR, facts, 12 * facts.cap + 2, 1)


def prompt(facts: PlanFacts, dialect: Dialect, wording: int = 0) -> Prompt:
    """Word the question for a whole plan; ``compact``: ``plan STATE to GOAL``, without styles or advice."""
    world = facts.world
    state, goal = (world.say_state(s, dialect) for s in (facts.state, facts.goal))
    if dialect == "compact":
        return Prompt(" ".join(part for part in ("plan", world.preamble(), state, "to", goal) if part))
    shown = [("Current state", state), ("Goal", goal)]
    for plan in facts.advice:
        advice = ", ".join(world.say_action(action, dialect) for action in actions(plan))
        shown.append(("Another agent's plan, as advice", advice))
    role = "plan" if facts.style == "zero-shot" else f"plan {facts.style}"
    form = f"the whole plan, at most {facts.cap} lines in order, each in the form\naction = {world.action_form()}"
    return chat(world, role, [_DUTY[facts.style]], form, shown, wording)


def parse(facts: PlanFacts, text: str, dialect: Dialect) -> str | Flag:
    """Read a whole plan: the actions separated by ``"; "``, no more of them than the cap."""
    parts = text.split(" / ") if dialect == "compact" else said(text, "action")
    # Cut before reading: a reply may repeat a line thousands of times.
    named = [facts.world.read_action(part, dialect) for part in parts[: facts.cap]]
    read = [action for action in named if action is not None]
    if not read or len(read) != len(named):
        return Flag("misformatted", text[-200:])
    return "; ".join(read)


def check(facts: PlanFacts, candidate: str) -> Flag | None:
    """Return ``None``: nothing that the prompt shows can contradict a plan."""
    return None


def actions(candidate: str) -> tuple[str, ...]:
    """Return the actions of a decided plan."""
    return tuple(candidate.split("; "))
