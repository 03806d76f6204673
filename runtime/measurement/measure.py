"""Measures how often a model errs per step, on steps from the whole range of states that a run visits.

Every answer is scored against an answer key, which no run ever sees. The error rate is that of readable answers, after
red flags; the rate before them stands beside it. Assumption behind the interval: steps are drawn independently; draws
of one step need not be independent of each other, they are one observation (``voting/error_rate.py``).
"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.basis import basis_of
from surefoot.runtime.forecast.chain_time import Pace
from surefoot.runtime.forecast.estimates import (
    PILOT_DRAWS,
    Estimate,
    Sample,
    judge_pilot,
    kinds_of,
    pilot_steps,
    seconds_by_kind,
    seen_looks,
    without_copies,
)
from surefoot.runtime.forecast.forecast import double_mistakes, price_of
from surefoot.runtime.forecast.lead_choice import choose_leads
from surefoot.runtime.forecast.learning_run import forecast_run
from surefoot.runtime.forecast.measured import KindRate
from surefoot.runtime.forecast.measurement_file import Measurement, setting_of
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.forecast.remedies import remedies
from surefoot.runtime.forecast.run_plan import Sampled, length_is_bound
from surefoot.runtime.forecast.wall_time import walls_of
from surefoot.runtime.leads import Leads
from surefoot.runtime.measurement.long_replies import with_long_replies
from surefoot.runtime.measurement.scoring import STATES_TOLD, Scored, examples_of, scored, states_of
from surefoot.runtime.measurement.verdicts import failing_kinds, next_steps, verdicts
from surefoot.runtime.models.factory import AnswerKey
from surefoot.voting.beta_binomial import (
    BetaBinomial,
    beta_binomial_of,
    fit_beta_binomial,
    k_min_beta_binomial,
    p_step_beta_binomial,
)
from surefoot.voting.correlation import count_collisions
from surefoot.voting.error_rate import Interval, confidence_sequence, middle_rate


def measure(config: RunConfig, task: Task, key: AnswerKey, sampled: Sampled) -> Measurement:
    """Score sampled answers against an answer key, and say what that means for a whole run.

    A model of which no answer can be read is a finding like any other: its error rate is unknown.
    """
    sampled = msgspec.structs.replace(sampled, samples=without_copies(sampled.samples))
    found = scored(config, task, key, sampled.samples)
    per_kind: dict[str, list[Scored]] = defaultdict(list)
    for one in found:
        per_kind[one.sample.kind].append(one)
    estimate = _estimate(per_kind, sampled, _interval(found))
    leads = _leads(config, task, estimate)
    told = _counted(config, found, per_kind, estimate, sampled)
    told = with_long_replies(config, task, key, _explained(config, told, found, leads), sampled)
    auto = msgspec.structs.replace(config, k="auto")
    best, pilot = _leads(auto, task, estimate), _as_pilot(task, sampled)
    told = msgspec.structs.replace(
        told,
        k_min=best.unguarded if best else None,
        pilot_leads=_leads(auto, task, pilot) if pilot is not None else None,
        length_is_bound=length_is_bound(config, task),
    )
    if leads is None:
        return told
    final = basis_of(config, task, rate_table(estimate), leads.leaf_steps).shapes[leads.leaf_steps].final_kinds
    # The empty kind stands for all: plans of tasks that do not say of which kinds their questions are.
    those = found if "" in final else [one for kind in final for one in per_kind[kind]]
    return _predict(config, task, told, leads, sampled, _spread(those) if final else None)


def _counted(
    config: RunConfig,
    found: Sequence[Scored],
    per_kind: Mapping[str, Sequence[Scored]],
    estimate: Estimate,
    sampled: Sampled,
) -> Measurement:
    """What was counted, without what it means."""
    counts, interval, pairs = sampled.counts, _interval(found), count_collisions(_pairs(found))
    answers, readable = estimate.ballots + estimate.spoiled, estimate.ballots
    return Measurement(
        samples=len(found),
        draws=len(found[0].wrong),
        p_error=estimate.dissenting / readable if readable else None,
        p_error_low=interval.low,
        p_error_high=interval.high,
        valid_rate=readable / answers,
        red_flags=counts.red_flags,
        k_min=None,
        leads=None,
        predicted_calls=None,
        predicted_cost_usd=None,
        predicted_p_success=None,
        collisions=pairs.both_wrong,
        collisions_alike=pairs.wrong_alike,
        collisions_expected=pairs.expected_both_wrong,
        kinds=[_kind_rate(kind, those, estimate) for kind, those in sorted(per_kind.items())],
        tokens_in=counts.tokens_in / answers,
        tokens_out=counts.tokens_out / answers,
        cost_usd=None if counts.unpriced_calls else counts.cost_usd,
        target=config.target,
        seed=config.seed,
        model=config.model,
        spread=_spread(found),
        seconds_per_answer=sampled.wall_s / answers,
        latency_s=sampled.speed.latency_s,
        estimate=estimate,
        setting=setting_of(config),
        p_not_right=(estimate.dissenting + estimate.spoiled) / answers,
    )


def _explained(config: RunConfig, told: Measurement, found: Sequence[Scored], leads: Leads | None) -> Measurement:
    """A measurement with its worst states, examples of replies, verdicts and what to try next."""
    states = states_of(found)
    said = verdicts(told, states)
    told = msgspec.structs.replace(
        told,
        leads=leads,
        kinds=[msgspec.structs.replace(kind, verdict=one) for kind, one in zip(told.kinds, said, strict=True)],
        states=[state for state in states if state.wrong or not state.readable][:STATES_TOLD],
        states_asked=len(states),
        states_lost=sum(state.lost for state in states),
        examples=examples_of(found),
        verdicts=said,
    )
    more = remedies(config, failing_kinds(told, states))
    return msgspec.structs.replace(told, next_steps=next_steps(told, states, more))


def _as_pilot(task: Task, sampled: Sampled) -> Estimate | None:
    """What a pilot that asks the first of these steps would see; ``None`` if too few were asked."""
    asks, samples = pilot_steps(task.outline(2**62).steps), sampled.samples
    if len(samples) < asks or len(samples[0].ballots) < PILOT_DRAWS:
        return None
    return judge_pilot([_shortened(sample) for sample in samples[:asks]], sampled.counts)


def _predict(
    config: RunConfig,
    task: Task,
    told: Measurement,
    leads: Leads,
    sampled: Sampled,
    uneven: BetaBinomial | None,
) -> Measurement:
    """A measurement with what a whole run would need; ``uneven`` is the spread over steps whose mistakes are final."""
    assert told.estimate is not None
    expected = forecast_run(config, task, leads, told.estimate)
    basis = basis_of(config, task, rate_table(told.estimate), leads.leaf_steps)
    final = basis.shapes[leads.leaf_steps].final_steps
    needed = k_min_beta_binomial(_at(uneven, told.p_error_high), final, config.target) if uneven else None
    return msgspec.structs.replace(
        told,
        predicted_calls=expected.calls,
        predicted_cost_usd=price_of(expected, sampled.counts, sampled.prices),
        predicted_p_success=expected.p_success,
        predicted_tokens_in=expected.tokens_in,
        predicted_tokens_out=expected.tokens_out,
        predicted_wall_s=walls_of(basis, leads, expected, sampled.speed, Pace(sampled.speed.latency_s))[-1].wall_s,
        k_min_beta_binomial=needed,
        predicted_p_success_spread=p_step_beta_binomial(uneven, leads.unguarded) ** final if uneven else None,
        spread_final=uneven,
        double_mistakes=double_mistakes(basis, leads),
    )


def _estimate(per_kind: Mapping[str, Sequence[Scored]], sampled: Sampled, interval: Interval) -> Estimate:
    """What leads are chosen from. Each step with an unspoiled answer is one observation."""
    counted, votes = {}, Counter[tuple[int, int]]()
    steps, shares = 0, []
    for kind, those in per_kind.items():
        flags = [one.readable for one in those]
        answers = sum(len(one.wrong) for one in those)
        counted[kind] = (len(those), answers, sum(map(len, flags)), sum(map(sum, flags)))
        for said in filter(None, flags):
            steps += 1
            shares.append(sum(said) / len(said))
            votes[len(said) - sum(said), sum(said)] += 1
    looks = seen_looks([one.sample for those in per_kind.values() for one in those], sampled.counts)
    ballots, wrong = sum(row[2] for row in counted.values()), sum(row[3] for row in counted.values())
    return Estimate(
        ballots, wrong, sum(row[1] for row in counted.values()) - ballots, middle_rate(wrong, ballots), interval.high,
        tuple((w, d, n) for (w, d), n in sorted(votes.items()) if w > d),
        kinds_of(counted, sampled.counts, seconds_by_kind(sampled.samples)), steps, math.fsum(shares), measured=True,
        looks=looks,
        seconds_per_answer=sampled.wall_s / max(1, sum(row[1] for row in counted.values())),
    )  # fmt: skip


def _leads(config: RunConfig, task: Task, estimate: Estimate) -> Leads | None:
    try:
        return choose_leads(config, task, estimate)
    except ConfigurationError:
        return None  # no lead helps; the measurement says so


def _shortened(sample: Sample) -> Sample:
    return msgspec.structs.replace(sample, ballots=sample.ballots[:PILOT_DRAWS])


def _spread(found: Sequence[Scored]) -> BetaBinomial | None:
    return fit_beta_binomial([(sum(one.readable), len(one.readable)) for one in found])


def _at(spread: BetaBinomial, mean: float) -> BetaBinomial:
    """The spread with another mean and the same correlation of draws."""
    size = spread.a + spread.b
    return beta_binomial_of(mean * size, (1 - mean) * size)


def _pairs(found: Sequence[Scored]) -> list[tuple[bool, bool, bool]]:
    """The first two unspoiled answers of each step: wrong, wrong, alike."""
    pairs = []
    for one in found:
        said = [(f, b.candidate) for f, b in zip(one.wrong, one.sample.ballots, strict=True) if f is not None][:2]
        if len(said) == 2:
            pairs.append((said[0][0], said[1][0], said[0][1] == said[1][1]))
    return pairs


def _interval(found: Sequence[Scored]) -> Interval:
    """Of the error rate; each step with an unspoiled answer is one observation."""
    shares = [sum(one.readable) / len(one.readable) for one in found if one.readable]
    return confidence_sequence(math.fsum(shares), len(shares))


def _kind_rate(kind: str, those: Sequence[Scored], estimate: Estimate) -> KindRate:
    answers = sum(len(one.wrong) for one in those)
    readable = [flag for one in those for flag in one.readable]
    interval, pairs = _interval(those), count_collisions(_pairs(those))
    spoiled = Counter(b.spoiled_by for one in those for b in one.sample.ballots if b.spoiled_by is not None)
    took = next(known for known in estimate.kinds if known.kind == kind)
    return KindRate(
        kind=kind,
        answers=answers,
        valid=len(readable),
        wrong=sum(readable),
        p_error=sum(readable) / len(readable) if readable else None,
        p_error_low=interval.low,
        p_error_high=interval.high,
        red_flags=dict(spoiled),
        seconds=statistics.median(one.sample.seconds for one in those),
        tokens_in=took.prompt_tokens,
        tokens_out=took.reply_tokens,
        spread=_spread(those),
        collisions=pairs.both_wrong,
        collisions_expected=pairs.expected_both_wrong,
        p_not_right=(sum(readable) + answers - len(readable)) / answers,
    )
