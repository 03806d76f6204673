"""One attempt at a tool: what it returned or raised is a value, and one that hangs keeps nobody."""

import asyncio
import contextvars
import threading
from typing import Any

import pytest

from surefoot.runtime.tools import attempt as module
from surefoot.runtime.tools.attempt import Raised, Returned, TimedOut, attempt

LONG = 30.0
asked: contextvars.ContextVar[str] = contextvars.ContextVar("asked", default="nobody")


async def call(function: Any, on_loop: bool = False, timeout_s: float = LONG) -> Any:
    return await attempt(function, on_loop=on_loop, timeout_s=timeout_s)


async def test_a_sync_function_runs_in_a_thread_and_an_async_one_on_the_loop() -> None:
    async def here() -> int:
        return threading.get_ident()

    assert await call(here, on_loop=True) == Returned(threading.get_ident())
    elsewhere = await call(threading.get_ident)
    assert elsewhere.value != threading.get_ident()


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), TimeoutError("its own")])
@pytest.mark.parametrize("on_loop", [True, False])
async def test_what_it_raises_is_a_value_and_ends_nothing(error: BaseException, on_loop: bool) -> None:
    def fails() -> None:
        raise error

    async def fails_on_loop() -> None:
        raise error

    found = await call(fails_on_loop if on_loop else fails, on_loop)
    assert isinstance(found, Raised)
    assert found.error is error
    assert not isinstance(found.error, TimedOut)


async def test_an_async_function_that_takes_too_long_is_cancelled_and_may_clean_up() -> None:
    cleaned: list[bool] = []

    async def hangs() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)

    found = await call(hangs, on_loop=True, timeout_s=0.01)
    assert isinstance(found.error, TimedOut)
    assert "0.01 s" in str(found.error)
    assert cleaned == [True]


async def test_one_that_does_not_let_itself_be_cancelled_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_S", 0.01)
    go_on = asyncio.Event()

    async def stubborn() -> str:
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue
        return "late"

    found = await call(stubborn, on_loop=True, timeout_s=0.01)
    assert isinstance(found.error, TimedOut)
    go_on.set()
    await asyncio.sleep(0)


async def test_a_thread_that_hangs_is_left_alone_and_what_it_says_later_is_lost() -> None:
    release, ended = threading.Event(), threading.Event()

    def hangs() -> str:
        release.wait(LONG)
        ended.set()
        return "late"

    found = await call(hangs, timeout_s=0.01)
    assert isinstance(found.error, TimedOut)
    release.set()
    assert await asyncio.to_thread(ended.wait, LONG)
    await asyncio.sleep(0)


async def test_a_function_that_cancels_itself_did_not_cancel_the_caller() -> None:
    async def gives_up() -> None:
        raise asyncio.CancelledError

    found = await call(gives_up, on_loop=True)
    assert isinstance(found.error, asyncio.CancelledError)


async def test_who_waits_may_be_cancelled_and_the_function_is_with_it() -> None:
    began, cancelled = asyncio.Event(), list[bool]()

    async def hangs() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    waiting = asyncio.ensure_future(call(hangs, on_loop=True))
    await began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert cancelled == [True]


async def test_a_thread_sees_the_context_of_its_caller() -> None:
    asked.set("me")
    assert await call(asked.get) == Returned("me")
