"""Finds the rate that a server with a rate limit takes in, from its HTTP 429 alone.

A refusal says that what the server had in hand is used up. From one such moment to the next it took in as many calls
as it takes in at all, so that calls over time between two refusals is its rate: exactly, if nothing it could have had
in hand was lost by asking too slowly. If something was, the rate at which a call was refused is close instead. Which
of the two to trust is tried out: asked at a rate between them, a server refuses at once or does not.

Once the rate is known, it is held a little below for some time, then raised slowly until the next refusal, faster the
longer none comes. All growth is counted in calls that the rate held up, not in seconds: a rate that nobody used says
nothing about the server. A refusal in some two hundred calls is what it costs to notice that a server got faster.

Some servers also refuse for other reasons, at any rate. Many such refusals are found out by ``unrelated_refusals.py``.
Of a few: between two refusals no server takes in more than its rate, so one that took in more before is not too slow
for what it refuses now, and the search goes on upwards, unless that happens again and again at once.

Pure: it has no clock, and the times given to it need only be those of one clock.
"""

import math

import msgspec

from surefoot.runtime.models.unrelated_refusals import TIMES, UnrelatedRefusals

FIRST = 0.7
"""Share of the calls taken in during the last second, at the first refusal, that a search begins with."""
SEARCH = 0.46
"""Calls a second by which each call raises the rate of a search: it doubles in 1.5 s, whatever it is."""
CUT = 0.02
"""Share by which the rate is held below the one that was found."""
SURE_CALLS, SURE_S = 160, 6.0
"""Calls, or seconds, for which a rate is held that is known well; whichever takes longer."""
UNSURE_CALLS, UNSURE_S = 15, 0.5
"""The same where it is not."""
SURE_AT_MOST_S, UNSURE_AT_MOST_S = 60.0, 2.0
"""Seconds, at the rate held, after which it is raised however few the calls were."""
SLOWEST_CALLS = 8
"""Calls after which, at the earliest, it is that much faster."""
LEAST = 0.2
"""Calls a second that are tried in any case: a rate that cannot be seen to be wrong would stay."""
GROWTH = 0.1
"""How much faster it is after as many calls again; four times as much after twice as many."""
SURE = 0.8
"""Two estimates are one if the lower is at least so much of the higher."""
EXACT_CALLS, SURE_COUNT = 12, 30
"""Calls between two refusals that are enough to count by, and to be sure."""
CONTRADICTIONS = 3
"""Refusals soon one after the other that are believed although more was taken in before."""
THIN_CALLS, THIN_TIMES = 8, 3
"""A search that took in fewer calls says little: so many times it goes on, from a lower rate."""
IN_HAND = 1.5
"""Calls that a server may have in hand again when the first call after a refusal comes."""
SURE_ABOVE = 0.95
"""A rate known before that is so close to one now refused is not known any more."""
TRUST = 0.2
"""How far a refusal that came late moves trust to the higher estimate; one that came at once moves it to the lower."""


class Start(msgspec.Struct, frozen=True):
    """When a call started, and at what rate; told again when the call is refused.

    Attributes:
        epoch: How often the rate had been cut before.
        number: Calls started since the last cut, this one included.
        at: The time.
        rate: Calls a second that were allowed; ``None`` for no limit.
        hurried: Whether it, or one just before it, made up for time lost.
    """

    epoch: int
    number: int
    at: float
    rate: float | None
    hurried: bool = False


