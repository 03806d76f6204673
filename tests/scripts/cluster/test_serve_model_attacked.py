"""The served model under requests that mean no good: none stops it for the others, and it tells the truth."""

import asyncio
import io
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from surefoot.decompose.step import Prompt
from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.models import bundled, openai_protocol
from surefoot.runtime.models.bundled import BundledModel
from surefoot.runtime.models.openai_protocol import MOST_BYTES, MOST_TOKENS
from surefoot.runtime.models.port import Model, Reply, Request, Stop
from surefoot.scripts.cluster import serve_model
from surefoot.scripts.cluster.serve_model import make_app, serve

HALVES = 300
"""Connections that are left half-way."""
QUESTION = '{"messages": [{"role": "user", "content": "hello"}]'
STUCK = """
import asyncio
from surefoot.runtime.models.port import Model
from surefoot.scripts.cluster import serve_model

class Stuck(Model):
    async def ask(self, request):
        await self.close()

    async def close(self):
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

serve_model.STOP_S = 0.05
asyncio.run(serve_model.until_stopped(Stuck(), "stuck", "127.0.0.1", 0))
"""


class Obedient(Model):
    """Answers at once, fails while ``failing``, or waits while ``waiting``."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.failing, self.waiting = False, False
        self.asked = asyncio.Event()

    async def ask(self, request: Request) -> list[Reply]:
        self.requests.append(request)
        self.asked.set()
        if self.waiting:
            await asyncio.Event().wait()
        if self.failing:
            raise ModelUnavailable("out of order")
        return [Reply("yes", Stop.END, 1, 1) for _ in request.draws]


@pytest.fixture(autouse=True)
def stopped_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is told to stop gives questions that are never answered little time."""
    monkeypatch.setattr(serve_model, "STOP_S", 0.05)


@asynccontextmanager
async def served(model: Model) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(make_app(model, "small"))) as client:
        yield client


async def post(http: TestClient[Any, Any], body: str) -> tuple[int, dict[str, Any]]:
    async with http.post("/v1/chat/completions", data=io.BytesIO(body.encode())) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("number", ["1" + "0" * 30, str(2**63), str(2**64), "100000"])
@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens"])
async def test_a_limit_of_any_size_is_one_that_can_be_kept(key: str, number: str) -> None:
    model = Obedient()
    async with served(model) as http:
        status, _ = await post(http, f'{QUESTION}, "{key}": {number}}}')
    assert status in (200, 400)
    assert all(request.max_tokens == MOST_TOKENS for request in model.requests)


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"messages": ' + "[" * 100_000,
        '{"messages": [{"role": "user", "content": ' + '{"a":' * 50_000,
        f'{QUESTION}, "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        f'{QUESTION}, "seed": 1e400}}',
        f'{QUESTION}, "temperature": -1}}',
        f'{QUESTION}, "temperature": NaN}}',
        f'{QUESTION}, "n": {10**30}}}',
        '{"messages": [{"role": "user", "content": "\\ud800"}]}',
        "\udcff",
    ],
    ids=range(10),
)
async def test_a_body_of_any_shape_is_answered_with_an_error_of_the_clients(body: str) -> None:
    async with served(Obedient()) as http:
        async with http.post("/v1/chat/completions", data=body.encode(errors="surrogateescape")) as response:
            assert response.status in (200, 400)
            assert await response.json()
        assert (await post(http, QUESTION + "}"))[0] == 200


async def test_a_body_that_is_too_long_is_refused_in_the_protocols_form() -> None:
    async with served(Obedient()) as http:
        status, reply = await post(http, " " * (MOST_BYTES + 1))
    assert (status, reply["error"]["type"]) == (413, "invalid_request_error")


async def test_health_tells_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Obedient()
    async with served(model) as http:

        async def health() -> tuple[int, str]:
            async with http.get("/health") as response:
                return response.status, (await response.json())["status"]

        assert await health() == (200, "ok")
        model.failing = True
        assert (await post(http, QUESTION + "}"))[0] == 503
        assert await health() == (503, "failing")
        model.failing = False
        assert (await post(http, QUESTION + "}"))[0] == 200
        assert await health() == (200, "ok")
        model.waiting, model.asked = True, asyncio.Event()
        waits = asyncio.create_task(post(http, QUESTION + "}"))
        await model.asked.wait()
        assert await health() == (200, "ok")
        monkeypatch.setattr(openai_protocol, "STUCK_S", -1.0)
        assert await health() == (503, "stuck")
        waits.cancel()
        with suppress(asyncio.CancelledError):
            await waits


async def test_a_question_that_is_never_answered_is_answered_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_protocol, "ANSWER_S", 0.01)
    model = Obedient()
    model.waiting = True
    async with served(model) as http:
        status, reply = await post(http, QUESTION + "}")
    assert (status, reply["error"]["type"]) == (503, "server_error")


HALF = (
    b"",
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n",
    b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"mess',
    b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"mes',
)
"""Requests that go no further."""


