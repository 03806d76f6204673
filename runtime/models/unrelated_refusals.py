"""Finds out whether a server refuses calls for another reason than their rate, and how many it refuses then.

Shared gateways and overloaded servers refuse some share of all calls, however slowly they are asked. Whoever takes each
of these refusals for a limit of the rate asks ever more slowly, and is refused as often. So when calls go on being
refused soon one after the other, a few are made at a rate sixteen times as high (a *probe*), from the moment of a
refusal on, when a server with a true limit has nothing in hand. Such a server refuses nearly all of them; one that
takes most of them in does not refuse for the rate. Its refusals are news of the rate only when they become more.

Pure: it has no clock.
"""

import math
from collections import deque

import msgspec

RUNS, FEW, SOME = 6, 12, 2
"""Refusals in a row with fewer calls before each of them, and with some in all, raise the suspicion. A search for a
true limit ends with more calls."""
KNOWN_CALLS = 100
"""Calls between two refusals that say that the rate is known."""
TIMES, CALLS = 16.0, 16
"""How much faster a probe is, and how many calls it is."""
LOST, SURELY_LOST = 12, 6
"""Calls of a probe that have to be refused to end it at once; fewer, if at most one was not."""
IN_HAND = 1.5
"""Calls that a server with a limit may have in hand again when the probe begins."""
SLOWER = 4.0
"""After a probe that was lost, the next waits for twice as many refusals, or for a rate so many times lower."""
CLEARLY = 2.0
"""So many times what a server with that limit could have taken in has to be taken in."""
GRACE_S = 0.05
"""Seconds, beside twice those of a refusal, that the last refusals of a probe are waited for."""
ALARM = 7.0
"""Log-likelihood ratio at which refusals have become more (Page, Continuous Inspection Schemes, 1954)."""
SOON_CALLS, ALARMS = 48, 6
"""So many alarms, each after fewer calls than that, mean that the share of refusals was none."""
MEMORY, FILLED = 128, 80
"""Calls, in the mean, by which the present share is judged, and how many there have to be."""
MARGIN, LEAST_SHARE = 0.08, 0.03
"""How far above the present share the one that counts is kept, and the share below which there is none."""


class Probe(msgspec.Struct):
    """Calls made much faster, to see what becomes of them.

    Attributes:
        rate: Calls a second at which a call had been refused.
        began: The time.
        ended: When its last call started; ``None`` before.
        started: Calls.
        refused: Those of them that were refused.
    """

    rate: float
    began: float
    ended: float | None = None
    started: int = 0
    refused: int = 0

    @property
    def lost(self) -> bool:
        """Whether too many were refused already."""
        return self.refused >= LOST or (self.refused >= SURELY_LOST and self.started <= self.refused + 1)

    @property
    def won(self) -> bool:
        """Whether more was taken in than by any server that refuses calls at that rate for the rate."""
        seconds = (self.ended or math.inf) - self.began
        return not self.lost and self.started - self.refused >= CLEARLY * (self.rate * seconds + IN_HAND)


class UnrelatedRefusals:
    """Tells refusals that depend on the rate from those that do not.

    Attributes:
        share: Share of the calls that are refused at any rate; ``None`` where each refusal is for the rate.
        probe: The probe under way, if any.
    """

    def __init__(self) -> None:
        self.share: float | None = None
        self.probe: Probe | None = None
        self._runs: deque[int] = deque(maxlen=RUNS)
        self._cuts, self._patience = 0, RUNS
        self._lost_at, self._refusal_s = 0.0, 0.0
        self._score, self._least, self._since_alarm = 0.0, 0.0, 0
        self._alarms = 0
        self._lately, self._refused_lately = 0.0, 0.0

    def cut(self, now: float, rate: float, taken_in: int) -> None:
        """Note that a call was refused at a rate, so many calls after the last one; begin a probe if that is odd."""
        self._runs.append(taken_in)
        self._cuts += 1
        if taken_in >= KNOWN_CALLS:
            self._patience = RUNS
        again = self._cuts >= self._patience or rate < self._lost_at / SLOWER
        if self.share is None and again and self._odd():
            self.probe, self._cuts = Probe(rate, now), 0

    def started(self, now: float, calls: int) -> None:
        """Note that calls started."""
        if self.probe is not None and self.probe.ended is None:
            self.probe.started += calls
            if self.probe.started >= CALLS:
                self.probe.ended = now
        elif self.share is not None:
            _, down = _steps(self.share)
            self._least = min(self._least, self._score)  # before: refusals of these calls are not known yet
            self._score -= calls * down
            self._since_alarm += calls
            kept = (1 - 1 / MEMORY) ** calls
            self._lately, self._refused_lately = self._lately * kept + calls, self._refused_lately * kept

    def refused(self, refusal_s: float) -> bool:
        """Note a refusal that took so many seconds to come; return whether refusals have become more."""
        self._refusal_s = max(refusal_s, 0.9 * self._refusal_s)
        if self.probe is not None:
            self.probe.refused += 1
            return False
        assert self.share is not None
        up, down = _steps(self.share)
        self._score += up + down
        self._refused_lately += 1
        if self._score - self._least >= ALARM:
            self._alarm()
            return True
        if self._lately >= FILLED:
            self._lower(self._refused_lately / self._lately)
        return False

    def ended(self, now: float) -> Probe | None:
        """The probe that was under way, once what it says is known."""
        probe = self.probe
        if probe is None:
            return None
        heard = probe.ended is not None and now >= probe.ended + 2 * self._refusal_s + GRACE_S
        if not heard and not probe.lost:
            return None
        self.probe = None
        if probe.won:
            refused = len(self._runs) + probe.refused
            calls = sum(self._runs) + len(self._runs) + probe.started
            share = refused / calls
            self.share = share + math.sqrt(share * (1 - share) / calls)  # rather too high: it follows downwards
            self._score = self._least = 0.0
            self._lately = self._refused_lately = 0.0
            self._since_alarm = self._alarms = 0
        else:
            self._patience, self._lost_at = max(2 * self._patience, 2 * RUNS), probe.rate
        self._runs.clear()
        return probe

    def _odd(self) -> bool:
        return len(self._runs) == RUNS and max(self._runs) < FEW and sum(self._runs) >= SOME

    def _alarm(self) -> None:
        self._score = self._least = 0.0
        self._alarms = self._alarms + 1 if self._since_alarm < SOON_CALLS else 1
        if self._alarms == ALARMS:
            self.share, self._patience = None, 2 * self._patience
        self._since_alarm = 0

    def _lower(self, present: float) -> None:
        """Follow the share when it falls, never when it rises: it would hide the limit."""
        assert self.share is not None
        self.share = min(self.share, present + MARGIN)
        if present < LEAST_SHARE:
            self.share = None


def _steps(share: float) -> tuple[float, float]:
    """What a refused call adds to the evidence that half of the others are refused as well, and one taken in takes."""
    share = min(max(share, LEAST_SHARE), 0.9)
    more = (1 + share) / 2
    return math.log(more / share), -math.log((1 - more) / (1 - share))
