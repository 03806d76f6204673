"""Algorithm 1 of MAP: the Actor proposes, the Monitor checks, its feedback goes back to the Actor.

The algorithms are generators: they yield a step and are sent the candidate that won. That is all they know of how
questions are decided.
"""

from collections.abc import Generator
from typing import TypeVar

import msgspec

from decompose.map import actor, monitor
from decompose.map.actor import ActorFacts, Rejected
from decompose.map.monitor import MonitorFacts
from decompose.map.settings import Settings
from decompose.map.world import World
from decompose.step import Step

T = TypeVar("T")
Asking = Generator[Step, str, T]
"""A part of an algorithm: asks steps, is sent candidates, returns a value."""


class Stuck(Exception):
    """An algorithm cannot go on; the message says why. Never leaves this package."""


class Pursuit(msgspec.Struct, frozen=True):
    """What the algorithms share while one goal is pursued.

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


def propose_action(pursuit: Pursuit, state: str, rejected: tuple[Rejected, ...] = ()) -> Asking[tuple[str, ...]]:
    """Actions that the Monitor lets pass, best first; none if the Actor has none left.

    Args:
        pursuit: What is pursued, and how.
        state: Where.
        rejected: Actions that are known not to help here.

    Raises:
        Stuck: The Actor was asked as often as is allowed and nothing passed.
    """
    settings = pursuit.settings
    breadth = settings.breadth if settings.search else 1
    for _ in range(settings.proposals):
        facts = ActorFacts(pursuit.world, state, pursuit.goal, breadth, rejected)
        actions = actor.proposals((yield actor.step(facts)))
        if not settings.monitor or not actions:
            return actions
        valid: list[str] = []
        for action in actions:
            checked = yield monitor.step(MonitorFacts(pursuit.world, state, action), settings.lead)
            rule = monitor.broken_rule(checked)
            if rule is None:
                valid.append(action)
            else:
                rejected = (*rejected, Rejected(action, rule))
        if len(valid) == len(actions) or (valid and settings.keep_valid):
            return tuple(valid)
    raise Stuck(f"no valid action in {settings.proposals} proposals")
