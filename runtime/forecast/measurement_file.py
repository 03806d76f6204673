"""The file of ``surefoot measure``: what a measurement says, and how ``run --measurement`` reads it."""

import pathlib
from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.forecast.measured import KindRate, Mix, ReplyExample, SeveralRates, StateRate
from surefoot.runtime.leads import Leads
from surefoot.runtime.plain_files import open_plain
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.voting.beta_binomial import BetaBinomial

SETTING = (
    "task", "task_options", "model", "dialect", "state_by", "red_flags", "temperature", "max_reply_tokens",
    "structured", "wordings",
)  # fmt: skip
"""Fields of a configuration that answers depend on: a measurement counts for runs that share them."""


class Measurement(msgspec.Struct, frozen=True):
    """What ``surefoot measure`` prints; keys are added, never renamed.

    Attributes:
        samples: Steps sampled.
        draws: Answers to each.
        p_error: Share of wrong ones among answers without a red flag, that is after red flags; ``None`` if no answer
            was readable.
        p_error_low: Lower end of the 95 % interval of ``p_error``, valid however long one looks; the draws of one step
            count as one observation (``voting/error_rate.py``).
        p_error_high: Upper end.
        valid_rate: Share of answers without a red flag.
        red_flags: Spoiled answers by flag.
        k_min: Smallest lead for the target at ``p_error_high`` (arXiv 2511.09030, eq. 14); ``None`` if none helps.
        leads: Leads that a run with ``--measurement`` begins with.
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
        k_min_beta_binomial: (``k_min_spread`` in JSON.) Smallest lead for the target over the steps whose mistakes are
            final (those before a seam are not), from their spread with its mean at ``p_error_high``; ``None`` if none
            is, or there is no such spread.
        predicted_p_success_spread: Of a whole run with these leads, from that spread as fitted.
        spread_final: As ``spread``, of the questions whose mistakes are final.
        double_mistakes: Mean number of chains with two wrong steps or more, whose seam may hold although they are
            wrong: ``predicted_p_success`` takes it that none does. 0 where checks leave none.
        seconds_per_answer: Wall time by answers, at the concurrency that was used.
        predicted_wall_s: Of a whole run with this many workers.
        pilot_leads: Leads that a run without ``--measurement`` begins with, if the model answers its pilot as it did
            here: the pilot asks the first of these steps. ``None`` if fewer draws were made than it makes.
        predicted_tokens_in: Prompt tokens of a whole run.
        predicted_tokens_out: Reply tokens of a whole run.
        latency_s: Seconds of one call while nothing else is asked.
        estimate: What ``--measurement`` reads.
        setting: What the answers depend on; a run with ``--measurement`` must share it.
        p_not_right: Share of all answers that were wrong or discarded, that is before red flags.
        states: The worst states that were asked, the worst first.
        states_asked: Different states that were asked.
        states_lost: Those of them at which a wrong answer came more often than the right one.
        examples: Some wrong and some discarded replies.
        verdicts: What it means, a sentence or two for each kind of question.
        next_steps: What to try; empty if all is well.
        length_is_bound: Whether the length of the run is only the most that it may be: predictions are at most so much.
        several: What replies to several steps said; ``None`` if none was asked for.
    """

    samples: int
    draws: int
    p_error: float | None
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
    spread: BetaBinomial | None = None
    k_min_beta_binomial: int | None = msgspec.field(default=None, name="k_min_spread")
    predicted_p_success_spread: float | None = None
    seconds_per_answer: float | None = None
    predicted_wall_s: float | None = None
    pilot_leads: Leads | None = None
    predicted_tokens_in: float | None = None
    predicted_tokens_out: float | None = None
    latency_s: float | None = None
    estimate: Estimate | None = None
    setting: dict[str, Any] = {}
    spread_final: BetaBinomial | None = None
    double_mistakes: float = 0.0
    p_not_right: float = 0.0
    states: list[StateRate] = []
    states_asked: int = 0
    states_lost: int = 0
    examples: list[ReplyExample] = []
    verdicts: list[str] = []
    next_steps: list[str] = []
    length_is_bound: bool = False
    several: SeveralRates | None = None

    @property
    def reaches(self) -> bool:
        """Whether the forecast reaches the target."""
        return self.predicted_p_success is not None and self.predicted_p_success >= self.target

    @property
    def even(self) -> bool:
        """Whether the forecast reaches the target for unequal steps as well, as far as their spread could be fitted."""
        return self.predicted_p_success_spread is None or self.predicted_p_success_spread >= self.target


def recommended(found: Sequence[Measurement]) -> Measurement | None:
    """Choose the cheapest model that reaches the target; among equally cheap ones, the one with the fewest calls.

    One that reaches it for the spread of its errors as well goes before one that does not. ``None`` if none reaches it.
    An unknown price counts as dearer than any known one.
    """
    able = [m for m in found if m.reaches]
    able = [m for m in able if m.even] or able

    def price(m: Measurement) -> tuple[bool, float, float]:
        return m.predicted_cost_usd is None, m.predicted_cost_usd or 0.0, m.predicted_calls or 0.0

    return min(able, key=price, default=None)


LARGEST = 64 << 20
"""Bytes that are read of a measurement's file, whose name a received run directory may have given."""


def read_measurement(config: RunConfig) -> Estimate:
    """Read the estimate from the file that ``--measurement`` names.

    Raises:
        ConfigurationError: The file cannot be read, or measured something else than this run asks.
    """
    path = pathlib.Path(config.measurement or "")
    try:
        with open_plain(path) as file:
            saved = msgspec.json.decode(file.read(LARGEST), type=Saved)
    except (OSError, *UNREADABLE) as error:
        raise ConfigurationError(f"--measurement {path}: {error}") from error
    mine = setting_of(config)
    same = [m for m in saved.models if m.setting == mine]
    if same and same[0].estimate is not None:
        return same[0].estimate
    theirs = next((m.setting for m in saved.models if m.model == config.model), None)
    if theirs is None:
        known = ", ".join(m.model for m in saved.models)
        raise ConfigurationError(f"--measurement {path} is of {known}, not of {config.model}")
    other = [f"{name} {theirs.get(name)!r}, not {value!r}" for name, value in mine.items() if theirs.get(name) != value]
    raise ConfigurationError(f"--measurement {path} was made with {'; '.join(other)}")


class Saved(msgspec.Struct, frozen=True):
    """Contents of the ``measure.json`` that ``surefoot measure --save`` writes."""

    models: list[Measurement]
    recommended: str | None
    mixes: list[Mix] = []


def setting_of(config: RunConfig) -> dict[str, Any]:
    """Fields of a configuration on which the answers of a run depend, with their values."""
    every = msgspec.to_builtins(config)
    # Files that were made before there were tuned wordings name none.
    return {name: every[name] for name in SETTING if name != "wordings" or every[name] is not None}
