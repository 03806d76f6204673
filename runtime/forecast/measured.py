"""What a measurement is made of: rates by kind of question, by state and by pair of models, and examples of replies.

All of it is written to ``measure.json`` and printed by ``surefoot measure --json``: keys are added, never renamed.
"""

import msgspec

from surefoot.runtime.leads import Leads
from surefoot.voting.beta_binomial import BetaBinomial


class KindRate(msgspec.Struct, frozen=True):
    """How one kind of question was answered.

    Attributes:
        kind: Its name; may be empty.
        answers: Answers drawn.
        valid: Those of them without a red flag: the readable ones.
        wrong: Those of the readable ones that were wrong.
        p_error: Share of wrong ones among readable answers, that is after red flags; ``None`` if none was readable.
        p_error_low: Lower end of its 95 % interval, valid however long one looks.
        p_error_high: Upper end.
        red_flags: Discarded answers by flag.
        seconds: Median time from a question to the last of its answers, at the concurrency that was used.
        tokens_in: Mean prompt tokens of an answer.
        tokens_out: Mean reply tokens of an answer.
        spread: Beta-binomial spread of error rates over steps; ``None`` if it cannot be fitted.
        collisions: Steps whose first two readable answers were both wrong.
        collisions_expected: ``collisions`` if errors were independent.
        p_not_right: Share of all answers that were wrong or discarded, that is before red flags.
        verdict: What that means, in words.
    """

    kind: str
    answers: int
    valid: int
    wrong: int
    p_error: float | None
    p_error_low: float
    p_error_high: float
    red_flags: dict[str, int] = {}
    seconds: float = 0.0
    tokens_in: float = 0.0
    tokens_out: float = 0.0
    spread: BetaBinomial | None = None
    collisions: int = 0
    collisions_expected: float = 0.0
    p_not_right: float = 0.0
    verdict: str = ""


class PlaceRate(msgspec.Struct, frozen=True):
    """How replies to several steps fared at some of their places, as far as they were right before.

    Attributes:
        steps_per_call: Steps that the replies were asked for.
        first: Number of the first of these places within the reply, 0-based.
        last: Number of the last.
        asked: Answers at these places.
        wrong: Those of them that were wrong, after red flags.
        spoiled: Those that were flagged, or missing.
        p_failed: Share of wrong and spoiled ones.
        p_failed_low: Lower end of its 95 % interval (Clopper and Pearson).
        p_failed_high: Upper end.
    """

    steps_per_call: int
    first: int
    last: int
    asked: int
    wrong: int
    spoiled: int
    p_failed: float
    p_failed_low: float
    p_failed_high: float


class SeveralRates(msgspec.Struct, frozen=True):
    """What replies to several steps said, and what a run would need that shares its calls.

    Attributes:
        places: By steps a call and place.
        doubling: Steps after which errors and red flags have doubled; 0 where nothing says that they grow.
        leads: Leads that a run with ``--measurement`` and ``--steps-per-call auto`` begins with; ``None`` if none help.
        predicted_calls: Of such a run.
    """

    places: list[PlaceRate]
    doubling: float
    leads: Leads | None = None
    predicted_calls: float | None = None


class StateRate(msgspec.Struct, frozen=True):
    """How one state was answered: all samples with the same question.

    Attributes:
        kind: Class of the question.
        number: What ``Task.sample_step`` made it from.
        question: The end of the prompt.
        right: The right answer in canonical form.
        right_share: Its share of the readable answers, 0 where none was readable.
        wrong: The most frequent wrong answer; empty if there was none.
        wrong_share: Its share.
        readable: Readable answers.
        answers: All answers.
        lost: Whether the wrong one came more often than the right one: more votes would confirm it.
        surely_lost: Whether that is so beyond chance (95 %, one-sided, of the answers that name one of the two).
    """

    kind: str
    number: int
    question: str
    right: str
    right_share: float
    wrong: str
    wrong_share: float
    readable: int
    answers: int
    lost: bool
    surely_lost: bool


class ReplyExample(msgspec.Struct, frozen=True):
    """A reply that was wrong or discarded. Untrusted text, cut short.

    Attributes:
        kind: Class of the question.
        question: The end of the prompt.
        reply: What the model said.
        flag: The red flag that discarded it; empty if it was read.
        read: What was read; empty if it was discarded.
        reason: Why it was discarded.
        right: The right answer in canonical form.
    """

    kind: str
    question: str
    reply: str
    flag: str
    read: str
    reason: str
    right: str


class PairRate(msgspec.Struct, frozen=True):
    """How the errors of two models go together; see ``surefoot/runtime/measurement/pairs.py``.

    Attributes:
        first: Name of one.
        second: Name of the other.
        steps: Steps at which both gave a readable answer.
        p_error_first: Mean share of wrong readable answers of the first there.
        p_error_second: The same of the second.
        both_wrong: Probability that an answer of each is wrong.
        both_wrong_expected: That if errors had nothing to do with the step.
        alike: Probability that both are wrong with the same answer.
        correlation: Of two such answers being wrong, -1 to 1; ``None`` where one is never, or always, wrong.
    """

    first: str
    second: str
    steps: int
    p_error_first: float
    p_error_second: float
    both_wrong: float
    both_wrong_expected: float
    alike: float
    correlation: float | None


class MixNeed(msgspec.Struct, frozen=True):
    """What a run would need whose ballots come from one model, or from several in turns.

    Attributes:
        name: Of the models.
        p_error: Share of wrong readable answers; ``None`` if none was readable.
        lost: Steps of the sample at which more than half of the answers were wrong.
        lead: Smallest lead that holds the target over the spread of error rates; ``None`` if none does, or nothing was
            wrong and there is no spread.
        calls_per_step: Mean ballots of a step with that lead, red flags left out.
        p_success: Probability of a run without error with that lead.
    """

    name: str
    p_error: float | None
    lost: int
    lead: int | None
    calls_per_step: float | None
    p_success: float | None


class Mix(msgspec.Struct, frozen=True):
    """Models that were asked the same steps: pair by pair, each alone, and taking turns from the first ballot."""

    models: list[str]
    pairs: list[PairRate]
    alone: list[MixNeed]
    together: MixNeed
