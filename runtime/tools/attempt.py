"""One attempt at calling a function: in a thread or on the loop, within its time; what it raised is a value."""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple

GRACE_S: Final = 5.0
"""Seconds that a cancelled async function has to clean up before it is left alone."""


class Returned(NamedTuple):
    """The value that a tool's function returned."""

    value: Any


class Raised(NamedTuple):
    """The error that a tool's function raised; a ``TimedOut`` where it ran out of time."""

    error: BaseException


class TimedOut(TimeoutError):
    """The attempt took longer than the tool's ``timeout_s``; tells it from a ``TimeoutError`` of the function's own."""


async def attempt(call: Callable[[], Any], *, on_loop: bool, timeout_s: float) -> Returned | Raised:
    """Call a function once and wait for it for at most ``timeout_s`` seconds.

    Args:
        call: The function, without arguments.
        on_loop: Whether it is async; otherwise it runs in a thread.
        timeout_s: Longest time, in seconds.
    """
    running = asyncio.ensure_future(_on_the_loop(call) if on_loop else _in_a_thread(call))
    try:
        await asyncio.wait({running}, timeout=timeout_s)
        if not running.done():
            return Raised(TimedOut(f"no result after {timeout_s:g} s"))
    finally:
        if not running.done():
            running.cancel()
            await asyncio.wait({running}, timeout=GRACE_S)
    if running.cancelled():
        return Raised(asyncio.CancelledError("it cancelled itself"))
    error = running.exception()  # not an `except` around the await: that would also catch what is not the function's
    return running.result() if error is None else Raised(error)


async def _on_the_loop(call: Callable[[], Any]) -> Returned | Raised:
    try:
        return Returned(await call())
    except SystemExit as error:  # left alone it would end the whole event loop
        return Raised(error)


async def _in_a_thread(call: Callable[[], Any]) -> Returned | Raised:
    """Run a sync function in a daemon thread of its own.

    Not in the loop's pool: a function that hangs would keep one of its few threads, and the program from ending.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[Returned | Raised] = loop.create_future()

    def deliver(outcome: Returned | Raised) -> None:
        if not arrived.done():
            arrived.set_result(outcome)

    def body() -> None:
        outcome = _outcome(call)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(deliver, outcome)

    threading.Thread(target=contextvars.copy_context().run, args=(body,), daemon=True, name="tool").start()
    return await arrived


def _outcome(call: Callable[[], Any]) -> Returned | Raised:
    try:
        return Returned(call())
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code, with no await inside; kept as a value
        return Raised(error)
