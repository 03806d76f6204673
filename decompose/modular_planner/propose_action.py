"""Algorithm 1 of MAP: the Actor proposes, the Monitor checks, its feedback goes back to the Actor.

The algorithms are generators: they yield a step and are sent the candidate that won. That is all they know of how
questions are decided.
"""

from collections.abc import Generator
from typing import TypeVar

import msgspec

from surefoot.decompose.modular_planner import actor, monitor
from surefoot.decompose.modular_planner.actor import ActorFacts, Rejected
from surefoot.decompose.modular_planner.monitor import MonitorFacts
from surefoot.decompose.modular_planner.settings import Settings
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Step

T = TypeVar("T")
Asking = Generator[Step, str, T]
"""A part of an algorithm: asks steps, is sent candidates, returns a value."""


class Stuck(Exception):
    """The planner cannot go on; the message says why. Never leaves this package."""


class Pursuit(msgspec.Struct, frozen=True):
    """What the planner's algorithms share while they pursue one goal.

    Attributes:
        settings: How to run.
        world: The domain.
        goal: The sub-goal, or the goal.
        closed: States not to return to.
    """

    settings: Settings
    world: World
    goal: str
    closed: frozenset[str] = frozenset()


def propose(pursuit: Pursuit, state: str, rejected: tuple[Rejected, ...]) -> Asking[tuple[str, ...]]:
    """Ask the Actor for actions, best first; none if the Actor has none left."""
    # Without search the first action is taken as it is: others would be paid for and thrown away.
    breadth = pursuit.settings.breadth if pursuit.settings.search else 1
    return actor.proposals((yield actor.step(ActorFacts(pursuit.world, state, pursuit.goal, breadth, rejected))))


def rule_broken(pursuit: Pursuit, state: str, action: str) -> Asking[str | None]:
    """Ask the Monitor which rule an action breaks; ``None`` for a valid action."""
    if not pursuit.settings.monitor:
        return None
    facts = MonitorFacts(pursuit.world, state, action)
    return monitor.broken_rule((yield monitor.step(facts, pursuit.settings.lead)))


def propose_action(pursuit: Pursuit, state: str, rejected: tuple[Rejected, ...] = ()) -> Asking[tuple[str, ...]]:
    """Return the Actor's actions that the Monitor lets pass, best first; none if the Actor has none left.

    Args:
        pursuit: What is pursued, and how.
        state: Where.
        rejected: Actions that are known not to help here.

    Raises:
        Stuck: The Actor was asked as often as is allowed and nothing passed.
    """
    for _ in range(pursuit.settings.proposals):
        actions = yield from propose(pursuit, state, rejected)
        known = len(rejected)
        for action in actions:
            rule = yield from rule_broken(pursuit, state, action)
            if rule is not None:
                rejected = (*rejected, Rejected(action, rule))
        # Only when all of them pass: the Monitor's feedback is for a whole new set, as published.
        if len(rejected) == known:
            return actions
    raise Stuck(f"no valid action in {pursuit.settings.proposals} proposals")
