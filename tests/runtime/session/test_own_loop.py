"""A loop of its own for callers that wait, progress for whoever shows it, and the wish to stop."""

import asyncio
import threading
from typing import Any

import pytest

from surefoot.runtime.records import Counts
from surefoot.runtime.session.interruption import Interruption
from surefoot.runtime.session.own_loop import in_own_loop, paused_when_cancelled
from surefoot.runtime.session.watcher import EventWatcher, ProgressEvent, Watcher


async def answer(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def test_a_result_comes_back_from_another_thread() -> None:
    seen: list[int] = []

    async def body() -> str:
        seen.append(threading.get_ident())
        return await answer("done")

    assert in_own_loop(body) == "done"
    assert seen != [threading.get_ident()]


async def test_it_works_where_a_loop_runs_already() -> None:
    assert in_own_loop(lambda: answer(3)) == 3


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(2), KeyboardInterrupt()])
def test_what_is_raised_inside_is_raised_outside(error: BaseException) -> None:
    async def body() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        in_own_loop(body)
    assert raised.value is error


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Ctrl-C comes once, while the caller waits and after this event is set."""
    usual, began, left = threading.Event.wait, threading.Event(), [True]

    def wait(self: threading.Event, timeout: float | None = None) -> bool:
        here = threading.current_thread() is threading.main_thread()
        if here and timeout is None and left and threading.active_count() > 1:
            left.pop()
            usual(began, 30)
            raise KeyboardInterrupt
        return usual(self, timeout)

    class Waits(threading.Event):
        pass

    Waits.wait = wait  # type: ignore[method-assign]
    monkeypatch.setattr("surefoot.runtime.session.own_loop.threading.Event", Waits)
    return began


def test_an_interrupt_asks_politely_and_the_result_is_waited_for(interrupted: threading.Event) -> None:
    asked = Interruption()

    async def body() -> str:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()

        def pause(reason: str) -> None:
            loop.call_soon_threadsafe(stop.set)

        asked.started(pause)
        interrupted.set()
        await stop.wait()
        return "paused"

    assert in_own_loop(body, asked) == "paused"
    assert asked.asked == "interrupted"


def test_an_interrupt_where_nothing_can_stop_politely_ends_it(interrupted: threading.Event) -> None:
    ended: list[str] = []

    async def body() -> None:
        interrupted.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("closed what it held")

    with pytest.raises(KeyboardInterrupt):
        in_own_loop(body)
    assert ended == ["closed what it held"]


async def test_being_cancelled_pauses_before_the_cancellation_goes_on() -> None:
    asked, order, stop = Interruption(), list[str](), asyncio.Event()
    asked.started(lambda reason: stop.set())

    async def run() -> str:
        await stop.wait()
        order.append("paused")
        return "paused"

    waiting = asyncio.ensure_future(paused_when_cancelled(run(), asked))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert order == ["paused"]
    assert asked.asked == "cancelled"


async def test_a_run_that_ends_by_itself_is_returned() -> None:
    assert await paused_when_cancelled(answer("solved"), Interruption()) == "solved"


def test_a_wish_to_stop_is_kept_until_there_is_a_run() -> None:
    asked, reasons = Interruption(), list[str]()
    asked.ask("early")
    asked.started(reasons.append)
    assert reasons == ["early"]
    asked.ask("again")
    assert reasons == ["early", "again"]
    assert asked.asked == "early", "the first reason stays"


def test_a_run_that_nobody_asked_to_stop_is_not_stopped() -> None:
    reasons: list[str] = []
    Interruption().started(reasons.append)
    assert reasons == []


def test_progress_becomes_events() -> None:
    seen: list[ProgressEvent] = []
    watcher = EventWatcher(seen.append)
    watcher.update(Counts(steps=3, calls=9, cost_usd=0.5), 12.5)
    watcher.note("leads chosen")
    watcher.say("waiting for workers")
    assert seen == [
        ProgressEvent("progress", "", 3, 9, 0.5, 12.5), ProgressEvent("note", "leads chosen"),
        ProgressEvent("wait", "waiting for workers"),
    ]  # fmt: skip


def test_who_shows_nothing_need_not_say_so() -> None:
    watcher: Any = Watcher()
    assert [watcher.update(Counts(), 0.0), watcher.note("x"), watcher.say("y")] == [None, None, None]
