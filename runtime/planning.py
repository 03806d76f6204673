"""What a whole run would take, from a sample of its questions and arithmetic, without running it."""

import math

import msgspec

from decompose.task import Task
from runtime.config import RunConfig
from runtime.leads import PILOT_DRAWS, Pilot, choose_leads, explain_leads, forecast, pilot_steps, shape_of
from runtime.records import Counts
from runtime.segment_runner import Leads


class Speed(msgspec.Struct, frozen=True):
    """How fast a model answers here.

    Attributes:
        latency_s: Seconds of one call while nothing else is asked.
        calls_per_s: Most answers a second; ``None`` if the sample was too small to meet a limit.
    """

    latency_s: float
    calls_per_s: float | None


class Wall(msgspec.Struct, frozen=True):
    """Wall time at a width.

    Attributes:
        segments: Segments at the same time.
        calls_in_flight: Calls at the same time that they make.
        wall_s: Seconds: the work at that width, or the longest chain of dependent calls.
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


WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)


def plan(config: RunConfig, task: Task, pilot: Pilot, sampled: Counts, speed: Speed) -> Plan:
    """The arithmetic.

    Args:
        config: As a run would have it.
        task: The task.
        pilot: What the sample showed of the error rate.
        sampled: What the sample took; its means stand for the run's.
        speed: Measured with the sample.

    Raises:
        ConfigurationError: The model is wrong too often for any lead to help.
    """
    root = task.root()
    size = task.usual_steps(root.goal, root.inputs)
    leads = choose_leads(config, task, root, pilot)
    valid_rate = pilot.ballots / (pilot.ballots + pilot.spoiled)
    expected = forecast(config, task, root, leads, pilot.p_error, valid_rate)
    pilot_calls = pilot_steps(size) * PILOT_DRAWS if config.k == "auto" else 0
    calls = expected.calls + pilot_calls
    price = None if sampled.unpriced_calls else sampled.cost_usd / sampled.calls
    longest = _longest_chain(config, leads, size)
    return Plan(
        steps=size,
        calls=calls,
        calls_per_step=calls / size,
        tokens_in=calls / leads.guarded * sampled.tokens_in * PILOT_DRAWS / sampled.calls,
        tokens_out=calls * sampled.tokens_out / sampled.calls,
        cost_usd=None if price is None else calls * price,
        p_success=expected.p_success,
        longest_chain=longest,
        leads=leads,
        why=explain_leads(leads, pilot, expected, size),
        speed=speed,
        walls=_walls(config, leads, size, calls, longest, speed),
    )


def _longest_chain(config: RunConfig, leads: Leads, size: int) -> int:
    """Rounds of calls that wait for each other: decompositions from the root down, then one leaf."""
    if config.strategy == "chain":
        return size
    shape = shape_of(size, leads.leaf_steps)
    return (shape.leaves - 1).bit_length() + shape.length


def _walls(config: RunConfig, leads: Leads, size: int, calls: float, longest: int, speed: Speed) -> list[Wall]:
    """Wall time at growing widths, as far as more segments still mean more calls in flight."""
    chains = max(1, min(size, config.segment_steps) // (leads.leaf_steps + 1)) if config.strategy == "tree" else 1
    most = min(config.chains_in_flight * (config.workers or 1), shape_of(size, leads.leaf_steps).leaves)
    walls: list[Wall] = []
    for segments in WIDTHS:
        width = min(segments * chains, most if config.strategy == "tree" else 1) * leads.guarded
        if walls and walls[-1].calls_in_flight == width:
            break
        rate = min(width / speed.latency_s, speed.calls_per_s or math.inf)
        walls.append(Wall(segments, width, max(calls / rate, longest * speed.latency_s)))
    return walls