class RateSearch:
    """Finds how many calls a second a server takes in.

    Attributes:
        epoch: How often the rate was cut, or otherwise decided upon.
        unrelated: What is known of refusals that are not for the rate.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.unrelated = UnrelatedRefusals()
        self._refusals = 0
        self._peak: float | None = None
        self._low = 0.0
        self._searching, self._sure, self._trust = False, False, 0.5
        self._proved, self._contradictions = 0.0, 0
        self._thin_times = 0
        self._number, self._paced, self._cut_at = 0, 0, 0.0

    @property
    def rate(self) -> float | None:
        """Calls a second that may start; ``None`` as long as nothing was refused."""
        if self._peak is None:
            return None
        if (probe := self.unrelated.probe) is not None:
            return probe.rate * (TIMES if probe.ended is None else 1)
        if self._searching:
            return self._peak + SEARCH * self._paced
        hold = self._hold()
        beyond = max(0.0, self._paced - hold) / max(hold, SLOWEST_CALLS)
        return self._peak * (1 - CUT) * (1 + GROWTH * beyond**2)

    def started(self, now: float, calls: int = 1, paced: int = 0) -> Start:
        """Note that calls started, ``paced`` of which had to wait for their time."""
        self._judge(now)
        self._number += calls
        self._paced += paced
        self.unrelated.started(now, calls)
        return Start(self.epoch, self._number, now, self.rate)

    def refused(self, now: float, start: Start, lately: int) -> bool:
        """Note a refusal with HTTP 429; return whether the refusal was news.

        Args:
            now: The time.
            start: When that call started. One that started before the last cut says nothing new.
            lately: Calls taken in during the last second; read at the first refusal only.
        """
        if start.epoch < self.epoch:
            return False
        self._refusals += 1
        if self.tolerant and not self.unrelated.refused(now - start.at):
            return self._judge(now)
        if self._peak is None or start.rate is None:
            self._peak, self._searching = max(1.0, FIRST * lately), True
        else:
            taken_in = max(0, start.number - self._refusals)
            self._cut(start.rate, taken_in, max(start.at - self._cut_at, 1e-9))
            self.unrelated.cut(now, start.rate, taken_in)
        self._begin(now)
        return True

    @property
    def tolerant(self) -> bool:
        """Whether single refusals say nothing now: because of a probe, or because some are not for the rate."""
        return self.unrelated.probe is not None or self.unrelated.share is not None

    def _judge(self, now: float) -> bool:
        """Draw the conclusion from a probe that is over; return whether there was one."""
        probe = self.unrelated.ended(now)
        if probe is None:
            return False
        if probe.won:
            self._peak, self._searching = TIMES * probe.rate, True
        self._begin(now)
        return True

    def _begin(self, now: float) -> None:
        self.epoch += 1
        self._number, self._paced, self._refusals, self._cut_at = 0, 0, 0, now

    def _cut(self, high: float, taken_in: int, seconds: float) -> None:
        """Choose a rate between the one at which a call was refused and that at which calls were taken in."""
        if self._contradicts(high, taken_in):
            self._peak, self._searching = high, True
            return
        if taken_in >= EXACT_CALLS:
            self._proved = max(self._proved, (taken_in - IN_HAND) / seconds)
        if self._searching or self._paced > self._hold() + 2:
            low = min(high, taken_in / seconds)
            if self._searching:
                self._peak, self._sure, self._trust = _middle(low, high), False, 0.5
                if taken_in < THIN_CALLS and self._thin_times < THIN_TIMES:
                    self._thin_times += 1
                    return
            else:
                self._trust += TRUST * (1 - self._trust)
                self._peak = max(LEAST, low + self._trust * (high - low))
                # Sure of it, if the estimates agree: with each other, or with the one before.
                self._sure = low >= SURE * high or min(low, self._low) >= SURE * max(low, self._low)
            self._low, self._searching = low, False
            return
        # Too fast from the start, so that nothing was lost: once these are enough to count by, they say it exactly.
        counted = max(0.0, taken_in - IN_HAND) / seconds
        known = self._low if self._low < SURE_ABOVE * high else 0.0  # or the server has become slower
        self._trust, self._sure = 0.0, taken_in >= SURE_COUNT
        if taken_in >= EXACT_CALLS:
            self._peak = self._low = max(LEAST, min(high, max(counted, known)))
        else:
            self._peak = _middle(known or min(high, counted), high)

    def _contradicts(self, high: float, taken_in: int) -> bool:
        """Whether a refusal is not one for the rate: more was taken in before, and some was between it and the last."""
        if high >= SURE_ABOVE * self._proved:
            self._contradictions = 0
            return False
        self._contradictions = 0 if taken_in >= EXACT_CALLS else self._contradictions + 1
        if self._contradictions < CONTRADICTIONS:
            return True
        self._proved, self._contradictions = 0.0, 0  # it has become slower
        return False

    def _hold(self) -> float:
        """Calls for which the rate is not raised."""
        assert self._peak is not None
        if self._sure:
            return min(max(SURE_CALLS, SURE_S * self._peak), max(1.0, SURE_AT_MOST_S * self._peak))
        return min(max(UNSURE_CALLS, UNSURE_S * self._peak), max(1.0, UNSURE_AT_MOST_S * self._peak))


def _middle(low: float, high: float) -> float:
    return max(math.sqrt(low * high), high / 2, LEAST)
