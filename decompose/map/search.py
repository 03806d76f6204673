"""Algorithm 2 of MAP: a tree search of depth L and breadth B over predicted states.

Only leaves are valued, and the best leaf's value is backed up to its first-layer parent. The layers below the chosen
action are handed back, so that the next search need not ask for them again.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from decompose.map import evaluator, orchestrator, predictor
from decompose.map.actor import Rejected
from decompose.map.evaluator import EvaluatorFacts
from decompose.map.orchestrator import OrchestratorFacts
from decompose.map.predictor import PredictorFacts
from decompose.map.propose_action import Asking, Pursuit, Stuck, propose_action


class Branch(msgspec.Struct, frozen=True):
    """An action that was looked at.

    Attributes:
        action: The action.
        state: The predicted state.
        value: Estimated steps from the best leaf below it to the goal; ``None`` if that was not asked.
        met: Whether the state meets the goal; ``None`` if that was not asked.
        below: What was looked at from the predicted state.
    """

    action: str
    state: str
    value: int | None = None
    met: bool | None = None
    below: tuple["Branch", ...] = ()


def search(pursuit: Pursuit, state: str, ready: Sequence[Branch], rejected: tuple[Rejected, ...]) -> Asking[Branch]:
    """The action to take.

    Args:
        pursuit: What is pursued, and how.
        state: Where the plan stands.
        ready: The first layer, if an earlier search looked at it.
        rejected: Actions that are known not to help here.

    Raises:
        Stuck: There is no action that passes and leads to a state that is not closed.
    """
    if not pursuit.settings.search:
        first = yield from expand(pursuit, state, rejected)
        return first[0]
    branches = yield from _look(pursuit, state, tuple(ready), rejected, 1)
    return best(branches, state)


def best(branches: Sequence[Branch], state: str) -> Branch:
    """The branch of the lowest value. Ties are broken by lot, as published; the lot is a hash of the facts."""
    met = [branch for branch in branches if branch.met]
    if met:
        return met[0]
    valued = [branch for branch in branches if branch.value is not None]
    return min(valued, key=lambda branch: (branch.value, _lot(state, branch)))


def expand(pursuit: Pursuit, state: str, rejected: tuple[Rejected, ...]) -> Asking[tuple[Branch, ...]]:
    """Valid actions with their predicted states, none of them closed, two to the same state counted once.

    Raises:
        Stuck: There is none.
    """
    for _ in range(pursuit.settings.proposals):
        actions = yield from propose_action(pursuit, state, rejected)
        if not actions:
            break
        branches: list[Branch] = []
        for action in actions:
            after = pursuit.world.stated_after(action)
            if after is None:
                after = yield predictor.step(PredictorFacts(pursuit.world, state, action), pursuit.settings.lead)
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
        known = yield from _test(pursuit, branch)
        if known.met:
            return (msgspec.structs.replace(known, value=0),)
        tested.append(known)
    valued: list[Branch] = []
    for branch in tested:
        valued.append((yield from _value(pursuit, branch, layer)))
    return tuple(valued)


def _test(pursuit: Pursuit, branch: Branch) -> Asking[Branch]:
    """Whether a branch meets the goal, and with lazy tests its value, which says whether that is worth asking."""
    settings = pursuit.settings
    if branch.met is not None or not settings.orchestrator:
        return branch
    if settings.lazy_tests:
        if branch.value is None:
            branch = msgspec.structs.replace(branch, value=(yield from _ask_value(pursuit, branch.state)))
        if branch.value:
            return msgspec.structs.replace(branch, met=False)
    reached = yield orchestrator.step(OrchestratorFacts(pursuit.world, branch.state, pursuit.goal), settings.lead)
    return msgspec.structs.replace(branch, met=reached == orchestrator.REACHED)


def _value(pursuit: Pursuit, branch: Branch, layer: int) -> Asking[Branch]:
    """Back up the best value from below, or ask for it at the last layer. A dead end below is worth nothing."""
    if layer < pursuit.settings.depth:
        try:
            deeper = yield from _look(pursuit, branch.state, branch.below, (), layer + 1)
        except Stuck:
            return msgspec.structs.replace(branch, value=evaluator.MOST)
        lowest = min(below.value for below in deeper if below.value is not None)
        return msgspec.structs.replace(branch, value=lowest, below=deeper)
    if branch.value is None:
        branch = msgspec.structs.replace(branch, value=(yield from _ask_value(pursuit, branch.state)))
    return branch


def _ask_value(pursuit: Pursuit, state: str) -> Asking[int]:
    facts = EvaluatorFacts(pursuit.world, state, pursuit.goal)
    return int((yield evaluator.step(facts, pursuit.settings.lead)))


def _lot(state: str, branch: Branch) -> bytes:
    below = "\0".join(child.action for child in branch.below)
    return hashlib.blake2b(f"{state}\0{branch.action}\0{below}".encode(), digest_size=8).digest()
