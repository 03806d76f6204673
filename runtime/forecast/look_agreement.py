"""What a pilot's looks teach of their shares: how often a look of such a share named another answer than the others."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from surefoot.runtime.forecast.estimates import LookSample, SeenLooks, Shares
from surefoot.voting.looks import Looks
from surefoot.voting.rule import Rule
from surefoot.voting.sharpness import learned_sharpness


def with_sharpness(rule: Rule, seen: SeenLooks | None) -> Rule:
    """Return a rule of looks that believes their shares as far as a pilot's looks have proven; others as they are."""
    if seen is None or not isinstance(rule, Looks):
        return rule
    taught = (one for sample in seen.samples for one in agreement(sample))
    return msgspec.structs.replace(rule, sharpness=learned_sharpness(taught))


def agreement(sample: LookSample) -> Iterator[tuple[float, bool]]:
    """Yield of each look at a question the share of its likeliest answer, and whether most looks named that one.

    A single look agrees with itself and teaches nothing; where two answers are named equally often, all disagree.
    """
    readable = [look for look in sample.shares if look]
    if len(readable) < 2:
        return
    winner = _most_named(readable)
    for look in readable:
        name, share = look[0]
        yield share, name == winner


def _most_named(looks: Sequence[Shares]) -> str | None:
    named = Counter(look[0][0] for look in looks).most_common(2)
    return named[0][0] if len(named) == 1 or named[0][1] > named[1][1] else None
