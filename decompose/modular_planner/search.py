"""Algorithm 2 of MAP: a tree search of depth L and breadth B over predicted states.

Only leaves are valued, and the best leaf's value is backed up to its first-layer parent. The layers below the chosen
action are handed back, so that the next search need not ask for them again.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from surefoot.decompose.modular_planner import evaluator
from surefoot.decompose.modular_planner.actor import Rejected
from surefoot.decompose.modular_planner.branch import Branch, ask_met, ask_value, predicted
from surefoot.decompose.modular_planner.hill_climbing import hill_climb, nearer
from surefoot.decompose.modular_planner.propose_action import Asking, Pursuit, Stuck, propose_action


def search(
    pursuit: Pursuit, state: str, ready: tuple[Branch, ...], rejected: tuple[Rejected, ...], here: int | None = None
) -> Asking[Branch]:
    """Choose the action to take in a state by a tree search over predicted states.

    Args:
        pursuit: What is pursued, and how.
        state: Where the plan stands.
        ready: The first layer, if an earlier search looked at it.
        rejected: Actions that are known not to help here.
        here: Estimated steps from there, for climbing.

    Raises:
        Stuck: There is no action that passes and leads to a state that is not closed.
    """
    if not pursuit.settings.search:
        first = yield from expand(pursuit, state, rejected)
        return first[0]
    if pursuit.settings.climbs and here is not None and not ready:
        ready = yield from hill_climb(pursuit, state, here, rejected)
        if nearer(ready[0], here):
            return ready[0]
    branches = yield from _look(pursuit, state, ready, rejected, 1)
    return best(branches, state)


def best(branches: Sequence[Branch], state: str) -> Branch:
    """Return the branch of the lowest backed-up value; ties are broken by lot, as published: a hash of the facts."""
    met = [branch for branch in branches if branch.met]
    return met[0] if met else min(branches, key=lambda branch: (backed_up(branch), _lot(state, branch)))


def backed_up(branch: Branch) -> int:
    """Return the lowest value of the leaves below a branch, or the branch's own if nothing is below."""
    if branch.below:
        return min(map(backed_up, branch.below))
    assert branch.value is not None
    return branch.value


def expand(pursuit: Pursuit, state: str, rejected: tuple[Rejected, ...]) -> Asking[tuple[Branch, ...]]:
    """Return the valid actions of a state with their predicted states, none of which is closed.

    Raises:
        Stuck: There is none.
    """
    for _ in range(pursuit.settings.proposals):
        actions = yield from propose_action(pursuit, state, rejected)
        if not actions:
            break
        branches: list[Branch] = []
        for action in actions:
            after = yield from predicted(pursuit, state, action)
            if after in pursuit.closed:
                rejected = (*rejected, Rejected(action, "visited"))
            else:
                branches.append(Branch(action, after))
        if branches:
            return tuple(branches)
    raise Stuck("every action leads back to a state that was visited")


def _look(
    pursuit: Pursuit, state: str, ready: tuple[Branch, ...], rejected: tuple[Rejected, ...], layer: int
) -> Asking[tuple[Branch, ...]]:
    """One node of the tree: its branches, valued; only the one that meets the goal if one does."""
    branches = ready or (yield from expand(pursuit, state, rejected))
    tested: list[Branch] = []
    for branch in branches:
        if branch.met is None:
            branch = msgspec.structs.replace(branch, met=(yield from ask_met(pursuit, branch.state)))
        if branch.met:
            # Nothing beats the goal: its sisters are not valued any more, which saves their questions.
            return (msgspec.structs.replace(branch, value=0),)
        tested.append(branch)
    valued: list[Branch] = []
    for branch in tested:
        valued.append((yield from _value(pursuit, branch, layer)))
    return tuple(valued)


def _value(pursuit: Pursuit, branch: Branch, layer: int) -> Asking[Branch]:
    """Look below, or ask for the value at the last layer. A dead end below is worth nothing."""
    if layer < pursuit.settings.depth:
        try:
            deeper = pursuit.after(branch.action, branch.state)
            below = yield from _look(deeper, branch.state, branch.below, (), layer + 1)
        except Stuck:
            # Not left out: it is still an action to take if all others end as well.
            return msgspec.structs.replace(branch, value=evaluator.MOST)
        return msgspec.structs.replace(branch, below=below)
    # A leaf handed down by the search before has its value already.
    if branch.value is None:
        branch = msgspec.structs.replace(
            branch, value=(yield from ask_value(pursuit, branch.state, pursuit.settings.light_lead))
        )
    return branch


def _lot(state: str, branch: Branch) -> bytes:
    below = "\0".join(child.action for child in branch.below)
    # Not `random`: a resumed run replays the turn and has to take the same branch.
    return hashlib.blake2b(f"{state}\0{branch.action}\0{below}".encode(), digest_size=8).digest()
