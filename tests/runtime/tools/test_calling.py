"""Calls of tools: what becomes a value, what is tried again, and what is known of a once-only call after a crash."""

import asyncio
import functools
import threading
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.calling import call_tool, look_back
from surefoot.runtime.tools.contract import NOT_HAPPENED, FailureKind, LookBack, Tool, ToolError, ToolFailed, ToolResult


def double(n: int) -> int:
    return 2 * n


async def double_async(n: int) -> int:
    await asyncio.sleep(0)
    return 2 * n


class Doubler:
    async def __call__(self, n: int) -> int:
        return 2 * n


def tool(function: Any, **settings: Any) -> Tool:
    return Tool(name="t", function=function, **{"timeout_s": 5.0, **settings})


async def call(called: Tool, **arguments: Any) -> Any:
    return await call_tool(called, arguments, key="key 1")


@pytest.mark.parametrize("function", [double, double_async, Doubler(), functools.partial(double), lambda n: n + n])
async def test_functions_of_every_kind_are_called(function: Any) -> None:
    assert await call(tool(function), n=21) == ToolResult("t", 42, 1, 2)


async def test_a_sync_function_runs_in_a_thread_of_its_own() -> None:
    def where() -> list[Any]:
        return [threading.current_thread() is threading.main_thread(), threading.current_thread().daemon]

    assert (await call(tool(where))).value == [False, True]


async def test_the_value_is_what_the_journal_gives_back() -> None:
    given = (await call(tool(lambda: (1, {2: b"x"}, None, 2**70)))).value
    assert given == [1, {"2": "eA=="}, None, 2**70]
    assert msgspec.json.decode(msgspec.json.encode(given)) == given


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "missing a required argument: 'n'; it takes (n)"),
        ({"m": 1}, "it takes (n)"),
        ({"n": 1, "m": 2}, "unexpected keyword argument 'm'"),
        ({"n": "1"}, "n: Expected `int`, got `str`"),
        ({"n": 1, "call_key": "x"}, "call_key is given by the engine"),
    ],
)
async def test_arguments_are_checked_before_the_call(arguments: dict[str, Any], words: str) -> None:
    called: list[int] = []

    def count(n: int) -> None:
        called.append(n)

    failed = await call(tool(count), **arguments)
    assert (failed.kind, failed.attempts, called) == (FailureKind.BAD_ARGUMENTS, 0, [])
    assert words in failed.detail


async def test_a_function_may_know_the_key_of_its_call() -> None:
    def keyed(n: int, call_key: str) -> list[Any]:
        return [n, call_key]

    assert (await call(tool(keyed), n=1)).value == [1, "key 1"]


def raising(error: Exception) -> None:
    raise error  # the line that is named


class Unreadable(Exception):
    def __str__(self) -> str:
        raise ValueError


LINE = raising.__code__.co_firstlineno + 1


@pytest.mark.parametrize(
    ("error", "kind", "detail"),
    [
        (ValueError("wrong\nin two lines"), "crashed", f"test_calling.py:{LINE}: ValueError: wrong\\x0ain two lines"),
        (StopIteration(3), "crashed", f"test_calling.py:{LINE}: StopIteration: 3"),
        (SystemExit(3), "crashed", f"test_calling.py:{LINE}: SystemExit: 3"),
        (TimeoutError("of its own"), "crashed", f"test_calling.py:{LINE}: TimeoutError: of its own"),
        (Unreadable(), "crashed", f"test_calling.py:{LINE}: Unreadable: its text cannot be read"),
        (MemoryError(), "memory", f"test_calling.py:{LINE}: MemoryError: "),
        (ToolError("no", FailureKind.NOT_INSTALLED), "not-installed", "no"),
    ],
)
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_errors_are_values_in_one_line(asynchronous: bool, error: Exception, kind: str, detail: str) -> None:
    async def raising_async() -> None:
        raising(error)

    if asynchronous and isinstance(error, StopIteration):
        detail = f"test_calling.py:{LINE}: RuntimeError: coroutine raised StopIteration"
    function = raising_async if asynchronous else functools.partial(raising, error)
    failed = await call(tool(function))
    assert failed.kind == kind
    if "StopIteration" not in detail:
        line = raising_async.__code__.co_firstlineno + 1
        assert failed.detail == detail or failed.detail == detail.replace(str(LINE), str(line))
    assert failed.detail.isprintable()


async def test_the_line_named_is_the_users_own_not_a_librarys() -> None:
    import json

    failed = await call(tool(lambda: json.loads("{")))
    assert failed.detail.startswith("test_calling.py:")


async def test_a_function_that_takes_too_long_is_a_time_out() -> None:
    for_ever = asyncio.Event()
    cleaned: list[str] = []

    async def waits() -> None:
        try:
            await for_ever.wait()
        finally:
            cleaned.append("up")

    assert await call(tool(waits, timeout_s=0.01)) == ToolFailed("t", FailureKind.TIMEOUT, "no result after 0.01 s", 1)
    assert cleaned == ["up"]
    hangs = threading.Event()
    failed = await call(tool(hangs.wait, timeout_s=0.01))
    assert failed.kind is FailureKind.TIMEOUT
    hangs.set()


async def test_being_cancelled_cancels_the_function() -> None:
    inside, cleaned = asyncio.Event(), asyncio.Event()

    async def waits() -> None:
        inside.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    running = asyncio.ensure_future(call(tool(waits)))
    await inside.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert cleaned.is_set()


