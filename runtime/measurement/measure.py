"""Measures how often a model errs per step, on steps from the whole range of states that a run visits."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.execution.sampling import sampled_step
from surefoot.runtime.forecast.basis import basis_of
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Estimate, Sample, judge_pilot, kinds_of, pilot_steps
from surefoot.runtime.forecast.forecast import double_mistakes, longest_of, price_of
from surefoot.runtime.forecast.lead_choice import choose_leads
from surefoot.runtime.forecast.learning_run import forecast_run
from surefoot.runtime.forecast.measurement_file import KindRate, Measurement, setting_of
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.forecast.run_plan import Sampled
from surefoot.runtime.forecast.wall_time import walls_of
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.factory import AnswerKey
from surefoot.runtime.records import Counts
from surefoot.voting.beta_binomial import (
    BetaBinomial,
    beta_binomial_of,
    fit_beta_binomial,
    k_min_beta_binomial,
    p_step_beta_binomial,
)
from surefoot.voting.correlation import count_collisions
from surefoot.voting.error_rate import Interval, confidence_sequence

_Scored = tuple[Sample, list[bool | None]]
"""A sampled step, and for each of its ballots whether it is wrong; ``None`` if it is spoiled."""


def measure(config: RunConfig, task: Task, key: AnswerKey, sampled: Sampled) -> Measurement:
    """Score sampled answers against an answer key.

    Raises:
        ConfigurationError: No answer was without a red flag.
    """
    samples, counts = sampled.samples, sampled.counts
    wrong = [_wrong(task, key, sampled_step(config, task, sample.number), sample) for sample in samples]
    per_kind: dict[str, list[_Scored]] = defaultdict(list)
    for sample, flags in zip(samples, wrong, strict=True):
        per_kind[sample.kind].append((sample, flags))
    answers = [flag for flags in wrong for flag in flags]
    valid = [flag for flag in answers if flag is not None]
    if not valid:
        raise ConfigurationError(f"all {len(answers)} answers had a red flag: {_listed(counts.red_flags)}")
    interval = _interval(wrong)
    estimate = _estimate(per_kind, counts, interval)
    auto = msgspec.structs.replace(config, k="auto")
    best, leads = _leads(auto, task, estimate), _leads(config, task, estimate)
    asks = pilot_steps(task.outline(2**62).steps)
    enough = len(samples) >= asks and len(samples[0].ballots) >= PILOT_DRAWS
    pilot = judge_pilot([_shortened(sample) for sample in samples[:asks]], counts) if enough else None
    spread, pairs = _spread(wrong), count_collisions(_pairs(samples, wrong))
    told = Measurement(
        samples=len(samples),
        draws=len(samples[0].ballots),
        p_error=sum(valid) / len(valid),
        p_error_low=interval.low,
        p_error_high=interval.high,
        valid_rate=len(valid) / len(answers),
        red_flags=counts.red_flags,
        k_min=best.unguarded if best else None,
        leads=leads,
        predicted_calls=None,
        predicted_cost_usd=None,
        predicted_p_success=None,
        collisions=pairs.both_wrong,
        collisions_alike=pairs.wrong_alike,
        collisions_expected=pairs.expected_both_wrong,
        kinds=[_kind_rate(kind, those, estimate) for kind, those in sorted(per_kind.items())],
        tokens_in=counts.tokens_in / len(answers),
        tokens_out=counts.tokens_out / len(answers),
        cost_usd=None if counts.unpriced_calls else counts.cost_usd,
        target=config.target,
        seed=config.seed,
        model=config.model,
        spread=spread,
        seconds_per_answer=sampled.wall_s / len(answers),
        pilot_leads=_leads(auto, task, pilot) if pilot is not None else None,
        latency_s=sampled.speed.latency_s,
        estimate=estimate,
        setting=setting_of(config),
    )
    if leads is None:
        return told
    final = basis_of(config, task, rate_table(estimate), leads.leaf_steps).shapes[leads.leaf_steps].final_kinds
    uneven = _spread([flags for kind in final for _, flags in per_kind[kind]]) if final else None
    return _predict(config, task, told, estimate, leads, sampled, uneven)


def _predict(
    config: RunConfig,
    task: Task,
    told: Measurement,
    estimate: Estimate,
    leads: Leads,
    sampled: Sampled,
    uneven: BetaBinomial | None,
) -> Measurement:
    """A measurement with what a whole run would need; ``uneven`` is the spread over steps whose mistakes are final."""
    expected = forecast_run(config, task, leads, estimate)
    basis = basis_of(config, task, rate_table(estimate), leads.leaf_steps)
    longest = longest_of(basis, leads)
    final = basis.shapes[leads.leaf_steps].final_steps
    needed = k_min_beta_binomial(_at(uneven, told.p_error_high), final, config.target) if uneven else None
    return msgspec.structs.replace(
        told,
        predicted_calls=expected.calls,
        predicted_cost_usd=price_of(expected, sampled.counts, sampled.prices),
        predicted_p_success=expected.p_success,
        predicted_tokens_in=expected.tokens_in,
        predicted_tokens_out=expected.tokens_out,
        predicted_wall_s=walls_of(basis, leads, expected, longest, sampled.speed)[-1].wall_s,
        k_min_beta_binomial=needed,
        predicted_p_success_spread=p_step_beta_binomial(uneven, leads.unguarded) ** final if uneven else None,
        spread_final=uneven,
        double_mistakes=double_mistakes(basis, leads),
    )


def _estimate(per_kind: Mapping[str, Sequence[_Scored]], counts: Counts, interval: Interval) -> Estimate:
    """What leads are chosen from. Each step with an unspoiled answer is one observation."""
    counted, votes = {}, Counter[tuple[int, int]]()
    steps, shares = 0, []
    for kind, those in per_kind.items():
        flags = [[flag for flag in of_step if flag is not None] for _, of_step in those]
        answers = sum(len(of_step) for _, of_step in those)
        counted[kind] = (len(those), answers, sum(map(len, flags)), sum(map(sum, flags)))
        for said in filter(None, flags):
            steps += 1
            shares.append(sum(said) / len(said))
            votes[len(said) - sum(said), sum(said)] += 1
    ballots, wrong = sum(row[2] for row in counted.values()), sum(row[3] for row in counted.values())
    return Estimate(
        ballots, wrong, sum(row[1] for row in counted.values()) - ballots, (wrong + 0.5) / (ballots + 1), interval.high,
        tuple((w, d, n) for (w, d), n in sorted(votes.items()) if w > d), kinds_of(counted, counts), steps,
        math.fsum(shares), measured=True,
    )  # fmt: skip


def _leads(config: RunConfig, task: Task, estimate: Estimate) -> Leads | None:
    try:
        return choose_leads(config, task, estimate)
    except ConfigurationError:
        return None  # no lead helps; the measurement says so


def _shortened(sample: Sample) -> Sample:
    return msgspec.structs.replace(sample, ballots=sample.ballots[:PILOT_DRAWS])


def _spread(wrong: Sequence[list[bool | None]]) -> BetaBinomial | None:
    return fit_beta_binomial([(sum(filter(None, flags)), sum(f is not None for f in flags)) for flags in wrong])


def _at(spread: BetaBinomial, mean: float) -> BetaBinomial:
    """The spread with another mean and the same correlation of draws."""
    size = spread.a + spread.b
    return beta_binomial_of(mean * size, (1 - mean) * size)


def _wrong(task: Task, key: AnswerKey, step: Step, sample: Sample) -> list[bool | None]:
    """For each ballot whether it is wrong; ``None`` if it is spoiled."""
    prompt = task.prompt(step, "compact")
    right = task.parse(step, key(prompt).right[0], "chat" if prompt.system else "compact")
    return [None if b.candidate is None else b.candidate != right for b in sample.ballots]


def _pairs(samples: Sequence[Sample], wrong: Sequence[list[bool | None]]) -> list[tuple[bool, bool, bool]]:
    """The first two unspoiled answers of each step: wrong, wrong, alike."""
    pairs = []
    for sample, flags in zip(samples, wrong, strict=True):
        said = [(bool(f), b.candidate) for f, b in zip(flags, sample.ballots, strict=True) if f is not None][:2]
        if len(said) == 2:
            pairs.append((said[0][0], said[1][0], said[0][1] == said[1][1]))
    return pairs


def _interval(wrong: Sequence[list[bool | None]]) -> Interval:
    """Of the error rate; each step with an unspoiled answer is one observation."""
    shares = [sum(filter(None, flags)) / n for flags in wrong if (n := sum(f is not None for f in flags))]
    return confidence_sequence(math.fsum(shares), len(shares))


def _kind_rate(kind: str, those: Sequence[_Scored], estimate: Estimate) -> KindRate:
    wrong = [of_step for _, of_step in those]
    flags = [flag for of_step in wrong for flag in of_step]
    valid = [flag for flag in flags if flag is not None]
    interval = _interval(wrong)
    spoiled = Counter(b.spoiled_by for sample, _ in those for b in sample.ballots if b.spoiled_by is not None)
    took = next(known for known in estimate.kinds if known.kind == kind)
    pairs = count_collisions(_pairs([sample for sample, _ in those], wrong))
    return KindRate(
        kind, len(flags), len(valid), sum(valid), sum(valid) / max(1, len(valid)), interval.low, interval.high,
        dict(spoiled), statistics.median(sample.seconds for sample, _ in those), took.prompt_tokens, took.reply_tokens,
        _spread(wrong), pairs.both_wrong, pairs.expected_both_wrong,
    )  # fmt: skip


def _listed(flags: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(flags.items()))
