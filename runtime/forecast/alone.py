"""How long a run would take in one process, guessed before anything is asked: only to decide whether a Ray pays."""

from surefoot.decompose.several_steps import sampled_chain
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.config import RunConfig
from surefoot.runtime.local_models import is_local
from surefoot.runtime.model_names import members_of
from surefoot.runtime.records import Counts
from surefoot.runtime.steps_per_call import MOST_OF_BUNDLED

BUNDLED_STEP_S = 0.0003
"""Seconds of one step with the bundled model on one core (2^20 steps took 158 seconds of two cores, 2026-11-26)."""
BUNDLED_STATED_S = 0.00005
"""Seconds of one step of a reply that states several (2^16 steps in replies of 32 took 4 seconds, 2026-11-28)."""
SIMULATED_STEP_S = 0.0001
"""Seconds of one step with a simulated model that has no latency, on one core."""

CALL_S = 1.0
"""Seconds of a call to a model that nobody has asked yet, a server's or a user's own; they differ from 0.2 to 20."""
CALLS_A_STEP = 3
"""Answers to a question that such a model is expected to give, votes and discarded ones included."""
FEWEST_STEPS = 20
"""Steps after which a run's own speed is believed rather than a guess."""


def seconds_alone(config: RunConfig, task: Task) -> float | None:
    """Return about how many seconds a run takes in this process alone; ``None`` where nothing is known.

    Calls to a server are waited for ``calls_in_flight`` at a time, also where a plan allows fewer at once: a Ray would
    have to wait for them likewise.

    Args:
        config: Its model is read.
        task: Says how many steps are usual.
    """
    steps = _steps(task)
    if len(members_of(config.model)) > 1:
        return None
    name, _, parameters = config.model.partition(":")
    if config.model == "bundled":
        count = MOST_OF_BUNDLED if config.steps_per_call == "auto" else config.steps_per_call
        if count == 1 or sampled_chain(task, 0, 2) is None:
            return steps * BUNDLED_STEP_S
        return steps * (BUNDLED_STATED_S + BUNDLED_STEP_S / count)
    if name == "simulated" and "latency_s" not in parameters and "token_s" not in parameters:
        return steps * SIMULATED_STEP_S
    if not is_guessed(config):
        return None
    return steps * CALLS_A_STEP * CALL_S / config.calls_in_flight


def is_guessed(config: RunConfig) -> bool:
    """Whether ``seconds_alone`` knows nothing of the model's speed, and takes ``CALL_S`` for a call."""
    name = config.model.partition(":")[0]
    return len(members_of(config.model)) == 1 and name not in ("bundled", "simulated") and not is_local(config.model)


def seconds_left(task: Task, totals: Counts, wall_s: float) -> float | None:
    """Return how many seconds the rest of a run takes at the speed so far; ``None`` if too little was done to say.

    Args:
        task: Says how many steps are usual.
        totals: What the run has done.
        wall_s: Seconds that it has worked.
    """
    if totals.steps < FEWEST_STEPS:
        return None
    return max(0, _steps(task) - totals.steps) * wall_s / totals.steps


def _steps(task: Task) -> int:
    """Steps that a run usually takes; a row's leads are chosen as for one step, and the work is all rows."""
    root = task.root()
    return task.total_rows if isinstance(task, RowTask) else task.usual_steps(root.goal, root.inputs)
