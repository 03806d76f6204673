"""Asks a sample of a run's questions, and takes the time: the input of measurements and plans."""

import statistics
import time
from collections.abc import Sequence

import msgspec

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.estimates import Sample, sample_numbers
from surefoot.runtime.forecast.replies_seen import chain_numbers
from surefoot.runtime.forecast.run_plan import Sampled
from surefoot.runtime.forecast.wall_time import Speed
from surefoot.runtime.models.budget_lease import Unit
from surefoot.runtime.models.port import Model
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.control import Grant
from surefoot.runtime.worker.local_pool import LocalPool

PER_LONG, FEWEST_LONG = 10, 10
"""A question for several steps is asked for so many for single ones, and so many at least."""

ALONE = 5
"""Calls made one at a time, for the latency."""


class Beside(msgspec.Struct, frozen=True):
    """What a sample asks beside its usual single steps.

    Attributes:
        several: Numbers of steps, 2 or more, that further questions ask for at once.
        numbers: Further single steps, by what they are sampled from.
    """

    several: Sequence[int] = ()
    numbers: Sequence[int] = ()


NOTHING_ELSE = Beside()


async def take_sample(
    config: RunConfig,
    task: Task,
    samples: int,
    draws: int,
    models: Sequence[Model] = (),
    attempt: int = 0,
    beside: Beside = NOTHING_ELSE,
) -> Sampled:
    """Ask a sample of a run's questions, the ones that its pilot asks first: a few alone, then all at once.

    Args:
        config: The run's configuration; all replies are kept, whatever it says.
        task: The task.
        samples: Steps to ask.
        draws: Answers to each of them.
        models: Model objects to ask instead of those that the configuration names.
        attempt: Another one has other answers to the same steps.
        beside: What else is asked.

    Raises:
        ModelUnavailable: From the model, or as a limit of the run does not cover the sample.
        ModelRejected: From the model.
    """
    pool = await sampling_pool(config, task, models)
    try:
        alone_s, _ = await ask_alone(pool, sample_numbers(config.seed, ALONE))
        started = time.perf_counter()
        usual = sample_numbers(config.seed, samples)
        found, counts = await pool.sample(
            [*usual, *(one for one in beside.numbers if one not in usual)], draws, attempt
        )
        seconds = time.perf_counter() - started
        speed = speed_of(found, counts.calls, alone_s)
        long, long_counts = list[Sample](), Counts()
        for count in beside.several:
            longer = chain_numbers(config.seed, max(FEWEST_LONG, samples // PER_LONG), count)
            more, took = await pool.sample(longer, draws, attempt)
            long += more
            long_counts.add(took)
        return Sampled(found, counts, speed, seconds, pool.prices(), tuple(long), long_counts, tuple(beside.numbers))
    finally:
        await pool.close()


async def sampling_pool(config: RunConfig, task: Task, models: Sequence[Model] = ()) -> LocalPool:
    """Open what asks a sample: it may spend what the run may, and what goes beyond that is refused, not waited for.

    Args:
        config: The run's configuration; all replies are kept, whatever it says.
        task: The task.
        models: Model objects to ask instead of those that the configuration names.
    """
    limits: dict[Unit, float | None] = {"usd": config.max_cost_usd, "calls": config.max_calls}
    given = {unit: float(most) for unit, most in limits.items() if most is not None}
    alone = {"workers": 1} if given else {}  # which would have to share what is left
    pool = LocalPool(msgspec.structs.replace(config, keep_replies="all", **alone), task, list(models) or None)
    for unit, most in given.items():
        await pool.tell(0, Grant(unit, most))
        await pool.tell(0, Grant(unit, 0.0))
    return pool


async def ask_alone(pool: LocalPool, numbers: Sequence[int]) -> tuple[float, Counts]:
    """Ask questions one after the other; return the median of the seconds that each took, and what they cost.

    Args:
        pool: Asks.
        numbers: Of the sampled questions, 1 or more.

    Raises:
        ModelUnavailable, ModelRejected: From the model.
    """
    latencies, counts = [], Counts()
    for number in numbers:
        started = time.perf_counter()
        _, took = await pool.sample([number], 1)
        latencies.append(time.perf_counter() - started)
        counts.add(took)
    return statistics.median(latencies), counts


def speed_of(samples: Sequence[Sample], calls: int, alone_s: float) -> Speed:
    """Work out a model's speed from questions asked all at once: the pace of the last four fifths.

    Args:
        samples: Those questions.
        calls: Answers to them.
        alone_s: Seconds of a question asked alone.
    """
    ended = sorted(one.ended for one in samples)
    began, skipped = min(one.ended - one.seconds for one in samples), len(ended) // 5
    # All of them in about the time of one: whatever limits the model was not met.
    if ended[-1] - began <= 2 * alone_s or ended[-1] == ended[skipped]:
        return Speed(alone_s, None)
    return Speed(alone_s, calls * (len(ended) - skipped - 1) / len(ended) / (ended[-1] - ended[skipped]))
