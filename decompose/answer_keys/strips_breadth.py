"""Searches a written-out PDDL world in breadth: the shortest plan, and the shortest way to what is known already."""

from collections import deque
from collections.abc import Mapping

import msgspec

from surefoot.decompose.answer_keys.strips_ground import Action
from surefoot.decompose.answer_keys.strips_states import States


class Found(msgspec.Struct, frozen=True):
    """How a breadth-first search of a PDDL world ended.

    Attributes:
        plan: Actions to the goal; ``None`` if none was found.
        complete: Without a plan: whether there is none, as every state was looked at.
        narrow: Without a plan: whether the states still to be taken up were few beside those looked at, as in puzzles
            whose states have few followers.
    """

    plan: tuple[Action, ...] | None
    complete: bool = False
    narrow: bool = False


class Wanted(msgspec.Struct, frozen=True):
    """What a breadth-first search of a PDDL world is to reach.

    Attributes:
        states: The world.
        goal: Bits of the goal.
    """

    states: States
    goal: int

    def met(self, state: int) -> bool:
        """Return whether a state is one that the search is to reach."""
        return state & self.goal == self.goal


Origins = dict[int, tuple[int, Action] | None]
"""By state, the state and the action it was reached by."""


def in_breadth(wanted: Wanted, start: int, limit: int) -> Found:
    """Find the shortest plan; of several as short, the one whose actions come first by name.

    Args:
        wanted: What is to be reached.
        start: Where from.
        limit: States to be looked at, where looking at one is cheap; fewer where much is derived in each.
    """
    states = wanted.states
    limit //= 1 + sum(len(rules) for rules, _ in states.ground.layers) // 30
    origins: Origins = {start: None}
    if wanted.met(start):
        return Found(())
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for action in sorted(states.actions(here), key=by_name):
            reached = states.after(here, action)
            if reached in origins:
                continue
            origins[reached] = here, action
            if wanted.met(reached):
                return Found(plan_of(origins, reached))
            queue.append(reached)
        if len(origins) > limit:
            return Found(None, narrow=10 * len(queue) < len(origins))
    return Found(None, complete=True)


def back(wanted: Wanted, start: int, limit: int, left: Mapping[int, int]) -> tuple[tuple[Action, ...], int] | None:
    """Find the shortest way from a state, over states around it, to one from which the way is known.

    Args:
        wanted: What is to be reached.
        start: Where from.
        limit: States to be looked at.
        left: By state, how many actions lead on from it.

    Returns:
        The actions up to a known state or the goal, and how many follow; ``None`` if there is no such state around.
    """
    states = wanted.states
    origins: Origins = {start: None}
    depths, queue = {start: 0}, deque([start])
    best: tuple[int, int] | None = None
    while queue and len(origins) <= limit:
        here = queue.popleft()
        known = 0 if wanted.met(here) else left.get(here)
        if known is not None and (best is None or depths[here] + known < best[0]):
            best = depths[here] + known, here
        if best is not None and depths[here] + 1 >= best[0]:
            break
        for action in sorted(states.actions(here), key=by_name):
            reached = states.after(here, action)
            if reached not in origins:
                origins[reached], depths[reached] = (here, action), depths[here] + 1
                queue.append(reached)
    if best is None:
        return None
    return plan_of(origins, best[1]), best[0] - depths[best[1]]


def by_name(action: Action) -> str:
    """Return the key by which actions are ordered where nothing else decides."""
    return action.said


def plan_of(origins: Origins, state: int) -> tuple[Action, ...]:
    """Return the actions that led to a state."""
    found = []
    while (origin := origins[state]) is not None:
        state, action = origin
        found.append(action)
    return tuple(reversed(found))
