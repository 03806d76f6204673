"""The pilot of a run whose calls are shared: which questions for several steps it asks, and what all it saw says."""

from collections.abc import Sequence

from surefoot.decompose.several_steps import sampled_chain
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.estimates import Estimate, Sample, judge_pilot
from surefoot.runtime.forecast.replies_seen import chain_numbers, judge_long_replies, steps_of
from surefoot.runtime.records import Counts
from surefoot.runtime.steps_per_call import most_steps_per_call

LONG_REPLY_STEPS = 64
"""Steps that each of the questions asks for, where the run is to choose how many and the model knows so many."""

FEWEST, MOST, PER_QUESTION = 10, 64, 2048
"""Least and most questions for several steps, and the steps of a run for which there is one: in a long run the forecast
is surer, and the pilot stays a small part of the calls."""


def long_pilot(config: RunConfig, task: Task) -> range:
    """Return the numbers of a pilot's questions for several steps; none where each step of the run is asked alone."""
    asked = config.steps_per_call
    if asked == 1 or config.k != "auto" or config.measurement is not None or sampled_chain(task, 0, 2) is None:
        return range(0)
    root = task.root()
    questions = task.usual_steps(root.goal, root.inputs) // PER_QUESTION
    longest = min(LONG_REPLY_STEPS, most_steps_per_call(config) or LONG_REPLY_STEPS)
    return chain_numbers(config.seed, max(FEWEST, min(MOST, questions)), longest if asked == "auto" else asked)


def judge_pilot_with_long_replies(samples: Sequence[Sample], counts: Counts) -> Estimate:
    """Estimate error rates from a pilot that asked single steps and several at once, in any order.

    Args:
        samples: Questions of both forms.
        counts: What they took.
    """
    single = [sample for sample in samples if steps_of(sample.number) == 1]
    long = [sample for sample in samples if steps_of(sample.number) > 1]
    return judge_long_replies(judge_pilot(single, counts), single, long, counts)
