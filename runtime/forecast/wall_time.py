"""Wall time of a whole run at growing widths: arithmetic on a forecast and on how fast the model answers.

Assumption: decompositions come first, and on each level there are as many again; the upper ones leave most of a width
empty. Chains then fill it, or wait for the longest of them. A model answers as fast as in the sample, up to the most
answers a second that were seen there.
"""

import math

import msgspec

from surefoot.decompose.segment import SEGMENT_STEPS
from surefoot.runtime.forecast.basis import Basis, Shape
from surefoot.runtime.forecast.forecast import Forecast, Longest
from surefoot.runtime.leads import Leads

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
"""Segments at the same time for which the wall time is said."""

KEPT_LOOK_S = 0.00005
"""Seconds of a look that is kept, with its part of a step's bookkeeping."""


class Speed(msgspec.Struct, frozen=True):
    """How fast a model answers here.

    Attributes:
        latency_s: Seconds of one call while nothing else is asked.
        calls_per_s: Most answers a second; ``None`` if the sample was too small to meet a limit.
    """

    latency_s: float
    calls_per_s: float | None


def with_longer_replies(speed: Speed, seconds: tuple[float, float], single: float, mean: float) -> Speed:
    """Return a model's speed where replies are longer than those that it was timed with.

    Args:
        speed: With replies to single steps.
        seconds: Of a call without its tokens, and of a generated token.
        single: Tokens of a reply to a single step.
        mean: Tokens of a reply of the run, on average.
    """
    call, token = seconds
    if call + token * single <= 0:
        return speed
    by = (call + token * mean) / (call + token * single)
    return Speed(speed.latency_s * by, None if speed.calls_per_s is None else speed.calls_per_s / by)


class Wall(msgspec.Struct, frozen=True):
    """Wall time of a run with a number of segments at the same time.

    Attributes:
        segments: Segments at the same time.
        calls_in_flight: Calls at the same time that they make.
        wall_s: Seconds.
    """

    segments: int
    calls_in_flight: int
    wall_s: float


def walls_of(basis: Basis, leads: Leads, expected: Forecast, longest: Longest, speed: Speed) -> list[Wall]:
    """Compute the wall time at growing widths, as far as more segments still mean more calls in flight.

    Args:
        basis: Shape of the plan.
        leads: Of the run.
        expected: Of the whole run.
        longest: Requests that wait for each other.
        speed: Of the model.
    """
    if expected.looks:  # one after the other; whoever needs a look that is on its way waits for it
        return [Wall(1, 1, expected.fresh_looks * speed.latency_s + expected.looks * KEPT_LOOK_S)]
    shape, config = basis.shapes[leads.leaf_steps], basis.config
    leaves = shape.chains[0].count
    steps = SEGMENT_STEPS if config.segment_steps == "auto" else config.segment_steps
    each = max(1, steps // (leads.leaf_steps + 1)) if leaves > 1 else 1
    most = min(config.chains_in_flight * (config.workers or 1), leaves)
    together = expected.calls / expected.requests
    per_level = shape.splits / max(1, shape.levels)
    walls: list[Wall] = []
    for segments in WIDTHS:
        width = min(segments * each, most)
        in_flight = round(width * together)
        if walls and walls[-1].calls_in_flight == in_flight:
            break
        rounds = _rounds_of_splits(shape, longest, width)
        rounds += max(longest.chain, (expected.requests - longest.splits * per_level) / width)
        fastest = expected.calls / (speed.calls_per_s or math.inf)
        walls.append(Wall(segments, in_flight, max(rounds * speed.latency_s, fastest)))
    return walls


def _rounds_of_splits(shape: Shape, longest: Longest, width: int) -> float:
    """Requests after one another until the last decomposition is decided, with so many at a time."""
    levels = range(shape.levels)
    each = shape.splits / max(1, (1 << shape.levels) - 1)
    full = sum(max(1.0, each * (1 << level) / width) for level in levels)
    return full * longest.splits / max(1, shape.levels)
