"""The OpenAI-compatible endpoint, over real HTTP, in front of a model that only remembers what it was asked."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from surefoot.decompose.step import Dialect, Prompt
from surefoot.runtime.errors import ConfigurationError, ModelRejected, ModelUnavailable, QuestionRefused
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.port import Example, Model, Reply, Request, Stop
from surefoot.scripts.cluster.serve_model import make_app, serve

HELLO = {"messages": [{"role": "user", "content": "hello"}]}

Http = TestClient[Any, Any]


class Echo(Model):
    """Answers with the question and the draw; raises what it is told to."""

    dialect: Dialect = "compact"

    def __init__(self, *, stop: Stop = Stop.END, error: Exception | None = None) -> None:
        self.stop, self.error = stop, error
        self.asked: list[Request] = []
        self.closed = False

    async def ask(self, request: Request) -> list[Reply]:
        self.asked.append(request)
        if self.error:
            raise self.error
        return [
            Reply(f"{request.prompt.user} {draw}", self.stop, tokens_in=5 * (i == 0), tokens_out=2)
            for i, draw in enumerate(request.draws)
        ]

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def model() -> Echo:
    return Echo()


@pytest.fixture
async def http(model: Echo) -> AsyncIterator[Http]:
    async with TestClient(TestServer(make_app(model, "small"))) as client:
        yield client


async def complete(http: Http, **body: Any) -> dict[str, Any]:
    async with http.post("/v1/chat/completions", json=HELLO | body) as response:
        assert response.status == 200
        answer: dict[str, Any] = await response.json()
        return answer


async def test_a_completion(http: Http, model: Echo) -> None:
    answer = await complete(http, model="any", n=2, temperature=0.5, max_tokens=7, seed=3)
    assert answer["choices"] == [
        {"index": i, "message": {"role": "assistant", "content": f"hello {i}"}, "finish_reason": "stop"}
        for i in range(2)
    ]
    assert answer["usage"] == {"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9}
    assert answer["model"] == "any"
    assert model.asked == [Request(Prompt("hello"), draws=(0, 1), temperature=0.5, max_tokens=7, seed=3)]


async def test_a_repeated_request_is_a_fresh_draw(http: Http) -> None:
    answers = [await complete(http, seed=1) for _ in range(3)]
    assert [a["choices"][0]["message"]["content"] for a in answers] == ["hello 0", "hello 1", "hello 2"]


async def test_what_is_left_out_or_null_has_a_default(http: Http, model: Echo) -> None:
    await complete(http, n=None, temperature=None, max_tokens=None, max_completion_tokens=11, user="somebody")
    assert model.asked == [Request(Prompt("hello"), draws=(0,), temperature=1.0, max_tokens=11, seed=0)]


async def test_system_messages_and_content_in_parts(http: Http, model: Echo) -> None:
    parts = [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]
    system = [{"role": "system", "content": "one"}, {"role": "developer", "content": "two"}]
    await complete(http, messages=[*system, {"role": "user", "content": parts}])
    assert model.asked[0].prompt == Prompt("hello", system="one\n\ntwo")


@pytest.mark.parametrize(("stop", "word"), [(Stop.LENGTH, "length"), (Stop.REFUSED, "content_filter")])
async def test_why_a_reply_ended(http: Http, model: Echo, stop: Stop, word: str) -> None:
    model.stop = stop
    assert (await complete(http))["choices"][0]["finish_reason"] == word


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("nonsense", "JSON is malformed"),
        ("[]", "Expected `object`"),
        ("{}", "messages"),
        ('{"messages": []}', "$.messages"),
        ('{"messages": [{"role": "user", "content": "x"}], "n": 0}', "$.n"),
        ('{"messages": [{"role": "user", "content": "x"}], "temperature": "hot"}', "$.temperature"),
        ('{"messages": [{"role": "user", "content": "x"}], "stream": true}', "stream"),
        ('{"messages": [{"role": "tool", "content": "x"}]}', "$.messages[0].role"),
        ('{"messages": [{"role": "assistant", "content": "x"}]}', "one user message"),
        ('{"prompt": "x"}', "messages: missing"),
        ('{"messages": [{"role": "user", "content": "x"}], "top_p": 0}', "$.top_p"),
        ('{"messages": [{"role": "system", "content": "x"}]}', "one user message"),
        ('{"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": "y"}]}', "one user message"),
    ],
)
async def test_a_bad_body_is_a_clear_error(http: Http, model: Echo, body: str, part: str) -> None:
    async with http.post("/v1/chat/completions", data=body) as response:
        assert response.status == 400
        error = (await response.json())["error"]
    assert part in error["message"]
    assert error["type"] == "invalid_request_error"
    assert not model.asked


@pytest.mark.parametrize(("error", "status"), [(ModelRejected("no"), 400), (ModelUnavailable("later"), 503)])
async def test_a_model_that_fails(http: Http, model: Echo, error: Exception, status: int) -> None:
    model.error = error
    async with http.post("/v1/chat/completions", json=HELLO) as response:
        assert (response.status, (await response.json())["error"]["message"]) == (status, str(error))


async def test_turns_stops_and_the_beginning_of_the_answer_reach_the_model(http: Http, model: Echo) -> None:
    turns = [("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "Q"), ("assistant", "P")]
    messages = [{"role": role, "content": text} for role, text in turns]
    await complete(http, messages=messages, stop=",", top_p=0.5)
    (asked,) = model.asked
    assert (asked.prompt, asked.examples, asked.prefill) == (Prompt("Q", "S"), (Example("a", "b"),), "P")
    assert (asked.stop, asked.top_p, asked.raw) == ((",",), 0.5, False)


async def test_a_raw_completion(http: Http, model: Echo) -> None:
    body = {"prompt": "1, 2, ", "n": 2, "max_tokens": 4, "stop": [",", ";"]}
    answer = await http.post("/v1/completions", json=body)
    told = await answer.json()
    assert [choice["text"] for choice in told["choices"]] == ["1, 2,  0", "1, 2,  1"]
    assert told["object"] == "text_completion"
    (asked,) = model.asked
    assert (asked.prompt.user, asked.raw, asked.stop, asked.max_tokens) == ("1, 2, ", True, (",", ";"), 4)
    refused = await http.post("/v1/completions", json=HELLO)
    assert (refused.status, (await refused.json())["error"]["message"]) == (400, "prompt: missing")


async def test_a_question_that_does_not_fit_is_the_askers(model: Echo) -> None:
    model.error = QuestionRefused("too long")
    async with TestClient(TestServer(make_app(model, "small"))) as client:
        assert (await client.post("/v1/chat/completions", json=HELLO)).status == 400


async def test_what_is_served(http: Http) -> None:
    async with http.get("/v1/models") as response:
        assert [m["id"] for m in (await response.json())["data"]] == ["small"]
    async with http.get("/health") as response:
        assert await response.json() == {"status": "ok"}


async def test_through_litellm(model: Echo) -> None:
    async with TestServer(make_app(model, "small")) as server:
        client = LiteLLMModel(LiteLLMSettings(name="openai/small", api_base=str(server.make_url("/v1"))))
        replies = await client.ask(Request(Prompt("hello", "be brief"), (8, 9), 0.0, 5, 0))
        await client.close()
    assert [(r.text, r.tokens_in, r.tokens_out) for r in replies] == [("hello 0", 5, 2), ("hello 1", 0, 2)]
    assert model.asked[0].prompt == Prompt("hello", "be brief")


async def test_serve_says_where_and_closes_the_model(model: Echo, capsys: pytest.CaptureFixture[str]) -> None:
    serving = asyncio.create_task(serve(model, name="small"))
    while not (line := capsys.readouterr().out):  # noqa: ASYNC110  (nothing but the line says that it is ready)
        await asyncio.sleep(0.001)
    address = line.removeprefix("serving small at ").strip()
    async with aiohttp.ClientSession() as session, session.get(address + "/models") as response:
        assert response.status == 200
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    assert model.closed


async def test_a_taken_port(model: Echo) -> None:
    async with TestServer(make_app(model, "small")) as other:
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{other.port}"):
            await serve(model, name="small", port=other.port or 0)
    assert model.closed


COMMAND = [sys.executable, "-m", "surefoot.scripts.cluster.serve_model", "--model"]
ROOT = Path(__file__).parents[3]


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = [*COMMAND, "simulated"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("serving simulated at http://127.0.0.1:")
        os.kill(process.pid, signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_command_refuses_an_unknown_model() -> None:
    command = [*COMMAND, "simulated:no_such_key=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


async def test_a_request_that_never_comes_whole_is_refused_in_time(
    model: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from surefoot.scripts.cluster import serve_model

    monkeypatch.setattr(serve_model, "READ_S", 0.01)
    async with TestServer(make_app(model, "small")) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        writer.close()
    assert not model.asked


async def test_connections_under_way_are_remembered_only_so_long(model: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    from surefoot.runtime.models.openai_protocol import Endpoint
    from surefoot.scripts.cluster.serve_model import CONNECTIONS

    during: list[int] = []

    async def chat(endpoint: Endpoint, body: bytes) -> tuple[int, dict[str, Any]]:
        during.append(len(known.busy))
        if body == b"fail":
            raise RuntimeError
        return 200, {}

    monkeypatch.setattr(Endpoint, "chat", chat)
    app = make_app(model, "small")
    known = app[CONNECTIONS]
    async with TestClient(TestServer(app)) as http:
        assert (await http.post("/v1/chat/completions", data=b"fine")).status == 200
        assert len(known.answered) == 1
        assert (await http.post("/v1/chat/completions", data=b"fail")).status == 500
    assert (during, known.busy) == ([1, 1], set())


def test_a_model_that_cannot_be_opened_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    from surefoot.scripts.cluster.serve_model import main

    assert main(["--model", "simulated:p_error=2"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
