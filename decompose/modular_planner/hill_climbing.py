"""Finding an action by climbing, in place of a whole search: ours.

The first of the Actor's actions that the Evaluator puts nearer the goal is taken; those behind it are not even
checked. Where none is nearer, somebody was probably wrong: the Evaluator is asked again, with the run's lead, then the
Actor for other actions, once, before the search decides between them. This is enforced hill climbing, as planners do it
(Hoffmann and Nebel, JAIR 14, 2001), and asks 4 questions for an action where the search asks 7.
"""

from surefoot.decompose.modular_planner.actor import Rejected
from surefoot.decompose.modular_planner.branch import Branch, ask_met, ask_value, predicted
from surefoot.decompose.modular_planner.propose_action import Asking, Pursuit, Stuck, propose, rejection

FURTHER = "no nearer"
"""Why an action that is valid is not to be proposed again at once."""


def hill_climb(pursuit: Pursuit, state: str, here: int, rejected: tuple[Rejected, ...]) -> Asking[tuple[Branch, ...]]:
    """Return the one branch that meets the goal or is nearer to it; all valid branches if none is.

    Args:
        pursuit: What is pursued, and how.
        state: Where the plan stands.
        here: Estimated steps from there.
        rejected: Actions that are known not to help here.

    Raises:
        Stuck: There is no action that passes and leads to a state that is not closed.
    """
    found: list[Branch] = []
    for _ in range(pursuit.settings.proposals):
        before = len(found)
        actions = yield from propose(pursuit, state, rejected)
        for action in actions:
            refused = yield from rejection(pursuit, state, action)
            # What breaks a rule is not predicted: that would be a question for nothing.
            after = state if refused else (yield from predicted(pursuit, state, action))
            if refused or after in pursuit.closed:
                rejected = (*rejected, refused or Rejected(action, "visited"))
                continue
            branch = yield from _judged(pursuit, Branch(action, after), here, pursuit.settings.light_lead)
            if nearer(branch, here):
                return (branch,)
            rejected = (*rejected, Rejected(action, FURTHER))
            found.append(branch)
        for number in range(before, len(found)):
            found[number] = yield from _judged(pursuit, found[number], here, pursuit.settings.lead)
            if nearer(found[number], here):
                return (found[number],)
        # A second round without a nearer action: the search decides between what there is.
        if before or not actions:
            break
    if not found:
        raise Stuck("no valid action leads to a state that was not visited")
    return tuple(found)


def nearer(branch: Branch, here: int) -> bool:
    """Return whether a branch meets the goal or is nearer to it than a given distance."""
    return bool(branch.met) or (branch.value is not None and branch.value < here)


def _judged(pursuit: Pursuit, branch: Branch, here: int, lead: int | None) -> Asking[Branch]:
    """A branch with its value, and whether it meets the goal.

    The Orchestrator is not asked about a state on the way. It is about one that is said to be at the goal, and about
    one that is said to be no nearer: that is how the goal looks to an Evaluator that errs there. Its word, which was
    voted on, outweighs the Evaluator's.
    """
    value = yield from ask_value(pursuit, branch.state, lead)
    if 0 < value < here:
        return Branch(branch.action, branch.state, value, met=False)
    met = (yield from ask_met(pursuit, branch.state)) if branch.met is None else branch.met
    return Branch(branch.action, branch.state, 0 if met else value if met is None else max(value, 1), met)
