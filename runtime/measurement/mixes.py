"""Measures models that are to take turns: each alone on the same steps, then how their errors go together."""

from collections.abc import Sequence

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.basis import outline_of
from surefoot.runtime.forecast.measured import Mix
from surefoot.runtime.forecast.run_plan import Sampled
from surefoot.runtime.leads import LEAF_STEPS
from surefoot.runtime.measurement.pairs import mix_of
from surefoot.runtime.measurement.scoring import scored
from surefoot.runtime.models.factory import AnswerKey


def measure_mix(config: RunConfig, task: Task, key: AnswerKey, names: Sequence[str], sampled: Sequence[Sampled]) -> Mix:
    """Hold samples of several models against each other.

    Args:
        config: The run's configuration; its model does not matter.
        task: The task.
        key: Right answers to a prompt.
        names: Of the models.
        sampled: For each the same steps.
    """
    leaf_steps = LEAF_STEPS if config.leaf_steps == "auto" else config.leaf_steps
    outline = outline_of(config, task, leaf_steps)
    members = [scored(config, task, key, one.samples) for one in sampled]
    return mix_of(names, members, outline.steps + outline.splits, config.target)
