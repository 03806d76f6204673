"""The watch tells a process that answers from one that hangs, died or never was."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from surefoot.runtime.worker import ray_watch
from surefoot.runtime.worker.ray_watch import Address, answers, until_gone

Streams = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_watch, "PERIOD_S", 0.001)
    monkeypatch.setattr(ray_watch, "ANSWER_S", 0.2)


async def live(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    assert (await reader.readexactly(24)).startswith(b"PRI * HTTP/2.0")
    writer.write(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
    await writer.drain()
    writer.close()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@asynccontextmanager
async def serving(speak: Streams) -> AsyncIterator[Address]:
    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()


async def test_only_what_says_something_back_lives() -> None:
    async with serving(live) as there, serving(hang) as stuck:
        assert await answers(there)
        assert not await answers(stuck)
        assert await answers(stuck, encrypted=True)  # behind TLS no more can be asked
    assert not await answers(there)


async def test_the_watch_names_what_is_gone_and_one_late_answer_is_not_a_loss() -> None:
    late = 0

    async def now_and_then(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal late
        late += 1
        await (live if late % 3 == 0 else hang)(reader, writer)

    async with serving(live) as head, serving(now_and_then) as raylet:
        watching = asyncio.create_task(until_gone({"its head": head, "the raylet": raylet}))
        while late < 9:
            assert not watching.done()
            await asyncio.sleep(0.001)
    gone = await asyncio.wait_for(watching, 10)
    assert gone.endswith("no longer answers")
    assert gone.startswith(("its head at 127.0.0.1:", "the raylet at 127.0.0.1:"))
