"""Lets calls to one endpoint start as fast as allowed, in the order they came: ``async with limiter as start: ...``.

Alone, a process follows a rate of its own. One of several workers follows a share of the run's rate instead, and
tells what it sees; ``runtime/coordinator/rate_sharing.py`` makes the shares.
"""

import asyncio
import math
from collections import deque
from types import TracebackType

import msgspec

from surefoot.runtime.models.congestion import CongestionControl
from surefoot.runtime.models.rate_search import Start

LATE_S, LEAST_LATE_S = 0.32, 0.005
"""Timers are late, on a busy machine by much. What they are late by is made up for by calls in a row: up to so much,
and less if the server turns out to refuse them."""
LATER_CALLS = 200
"""Paced calls without such a refusal after which twice as much is made up for."""
HURRIED_S = 0.06
"""Seconds after such calls in which a refusal is their fault."""
HOLD_S = 1.0
"""Longest time that a worker waits for its next share after a refusal. A coordinator that is later costs refusals."""


class Quota(msgspec.Struct, frozen=True):
    """One worker's share of the rate and concurrency at one endpoint.

    Attributes:
        epoch: How often the run's rate was cut; refusals of calls from before the last time are no news.
        limit: Calls that may be under way at once.
        rate: Calls a second that may start; ``None`` for no limit.
        stop_s: Seconds for which none may start.
        first_s: Seconds from the last cut of the rate to the first call: workers take turns.
        tolerant: Whether refusals are only counted, and no reason to wait.
    """

    epoch: int
    limit: int
    rate: float | None
    stop_s: float = 0.0
    first_s: float = 0.0
    tolerant: bool = False


class Feedback(msgspec.Struct):
    """What a worker saw at one endpoint since the coordinator last asked.

    Attributes:
        started: Calls begun under the share it follows.
        paced: Those of them that had to wait for their time.
        answered: Calls answered.
        latency_s: Seconds they took together.
        waiting: Calls that wait for a place now.
        under_way: Calls under way now.
        refused: Calls begun under this share that were refused.
        age_s: Seconds since the first of them started.
        after_s: Its Retry-After in seconds.
        follows: The share that is followed now, if any.
    """

    started: int = 0
    paced: int = 0
    answered: int = 0
    latency_s: float = 0.0
    waiting: int = 0
    under_way: int = 0
    refused: int = 0
    age_s: float = 0.0
    after_s: float | None = None
    follows: Quota | None = None


