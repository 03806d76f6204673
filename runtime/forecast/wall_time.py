"""Wall time of a whole run at growing widths: its plan, scheduled with how long the model takes.

A model answers as fast as in the sample, up to the most answers a second that were seen there.
"""

import math

import msgspec

from surefoot.decompose.segment import SEGMENT_STEPS
from surefoot.runtime.forecast.basis import Basis
from surefoot.runtime.forecast.chain_time import Pace, chain_time
from surefoot.runtime.forecast.forecast import Forecast
from surefoot.runtime.forecast.schedule import ChainTimes, PlanTimes, scheduled_s
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


def pace_of(speed: Speed, seconds: tuple[float, float] | None, single: float) -> Pace:
    """Return the seconds of calls and tokens while nothing else is asked.

    Args:
        speed: With replies to single steps.
        seconds: Of a call without its tokens, and of a generated token, as they were beside others; ``None`` if no long
            reply was timed, where all calls are taken to be alike.
        single: Tokens of a reply to a single step.
    """
    whole = Pace(*seconds).of(single) if seconds is not None else 0.0
    if seconds is None or whole <= 0:
        return Pace(speed.latency_s)
    return Pace(*(part * speed.latency_s / whole for part in seconds))


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


def walls_of(
    basis: Basis, leads: Leads, expected: Forecast, speed: Speed, pace: Pace, pilot_s: float = 0.0
) -> list[Wall]:
    """Compute the wall time at growing widths, as far as more segments still mean more calls in flight.

    Args:
        basis: Shape of the plan.
        leads: Of the run.
        expected: Of the whole run.
        speed: Of the model; its answers a second are those of replies as long as the run's.
        pace: Of the model.
        pilot_s: Seconds of the pilot, which comes before everything else.
    """
    if expected.looks:  # one after the other; whoever needs a look that is on its way waits for it
        return [Wall(1, 1, expected.fresh_looks * speed.latency_s + expected.looks * KEPT_LOOK_S)]
    shape, config = basis.shapes[leads.leaf_steps], basis.config
    leaves = shape.chains[0].count
    steps = SEGMENT_STEPS if config.segment_steps == "auto" else config.segment_steps
    each = max(1, steps // (leads.leaf_steps + 1)) if leaves > 1 else 1
    places = config.chains_in_flight * (config.workers or 1)
    most = min(places, leaves)
    together, plan = expected.calls / expected.requests, times_of(basis, leads, pace)
    fastest = expected.calls / (speed.calls_per_s or math.inf)
    walls: list[Wall] = []
    for segments in WIDTHS:
        width = min(segments * each, most)
        in_flight = round(width * together)
        if walls and walls[-1].calls_in_flight == in_flight:
            break
        # Where all leaves have a place, so has what else there is, as long as there are places.
        taken_s = pilot_s + scheduled_s(plan, places if width == leaves else width)
        walls.append(Wall(segments, in_flight, max(taken_s, fastest)))
    return walls


def times_of(basis: Basis, leads: Leads, pace: Pace) -> PlanTimes:
    """Return a run's plan with how long its parts take.

    Args:
        basis: Shape of the plan.
        leads: Of the run.
        pace: Of the model.
    """
    shape = basis.shapes[leads.leaf_steps]
    rates, rule = shape.split_rates, basis.rule.with_lead(leads.split)
    split_s = rule.expected_requests(rates.p, rates.valid) * pace.of(rates.reply_tokens)
    times = [chain_time(basis, leads, one, pace) for one in shape.chains]
    chains = tuple(ChainTimes(one.count, time.draw) for one, time in zip(shape.chains, times, strict=True))
    refuted = 1 - rule.p_step(rates.p) if basis.seams and shape.splits else 0.0
    in_vain_s = times[0].in_vain_s(basis.config.seam_retries)
    return PlanTimes(shape.splits, shape.levels, split_s, refuted, in_vain_s, chains)
