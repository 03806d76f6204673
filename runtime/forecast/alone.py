"""How long a run would take in one process, guessed before anything is asked: only to decide whether a Ray pays."""

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig

BUNDLED_STEP_S = 0.0003
"""Seconds of one step with the bundled model on one core (2^20 steps took 158 seconds of two cores, 2026-11-26)."""
SIMULATED_STEP_S = 0.0001
"""Seconds of one step with a simulated model that has no latency, on one core."""


def seconds_alone(config: RunConfig, task: Task) -> float | None:
    """Return about how many seconds a run takes in this process alone; ``None`` where nothing is known.

    Args:
        config: Its model is read.
        task: Says how many steps are usual.
    """
    root = task.root()
    steps = task.usual_steps(root.goal, root.inputs)
    name, _, parameters = config.model.partition(":")
    if config.model == "bundled":
        return steps * BUNDLED_STEP_S
    if name == "simulated" and "latency_s" not in parameters:
        return steps * SIMULATED_STEP_S
    return None
