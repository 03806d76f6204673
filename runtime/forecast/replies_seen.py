"""What replies to several steps say of a model: how often it errs at each place, and how errors grow along a reply.

Three replies to the same question are held against each other step by step. As long as they agree each has named the
same answers in the same states; one that differs from two others is taken to be wrong there, and left out from then on.
No right answer is needed. Errors are taken to grow as h 2^(j / d) with the place j of a step, d from a few choices; a d
is believed where the replies are e^2 times as likely with it as with a rate that stays.
"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from surefoot.decompose.several_steps import kind_of_several, reply_of
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate, PlaceCount, Sample
from surefoot.runtime.records import Counts
from surefoot.voting.error_rate import confidence_sequence, middle_rate

DOUBLINGS = (64.0, 32.0, 16.0, 8.0, 4.0, 2.0)
"""Steps after which errors have doubled: what is weighed against a rate that stays."""

BELIEVED = 2.0
"""By how much the logarithm of the likelihood has to be larger for growth to be believed."""

CHAINS = 1 << 31
"""Set in the numbers of sampled places in chains."""

Reply = tuple[Sequence[str], str]
"""Candidates of the steps of a reply, and the flag that ended it; empty if none did."""


def chain_numbers(seed: int, samples: int, count: int) -> range:
    """Return numbers from which a seed samples places in chains to ask for so many steps; none is a step's number."""
    first = (seed << 32) + CHAINS + (count << 16)
    return range(first, first + min(samples, 1 << 16))


def steps_of(number: int) -> int:
    """Return how many steps are asked for at the place of a number; 1 where it is the number of a single step."""
    return number >> 16 & 0x7FFF if number & CHAINS else 1


def replies_of(sample: Sample) -> list[Reply]:
    """Return the replies to one question for several steps."""
    return [
        reply_of(one.candidate) if one.candidate is not None else ([], one.spoiled_by or "") for one in sample.ballots
    ]


def judge_long_replies(start: Estimate, single: Sequence[Sample], long: Sequence[Sample], counts: Counts) -> Estimate:
    """Pool the estimate from a pilot's single steps with what its long replies say.

    Args:
        start: From single steps.
        single: These.
        long: Long replies, all of one kind of question.
        counts: What asking for both took.
    """
    if not long:
        return start
    places = places_of((steps_of(sample.number), replies_of(sample)) for sample in long)
    return with_tokens_and_time(with_replies(start, long[0].kind, places), single, long, counts)


def with_tokens_and_time(known: Estimate, single: Sequence[Sample], long: Sequence[Sample], counts: Counts) -> Estimate:
    """Add to an estimate what long replies take; arguments as for ``judge_long_replies``, one long reply at least."""
    known = msgspec.structs.replace(known, long_tokens=long_tokens_of(long, counts))
    return msgspec.structs.replace(known, seconds=seconds_of(known, single, long))


def long_tokens_of(long: Sequence[Sample], counts: Counts) -> tuple[float, float] | None:
    """Return the mean tokens of a prompt for several steps, and of a reply for each of the steps that were asked for.

    Args:
        long: Questions for several steps, one at least.
        counts: What they took, and perhaps others.
    """
    took = counts.by_kind.get(kind_of_several(long[0].kind))
    replies = sum(len(sample.ballots) for sample in long)
    steps = sum(steps_of(sample.number) * len(sample.ballots) for sample in long)
    if took is None or not took.calls or not steps:
        return None
    return took.tokens_in / took.calls * replies / len(long), took.tokens_out / took.calls * replies / steps


def seconds_of(known: Estimate, single: Sequence[Sample], long: Sequence[Sample]) -> tuple[float, float] | None:
    """Return the seconds of a call without its tokens, and of a token: the line through short and long replies.

    Args:
        known: Tokens of single answers, and of long ones if somebody counted them.
        single: Questions for single steps.
        long: Questions for several, one at least.
    """
    kind, tokens = long[0].kind, {one.kind: one.reply_tokens for one in known.kinds}
    short_s = [sample.seconds for sample in single if sample.kind == kind]
    each = tokens.get(kind, 0.0)
    if not short_s or not each:
        return None
    steps = statistics.fmean(steps_of(sample.number) for sample in long)
    more = steps * (known.long_tokens[1] if known.long_tokens else each) - each
    alone, together = statistics.median(short_s), statistics.median(sample.seconds for sample in long)
    token_s = max(0.0, together - alone) / more if more > 0 else 0.0
    return max(0.0, alone - each * token_s), token_s


