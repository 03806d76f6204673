"""What a whole run would take, from a sample of its questions and arithmetic, without running it."""

import math
import statistics
import time
from collections.abc import Sequence

import msgspec

from surefoot.decompose.outline import Outline
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Estimate, Sample, judge_pilot, pilot_steps, sample_numbers
from surefoot.runtime.forecast.forecast import Forecast, Longest, longest_of, outline_of, price_of
from surefoot.runtime.forecast.lead_choice import choose_leads, explain_leads, forecast_run
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.port import Model
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.local_pool import LocalPool

ALONE = 5
"""Calls made one at a time, for the latency."""

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)


class Speed(msgspec.Struct, frozen=True):
    """How fast a model answers here.

    Attributes:
        latency_s: Seconds of one call while nothing else is asked.
        calls_per_s: Most answers a second; ``None`` if the sample was too small to meet a limit.
    """

    latency_s: float
    calls_per_s: float | None


class Sampled(msgspec.Struct, frozen=True):
    """A sample of a run's questions, and what it took."""

    samples: list[Sample]
    counts: Counts
    speed: Speed
    wall_s: float
    prices: tuple[float, float] | None = None


class Wall(msgspec.Struct, frozen=True):
    """Wall time at a width.

    Attributes:
        segments: Segments at the same time.
        calls_in_flight: Calls at the same time that they make.
        wall_s: Seconds.
    """

    segments: int
    calls_in_flight: int
    wall_s: float


class Plan(msgspec.Struct, frozen=True):
    """What ``surefoot plan`` prints; keys are added, never renamed.

    Attributes:
        steps: Of the whole plan, at most.
        calls: Answers drawn, the pilot and spoiled ones included.
        tokens_in: Prompt tokens; a prompt whose first ballots are asked together is paid once.
        tokens_out: Reply tokens.
        cost_usd: ``None`` if the price is unknown.
        p_success: That no mistake goes through.
        longest_chain: Calls that can only be made one after the other.
        leads: Those that a run with the same options begins with.
        walls: Wall time by width.
    """

    steps: int
    calls: float
    calls_per_step: float
    tokens_in: float
    tokens_out: float
    cost_usd: float | None
    p_success: float
    longest_chain: int
    leads: Leads
    why: str
    speed: Speed
    walls: list[Wall]


async def take_sample(config: RunConfig, task: Task, samples: int, draws: int, models: Sequence[Model] = ()) -> Sampled:
    """Ask a run's questions: a few alone, then all at once. The numbers are those that the run's pilot asks.

    Args:
        config: The run's configuration.
        task: The task.
        samples: Steps to ask.
        draws: Answers to each of them.
        models: Model objects to ask instead of those that the configuration names.

    Raises:
        ModelUnavailable, ModelRejected: From the model.
    """
    pool = LocalPool(config, task, list(models) or None)
    try:
        latencies = []
        for number in sample_numbers(config.seed, ALONE):
            started = time.perf_counter()
            await pool.sample([number], 1)
            latencies.append(time.perf_counter() - started)
        started = time.perf_counter()
        found, counts = await pool.sample(sample_numbers(config.seed, samples), draws)
        seconds = time.perf_counter() - started
        speed = speed_of(found, counts.calls, statistics.median(latencies))
        return Sampled(found, counts, speed, seconds, pool.prices())
    finally:
        await pool.close()


def speed_of(samples: Sequence[Sample], calls: int, alone_s: float) -> Speed:
    """Speed from questions asked all at once: at the pace of the last four fifths of them, once all is under way.

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


def plan(config: RunConfig, task: Task, sampled: Sampled, measured: Estimate | None = None) -> Plan:
    """The arithmetic.

    Args:
        config: As a run would have it.
        task: The task.
        sampled: Asked ``PILOT_DRAWS`` times each, the pilot's steps first; their means stand for the run's.
        measured: From a measurement; then a run makes no pilot.

    Raises:
        ConfigurationError: The model is wrong too often for any lead to help.
    """
    root = task.root()
    size = task.usual_steps(root.goal, root.inputs)
    everything = measured or judge_pilot(sampled.samples, sampled.counts)
    asks = pilot_steps(size) if config.k == "auto" and measured is None else 0
    start = judge_pilot(sampled.samples[:asks], sampled.counts) if asks else everything
    leads = choose_leads(config, task, start)
    expected = forecast_run(config, task, leads, start, everything)
    whole = _with_pilot(expected, asks, sampled)
    longest = longest_of(config, task, leads, everything)
    return Plan(
        steps=size,
        calls=whole.calls,
        calls_per_step=whole.calls / size,
        tokens_in=whole.tokens_in,
        tokens_out=whole.tokens_out,
        cost_usd=price_of(whole, sampled.counts, sampled.prices),
        p_success=expected.p_success,
        longest_chain=round(longest.requests),
        leads=leads,
        why=explain_leads(leads, start if config.k == "auto" else None, expected, size),
        speed=sampled.speed,
        walls=walls_of(config, task, leads, whole, longest, sampled.speed),
    )


def _with_pilot(expected: Forecast, asks: int, sampled: Sampled) -> Forecast:
    """The forecast with the calls of a pilot of so many steps."""
    each, steps = asks * PILOT_DRAWS / sampled.counts.calls, len(sampled.samples)
    return msgspec.structs.replace(
        expected,
        calls=expected.calls + asks * PILOT_DRAWS,
        requests=expected.requests + asks,
        tokens_in=expected.tokens_in + sampled.counts.tokens_in * asks / steps,
        tokens_out=expected.tokens_out + sampled.counts.tokens_out * each,
    )


def walls_of(
    config: RunConfig, task: Task, leads: Leads, expected: Forecast, longest: Longest, speed: Speed
) -> list[Wall]:
    """Wall time at growing widths, as far as more segments still mean more calls in flight.

    Decompositions come first, and on each level there are twice as many: the upper ones leave most of a width empty.
    Chains then fill it, or wait for the longest of them.

    Args:
        config: As a run would have it.
        task: The task.
        leads: Of the run.
        expected: Of the whole run.
        longest: Requests that wait for each other.
        speed: Of the model.
    """
    outline = outline_of(config, task, leads.leaf_steps)
    leaves = outline.chains[0].count
    each = max(1, config.segment_steps // (leads.leaf_steps + 1)) if leaves > 1 else 1
    most = min(config.chains_in_flight * (config.workers or 1), leaves)
    together = expected.calls / expected.requests
    per_level = outline.splits / max(1, outline.levels)
    walls: list[Wall] = []
    for segments in WIDTHS:
        width = min(segments * each, most)
        in_flight = round(width * together)
        if walls and walls[-1].calls_in_flight == in_flight:
            break
        rounds = _rounds_of_splits(outline, longest, width)
        rounds += max(longest.chain, (expected.requests - longest.splits * per_level) / width)
        fastest = expected.calls / (speed.calls_per_s or math.inf)
        walls.append(Wall(segments, in_flight, max(rounds * speed.latency_s, fastest)))
    return walls


def _rounds_of_splits(outline: Outline, longest: Longest, width: int) -> float:
    """Requests after one another until the last decomposition is decided, with so many at a time."""
    levels = range(outline.levels)
    each = outline.splits / max(1, (1 << outline.levels) - 1)
    full = sum(max(1.0, each * (1 << level) / width) for level in levels)
    return full * longest.splits / max(1, outline.levels)
