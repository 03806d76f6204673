"""What a chain takes whose steps share calls: exact arithmetic on its length, the steps a call and rates along a reply.

A reply asks for the next m steps. It is kept up to the first step at which it raises a red flag (with a lead of k: at
which k replies do not all name the same), and the next call goes on from there; where nothing is kept the step is asked
for alone. With E(n) the calls for n steps, and c(j) the probability that a reply is cut at its j-th step,

    E(n) = k + c(0) (alone + E(n - 1)) + sum over 0 < j < m of c(j) E(n - j) + (1 - all c) E(n - m)

and the same recursion gives the wrong steps that a run keeps. Assumption: steps go wrong, and are flagged, each by
itself, at rates that depend on their place in the reply alone.
"""

import functools
import math
import operator

import msgspec

from surefoot.runtime.forecast.rate_table import Rates

LONGEST = 1024
"""Most steps a call."""

PERIODS = 6
"""Times the steps of a call after which a chain is so long that each further call is like the one before."""


class Along(msgspec.Struct, frozen=True):
    """Rates at the places of a reply, each from 0 to 1; the last one holds for all places behind it.

    Attributes:
        spoiled: That an answer at this place, reached without a flag before it, raises one.
        wrong: That an answer that raises none is wrong.
    """

    spoiled: tuple[float, ...]
    wrong: tuple[float, ...]

    def at(self, place: int) -> tuple[float, float]:
        """Return both rates at a place, 0-based."""
        return self.spoiled[min(place, len(self.spoiled) - 1)], self.wrong[min(place, len(self.wrong) - 1)]


class SharedRun(msgspec.Struct, frozen=True):
    """What one run of a chain takes on average.

    Attributes:
        calls: Replies drawn.
        requests: Questions put to the model; the replies to one share its prompt.
        stated: Steps that the replies were asked for: what their tokens grow with.
        wrong: Wrong steps that were kept.
    """

    calls: float
    requests: float
    stated: float
    wrong: float


@functools.lru_cache(maxsize=64)
def along_reply(rates: Rates) -> Along:
    """Return the rates at the places of a reply, which double as the rates of single answers say; at most 1 each."""
    spoiled, wrong = 1 - rates.valid, 1 - rates.p
    if not rates.doubling:
        return Along((spoiled,), (wrong,))
    grown = [2 ** (place / rates.doubling) for place in range(min(LONGEST, int(rates.doubling * 20) + 1))]
    return Along(tuple(min(1.0, spoiled * by) for by in grown), tuple(min(1.0, wrong * by) for by in grown))


def shared_run(along: Along, length: int, count: int, k: int = 1, alone: float = 1.0) -> SharedRun:
    """Compute what one run of a chain takes whose calls are shared; see the module's docstring.

    Args:
        along: Rates at the places of a reply.
        length: Steps of the chain.
        count: Steps that one question asks for, at least 2.
        k: Lead, and so the replies to each question.
        alone: Ballots of a step that is asked for alone.
    """
    return _recursion(along, count, k, alone).at(length)


class _Recursion:
    """The recursion over the length of a chain; longer chains go on from what shorter ones took."""

    def __init__(self, along: Along, count: int, k: int, alone: float) -> None:
        self.count, self.k, self.alone = count, k, alone
        self.cuts, self.wrongs = _cuts(along, count, k)
        self.calls, self.requests, self.stated, self.wrong = [0.0], [0.0], [0.0], [0.0]

    def at(self, length: int) -> SharedRun:
        """Return what a chain of so many steps takes; behind many replies each further one is like the one before."""
        lists = (self.calls, self.requests, self.stated, self.wrong)
        most = max(PERIODS * self.count, 512)
        while len(self.calls) <= min(length, most):
            self._next()
        if length <= most:
            return SharedRun(*(known[length] for known in lists))
        more = (length - most) / self.count
        return SharedRun(*(known[most] + more * (known[most] - known[most - self.count]) for known in lists))

    def _next(self) -> None:
        left = len(self.calls)
        most, alone = min(self.count, left), self.alone
        if most < 2:
            for known, value in ((self.calls, alone), (self.requests, alone / self.k), (self.stated, alone)):
                known.append(value)
            self.wrong.append(self.wrongs[1])
            return
        ends = self.cuts[:most]
        kept = 1.0 - math.fsum(ends)
        behind = slice(left - 1, left - most if left > most else 0, -1)
        gone = math.fsum(map(operator.mul, ends, self.wrongs[:most])) + kept * self.wrongs[most]
        for known, now, first in (
            (self.calls, float(self.k), alone),
            (self.requests, 1.0, alone / self.k),
            (self.stated, float(self.k * most), alone),
            (self.wrong, gone, self.wrongs[1]),
        ):
            cut = math.fsum(map(operator.mul, ends[1:], known[behind]))
            known.append(now + ends[0] * (first + known[left - 1]) + cut + kept * known[left - most])


@functools.lru_cache(maxsize=256)
def _recursion(along: Along, count: int, k: int, alone: float) -> _Recursion:
    return _Recursion(along, count, k, alone)


def _cuts(along: Along, most: int, k: int) -> tuple[list[float], list[float]]:
    """Probabilities that a reply is cut at each place, and the wrong steps in a reply that is cut there."""
    cuts, wrongs, reached, wrong = list[float](), [0.0], 1.0, 0.0
    for place in range(most):
        spoiled, bad = along.at(place)
        right, other = (1 - bad) * (1 - spoiled), bad * (1 - spoiled)
        same = right**k + other**k
        cuts.append(reached * (1 - same))
        reached *= same
        wrong += other**k / same if same else 0.0
        wrongs.append(wrong)
    return cuts, wrongs
