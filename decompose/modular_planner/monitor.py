"""The Monitor: (state, action) to valid or not, with the rule that is broken as feedback (MAP, algorithm 1).

It fails closed. The published one asks whether a token equals "invalid" and lets "is not valid" pass; here an action
passes only on an explicit yes, every other wording blocks it, and a reply without any answer is spoiled.
"""

import msgspec

from surefoot.decompose.modular_planner.wording import WORK, answer, chat, compact, passed, reason_in, said
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step

VALID = "yes"
UNSTATED = "unstated"
"""The rule of an action that is called invalid without saying why."""

DUTIES = (
    "You are the Monitor of a planner: you check a proposed action against each rule in turn, in the order {rules}, "
    "and say which is the first that it breaks.",
    "Mistakes are expensive here, and you are the Monitor of a planner: nothing is done that you did not check. Go "
    "through the rules in this order: {rules}. For each of them say what it asks of the action and whether that is so. "
    "The first that is broken decides.",
    "May this action be done? You are the Monitor of a planner and the only one who looks. Take the rules one by one "
    "({rules}), compare each with what is true now, and stop at the first that does not hold.",
)
"""Its duty, in each wording."""


class MonitorFacts(msgspec.Struct, frozen=True):
    """What the Monitor reads: the domain, a state, and an action proposed in it.

    Attributes:
        world: The domain.
        state: Where the plan stands.
        action: What is to be checked.
        explains: Whether a candidate keeps the explanation of a "no", for the Actor. It changes no prompt.
    """

    world: World
    state: str
    action: str
    explains: bool = False


def step(facts: MonitorFacts, lead: int | None = None) -> Step:
    """Build the Monitor's step for one action."""
    return Step("check", Role.MONITOR, facts, WORK + 8, lead)


def prompt(facts: MonitorFacts, dialect: Dialect, wording: int = 0) -> Prompt:
    """Word the Monitor's question; ``compact``: ``check ACTION in STATE``."""
    world = facts.world
    state, action = world.say_state(facts.state, dialect), world.say_action(facts.action, dialect)
    if dialect == "compact":
        return compact("Monitor", world, action, "in", state)
    rules = ", ".join(world.rules)
    return chat(
        world,
        "Monitor",
        [duty.format(rules=rules) for duty in DUTIES],
        f"either the line\nvalid = yes\nor the two lines\nrule = one of {rules}\nvalid = no",
        [("Current state", state), ("Proposed action", action)],
        wording,
    )


def parse(facts: MonitorFacts, text: str, dialect: Dialect) -> str | Flag:
    """Read the Monitor's reply: ``"yes"``, or ``"no RULE"``, with ``": EXPLANATION"`` where that is kept."""
    verdict = _verdict(facts, text, dialect)
    if isinstance(verdict, Flag) or verdict == VALID or not facts.explains:
        return verdict
    reason = reason_in(text, dialect)
    return f"{verdict}: {reason}" if reason else verdict


def _verdict(facts: MonitorFacts, text: str, dialect: Dialect) -> str | Flag:
    if dialect == "compact":
        verdict = answer(text)
        word, _, rule = verdict.partition(" ")
        known = word == "no" and rule in facts.world.rules
        return verdict if known or verdict == VALID else Flag("misformatted", text[:200])
    valid = passed(text, "valid")
    if valid is None:
        return Flag("misformatted", text[-200:])
    rules = [rule.lower().rstrip(".") for rule in said(text, "rule")]
    named = rules[-1] if rules and rules[-1] in facts.world.rules else UNSTATED
    return VALID if valid else f"no {named}"


def check(facts: MonitorFacts, candidate: str) -> Flag | None:
    """Return ``None``: no verdict of the Monitor contradicts what the prompt shows."""
    return None


def broken_rule(candidate: str) -> str | None:
    """Return the rule that a decided check names, or ``None`` if the action is valid. Only an exact yes is valid."""
    return None if candidate == VALID else candidate.partition(": ")[0].partition(" ")[2] or UNSTATED


def explanation(candidate: str) -> str:
    """Return the explanation that a decided check keeps; empty if it keeps none."""
    return candidate.partition(": ")[2]


def same(one: str, other: str) -> bool:
    """Return whether two checks are the same verdict: explanations differ in every reply."""
    return broken_rule(one) == broken_rule(other)