def places_of(groups: Iterable[tuple[int, Sequence[Reply]]]) -> tuple[PlaceCount, ...]:
    """Count what replies said at each place.

    Args:
        groups: For each question the number of steps that it asked for, and the replies to it.
    """
    found: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for count, replies in groups:
        alive, place = list(replies), 0
        while alive and place < count:
            named = Counter(said[place] for said, _ in alive if len(said) > place)
            first, most = named.most_common(1)[0] if named else ("", 0)
            if len(alive) > 1 or not named:
                row = found[count, place]
                row[0] += len(alive)
                row[1] += len(alive) - named.total()
                row[2] += named.total() - most
            if most < 2:  # alone, or every one says something else
                break
            alive = [reply for reply in alive if len(reply[0]) > place and reply[0][place] == first]
            place += 1
    return tuple(PlaceCount(place, row[0], row[1], row[2], count) for (count, place), row in sorted(found.items()))


def places_against(groups: Iterable[tuple[Sequence[str], Sequence[Reply]]]) -> tuple[PlaceCount, ...]:
    """Count what replies said at each place where it is known what is right; arguments as for ``places_of``.

    Args:
        groups: For each question the right answers to the steps that it asked for, and the replies to it.
    """
    found: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for right, replies in groups:
        for said, _ in replies:
            for place, wanted in enumerate(right):
                row = found[len(right), place]
                row[0] += 1
                row[1] += len(said) <= place
                row[2] += len(said) > place and said[place] != wanted
                if len(said) <= place or said[place] != wanted:
                    break
    return tuple(PlaceCount(place, row[0], row[1], row[2], count) for (count, place), row in sorted(found.items()))


def doubling_of(places: Sequence[PlaceCount]) -> float:
    """Return the steps after which errors and red flags have doubled; 0 where nothing says that they grow."""
    weighed = {doubling: _likelihood(places, doubling) for doubling in (0.0, *DOUBLINGS)}
    best = max(weighed, key=lambda doubling: weighed[doubling])
    return best if weighed[best] > weighed[0.0] + BELIEVED else 0.0


def _likelihood(places: Sequence[PlaceCount], doubling: float) -> float:
    """Logarithm of the likelihood of what was seen, at the first rate that fits it best."""
    grown = [_grown(one.place, doubling) for one in places]
    failed = [one.spoiled + one.wrong for one in places]
    exposure = math.fsum(one.asked * by for one, by in zip(places, grown, strict=True))
    if not exposure or not sum(failed):
        return 0.0
    first = sum(failed) / exposure
    return math.fsum(n * math.log(first * by) for n, by in zip(failed, grown, strict=True)) - sum(failed)


def _grown(place: int, doubling: float) -> float:
    return 2 ** (place / doubling) if doubling else 1.0


def with_replies(start: Estimate, kind: str, places: tuple[PlaceCount, ...]) -> Estimate:
    """Pool an estimate with replies to several steps, whose answers count for the rate of a first step.

    Args:
        start: From single steps.
        kind: Class of the questions of the replies.
        places: What they said.
    """
    doubling = doubling_of(places)
    answers = int(math.fsum(one.asked * _grown(one.place, doubling) for one in places))
    spoiled, wrong = sum(one.spoiled for one in places), sum(one.wrong for one in places)
    spoiled = min(spoiled, answers)
    valid = max(answers - spoiled, wrong)

    def pooled(one: KindEstimate) -> KindEstimate:
        if one.kind != kind:
            return one
        return msgspec.structs.replace(
            one, trials=one.trials + valid, errors=one.errors + wrong, answers=one.answers + answers
        )

    ballots, dissenting = start.ballots + valid, start.dissenting + wrong
    trials, errors = start.trials + valid, start.errors + wrong
    middle = middle_rate(dissenting, ballots)
    return msgspec.structs.replace(
        start,
        ballots=ballots,
        dissenting=dissenting,
        spoiled=start.spoiled + spoiled,
        p_error=middle,
        p_error_high=max(middle, confidence_sequence(errors, trials).high),
        kinds=tuple(map(pooled, start.kinds)),
        trials=trials,
        errors=errors,
        doubling=doubling,
        places=places,
    )
