"""Hedging: a call whose answer is late is made a second time, and the first answer to come is taken.

Both calls are one ballot: its place in the race is that of its draw, whichever of them answers, so that a verdict
does not depend on it. When it pays is decided by ``runtime/models/late_answers.py``.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from surefoot.runtime.models.litellm_errors import Transient
from surefoot.runtime.models.port import Reply
from surefoot.runtime.models.stopping import CallsStopped


async def first_of(
    call: Callable[[], Coroutine[Any, Any, list[Reply]]], after_s: float, may: Callable[[], bool]
) -> list[Reply]:
    """Return the replies of a call, or of its repetition once the call is late: whichever comes first.

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
                sent = [one for one in calls if not _was_stopped(one)]
                failed = sum(one.done() and one is not good and one.exception() is not None for one in sent)
                first, *rest = good.result()
                extra = len(sent) - 1
                return [msgspec.structs.replace(first, hedged_calls=extra, failed_calls=failed), *rest]
        error = calls[0].exception()
        assert error is not None
        if isinstance(error, Transient):
            error.calls = sum(not _was_stopped(one) for one in calls)
        raise error
    finally:
        for one in calls:
            one.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


def _was_stopped(call: asyncio.Task[list[Reply]]) -> bool:
    """Whether a call was never sent, as the run stops."""
    return call.done() and isinstance(call.exception(), CallsStopped)
