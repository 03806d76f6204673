"""Runs coroutines for callers that wait: in an event loop of their own, and politely where the waiting is cancelled."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from surefoot.runtime.session.interruption import Interruption

T = TypeVar("T")
Running = tuple[asyncio.AbstractEventLoop, "asyncio.Task[Any] | None"]
"""A loop, and the task that it runs to its end."""

END_S = 5.0
"""Seconds that something has to close what it holds when it is ended by an interrupt."""


def in_own_loop(begin: Callable[[], Coroutine[Any, Any, T]], interruption: Interruption | None = None) -> T:
    """Run a coroutine in a thread with an event loop of its own, so that it works inside another loop as well.

    An interrupt (Ctrl-C) asks a run to stop politely. A second one, or the first where nothing can stop politely, ends
    the coroutine and is raised: nothing goes on asking in the background.
    """
    ended: list[T] = []
    failed: list[BaseException] = []
    over = threading.Event()
    running: list[Running] = []

    async def body() -> T:
        running.append((asyncio.get_running_loop(), asyncio.current_task()))
        return await begin()

    def target() -> None:
        try:
            ended.append(_loop_runner()(body()))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, whatever it is
            failed.append(error)
        over.set()

    thread = threading.Thread(target=target, name="surefoot", daemon=True)
    try:
        try:
            thread.start()  # waits as well, until the thread has begun
            over.wait()  # not join(): before Python 3.13 a join that is interrupted takes the thread for ended
        except KeyboardInterrupt:
            if interruption is None:
                raise
            interruption.by_keyboard = True
            interruption.ask("interrupted")
            over.wait()
    except KeyboardInterrupt:
        _end(running, over)
        raise
    if failed:
        raise failed[0]
    return ended[0]


def _end(running: list[Running], over: threading.Event) -> None:
    """Cancel what runs in a loop of its own, and give it a little time to close what it holds."""
    for loop, task in running:
        if task is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it came to its end meanwhile
                loop.call_soon_threadsafe(task.cancel)
    over.wait(END_S)


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
