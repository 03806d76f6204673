"""Load balancing: the servers of one model, and which of them is asked next.

LiteLLM has a router for this. It is not used: it retries and cools down out of sight, and here each failed call is
counted, each attempt reserves its money first, and each server has a limiter of its own.
"""

import asyncio
import math
from collections.abc import Sequence

from surefoot.runtime.models.limiter import Limiter
from surefoot.runtime.models.rate_search import Start


class ModelServer:
    """One server of a model, with its limiter and the time until which others are asked first.

    Args:
        base: Its base address; ``None`` for the provider's own.
        most: Largest number of calls under way at once.

    Attributes:
        failures: Calls that failed since the last answer.
    """

    def __init__(self, base: str | None, most: int) -> None:
        self.base, self.limiter = base, Limiter(most)
        self.down_until = -math.inf
        self.failures = 0

    def answered(self, latency_s: float) -> None:
        """Note an answer and its latency in seconds: the server is up."""
        self.failures, self.down_until = 0, -math.inf
        self.limiter.answered(latency_s)

    def failed(self, wait_s: float) -> None:
        """Note a failure: other servers are asked first for a while, longer with each failure in a row."""
        self.limiter.failed()
        self.failures += 1
        self.down_until = _now() + wait_s * 2 ** min(self.failures - 1, 4)

    def refused(self, after_s: float | None, start: Start) -> None:
        """Note a refusal with HTTP 429: other servers are asked first for as long as this one says."""
        self.limiter.refused(after_s, start)
        self.down_until = max(self.down_until, _now() + (after_s or 0.0))


def choose(servers: Sequence[ModelServer]) -> ModelServer:
    """Return the least loaded server that is up, of several the one that failed least, else who is back first."""
    if len(servers) == 1:
        return servers[0]
    now = _now()
    up = [one for one in servers if one.down_until <= now]
    if not up:
        return min(servers, key=lambda one: one.down_until)
    return min(up, key=lambda one: (one.limiter.load, one.failures))


def pace(servers: Sequence[ModelServer]) -> str:
    """Say how fast servers that refuse calls are asked by this process; empty where that is not known."""
    limiters = [one.limiter for one in servers if one.limiter.rate is not None]
    if len(limiters) == 1 and (share := limiters[0].congestion.refused_anyway) is not None:
        return f"the server refuses some {share:.0%} of the calls at any rate"
    if not limiters or any(one.tolerant for one in limiters):
        return ""
    return f"asking at most {sum(one.rate or 0.0 for one in limiters):.3g} times a second, as more is refused"


def another_is_up(servers: Sequence[ModelServer]) -> bool:
    """Whether a call that failed can be asked somewhere else at once."""
    now = _now()
    return len(servers) > 1 and any(one.down_until <= now for one in servers)


def _now() -> float:
    return asyncio.get_running_loop().time()
