"""Measures how often a model errs per step, on steps from the whole range of states that a run visits."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from decompose.task import Task
from runtime.config import RunConfig
from runtime.errors import ConfigurationError
from runtime.leads import forecast, leads_for
from runtime.models.factory import AnswerKey
from runtime.records import Counts
from runtime.segment_runner import Leads
from runtime.worker import Sample
from voting.correlation import count_collisions
from voting.error_rate import clopper_pearson


class KindRate(msgspec.Struct, frozen=True):
    """Error rate of one class of question; ``wrong`` of ``valid`` unspoiled answers, out of ``answers``."""

    kind: str
    answers: int
    valid: int
    wrong: int
    p_error: float
    p_error_low: float
    p_error_high: float


class Measurement(msgspec.Struct, frozen=True):
    """What ``surefoot measure`` prints; keys are added, never renamed.

    Attributes:
        samples: Steps sampled.
        draws: Answers to each.
        p_error: Share of wrong ones among answers without a red flag.
        p_error_low: Lower end of the 95 % Clopper-Pearson interval of ``p_error``.
        p_error_high: Upper end.
        valid_rate: Share of answers without a red flag.
        red_flags: Spoiled answers by flag.
        k_min: Smallest lead for the target at ``p_error_high`` (arXiv 2511.09030, eq. 14); ``None`` if none helps.
        leads: Leads that ``--k auto`` would choose.
        predicted_calls: Of a whole run.
        predicted_cost_usd: Of a whole run; ``None`` if the price is unknown.
        predicted_p_success: That a whole run has no error.
        collisions: Steps whose first two answers were both wrong.
        collisions_alike: Those of them whose two answers were the same.
        collisions_expected: ``collisions`` if errors were independent.
        kinds: By class of question.
        tokens_in: Mean prompt tokens of an answer.
        tokens_out: Mean reply tokens of an answer.
        seed: What the sampled steps follow from.
    """

    samples: int
    draws: int
    p_error: float
    p_error_low: float
    p_error_high: float
    valid_rate: float
    red_flags: dict[str, int]
    k_min: int | None
    leads: Leads | None
    predicted_calls: float | None
    predicted_cost_usd: float | None
    predicted_p_success: float | None
    collisions: int
    collisions_alike: int
    collisions_expected: float
    kinds: list[KindRate]
    tokens_in: float
    tokens_out: float
    cost_usd: float | None
    target: float
    seed: int


def measure(config: RunConfig, task: Task, key: AnswerKey, samples: Sequence[Sample], counts: Counts) -> Measurement:
    """Score sampled answers against an answer key.

    Raises:
        ConfigurationError: No answer was without a red flag.
    """
    wrong = [_wrong(task, key, sample) for sample in samples]
    per_kind: dict[str, list[bool | None]] = defaultdict(list)
    for sample, flags in zip(samples, wrong, strict=True):
        per_kind[sample.kind] += flags
    answers = [flag for flags in wrong for flag in flags]
    valid = [flag for flag in answers if flag is not None]
    if not valid:
        raise ConfigurationError(f"all {len(answers)} answers had a red flag: {_listed(counts.red_flags)}")
    interval = clopper_pearson(sum(valid), len(valid))
    p_error, valid_rate = sum(valid) / len(valid), len(valid) / len(answers)
    root = task.root()
    leads = leads_for(config, task, root, p_error, interval.high) if interval.high < 0.5 else None
    predicted = forecast(config, task, root, leads, p_error, valid_rate) if leads is not None else None
    price = None if counts.unpriced_calls else counts.cost_usd / len(answers)
    pairs = count_collisions(_pairs(samples, wrong))
    return Measurement(
        samples=len(samples),
        draws=len(samples[0].ballots),
        p_error=p_error,
        p_error_low=interval.low,
        p_error_high=interval.high,
        valid_rate=valid_rate,
        red_flags=counts.red_flags,
        k_min=leads.unguarded if leads else None,
        leads=leads,
        predicted_calls=predicted.calls if predicted else None,
        predicted_cost_usd=predicted.calls * price if predicted and price is not None else None,
        predicted_p_success=predicted.p_success if predicted else None,
        collisions=pairs.both_wrong,
        collisions_alike=pairs.wrong_alike,
        collisions_expected=pairs.expected_both_wrong,
        kinds=[_kind_rate(kind, flags) for kind, flags in sorted(per_kind.items())],
        tokens_in=counts.tokens_in / len(answers),
        tokens_out=counts.tokens_out / len(answers),
        cost_usd=None if counts.unpriced_calls else counts.cost_usd,
        target=config.target,
        seed=config.seed,
    )


def _wrong(task: Task, key: AnswerKey, sample: Sample) -> list[bool | None]:
    """For each ballot whether it is wrong; ``None`` if it is spoiled."""
    step = task.sample_step(sample.number)
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


def _kind_rate(kind: str, flags: list[bool | None]) -> KindRate:
    valid = [flag for flag in flags if flag is not None]
    interval = clopper_pearson(sum(valid), len(valid))
    rate = sum(valid) / len(valid) if valid else 0.0
    return KindRate(kind, len(flags), len(valid), sum(valid), rate, interval.low, interval.high)


def _listed(flags: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(flags.items()))