class Limiter:
    """Limits the calls of this process to one endpoint. All times are those of the running event loop.

    Args:
        most: Largest number of calls under way at once.

    Attributes:
        congestion: What this process learnt of the endpoint by itself.
        taken: Calls under way.
        refusal: Set when there is a refusal in the news.
    """

    def __init__(self, most: int) -> None:
        self.congestion = CongestionControl(most)
        self.taken = 0
        self.refusal = asyncio.Event()
        self._quota: Quota | None = None
        self._feedback = Feedback()
        self._stopped_until = self._next = 0.0
        self._late_s, self._since_shorter, self._hurried_until = LATE_S, 0, -math.inf
        self._waiting: deque[asyncio.Future[Start]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._wake_at = 0.0  # not every loop's timers say (uvloop's, which Ray uses where it is installed)

    @property
    def limit(self) -> int:
        """Calls that may be under way now."""
        return self.congestion.limit if self._quota is None or self.congestion.down else self._quota.limit

    @property
    def rate(self) -> float | None:
        """Calls a second that may start; ``None`` for no limit."""
        return self.congestion.rate if self._quota is None else self._quota.rate

    @property
    def tolerant(self) -> bool:
        """Whether single refusals say nothing of the rate now."""
        return self.congestion.tolerant if self._quota is None else self._quota.tolerant

    @property
    def load(self) -> float:
        """Calls here, under way and waiting, for each that may be under way."""
        return (self.taken + len(self._waiting)) / self.limit

    @property
    def free(self) -> bool:
        """Whether a call could start now without making another one wait."""
        return not self._waiting and self.taken < self.limit and self.rate is None

    async def __aenter__(self) -> Start:
        turn: asyncio.Future[Start] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._admit()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._leave()

    def answered(self, latency_s: float) -> None:
        """Note an answer that took so many seconds."""
        self._feedback.answered += 1
        self._feedback.latency_s += latency_s
        self.congestion.answered(_now(), latency_s, bool(self._waiting))

    def refused(self, after_s: float | None, start: Start) -> None:
        """Note a refusal with HTTP 429 and the seconds of its Retry-After."""
        now, feedback = _now(), self._feedback
        if start.hurried and self._late_s > LEAST_LATE_S and start.rate and not self.tolerant:
            # What this says is not how fast the server may be asked, but that it has little in hand.
            if self._since_shorter:  # not by one of the same row
                self._late_s, self._since_shorter = max(LEAST_LATE_S, self._late_s / 2), 0
            self._next = max(self._next, now + 1 / start.rate)
            if self._quota is None:  # the others of a run have spent of the same reserve: they have to know
                return
        if self._quota is None:
            if self.congestion.refused(now, after_s, start):
                self._next = now + 1 / (self.rate or 1.0)  # what it has in hand is used up
        elif start.epoch == self._quota.epoch:
            feedback.refused += 1
            if feedback.refused > 1:
                return
            feedback.age_s, feedback.after_s = now - start.at, after_s
            if self._quota.tolerant:
                return
            self._stopped_until = max(self._stopped_until, now + HOLD_S)
            self.refusal.set()

    def failed(self) -> None:
        """Record a failure other than HTTP 429."""
        self.congestion.failed(_now())

    def report_refusals_to(self, refusal: asyncio.Event) -> None:
        """Set this event, from now on, whenever there is a refusal to tell of: a worker has one for all endpoints."""
        self.refusal = refusal

    def follow(self, quota: Quota) -> None:
        """Follow a share of the run's rate from now on."""
        now = _now()
        if self._quota is None or quota.epoch != self._quota.epoch:
            self._next = now + quota.first_s
            # What was begun, and refused, under another epoch's share is no news.
            self._feedback.started = self._feedback.paced = 0
            self._feedback.refused = 0
        self._quota, self._stopped_until = quota, now + quota.stop_s
        self._admit()

    def take_feedback(self) -> Feedback:
        """Return what was seen since the last time, and begin again."""
        feedback, self._feedback = self._feedback, Feedback()
        feedback.waiting, feedback.under_way, feedback.follows = len(self._waiting), self.taken, self._quota
        return feedback

    def _leave(self) -> None:
        self.taken -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.taken < self.limit:
            if self._waiting[0].done():  # cancelled
                self._waiting.popleft()
                continue
            now = _now()
            wait = max(self.congestion.stopped_until, self._stopped_until, self._next if self.rate else 0.0) - now
            if wait > 0:
                self._wake_after(wait)
                return
            self.taken += 1
            self._waiting.popleft().set_result(self._start(now))

    def _start(self, now: float) -> Start:
        """Note that a call starts."""
        rate, paced = self.rate, 0
        if rate:
            paced = int(now < self._next + max(1 / rate, self._late_s))
            self._since_shorter += paced
            if self._since_shorter >= LATER_CALLS:
                self._late_s, self._since_shorter = min(LATE_S, 2 * self._late_s), 0
            if now > self._next + max(LEAST_LATE_S, 0.5 / rate):
                self._hurried_until = now + HURRIED_S
            self._next = max(self._next, now - self._late_s) + 1 / rate
        hurried = now < self._hurried_until
        if self._quota is None:
            return msgspec.structs.replace(self.congestion.started(now, 1, paced), hurried=hurried)
        self._feedback.started += 1
        self._feedback.paced += paced
        return Start(self._quota.epoch, self._feedback.started, now, rate, hurried)

    def _wake_after(self, wait: float) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time() + wait
        if self._timer is not None and self._wake_at > at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer, self._wake_at = loop.call_later(wait, self._wake), at

    def _wake(self) -> None:
        self._timer = None
        self._admit()


def _now() -> float:
    return asyncio.get_running_loop().time()
