"""Congestion control for one endpoint: calls at a time, calls a second, and when the endpoint counts as down.

*Concurrency* climbs: doubled as long as that brings more answers a second, taken back where answers only get slower.
*Rate* is unlimited until the server says 429; then it is looked for (``rate_search.py``). *Down* is a server of which
many calls in a row failed: until one is answered, one at a time is made, with pauses that double, so that an outage
is not answered by a storm of retries.

`CongestionControl` decides and has no clock; ``limiter.py`` waits, and ``coordinator/rate_sharing.py`` shares one rate
out to all workers.
"""

import math
from collections import deque

from surefoot.runtime.models.late_answers import SEEN, hedge_after_s
from surefoot.runtime.models.rate_search import RateSearch, Start

FIRST_LIMIT = 4
"""Calls under way at once, to begin with."""
REST_EPOCHS = 4
"""Measurements between two tries of a higher concurrency, once one has not paid."""
LONGEST_STOP_S = 60.0
STOP_AFTER = 3
"""Refusals in a row, each after a cut, after which nothing at all is asked for as long as the server says."""
DOWN_AFTER = 5
"""Failures in a row, if they are also half of what may be under way, that mean that a server is down."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""Pauses between two calls to a server that is down."""


class CongestionControl:
    """Decides how an endpoint is asked, from its answers, refusals and failures and their times. Has no clock.

    Args:
        most: Largest number of calls under way at once.

    Attributes:
        stopped_until: No call may start before this time.
        down: Whether the server seems to be.
        hedge_after_s: Seconds after which a late call is asked again; ``None`` where that does not pay.
    """

    def __init__(self, most: int) -> None:
        self.most, self._limit = most, min(most, FIRST_LIMIT)
        self.stopped_until, self.down = 0.0, False
        self._search = RateSearch()
        self._lately: deque[tuple[float, int]] = deque()
        """Times, and numbers, of calls started in the last second, while there is no rate."""
        self._latencies: deque[float] = deque(maxlen=SEEN)
        self._new_latencies = 0
        self.hedge_after_s: float | None = None
        self._cuts_in_a_row = self._failures_in_a_row = 0
        self._counted, self._began = 0, 0.0
        self._best, self._proven, self._rest = 0.0, self._limit, 0

    @property
    def limit(self) -> int:
        """Calls that may be under way now."""
        return 1 if self.down else self._limit

    @property
    def rate(self) -> float | None:
        """Calls a second that may start; ``None`` for no limit."""
        return self._search.rate

    @property
    def tolerant(self) -> bool:
        """Whether single refusals say nothing of the rate now."""
        return self._search.tolerant

    @property
    def refused_anyway(self) -> float | None:
        """Share of the calls that the server refuses at any rate, where that was found out."""
        return self._search.unrelated.share

    @property
    def epoch(self) -> int:
        """How often the rate was cut by now."""
        return self._search.epoch

    def started(self, now: float, calls: int = 1, paced: int = 0) -> Start:
        """Note that calls started, ``paced`` of which had to wait; return what to say of a refused one."""
        if self.rate is None:
            self._lately.append((now, calls))
            while self._lately[0][0] <= now - 1:
                self._lately.popleft()
        return self._search.started(now, calls, paced)

    def answered(self, now: float, latency_s: float, waiting: bool, calls: int = 1) -> None:
        """Note that calls were answered, and raise concurrency where that paid.

        Args:
            now: The time.
            latency_s: Seconds they took, in the mean.
            waiting: Whether other calls waited for a place: else concurrency is not what holds them up.
            calls: How many.
        """
        self.took(latency_s)
        self._cuts_in_a_row = self._failures_in_a_row = 0
        self.down = False
        self._counted += calls
        rate = self.rate
        if rate is not None:  # as many as are under way at this rate (Little's law), and half as many more
            needed = 1.5 * rate * sum(self._latencies) / len(self._latencies)
            self._limit = min(self.most, max(self._limit, math.ceil(needed)))
        elif self._counted >= 2 * self._limit:
            if waiting and now > self._began:
                self._climb(self._counted / (now - self._began))
            self._counted, self._began = 0, now

    def refused(self, now: float, after_s: float | None, start: Start) -> bool:
        """Note a refusal with HTTP 429; return whether the refusal was news.

        Args:
            now: The time.
            after_s: Its Retry-After in seconds.
            start: What ``started`` said of it.
        """
        lately = sum(calls for at, calls in self._lately if at > now - 1) - 1
        if not self._search.refused(now, start, lately):
            return False
        self._lately.clear()
        # The call itself waits as it is told. If nothing gets through at lower rates either, all others wait as well.
        self._cuts_in_a_row += 1
        if after_s and self._cuts_in_a_row >= STOP_AFTER and not self.tolerant:
            self.stopped_until = max(self.stopped_until, now + min(after_s, LONGEST_STOP_S))
        return True

    def failed(self, now: float) -> None:
        """Note a failure other than HTTP 429; several in a row mean that the endpoint is down."""
        self._failures_in_a_row += 1
        beyond = self._failures_in_a_row - max(DOWN_AFTER, self._limit // 2)
        if beyond >= 0:
            self.down = True
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(beyond, 30))
            self.stopped_until = max(self.stopped_until, now + pause_s)

    def took(self, latency_s: float) -> None:
        """Note the seconds that a call took, or took until the caller gave it up."""
        self._latencies.append(latency_s)
        self._new_latencies += 1
        if self._new_latencies == SEEN // 2:
            self._new_latencies, self.hedge_after_s = 0, hedge_after_s(self._latencies)

    def timed_out(self, after_s: float) -> None:
        """Note a time-out and halve the concurrency: the endpoint may have become this slow."""
        self._latencies.append(after_s)
        self._limit = max(1, self._limit // 2)
        self._best, self._proven, self._rest = 0.0, self._limit, 0

    def _climb(self, throughput: float) -> None:
        """Judge the limit by the answers a second that it brought."""
        if self._rest:
            self._rest -= 1
            self._best = throughput
            if not self._rest:
                self._limit = min(self.most, max(self._limit + 1, self._limit * 5 // 4))
            return
        wanted = 1 + 0.1 * (self._limit / self._proven - 1)  # a tenth of what would be in proportion
        if throughput >= wanted * self._best:
            self._best, self._proven = throughput, self._limit
            self._limit = min(self.most, 2 * self._limit)
        else:
            self._limit, self._rest = self._proven, REST_EPOCHS
