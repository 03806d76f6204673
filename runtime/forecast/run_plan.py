"""What a whole run would take, without running it: arithmetic on a sample of its questions.

The sample stands for the run's questions: their mean tokens, price and speed are taken for the run's.
"""

import math

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.basis import Basis, basis_of, outline_of
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Estimate, Sample, judge_pilot, pilot_steps
from surefoot.runtime.forecast.forecast import Forecast, longest_of, price_of
from surefoot.runtime.forecast.lead_choice import choose_leads, explain_leads
from surefoot.runtime.forecast.learning_run import forecast_run
from surefoot.runtime.forecast.long_pilot import judge_pilot_with_long_replies, long_pilot
from surefoot.runtime.forecast.look_forecast import pilot_looks
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.forecast.rebalanced_votes import Shared, levels_of, rebalanced
from surefoot.runtime.forecast.rounds import rounds_of
from surefoot.runtime.forecast.wall_time import Speed, Wall, pace_of, walls_of
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Counts


class Sampled(msgspec.Struct, frozen=True):
    """A sample of a run's questions with what asking took: calls, seconds, prices.

    ``long`` are questions for several steps, which ``counts`` leave out; asking them took ``long_counts``. ``both`` are
    the numbers of samples that the pilot asks by which votes are shared out anew.
    """

    samples: list[Sample]
    counts: Counts
    speed: Speed
    wall_s: float
    prices: tuple[float, float] | None = None
    long: tuple[Sample, ...] = ()
    long_counts: Counts = msgspec.field(default_factory=Counts)
    both: tuple[int, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """What ``surefoot plan`` prints; keys are added, never renamed.

    Attributes:
        steps: Of the whole plan.
        calls: Answers drawn, the pilot and spoiled ones included.
        calls_per_step: Without the pilot.
        tokens_in: Prompt tokens; a prompt whose first ballots are asked together is paid once.
        tokens_out: Reply tokens.
        cost_usd: ``None`` if the price is unknown.
        p_success: That no mistake goes through.
        longest_chain: Calls that can only be made one after the other.
        leads: Those that a run with the same options begins with.
        walls: Wall time by width.
        pilot_calls: Calls of the pilot; 0 where a run makes none.
        calls_per_step_with_pilot: All calls, shared out over the steps.
        length_is_bound: Whether ``steps`` is only the most that the plan may take, so that all figures are at most so
            much.
        looks: Looks that steps are decided by, kept ones included, without the pilot's; 0 where answers are drawn.
        fresh_looks: Those of them that are asked of the model.
        questions: Distinct questions that they are about.
        calls_low: Lower end of a 95 % interval for the calls, those of the pilot included; 0 where each step is asked
            alone.
        calls_high: Its upper end.
        rounds: Rounds that the run takes where its questions go out as batches, the pilot's among them.
        batch_cost_usd: What it costs then; ``None`` if the price is unknown, or the model has no batches.
        batch_hours: Hours that it takes then, at most, if every round is back in time; ``None`` likewise.
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
    pilot_calls: int = 0
    calls_per_step_with_pilot: float = 0.0
    length_is_bound: bool = False
    looks: float = 0.0
    fresh_looks: float = 0.0
    questions: float = 0.0
    calls_low: float = 0.0
    calls_high: float = 0.0
    rounds: int = 0
    batch_cost_usd: float | None = None
    batch_hours: float | None = None


def plan(config: RunConfig, task: Task, sampled: Sampled, measured: Estimate | None = None) -> Plan:
    """Compute what a whole run would take from a sample of its questions.

    Args:
        config: As a run would have it.
        task: The task.
        sampled: Asked ``PILOT_DRAWS`` times each, the pilot's steps first; their means stand for the run's. Where votes
            are shared out anew, those of its pilot are among them.
        measured: From a measurement; then a run makes no pilot.

    Raises:
        ConfigurationError: The model is wrong too often for any lead to help.
    """
    root = task.root()
    size = task.usual_steps(root.goal, root.inputs)
    took = Counts()
    took.add(sampled.counts)
    took.add(sampled.long_counts)
    everything = measured or judge_pilot_with_long_replies([*sampled.samples, *sampled.long], took)
    several = len(long_pilot(config, task))
    asks = pilot_steps(0 if several else size) if config.k == "auto" and measured is None else 0
    pilot_asks = [*sampled.samples[:asks], *sampled.long[:several]]
    start = judge_pilot_with_long_replies(pilot_asks, took) if asks else everything
    start = msgspec.structs.replace(start, prices=start.prices or sampled.prices)
    leads = choose_leads(config, task, start)
    shared = _shared(config, task, leads, sampled) if config.rebalance_votes else None
    if shared is not None:
        leads, asks = shared.leads, len(sampled.both)
    expected = forecast_run(config, task, leads, start, everything)
    pilot = _with_long(_pilot(config, task, asks, sampled, everything), several, sampled)
    whole = _together(expected, pilot)
    basis = basis_of(config, task, rate_table(everything), leads.leaf_steps)
    longest = longest_of(basis, leads)
    return Plan(
        steps=size,
        calls=whole.calls,
        calls_per_step=expected.calls / size,
        tokens_in=whole.tokens_in,
        tokens_out=whole.tokens_out,
        cost_usd=price_of(whole, sampled.counts, sampled.prices),
        p_success=expected.p_success,
        longest_chain=round(longest.requests),
        leads=leads,
        why=shared.why if shared else explain_leads(leads, start if config.k == "auto" else None, expected, size),
        speed=sampled.speed,
        walls=_walls(basis, leads, whole, everything, sampled, pilot),
        pilot_calls=round(pilot.calls),
        calls_per_step_with_pilot=whole.calls / size,
        length_is_bound=length_is_bound(config, task),
        looks=expected.looks,
        fresh_looks=expected.fresh_looks,
        questions=expected.questions,
        calls_low=whole.calls_low,
        calls_high=whole.calls_high,
        rounds=rounds_of(basis, leads) + (pilot.calls > 0),
    )


def _shared(config: RunConfig, task: Task, leads: Leads, sampled: Sampled) -> Shared:
    """How a run will share its votes out before its first step: by the samples that its pilot asks as well."""
    asked, outline = set(sampled.both), outline_of(config, task, leads.leaf_steps)
    pilot = judge_pilot([one for one in sampled.samples if one.number in asked], sampled.counts)
    return rebalanced(leads, outline, levels_of(pilot, outline.split_kind))


def in_batches(ahead: Plan, usual: tuple[float, float] | None, batch: tuple[float, float] | None, hours: float) -> Plan:
    """Return a plan with what batches would cost and how long they would take.

    Args:
        ahead: The plan.
        usual: What a prompt token and a generated one cost, in USD; ``None`` if unknown.
        batch: The same in a batch.
        hours: Of a round.
    """
    cost = None
    if ahead.cost_usd is not None and usual is not None and batch is not None:
        listed, less = (ahead.tokens_in * one[0] + ahead.tokens_out * one[1] for one in (usual, batch))
        cost = ahead.cost_usd * less / listed if listed else 0.0
    return msgspec.structs.replace(ahead, batch_cost_usd=cost, batch_hours=ahead.rounds * hours)


def _walls(
    basis: Basis, leads: Leads, whole: Forecast, known: Estimate, sampled: Sampled, pilot: Forecast
) -> list[Wall]:
    """Wall time at growing widths, the pilot's included; longer replies take their time."""
    single, speed = sampled.counts.tokens_out / max(1, sampled.counts.calls), sampled.speed
    pace = pace_of(speed, known.seconds, single)
    if speed.calls_per_s is not None and leads.steps_per_call > 1 and pace.token_s:
        slower = pace.of(whole.tokens_out / whole.calls) / pace.of(single)
        speed = msgspec.structs.replace(speed, calls_per_s=speed.calls_per_s / slower)
    config = basis.config
    waves = math.ceil(pilot.requests / (config.chains_in_flight * (config.workers or 1)))
    longest = pilot.tokens_out / pilot.calls if pilot.calls else 0.0
    return walls_of(basis, leads, whole, speed, pace, waves * pace.of(max(single, longest)))


def length_is_bound(config: RunConfig, task: Task) -> bool:
    """Whether only an upper bound of a plan's length is known: a user's task without ``usual_steps`` or ``outline``."""
    says = type(task)
    given = says.usual_steps is not Task.usual_steps or says.outline is not Task.outline
    return config.task not in BUILT_IN_TASKS and not given


def _pilot(config: RunConfig, task: Task, asks: int, sampled: Sampled, known: Estimate) -> Forecast:
    """What a pilot of so many steps takes: all its draws, or of its looks the distinct ones."""
    if known.looks is not None:
        fresh, seen = pilot_looks(config, task) if asks else 0, known.looks
        calls = fresh * seen.calls
        return Forecast(calls, 1.0, calls, fresh * seen.tokens_in, fresh * seen.tokens_out)
    each, steps = asks * PILOT_DRAWS / sampled.counts.calls, len(sampled.samples)
    tokens_in = sampled.counts.tokens_in * asks / steps
    return Forecast(asks * PILOT_DRAWS, 1.0, asks, tokens_in, sampled.counts.tokens_out * each)


def _with_long(pilot: Forecast, several: int, sampled: Sampled) -> Forecast:
    """What a pilot takes with so many questions for several steps as well, by the means of those of the sample."""
    if not several:
        return pilot
    share, took = several / len(sampled.long), sampled.long_counts
    long = Forecast(took.calls * share, 1.0, several, took.tokens_in * share, took.tokens_out * share)
    return _together(pilot, long)


def _together(expected: Forecast, pilot: Forecast) -> Forecast:
    """The forecast of a run with what its pilot takes."""
    return msgspec.structs.replace(
        expected,
        calls=expected.calls + pilot.calls,
        requests=expected.requests + pilot.requests,
        tokens_in=expected.tokens_in + pilot.tokens_in,
        tokens_out=expected.tokens_out + pilot.tokens_out,
        calls_low=expected.calls_low + pilot.calls * (expected.calls_high > 0),
        calls_high=expected.calls_high + pilot.calls * (expected.calls_high > 0),
    )
