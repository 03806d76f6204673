"""What is known of a model's error rate: from a pilot, from a measurement, and from the run itself.

An estimate is the one thing that leads are chosen from (``lead_choice.py``) and forecasts are made from
(``forecast.py``), whoever made it. A pilot and a run know no right answer: they count dissent, the ballots
that named another candidate than their step's most frequent one. Assumption: the right answer is the likeliest at
every step, so that dissent is at most a little rarer than error; where it is not, only a measurement can tell.
"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from surefoot.runtime.kept_step import KeptReply
from surefoot.runtime.records import Counts, Usage
from surefoot.voting.ballot import Ballot
from surefoot.voting.error_rate import confidence_sequence, middle_rate

PILOT_DRAWS = 3
"""Ballots for each step of the pilot: the fewest of which a majority can say who dissents."""


class Sample(msgspec.Struct, frozen=True):
    """A sampled step, asked several times.

    Attributes:
        number: What ``Task.sample_step`` made it from.
        kind: Class of the question.
        ballots: In the order drawn.
        seconds: From the question to the last answer.
        ended: When that came, in seconds since 1970.
        replies: What the model said, as far as it was kept.
    """

    number: int
    kind: str
    ballots: tuple[Ballot, ...]
    seconds: float = 0.0
    ended: float = 0.0
    replies: tuple[KeptReply, ...] = ()


class KindEstimate(msgspec.Struct, frozen=True):
    """What is known of one kind of question.

    Attributes:
        kind: Its name.
        trials: Unspoiled answers.
        errors: Those of them that were wrong, or dissented.
        answers: All answers.
        prompt_tokens: Mean tokens of a prompt.
        reply_tokens: Mean tokens of an answer.
        seconds: Mean time from a question to its last answer; 0 where nobody took it.
    """

    kind: str
    trials: int
    errors: int
    answers: int
    prompt_tokens: float
    reply_tokens: float
    seconds: float = 0.0


Shares = tuple[tuple[str, float], ...]
"""Of one look: its answers with their probabilities, likeliest first; empty where it could not be read."""


class LookSample(msgspec.Struct, frozen=True):
    """A question that a pilot took looks at.

    Attributes:
        kind: Class of the question.
        times: How often it came.
        shares: Of each look, in the order taken.
    """

    kind: str
    times: int
    shares: tuple[Shares, ...]


class SeenLooks(msgspec.Struct, frozen=True):
    """What looks said and took.

    Attributes:
        samples: One for each distinct question.
        looks: Looks taken, kept ones included.
        fresh: Those that were asked of the model.
        calls: Mean calls of one of these.
        tokens_in: Mean prompt tokens of one of these.
        tokens_out: Mean scored tokens of one of these.
    """

    samples: tuple[LookSample, ...] = ()
    looks: int = 0
    fresh: int = 0
    calls: float = 1.0
    tokens_in: float = 0.0
    tokens_out: float = 0.0


class PlaceCount(msgspec.Struct, frozen=True, array_like=True):
    """What replies to several steps said at one place, as far as they were right before it.

    Attributes:
        place: Number of the step within the reply, 0-based.
        asked: Replies that got so far.
        spoiled: Those of them that were flagged there, or ended.
        wrong: Those that were wrong there, or dissented.
        count: Steps that the replies were asked for.
    """

    place: int
    asked: int
    spoiled: int
    wrong: int
    count: int = 0


class Estimate(msgspec.Struct, frozen=True):
    """What is known of a model's errors.

    Attributes:
        ballots: Unspoiled ones.
        dissenting: Those that were wrong, or did not name their step's most frequent candidate.
        spoiled: Ballots with a red flag.
        p_error: Middle estimate of the rate of wrong unspoiled ballots.
        p_error_high: Upper end of its 95 % interval, valid however long one looks (``voting/error_rate.py``).
        votes: Steps by (ballots for the most frequent candidate, other unspoiled ballots): how many, as triples.
        kinds: By kind of question.
        trials: Observations behind the interval: ballots of a pilot and of races, steps of a measurement.
        errors: Their sum; each is between 0 and 1.
        measured: Whether right answers were known: a measurement, not a pilot.
        looks: What looks said, where the model's answers were scored and not drawn.
        seconds_per_answer: Time of the sample by its answers, at the concurrency that was used; 0 if nobody took it.
        doubling: Steps of a reply to several after which errors and red flags have doubled; 0 where they stay as they
            are. The rates above are those of the first step.
        places: What was seen of such replies, place by place; empty where none was asked for.
        prices: USD for a prompt token and a generated one; ``None`` if nobody asked, or they are unknown.
        seconds: Of a call without its tokens, and of a generated token; ``None`` where no long reply was timed.
        long_tokens: Of a prompt that asks for several steps, and of a reply for each step that it was asked for;
            ``None`` where none was asked for.
    """

    ballots: int
    dissenting: int
    spoiled: int
    p_error: float
    p_error_high: float
    votes: tuple[tuple[int, int, int], ...] = ()
    kinds: tuple[KindEstimate, ...] = ()
    trials: int = 0
    errors: float = 0.0
    measured: bool = False
    looks: SeenLooks | None = None
    seconds_per_answer: float = 0.0
    doubling: float = 0.0
    places: tuple[PlaceCount, ...] = ()
    prices: tuple[float, float] | None = None
    seconds: tuple[float, float] | None = None
    long_tokens: tuple[float, float] | None = None

    @property
    def valid_rate(self) -> float:
        """Share of ballots without a red flag; never 0, so that a hopeless model needs many calls, not a crash."""
        return max(self.ballots, 0.5) / max(self.ballots + self.spoiled, 1)


def pilot_steps(size: int) -> int:
    """Number of steps that a pilot samples: a thirtieth of the run, so that it costs a tenth of a ballot a step."""
    return max(20, min(200, size // 30))


def sample_numbers(seed: int, count: int) -> range:
    """Numbers from which a seed samples steps; different seeds never share one."""
    return range(seed << 32, (seed << 32) + count)


def judge_pilot(samples: Sequence[Sample], counts: Counts) -> Estimate:
    """Estimate the error rate of unspoiled ballots from how they disagree.

    Args:
        samples: Steps, each asked ``PILOT_DRAWS`` times.
        counts: What that took.
    """
    looks, samples = seen_looks(samples, counts), without_copies(samples)
    votes: Counter[tuple[int, int]] = Counter()
    of_kind: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    spoiled = 0
    for sample in samples:
        named = Counter(b.candidate for b in sample.ballots if b.candidate is not None)
        total, first = sum(named.values()), max(named.values(), default=0)
        spoiled += len(sample.ballots) - total
        if total:
            votes[first, total - first] += 1
        for place, number in enumerate((1, len(sample.ballots), total, total - first)):
            of_kind[sample.kind][place] += number
    ballots = sum(trials for _, _, trials, _ in of_kind.values())
    dissenting = sum(errors for _, _, _, errors in of_kind.values())
    middle, high = _rate(ballots, dissenting)
    return Estimate(
        ballots, dissenting, spoiled, middle, high, tuple((w, d, n) for (w, d), n in sorted(votes.items())),
        kinds=kinds_of(of_kind, counts, seconds_by_kind(samples)), trials=ballots, errors=dissenting, looks=looks,
        seconds_per_answer=busy_seconds(samples) / max(1, sum(len(sample.ballots) for sample in samples)),
    )  # fmt: skip


def without_copies(samples: Sequence[Sample]) -> list[Sample]:
    """Leave out samples whose looks are those of an earlier one: the same question again says nothing new."""
    seen: set[tuple[Ballot, ...]] = set()
    found = []
    for sample in samples:
        if sample.ballots in seen:
            continue
        if any(ballot.shares for ballot in sample.ballots):
            seen.add(sample.ballots)
        found.append(sample)
    return found


def seen_looks(samples: Sequence[Sample], counts: Counts) -> SeenLooks | None:
    """Gather what looks said at sampled steps; ``None`` where answers were drawn."""
    if not any(ballot.shares for sample in samples for ballot in sample.ballots):
        return None
    times = Counter((one.kind, tuple(ballot.shares[:SHARES_KEPT] for ballot in one.ballots)) for one in samples)
    each = max(1, counts.fresh_looks)
    return SeenLooks(
        tuple(LookSample(kind, number, shares) for (kind, shares), number in times.items()),
        sum(len(one.ballots) for one in samples),
        counts.fresh_looks,
        counts.calls / each if counts.calls else 1.0,
        counts.tokens_in / each,
        counts.tokens_out / each,
    )


SHARES_KEPT = 3
"""Answers of a look that an estimate keeps: what is left out belongs to all others together."""


def busy_seconds(samples: Sequence[Sample]) -> float:
    """Seconds in which at least one of the samples was being asked: pauses between sessions are left out."""
    spans = sorted((one.ended - one.seconds, one.ended) for one in samples if one.seconds > 0)
    busy, until = 0.0, -math.inf
    for began, ended in spans:
        busy += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return busy if math.isfinite(busy) else 0.0


def seconds_by_kind(samples: Iterable[Sample]) -> dict[str, float]:
    """Mean seconds of a sample by kind of question."""
    taken: dict[str, list[float]] = defaultdict(list)
    for one in samples:
        taken[one.kind].append(one.seconds)
    return {kind: statistics.fmean(seconds) for kind, seconds in taken.items()}


def kinds_of(
    counted: Mapping[str, Sequence[int]], counts: Counts, seconds: Mapping[str, float]
) -> tuple[KindEstimate, ...]:
    """Make the estimates of single kinds of question.

    Args:
        counted: Of each kind the steps asked, their answers, the unspoiled ones, and the wrong ones of these.
        counts: What asking took.
        seconds: Of one question, by kind.
    """
    found = []
    for kind, (steps, answers, trials, errors) in sorted(counted.items()):
        took = counts.by_kind.get(kind, Usage())
        each = max(1, took.calls)
        found.append(
            KindEstimate(
                kind,
                trials,
                errors,
                answers,
                took.tokens_in / each * answers / steps,
                took.tokens_out / each,
                seconds.get(kind, 0.0),
            )
        )
    return tuple(found)


def pooled_estimate(start: Estimate, stretches: Sequence[tuple[int, float]]) -> Estimate:
    """Pool an estimate with what a run saw since.

    The stretches are pooled with the estimate. Where one of them contradicts the pool, because its interval lies
    wholly above the pool's, the rate rose: what came before says nothing of what comes, and is left out.

    Args:
        start: Known before the run.
        stretches: Of the run, in order: observations, and the sum of their errors.
    """
    trials, errors = (start.trials, start.errors) if start.trials else (start.ballots, float(start.dissenting))
    for more, wrong in stretches:
        if confidence_sequence(wrong, more).low > confidence_sequence(errors, trials).high:
            trials, errors = 0, 0.0
        trials, errors = trials + more, errors + wrong
    middle, high = _rate(trials, errors)
    return msgspec.structs.replace(start, p_error=middle, p_error_high=high, trials=trials, errors=errors)


def _rate(trials: int, errors: float) -> tuple[float, float]:
    """Middle estimate and upper end of an error rate."""
    middle = middle_rate(errors, trials)
    return middle, max(middle, confidence_sequence(math.fsum([errors]), trials).high) if trials else 1.0
