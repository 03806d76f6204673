"""An action that was looked at, and the questions about it that search and climbing share."""

import msgspec

from surefoot.decompose.modular_planner import evaluator, orchestrator, predictor
from surefoot.decompose.modular_planner.evaluator import EvaluatorFacts
from surefoot.decompose.modular_planner.orchestrator import OrchestratorFacts
from surefoot.decompose.modular_planner.predictor import PredictorFacts
from surefoot.decompose.modular_planner.propose_action import Asking, Pursuit


class Branch(msgspec.Struct, frozen=True):
    """An action that the planner looked at, with the predicted state and that state's estimates.

    Attributes:
        action: The action.
        state: The predicted state.
        value: Estimated steps from that state to the goal; ``None`` if that was not asked.
        met: Whether the state meets the goal; ``None`` if that was not asked.
        below: What was looked at from the predicted state.
    """

    action: str
    state: str
    value: int | None = None
    met: bool | None = None
    below: tuple["Branch", ...] = ()


def predicted(pursuit: Pursuit, state: str, action: str) -> Asking[str]:
    """Return the next state: the one that the action names itself, or the Predictor's."""
    named = pursuit.world.stated_after(action)
    if named is not None:
        return named
    return (yield predictor.step(PredictorFacts(pursuit.world, state, action), pursuit.settings.lead))


def ask_value(pursuit: Pursuit, state: str, lead: int | None) -> Asking[int]:
    """Ask the Evaluator for the steps from a state to the goal, with a given lead."""
    return int((yield evaluator.step(EvaluatorFacts(pursuit.world, state, pursuit.goal), lead)))


def ask_met(pursuit: Pursuit, state: str) -> Asking[bool | None]:
    """Ask the Orchestrator whether a state meets the goal; ``None`` if the run has no Orchestrator."""
    if not pursuit.settings.orchestrator:
        return None
    facts = OrchestratorFacts(pursuit.world, state, pursuit.goal)
    return (yield orchestrator.step(facts, pursuit.settings.lead)) == orchestrator.REACHED
