"""Measures how often a model errs per step, on steps from the whole range of states that a run visits."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from decompose.task import Task
from runtime.config import RunConfig
from runtime.errors import ConfigurationError
from runtime.leads import forecast, leads_for
from runtime.models.factory import AnswerKey
from runtime.records import Counts
from runtime.sampling import Sample
from runtime.segment_runner import Leads
from voting.anytime import confidence_sequence
from voting.correlation import count_collisions
from voting.error_rate import Interval
from voting.spread import Spread, fit_spread, k_min_spread, p_step_spread


class KindRate(msgspec.Struct, frozen=True):
    """Error rate of one class of question; ``wrong`` of ``valid`` unspoiled answers, out of ``answers``.

    ``red_flags`` counts the others by flag. The interval holds however long one looks.
    """

    kind: str
    answers: int
    valid: int
    wrong: int
    p_error: float
    p_error_low: float
    p_error_high: float
    red_flags: dict[str, int] = {}


class Measurement(msgspec.Struct, frozen=True):
    """What ``surefoot measure`` prints; keys are added, never renamed.

    Attributes:
        samples: Steps sampled.
        draws: Answers to each.
        p_error: Share of wrong ones among answers without a red flag.
        p_error_low: Lower end of the 95 % interval of ``p_error``, valid however long one looks; the draws of one step
            count as one observation (``voting/anytime.py``).
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
        model: Its name.
        spread: Beta-binomial spread of error rates over steps; ``None`` if it cannot be fitted.
        k_min_spread: Smallest lead for the target if every mistake were final, from the spread; ``None`` if none is.
        predicted_p_success_spread: Of a whole run with lead ``k_min``, every mistake final, from the spread.
        seconds_per_answer: Wall time by answers, at the concurrency that was used.
        predicted_wall_s: Of a whole run at that pace.
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
    model: str = ""
    spread: Spread | None = None
    k_min_spread: int | None = None
    predicted_p_success_spread: float | None = None
    seconds_per_answer: float | None = None
    predicted_wall_s: float | None = None


def recommended(found: Sequence[Measurement]) -> Measurement | None:
    """The cheapest model that reaches the target; among equally cheap ones, the one with the fewest calls.

    ``None`` if none reaches it. An unknown price counts as dearer than any known one.
    """
    able = [m for m in found if m.predicted_p_success is not None and m.predicted_p_success >= m.target]

    def price(m: Measurement) -> tuple[bool, float, float]:
        return m.predicted_cost_usd is None, m.predicted_cost_usd or 0.0, m.predicted_calls or 0.0

    return min(able, key=price, default=None)


def measure(
    config: RunConfig,
    task: Task,
    key: AnswerKey,
    samples: Sequence[Sample],
    counts: Counts,
    wall_s: float | None = None,
) -> Measurement:
    """Score sampled answers against an answer key; ``wall_s`` is how many seconds the sampling took.

    Raises:
        ConfigurationError: No answer was without a red flag.
    """
    wrong = [_wrong(task, key, sample) for sample in samples]
    per_kind: dict[str, list[tuple[Sample, list[bool | None]]]] = defaultdict(list)
    for sample, flags in zip(samples, wrong, strict=True):
        per_kind[sample.kind].append((sample, flags))
    answers = [flag for flags in wrong for flag in flags]
    valid = [flag for flag in answers if flag is not None]
    if not valid:
        raise ConfigurationError(f"all {len(answers)} answers had a red flag: {_listed(counts.red_flags)}")
    interval = _interval(wrong)
    spread = fit_spread([(sum(filter(None, flags)), sum(f is not None for f in flags)) for flags in wrong])
    p_error, valid_rate = sum(valid) / len(valid), len(valid) / len(answers)
    root = task.root()
    leads = leads_for(config, task, root, p_error, interval.high) if interval.high < 0.5 else None
    predicted = forecast(config, task, root, leads, p_error, valid_rate) if leads is not None else None
    size = task.usual_steps(root.goal, root.inputs)
    pace = wall_s / len(answers) if wall_s is not None else None
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
        kinds=[_kind_rate(kind, those) for kind, those in sorted(per_kind.items())],
        tokens_in=counts.tokens_in / len(answers),
        tokens_out=counts.tokens_out / len(answers),
        cost_usd=None if counts.unpriced_calls else counts.cost_usd,
        target=config.target,
        seed=config.seed,
        model=config.model,
        spread=spread,
        k_min_spread=k_min_spread(spread, size, config.target) if spread else None,
        predicted_p_success_spread=p_step_spread(spread, leads.unguarded) ** size if spread and leads else None,
        seconds_per_answer=pace,
        predicted_wall_s=pace * predicted.calls if pace is not None and predicted else None,
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


def _interval(wrong: Sequence[list[bool | None]]) -> Interval:
    """Of the error rate; each step with an unspoiled answer is one observation."""
    shares = [sum(filter(None, flags)) / n for flags in wrong if (n := sum(f is not None for f in flags))]
    return confidence_sequence(math.fsum(shares), len(shares))


def _kind_rate(kind: str, those: Sequence[tuple[Sample, list[bool | None]]]) -> KindRate:
    flags = [flag for _, of_step in those for flag in of_step]
    valid = [flag for flag in flags if flag is not None]
    interval = _interval([of_step for _, of_step in those])
    rate = sum(valid) / len(valid) if valid else 0.0
    spoiled = Counter(b.spoiled_by for sample, _ in those for b in sample.ballots if b.spoiled_by is not None)
    return KindRate(kind, len(flags), len(valid), sum(valid), rate, interval.low, interval.high, dict(spoiled))


def _listed(flags: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(flags.items()))
