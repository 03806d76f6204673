"""How many calls one endpoint is asked at a time, and how fast one after the other, learnt from what comes back.

Two things are learnt. *Concurrency* climbs: doubled as long as that brings more answers a second, taken back where
answers only get slower. *Rate* is unlimited until the server says 429; it is then what was answered in the last
second, cut a little at each further 429 and raised along a cubic (the way CUBIC, RFC 9438, looks for a link's
capacity): quickly back to just below where it was refused, slowly around it, faster and faster beyond.

Workers in other processes that ask the same endpoint learn on their own; as with TCP they come to share it.

`Pace` decides and has no clock; `Places` waits.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

FIRST_LIMIT = 8
CUT = 0.04
"""Share that a 429 takes off the rate."""
BACK_S, BACK_CALLS = 4.0, 110
"""Seconds, and calls, after a cut in which the rate is back where it was refused; whichever takes longer. A refusal or
two in so many calls is what finding a server's rate costs."""
DOUBLE_S = 1.5
"""Seconds in which the rate doubles after the first cut, which knows little: until the second."""
BEYOND = 0.006
"""How fast the rate grows past that point: ``1 + BEYOND * t**3`` after t seconds."""
REST_EPOCHS = 4
"""Measurements between two tries of a higher concurrency, once one has not paid."""
SETTLE_S = 0.5
"""Seconds after a cut in which further 429s are still the same news."""
LONGEST_STOP_S = 60.0


class Pace:
    """Decides from answers, refusals and the time they came at.

    Args:
        most: Largest number of calls under way at once.

    Attributes:
        limit: How many may be under way now.
        stopped_until: No call may start before this time.
    """

    def __init__(self, most: int) -> None:
        self.most, self.limit = most, min(most, FIRST_LIMIT)
        self.stopped_until = 0.0
        self._next = 0.0
        self._starts: deque[float] = deque()  # times of those in the last second
        self._refusals: deque[float] = deque()  # the same
        self._latencies: deque[float] = deque(maxlen=64)
        self._refused_in_a_row = 0
        self._peak: float | None = None  # the rate at the last cut, before it
        self._cut_at, self._first_cut = 0.0, False
        self._counted, self._began = 0, 0.0
        self._best, self._proven, self._rest = 0.0, self.limit, 0

    def rate(self, now: float) -> float | None:
        """Calls a second that may start; ``None`` for no limit."""
        if self._peak is None:
            return None
        since = max(0.0, now - self._cut_at)
        if self._first_cut:
            return self._peak * 2 ** min(since / DOUBLE_S, 30.0)
        back_s = max(BACK_S, BACK_CALLS / self._peak)
        t = since - back_s
        return self._peak * (1 + (CUT / back_s**3 if t < 0 else BEYOND) * t**3)

    def earliest(self, now: float) -> float:
        """When the next call may start."""
        return max(self.stopped_until, self._next if self._peak is not None else 0.0)

    def started(self, now: float) -> None:
        """A call started."""
        self._starts.append(now)
        _forget(self._starts, now)
        rate = self.rate(now)
        if rate is not None:
            # Timers are late; what they are late by, up to 20 ms, is caught up.
            self._next = max(self._next, now - 0.02) + 1 / rate

    def answered(self, now: float, latency_s: float, waiting: bool) -> None:
        """A call was answered.

        Args:
            now: The time.
            latency_s: Seconds it took.
            waiting: Whether other calls waited for a place: else concurrency is not what holds them up.
        """
        self._latencies.append(latency_s)
        self._refused_in_a_row = 0
        self._counted += 1
        rate = self.rate(now)
        if rate is not None:  # as many as are under way at this rate (Little's law), and half as many more
            needed = 1.5 * rate * sum(self._latencies) / len(self._latencies)
            self.limit = min(self.most, max(self.limit, math.ceil(needed)))
        elif self._counted >= 2 * self.limit:
            if waiting and now > self._began:
                self._climb(self._counted / (now - self._began))
            self._counted, self._began = 0, now

    def refused(self, now: float, after_s: float | None) -> None:
        """A call was refused with 429; ``after_s`` is its Retry-After in seconds."""
        self._refusals.append(now)
        self._refused_in_a_row += 1
        # The call itself waits as it is told. If nothing at all gets through any more, the others wait as well.
        if after_s and self._refused_in_a_row > 2 * self.limit:
            self.stopped_until = max(self.stopped_until, now + min(after_s, LONGEST_STOP_S))
        if self._peak is not None and now - self._cut_at < SETTLE_S:
            return
        _forget(self._starts, now)
        _forget(self._refusals, now)
        # Refusals come back at once: what started and was not refused was accepted, answered yet or not.
        accepted, rate = float(len(self._starts) - len(self._refusals)), self.rate(now)
        self._first_cut = rate is None
        if rate is None:
            self._peak = max(accepted, self.limit / 2, 1.0)
        elif len(self._refusals) <= max(2, len(self._starts) / 20):
            self._peak = rate  # it is close
        else:
            self._peak = max(min(rate, accepted), rate / 2, 0.1)
        self._cut_at = max(now, self.stopped_until)
        self._next = max(self._next, now)

    def timeout_s(self, longest: float) -> float:
        """A time-out that fits: four times the slowest of the last 64 answers, a tenth of ``longest`` or more."""
        if len(self._latencies) < 16:
            return longest
        return min(longest, max(longest / 10, 4 * max(self._latencies)))

    def timed_out(self, after_s: float) -> None:
        """A call took too long: the endpoint may have become this slow."""
        self._latencies.append(after_s)
        self.limit = max(1, self.limit // 2)
        self._best, self._proven, self._rest = 0.0, self.limit, 0

    def _climb(self, throughput: float) -> None:
        """Judge the limit by the answers a second that it brought."""
        if self._rest:
            self._rest -= 1
            self._best = throughput
            if not self._rest:
                self.limit = min(self.most, max(self.limit + 1, self.limit * 5 // 4))
            return
        wanted = 1 + 0.1 * (self.limit / self._proven - 1)  # a tenth of what would be in proportion
        if throughput >= wanted * self._best:
            self._best, self._proven = throughput, self.limit
            self.limit = min(self.most, 2 * self.limit)
        else:
            self.limit, self._rest = self._proven, REST_EPOCHS


class Places:
    """Lets calls to one endpoint start when its pace allows, in the order they came: ``async with places: ...``.

    Args:
        most: Largest number of calls under way at once.
        clock: Seconds, for the pace.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace, self._clock = Pace(most), clock
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def load(self) -> float:
        """Calls here, under way and waiting, for each that may be under way."""
        return (self.taken + len(self._waiting)) / self.pace.limit

    async def __aenter__(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._leave()

    def answered(self, latency_s: float) -> None:
        """A call was answered after so many seconds."""
        self.pace.answered(self._clock(), latency_s, bool(self._waiting))

    def refused(self, after_s: float | None) -> None:
        """A call was refused with 429."""
        self.pace.refused(self._clock(), after_s)

    def _leave(self) -> None:
        self.taken -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.taken < self.pace.limit:
            if self._waiting[0].done():  # cancelled
                self._waiting.popleft()
                continue
            now = self._clock()
            wait = self.pace.earliest(now) - now
            if wait > 0:
                if self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(wait, self._wake)
                return
            self.pace.started(now)
            self.taken += 1
            self._waiting.popleft().set_result(None)

    def _wake(self) -> None:
        self._timer = None
        self._admit()


def _forget(times: deque[float], now: float) -> None:
    """Drop all but the last second's."""
    while times and times[0] <= now - 1:
        times.popleft()
