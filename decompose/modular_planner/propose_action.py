"""Algorithm 1 of MAP: the Actor proposes, the Monitor checks, its feedback goes back to the Actor.

The algorithms are generators: they yield a step and are sent the candidate that won. That is all they know of how
questions are decided.
"""

from collections.abc import Generator
from typing import TypeVar

import msgspec

from surefoot.decompose.modular_planner import actor, monitor
from surefoot.decompose.modular_planner.actor import ActorFacts, Move, Rejected
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
        history: Moves made so far, for the Actor; none where they are not shown.
        earlier: Moves of the plan that was made before the world changed.
        told: The goal as the Actor is told of it; by default the goal itself.
    """

    settings: Settings
    world: World
    goal: str
    closed: frozenset[str] = frozenset()
    history: tuple[Move, ...] = ()
    earlier: tuple[Move, ...] = ()
    told: str = ""

    def after(self, action: str, state: str) -> "Pursuit":
        """Return the pursuit as it goes on after one more move."""
        if not self.settings.history:
            return self
        return msgspec.structs.replace(self, history=(*self.history, Move(action, state)))


def propose(pursuit: Pursuit, state: str, rejected: tuple[Rejected, ...]) -> Asking[tuple[str, ...]]:
    """Ask the Actor for actions, best first; none if the Actor has none left."""
    # Without search the first action is taken as it is: others would be paid for and thrown away.
    breadth = pursuit.settings.breadth if pursuit.settings.search else 1
    goal = pursuit.told or pursuit.goal
    facts = ActorFacts(pursuit.world, state, goal, breadth, rejected, pursuit.history, pursuit.earlier)
    return actor.proposals((yield actor.step(facts)))


def rejection(pursuit: Pursuit, state: str, action: str) -> Asking[Rejected | None]:
    """Ask the Monitor which rule an action breaks, and why; ``None`` for a valid action."""
    if not pursuit.settings.monitor:
        return None
    facts = MonitorFacts(pursuit.world, state, action, pursuit.settings.feedback)
    verdict = yield monitor.step(facts, pursuit.settings.lead)
    rule = monitor.broken_rule(verdict)
    return None if rule is None else Rejected(action, rule, monitor.explanation(verdict))


def propose_action(pursuit: Pursuit, state: str, rejected: tuple[Rejected, ...] = ()) -> Asking[tuple[str, ...]]:
    """Return the Actor's actions that the Monitor lets pass, best first; none if the Actor has none left.

    Args:
        pursuit: What is pursued, and how.
        state: Where.
        rejected: Actions that are known not to help here.

    Raises:
        Stuck: The Actor was asked as often as is allowed and nothing passed.
    """
    actions: tuple[str, ...] = ()
    passed: dict[str, None] = {}
    for _ in range(pursuit.settings.proposals):
        actions = yield from propose(pursuit, state, rejected)
        known = len(rejected)
        for action in actions:
            refused = yield from rejection(pursuit, state, action)
            rejected = rejected if refused is None else (*rejected, refused)
            passed.update({} if refused is not None else {action: None})
        # Only when all of them pass: the Monitor's feedback is for a whole new set, as published.
        if len(rejected) == known:
            return actions
    if pursuit.settings.resort and actions:
        # As the released code does: what passed at any time, or else the last proposal although it did not pass.
        return tuple(passed)[: pursuit.settings.breadth] or actions
    raise Stuck(f"no valid action in {pursuit.settings.proposals} proposals")
