"""One pace for all workers of a run, at each of the endpoints they ask.

Workers are processes of their own; each on its own would have to find a server's limits anew, and be refused as often.
So the coordinator learns from what all of them see, and hands each its share of what may be under way and of what may
start each second: the same to all that have enough to do, what is left over by the others. Shares are made anew
several times a second, and at once after a refusal; until then the worker that was refused asks for nothing.
"""

import asyncio
import math
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

from runtime.models.pace import Pace
from runtime.models.places import News, Share
from runtime.models.rate import Start

TICK_S, TICK_S_A_WORKER = 0.25, 0.01
"""Seconds between two rounds: so many, or so many for each worker."""


class Paced(Protocol):
    """Workers, by number, that ask endpoints, by name."""

    @property
    def size(self) -> int:
        """Number of workers."""
        ...

    async def refusal(self, worker: int) -> None:
        """Wait until a worker has a refusal to tell of."""
        ...

    async def pace_news(self, worker: int) -> dict[str, News]:
        """What a worker saw at each of its endpoints since this was last asked."""
        ...

    async def follow(self, worker: int, shares: dict[str, Share]) -> None:
        """Give a worker its shares."""
        ...


class Pacemaker:
    """Learns the endpoints' limits and shares them out, inside a ``with`` block.

    Args:
        crew: The workers.
        most: Largest number of calls under way at once at one endpoint, for each worker.

    Attributes:
        paces: What was learnt, by endpoint.
    """

    def __init__(self, crew: Paced, most: int) -> None:
        self.paces: dict[str, Pace] = {}
        self._crew, self._most = crew, most
        self._working: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Pacemaker":
        if self._crew.size > 1:
            await self._round()  # before anything is asked
            if self.paces:
                self._working = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._working is not None:
            self._working.cancel()
            (ended,) = await asyncio.gather(self._working, return_exceptions=True)
            if isinstance(ended, Exception) and kind is None:
                raise ended

    async def _work(self) -> None:
        tick_s = max(TICK_S, TICK_S_A_WORKER * self._crew.size)
        watches: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                for worker in range(self._crew.size):
                    if worker not in watches or watches[worker].done():
                        watches[worker] = asyncio.create_task(self._crew.refusal(worker))
                await asyncio.wait(watches.values(), timeout=tick_s, return_when=asyncio.FIRST_COMPLETED)
                await self._round()
        finally:
            for watch in watches.values():
                watch.cancel()

    async def _round(self) -> None:
        """Hear all workers, decide, and give those a share whose share has changed."""
        workers = range(self._crew.size)
        heard = await asyncio.gather(*(self._crew.pace_news(worker) for worker in workers))
        now = asyncio.get_running_loop().time()
        shares: list[dict[str, Share]] = [{} for _ in workers]
        for name in dict.fromkeys(name for news in heard for name in news):
            pace = self.paces.setdefault(name, Pace(self._most * self._crew.size))
            told = [news.get(name, News()) for news in heard]
            learn(pace, told, now)
            for share, own in zip(shares_of(pace, told, now), shares, strict=True):
                own[name] = share
        # A worker that took a lost one's place follows nothing yet.
        behind = [
            worker
            for worker in workers
            if not all(news.follows == shares[worker][name] for name, news in heard[worker].items())
        ]
        await asyncio.gather(*(self._crew.follow(worker, shares[worker]) for worker in behind))


def learn(pace: Pace, told: Sequence[News], now: float) -> None:
    """Tell a pace what all workers saw."""
    rate = pace.rate
    last = pace.started(now, sum(news.started for news in told), sum(news.paced for news in told))
    answered = sum(news.answered for news in told)
    if answered:
        mean_s = sum(news.latency_s for news in told) / answered
        pace.answered(now, mean_s, any(news.waiting for news in told), answered)
    for news in told:
        if news.refused:  # of several only the first is news
            since = round((rate or 0.0) * news.age_s)  # calls that all have begun since, at that rate
            start = Start(last.epoch, max(1, last.number - since), now - news.age_s, rate)
            pace.refused(now, news.after_s, start)


def shares_of(pace: Pace, told: Sequence[News], now: float) -> list[Share]:
    """Each worker's share of a pace."""
    busy = [float(news.waiting + news.under_way) for news in told]
    limits = split_whole(pace.limit, busy)
    stop_s = max(0.0, pace.stopped_until - now)
    if pace.rate is None:
        return [Share(pace.epoch, limit, None, stop_s) for limit in limits]
    rates = split_fairly(pace.rate, [math.inf if news.waiting else float(news.under_way) for news in told])
    return [
        Share(pace.epoch, limit, rate, stop_s, (turn + 1) / pace.rate)
        for turn, (limit, rate) in enumerate(zip(limits, rates, strict=True))
    ]


def split_fairly(total: float, wants: Sequence[float]) -> list[float]:
    """Shares of ``total``: all that is wanted to those who want least, the same to the others (max-min fairness).

    What nobody wants goes to all alike, so that whoever begins to want something need not wait to be heard.
    """
    shares, left = [0.0] * len(wants), total
    order = sorted(range(len(wants)), key=lambda one: wants[one])
    for place, one in enumerate(order):
        shares[one] = min(wants[one], left / (len(order) - place))
        left -= shares[one]
    return [share + left / len(wants) for share in shares]


def split_whole(total: int, wants: Sequence[float]) -> list[int]:
    """Whole shares, likewise; everyone gets 1 at least, so that the sum may be above a ``total`` that is very small."""
    shares = split_fairly(total, wants)
    whole = [max(1, math.floor(share)) for share in shares]
    spare = total - sum(whole)
    for one in sorted(range(len(shares)), key=lambda one: math.floor(shares[one]) - shares[one])[: max(0, spare)]:
        whole[one] += 1
    return whole