@asynccontextmanager
async def serving(model: Model, capsys: pytest.CaptureFixture[str], **limits: Any) -> AsyncIterator[tuple[str, int]]:
    """A server of the command's kind, by host and port."""
    task = asyncio.create_task(serve(model, name="small", **limits))
    while not (line := capsys.readouterr().out):  # noqa: ASYNC110  (nothing but the line says that it is ready)
        await asyncio.sleep(0.001)
    host, port = line.split("//")[1].removesuffix("/v1\n").split(":")
    yield host, int(port)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def half_sent(host: str, port: int, count: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connections on which nothing more comes."""
    halves = []
    for number in range(count):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(HALF[number % len(HALF)])
        halves.append((reader, writer))
    return halves


async def closed(halves: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
    """Wait until the server has closed them; it may say why first."""
    for reader, writer in halves:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()


async def test_connections_that_are_left_half_way_are_closed_and_others_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = Obedient()
    async with serving(model, capsys, idle_s=0.2) as (host, port), aiohttp.ClientSession() as session:
        model.waiting = True
        slow = asyncio.create_task(session.post(f"http://{host}:{port}/v1/chat/completions", data=QUESTION + "}"))
        await model.asked.wait()
        await closed(await half_sent(host, port, HALVES))
        assert not slow.done()  # its question is being answered, for however long
        slow.cancel()


async def test_of_more_connections_than_files_those_without_a_request_are_closed_at_once(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    model, most = Obedient(), 20
    async with serving(model, capsys, idle_s=1000.0, most=most) as (host, port), aiohttp.ClientSession() as session:
        url = f"http://{host}:{port}/v1/chat/completions"
        model.waiting = True
        slow = asyncio.create_task(session.post(url, data=QUESTION + "}"))
        await model.asked.wait()
        model.waiting = False
        halves = await half_sent(host, port, HALVES)
        async with session.post(url, data=QUESTION + "}") as response:
            assert response.status == 200
        await closed(halves[: HALVES - most])  # the oldest, long before their time
        assert not slow.done()
        slow.cancel()
    await closed(halves[HALVES - most :])
    assert caplog.text == ""


async def test_a_connection_that_is_used_is_not_closed_for_its_age(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(Obedient(), capsys, idle_s=0.2) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        body = f"{QUESTION}}}".encode()
        asked = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < began + 0.6:
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        await closed([(reader, writer)])


async def test_where_every_connection_is_busy_another_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    model = Obedient()
    async with serving(model, capsys, most=1) as (host, port), aiohttp.ClientSession() as session:
        model.waiting = True
        url = f"http://{host}:{port}/v1/chat/completions"
        slow = asyncio.create_task(session.post(url, data=QUESTION + "}"))
        await model.asked.wait()
        await closed(await half_sent(host, port, 1))
        assert not slow.done()
        slow.cancel()


@pytest.mark.long
async def test_three_thousand_half_sent_requests(capsys: pytest.CaptureFixture[str]) -> None:
    """With the files that a process usually has; ``HALVES`` are tried each time."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    async with serving(Obedient(), capsys, idle_s=5.0, most=512) as (host, port), aiohttp.ClientSession() as session:
        halves = await half_sent(host, port, 3000)
        async with session.post(f"http://{host}:{port}/v1/chat/completions", data=QUESTION + "}") as response:
            assert response.status == 200
        await closed(halves)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_server_that_is_stuck_ends_when_it_is_told_to(number: signal.Signals) -> None:
    command = [sys.executable, "-c", STUCK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("serving stuck")
        os.kill(process.pid, number)
        try:
            assert process.wait(timeout=60) == 1
        finally:
            process.kill()


async def test_the_bundled_model_answers_whatever_the_numbers_are() -> None:
    model = BundledModel()
    prompt = Prompt("times 3 4 0")
    for max_tokens, temperature in ((10**30, 1.0), (2**63, 1.0), (50, 1e-40), (50, 1e300), (50, 0.0)):
        (reply,) = await model.ask(Request(prompt, (0,), temperature, max_tokens, 10**30))
        assert 0 < reply.tokens_out <= bundled.MOST_TOKENS
        assert "<bos>" not in reply.text
    await model.close()


async def test_a_temperature_next_to_nothing_is_the_likeliest_answer() -> None:
    model = BundledModel()
    greedy, cold = [
        [(await model.ask(Request(Prompt("times 3 4 0"), (n,), heat, 9, 1)))[0].text for n in range(5)]
        for heat in (0.0, 1e-40)
    ]
    assert greedy == cold
    assert len(set(greedy)) == 1
    await model.close()


async def test_a_thread_that_does_not_end_is_not_waited_for() -> None:
    release = threading.Event()
    thread = threading.Thread(target=release.wait, daemon=True)
    thread.start()
    await bundled._ended(thread, 0.01)
    assert thread.is_alive()
    release.set()
    await bundled._ended(thread, 10.0)
    assert not thread.is_alive()
