"""What a whole run would take, without running it: arithmetic on a sample of its questions.

The sample stands for the run's questions: their mean tokens, price and speed are taken for the run's.
"""

import msgspec

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.basis import basis_of
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Estimate, Sample, judge_pilot, pilot_steps
from surefoot.runtime.forecast.forecast import Forecast, longest_of, price_of
from surefoot.runtime.forecast.lead_choice import choose_leads, explain_leads
from surefoot.runtime.forecast.learning_run import forecast_run
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.forecast.wall_time import Speed, Wall, walls_of
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Counts


class Sampled(msgspec.Struct, frozen=True):
    """A sample of a run's questions, and what it took."""

    samples: list[Sample]
    counts: Counts
    speed: Speed
    wall_s: float
    prices: tuple[float, float] | None = None


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
    basis = basis_of(config, task, rate_table(everything), leads.leaf_steps)
    longest = longest_of(basis, leads)
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
        walls=walls_of(basis, leads, whole, longest, sampled.speed),
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
