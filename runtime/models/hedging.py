"""When it pays to ask a call a second time because its answer is late, and take whichever answer comes first.

Both calls are one ballot: its place in the race is that of its draw, whichever of them answers, so that a verdict
does not depend on it. Whoever is late is asked again after the 95th percentile of the latencies seen (Dean and
Barroso, The Tail at Scale, 2013), which costs some 5 % more calls; and only where that pays: where such a second call
saves twice the waiting, in the mean, that a call takes. Latencies that differ little, or that fall off exponentially,
never do that.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from surefoot.runtime.models.litellm_errors import Transient
from surefoot.runtime.models.port import Reply

SEEN = 128
"""Latencies that are enough to judge by, and as many as are judged by."""
LATE = 0.95
"""Share of the calls that are answered before another is asked again."""
PAYS = 2.0
"""Waiting that a second call has to save in the mean, in mean latencies. Exponential ones save half of one."""


def hedge_after_s(latencies: Sequence[float]) -> float | None:
    """Seconds after which a call is asked again; ``None`` if that does not pay.

    Args:
        latencies: Seconds that calls took, at least ``SEEN`` of them, each as likely as the other.
    """
    if len(latencies) < SEEN:
        return None
    ordered = sorted(latencies)
    after = ordered[int(LATE * len(ordered))]
    late = [one for one in ordered if one > after]
    if not late:
        return None
    saved = sum(max(0.0, one - after - again) for one in late for again in ordered) / (len(late) * len(ordered))
    return after if saved >= PAYS * sum(ordered) / len(ordered) else None


async def first_of(
    call: Callable[[], Coroutine[Any, Any, list[Reply]]], after_s: float, may: Callable[[], bool]
) -> list[Reply]:
    """The replies of a call, or of the same call made again, if it is late: whichever comes first.

    Args:
        call: Makes it.
        after_s: Seconds until it is late.
        may: Whether it may be made again then.

    Raises:
        Whatever the first call raises, if both fail.
    """
    calls = [asyncio.create_task(call())]
    try:
        await asyncio.wait(calls, timeout=after_s)
        if not calls[0].done() and may():
            calls.append(asyncio.create_task(call()))
        left = set(calls)
        while left:
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            good = next((one for one in calls if one in done and one.exception() is None), None)
            if good is not None:
                failed = sum(one.done() and one is not good and one.exception() is not None for one in calls)
                first, *rest = good.result()
                extra = len(calls) - 1
                return [msgspec.structs.replace(first, hedged_calls=extra, failed_calls=failed), *rest]
        error = calls[0].exception()
        assert error is not None
        if isinstance(error, Transient):
            error.calls = len(calls)
        raise error
    finally:
        for one in calls:
            one.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
