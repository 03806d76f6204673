"""Scores replies to several steps against an answer key, place by place, and says what a run needs that asks so."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from surefoot.decompose.several_steps import SampledChain
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.execution.sampling import sampled_question
from surefoot.runtime.forecast.estimates import Estimate, PlaceCount
from surefoot.runtime.forecast.lead_choice import choose_leads
from surefoot.runtime.forecast.learning_run import forecast_run
from surefoot.runtime.forecast.measured import PlaceRate, SeveralRates
from surefoot.runtime.forecast.measurement_file import Measurement
from surefoot.runtime.forecast.replies_seen import places_against, replies_of, with_replies, with_tokens_and_time
from surefoot.runtime.forecast.run_plan import Sampled
from surefoot.runtime.models.factory import AnswerKey
from surefoot.voting.error_rate import clopper_pearson

BANDS = (0, 1, 4, 16, 64, 256)
"""Places at which a row of the table begins."""


def with_long_replies(
    config: RunConfig, task: Task, key: AnswerKey, told: Measurement, sampled: Sampled
) -> Measurement:
    """Add to a measurement what replies to several steps said; its other figures stay those of single steps.

    Args:
        config: As the replies were asked for.
        task: The task.
        key: Right answers to a prompt.
        told: From single steps.
        sampled: With replies to several steps; where there are none, nothing is added.
    """
    long = sampled.long
    if not long or told.estimate is None:
        return told
    chains = [sampled_question(config, task, sample.number) for sample in long]
    groups = [
        (right_steps(task, key, chain), replies_of(sample))
        for chain, sample in zip(chains, long, strict=True)
        if isinstance(chain, SampledChain)
    ]
    places = places_against(groups)
    estimate = with_replies(told.estimate, long[0].kind, places)
    estimate = with_tokens_and_time(estimate, sampled.samples, long, sampled.long_counts)
    return msgspec.structs.replace(told, estimate=estimate, several=_needed(config, task, estimate))


def _needed(config: RunConfig, task: Task, estimate: Estimate) -> SeveralRates:
    found = SeveralRates(bands_of(estimate.places), estimate.doubling)
    several = msgspec.structs.replace(config, k="auto", steps_per_call="auto")
    try:
        leads = choose_leads(several, task, estimate)
    except ConfigurationError:
        return found  # no lead helps; the measurement says so
    calls = forecast_run(several, task, leads, estimate).calls
    return msgspec.structs.replace(found, leads=leads, predicted_calls=calls)


def right_steps(task: Task, key: AnswerKey, chain: SampledChain) -> list[str]:
    """Return the right answers to the steps that a question asks for, in canonical form."""
    state, found = chain.state, list[str]()
    while len(found) < chain.count:
        step = task.next_step(chain.goal, state)
        if not isinstance(step, Step):
            break
        prompt = task.prompt(step, "compact")
        found.append(str(task.parse(step, key(prompt).right[0], "chat" if prompt.system else "compact")))
        state = task.advance(chain.goal, state, found[-1])
    return found


def bands_of(places: Sequence[PlaceCount]) -> list[PlaceRate]:
    """Sum up what was seen at neighbouring places, by steps a call."""
    rows: dict[tuple[int, int], list[PlaceCount]] = defaultdict(list)
    for one in places:
        rows[one.count, max(first for first in BANDS if first <= one.place)].append(one)
    return [_band(count, those) for (count, _), those in sorted(rows.items())]


def _band(count: int, those: Sequence[PlaceCount]) -> PlaceRate:
    asked, wrong = sum(one.asked for one in those), sum(one.wrong for one in those)
    spoiled = sum(one.spoiled for one in those)
    interval = clopper_pearson(wrong + spoiled, asked)
    return PlaceRate(
        count, those[0].place, those[-1].place, asked, wrong, spoiled, (wrong + spoiled) / max(1, asked),
        interval.low, interval.high,
    )  # fmt: skip
