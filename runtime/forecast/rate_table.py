"""How each kind of question is answered, computed once from an estimate: what leads and forecasts both read.

Assumption: kinds of question differ in their error rates, but a kind that was asked a few times is taken to be like
the others until its own answers say otherwise (shrinkage by ``SHRINK`` answers).
"""

from collections.abc import Sequence

import msgspec

from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.voting.error_rate import confidence_sequence, middle_rate

SHRINK = 10
"""Unspoiled answers that the rate of all questions counts for in the rate of one kind."""


class Rates(msgspec.Struct, frozen=True):
    """How one kind of question is answered.

    Attributes:
        p: Probability that an unspoiled answer is right, 0 to 1.
        valid: Probability that an answer is not spoiled, above 0 and at most 1.
        prompt_tokens: Mean tokens of a prompt.
        reply_tokens: Mean tokens of an answer.
        p_error_high: Pessimistic end of the rate of wrong unspoiled answers, 0 to 1.
        doubling: Steps of a reply to several after which both rates have doubled; 0 where they stay.
        long_tokens: Mean tokens of a prompt for several steps, and of a reply for each of these; ``None`` if unknown.
    """

    p: float
    valid: float
    prompt_tokens: float
    reply_tokens: float
    p_error_high: float
    doubling: float = 0.0
    long_tokens: tuple[float, float] | None = None

    @property
    def several_tokens(self) -> tuple[float, float]:
        """Mean tokens of a prompt for several steps, and of a reply for each; if unknown, those of single steps."""
        return self.long_tokens or (self.prompt_tokens, self.reply_tokens)


class RateTable(msgspec.Struct, frozen=True):
    """Table of error rates, red flags and tokens by kind of question.

    Attributes:
        by_kind: Of the kinds that were sampled.
        all: Of all questions together: for kinds that nobody sampled, and for plans that name no kinds.
        p_error: Middle estimate of the rate of wrong unspoiled answers of all.
    """

    by_kind: dict[str, Rates]
    all: Rates
    p_error: float

    def of(self, kind: str) -> Rates:
        """Look up the rates of one kind; for an empty or unknown kind, those of all questions."""
        return self.by_kind.get(kind, self.all)


def rate_table(estimate: Estimate) -> RateTable:
    """Work out the rates of every kind in an estimate."""
    by_kind = {kind.kind: _rates(estimate, [kind], _p_error_high(estimate, kind)) for kind in estimate.kinds}
    return RateTable(by_kind, _rates(estimate, estimate.kinds, estimate.p_error_high), estimate.p_error)


def _rates(estimate: Estimate, own: Sequence[KindEstimate], p_error_high: float) -> Rates:
    """A kind's own sample, drawn towards all questions where it is small."""
    valid = estimate.valid_rate
    answers, trials = sum(k.answers for k in own), sum(k.trials for k in own)
    # The middle estimate may have moved since the kinds were sampled: their own rates move along.
    sampled = sum(k.trials for k in estimate.kinds)
    drift = estimate.p_error / middle_rate(sum(k.errors for k in estimate.kinds), sampled) if sampled else 1.0
    half = trials / sampled / 2 if sampled else 0.0  # its share of the half error that the middle of all has
    errors = drift * (sum(k.errors for k in own) + half)
    p_error = min((errors + SHRINK * estimate.p_error) / (trials + 2 * half + SHRINK), 1.0)
    weight = max(1, answers)
    return Rates(
        1 - p_error,
        (min(trials, answers) + SHRINK * valid) / (answers + SHRINK),
        sum(k.prompt_tokens * k.answers for k in own) / weight,
        sum(k.reply_tokens * k.answers for k in own) / weight,
        p_error_high,
        estimate.doubling,
        estimate.long_tokens,
    )


def _p_error_high(estimate: Estimate, own: KindEstimate) -> float:
    """The pessimistic end of a kind's error rate: that of all questions, unless the kind's own answers deny it.

    A kind of which few were asked has a wide interval of its own; it is believed only where it lies above the other.
    """
    if not own.trials:
        return estimate.p_error_high
    interval = confidence_sequence(own.errors, own.trials)
    return max(interval.high, estimate.p_error_high) if interval.low > estimate.p_error_high else estimate.p_error_high
