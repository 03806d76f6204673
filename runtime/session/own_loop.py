"""Runs coroutines for callers that wait: in an event loop of their own, and politely where the waiting is cancelled."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from surefoot.runtime.session.interruption import Interruption

T = TypeVar("T")


def in_own_loop(begin: Callable[[], Coroutine[Any, Any, T]], interruption: Interruption | None = None) -> T:
    """Run a coroutine in a thread with an event loop of its own, so that it works inside another loop as well.

    An interrupt (Ctrl-C) asks a run to stop politely, and is raised where there is nothing to stop.
    """
    ended: list[T] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def target() -> None:
        try:
            ended.append(_loop_runner()(begin()))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, whatever it is
            failed.append(error)
        over.set()

    threading.Thread(target=target, name="surefoot", daemon=True).start()
    try:
        over.wait()  # not join(): before Python 3.13 a join that is interrupted takes the thread for ended
    except KeyboardInterrupt:
        if interruption is None:
            raise
        interruption.ask("interrupted")
        over.wait()
    if failed:
        raise failed[0]
    return ended[0]


def _loop_runner() -> Callable[[Coroutine[Any, Any, T]], T]:
    """``asyncio.run`` with the fastest loop that is installed."""
    try:
        import uvloop
    except ImportError:  # not made for this platform
        return asyncio.run
    return uvloop.run


async def paused_when_cancelled(begun: Coroutine[Any, Any, T], interruption: Interruption) -> T:
    """Wait for a run; where the waiting is cancelled, the run pauses politely before the cancellation goes on."""
    running = asyncio.ensure_future(begun)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        interruption.ask("cancelled")
        with contextlib.suppress(asyncio.CancelledError):
            await running
        raise
