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

from surefoot.runtime.models.congestion import CongestionControl
from surefoot.runtime.models.limiter import Feedback, Quota
from surefoot.runtime.models.rate_search import Start
from surefoot.runtime.worker.control import AwaitRefusal, Done, FollowQuotas, Message, R, TakeFeedback

TICK_S, TICK_S_A_WORKER = 0.25, 0.01
"""Seconds between two rounds: so many, or so many for each worker."""


class PacedWorkers(Protocol):
    """Workers, by number, that ask endpoints, by name."""

    @property
    def size(self) -> int:
        """Number of workers that ask endpoints."""
        ...

    async def tell(self, worker: int, message: Message[R]) -> R:
        """Ask a worker for a refusal or for what it saw, or give it its quotas; its reply."""
        ...


class RateSharing:
    """Learns the endpoints' rate limits and shares them among the workers, inside a ``with`` block.

    Args:
        crew: The workers.
        most: Largest number of calls under way at once at one endpoint, for each worker.

    Attributes:
        paces: What was learnt, by endpoint.
    """

    def __init__(self, pool: PacedWorkers, most: int) -> None:
        self.controls: dict[str, CongestionControl] = {}
        self._pool, self._most = pool, most
        self._working: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "RateSharing":
        if self._pool.size > 1:
            await self._round()  # before anything is asked
            if self.controls:
                self._working = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._working is not None:
            self._working.cancel()
            (ended,) = await asyncio.gather(self._working, return_exceptions=True)
            if isinstance(ended, Exception) and kind is None:
                raise ended

    async def _work(self) -> None:
        tick_s = max(TICK_S, TICK_S_A_WORKER * self._pool.size)
        watches: dict[int, asyncio.Task[Done]] = {}
        try:
            while True:
                for worker in range(self._pool.size):
                    if worker not in watches or watches[worker].done():
                        watches[worker] = asyncio.create_task(self._pool.tell(worker, AwaitRefusal()))
                await asyncio.wait(watches.values(), timeout=tick_s, return_when=asyncio.FIRST_COMPLETED)
                await self._round()
        finally:
            for watch in watches.values():
                watch.cancel()

    async def _round(self) -> None:
        """Hear all workers, decide, and give those a share whose share has changed."""
        workers = range(self._pool.size)
        seen = await asyncio.gather(*(self._pool.tell(worker, TakeFeedback()) for worker in workers))
        heard = [endpoints.by_name for endpoints in seen]
        now = asyncio.get_running_loop().time()
        quotas: list[dict[str, Quota]] = [{} for _ in workers]
        for name in dict.fromkeys(name for feedback in heard for name in feedback):
            congestion = self.controls.setdefault(name, CongestionControl(self._most * self._pool.size))
            told = [feedback.get(name, Feedback()) for feedback in heard]
            learn(congestion, told, now)
            for quota, own in zip(quotas_of(congestion, told, now), quotas, strict=True):
                own[name] = quota
        # A worker that took a lost one's place follows nothing yet.
        behind = [
            worker
            for worker in workers
            if not all(feedback.follows == quotas[worker][name] for name, feedback in heard[worker].items())
        ]
        await asyncio.gather(*(self._pool.tell(worker, FollowQuotas(quotas[worker])) for worker in behind))


def learn(congestion: CongestionControl, told: Sequence[Feedback], now: float) -> None:
    """Tell an endpoint's limiter what all workers saw of the endpoint."""
    rate = congestion.rate
    last = congestion.started(now, sum(feedback.started for feedback in told), sum(feedback.paced for feedback in told))
    answered = sum(feedback.answered for feedback in told)
    if answered:
        mean_s = sum(feedback.latency_s for feedback in told) / answered
        congestion.answered(now, mean_s, any(feedback.waiting for feedback in told), answered)
    for feedback in told:
        for _ in range(feedback.refused):  # of several only the first is news, unless they are counted
            since = round((rate or 0.0) * feedback.age_s)  # calls that all have begun since, at that rate
            start = Start(last.epoch, max(1, last.number - since), now - feedback.age_s, rate)
            congestion.refused(now, feedback.after_s, start)


def quotas_of(congestion: CongestionControl, told: Sequence[Feedback], now: float) -> list[Quota]:
    """Each worker's share of an endpoint's rate and places."""
    busy = [float(feedback.waiting + feedback.under_way) for feedback in told]
    limits = split_whole(congestion.limit, busy)
    stop_s = max(0.0, congestion.stopped_until - now)
    if congestion.rate is None:
        return [Quota(congestion.epoch, limit, None, stop_s, tolerant=congestion.tolerant) for limit in limits]
    rates = split_fairly(
        congestion.rate, [math.inf if feedback.waiting else float(feedback.under_way) for feedback in told]
    )
    return [
        Quota(congestion.epoch, limit, rate, stop_s, (turn + 1) / congestion.rate, congestion.tolerant)
        for turn, (limit, rate) in enumerate(zip(limits, rates, strict=True))
    ]


def split_fairly(total: float, wants: Sequence[float]) -> list[float]:
    """Split a total fairly (max-min): small wants are met in full, and all others get the same share.

    What nobody wants goes to all alike, so that whoever begins to want something need not wait to be heard.
    """
    quotas, left = [0.0] * len(wants), total
    order = sorted(range(len(wants)), key=lambda one: wants[one])
    for place, one in enumerate(order):
        quotas[one] = min(wants[one], left / (len(order) - place))
        left -= quotas[one]
    return [quota + left / len(wants) for quota in quotas]


def split_whole(total: int, wants: Sequence[float]) -> list[int]:
    """Split a total fairly into whole shares of 1 at least, so that a very small total may be exceeded."""
    quotas = split_fairly(total, wants)
    whole = [max(1, math.floor(quota)) for quota in quotas]
    spare = total - sum(whole)
    for one in sorted(range(len(quotas)), key=lambda one: math.floor(quotas[one]) - quotas[one])[: max(0, spare)]:
        whole[one] += 1
    return whole