class Flaky:
    def __init__(self, *errors: Exception) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> int:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.calls


async def test_listed_errors_are_tried_again_and_no_others() -> None:
    settings: dict[str, Any] = {"attempts": 3, "retried": (ConnectionError,), "wait_s": 0.0}
    assert (await call(tool(Flaky(ConnectionError(), ConnectionResetError()), **settings))).attempts == 3
    for errors, calls in (([ConnectionError()] * 3, 3), ([ValueError()], 1), ([ConnectionError(), ValueError()], 2)):
        flaky = Flaky(*errors)
        failed = await call(tool(flaky, **settings))
        assert (failed.kind, failed.attempts, flaky.calls) == (FailureKind.CRASHED, calls, calls)


async def test_a_time_out_is_tried_again_where_it_is_listed() -> None:
    calls: list[int] = []

    async def first_waits() -> int:
        calls.append(1)
        if len(calls) == 1:
            await asyncio.Event().wait()
        return len(calls)

    settings: dict[str, Any] = {"timeout_s": 0.01, "attempts": 2, "wait_s": 0.0}
    assert (await call(tool(first_waits, retried=(TimeoutError,), **settings))).value == 2
    calls.clear()
    assert (await call(tool(first_waits, retried=(OSError, ValueError), **settings))).attempts == 2  # an OSError, too
    calls.clear()
    assert (await call(tool(first_waits, retried=(ValueError,), **settings))).attempts == 1


NESTED: list[Any] = []
NESTED.append(NESTED)


@pytest.mark.parametrize(
    ("returned", "kind", "words"),
    [
        ("x" * 101, "output-limit", "the result has 103 bytes, more than 100"),
        (object(), "crashed", "cannot be kept"),
        ({(1, 2): 3}, "crashed", "cannot be kept"),
        ([None, {"a": float("nan")}], "crashed", "nan or inf"),
        pytest.param(10**5000, "crashed", "cannot be", id="an endless number"),
        ("\ud800", "crashed", "cannot be kept"),
        (NESTED, "crashed", "cannot be kept"),
        ({"a": [object()]}, "crashed", "cannot be kept"),
    ],
)
async def test_results_are_bounded_and_can_be_kept(returned: Any, kind: str, words: str) -> None:
    failed = await call(tool(lambda: returned, max_result_bytes=100))
    assert failed.kind == kind
    assert words in failed.detail


async def test_a_coroutine_where_a_value_is_due_gives_a_hint() -> None:
    failed = await call(tool(lambda: double_async(1)))
    assert failed.detail.endswith("returned a coroutine; write `async def`, or await it")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"timeout_s": 0}, "timeout_s is 0"),
        ({"timeout_s": float("nan")}, "timeout_s is nan"),
        ({"attempts": 2}, "after which errors"),
        ({"attempts": 0}, "0 attempts"),
        ({"attempts": 2, "retried": (OSError,), "repeatable": False}, "a once-only tool is not tried again"),
        ({"attempts": 2, "retried": (Exception,)}, "lists errors by name"),
        ({"check": lambda key, arguments: None}, "repeatable=False"),
        ({"name": ""}, "name is empty"),
        ({"function": len}, "positional-only"),
        ({"function": 3}, "its parameters cannot be read"),
    ],
)
def test_contradictions_are_said_when_a_tool_is_made(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Tool(**{"name": "t", "function": double, "timeout_s": 1.0, **settings})


class Payments:
    """A once-only tool that keeps a record by key, and may crash after paying."""

    def __init__(self) -> None:
        self.paid: dict[str, int] = {}

    def pay(self, amount: int, call_key: str) -> int:
        self.paid[call_key] = amount
        return amount

    def check(self, key: str, arguments: Mapping[str, Any]) -> Any:
        return self.paid.get(key, NOT_HAPPENED)

    async def check_async(self, key: str, arguments: Mapping[str, Any]) -> Any:
        return self.check(key, arguments)


@pytest.mark.parametrize("check", ["check", "check_async"])
async def test_a_once_only_call_can_be_asked_about_after_a_crash(check: str) -> None:
    payments = Payments()
    once = tool(payments.pay, repeatable=False, check=getattr(payments, check))
    assert await look_back(once, {"amount": 5}, key="a") is LookBack.NOT_HAPPENED
    await call_tool(once, {"amount": 5}, key="a")
    assert await look_back(once, {"amount": 5}, key="a") == ToolResult("t", 5, 1, 1)
    assert await look_back(once, {"amount": 5}, key="b") is LookBack.NOT_HAPPENED
    assert await look_back(once, {"sum": 5}, key="a") is LookBack.NOT_HAPPENED


async def test_without_a_check_nothing_is_known() -> None:
    assert await look_back(tool(double, repeatable=False), {"n": 1}, key="a") is LookBack.CANNOT_TELL


async def test_a_check_that_fails_is_a_failure_and_not_an_answer() -> None:
    def broken(key: str, arguments: Mapping[str, Any]) -> Any:
        raise ConnectionError("database gone")

    failed = await look_back(tool(double, repeatable=False, check=broken), {"n": 1}, key="a")
    assert isinstance(failed, ToolFailed)
    assert failed.kind is FailureKind.CRASHED
    assert failed.detail.endswith("ConnectionError: database gone")


def test_a_tool_error_survives_the_way_between_processes() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(ToolError("no", FailureKind.MEMORY)))
    assert (error.message, error.kind) == ("no", FailureKind.MEMORY)
