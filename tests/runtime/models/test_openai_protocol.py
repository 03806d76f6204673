"""Chat completions in front of a model: what is asked becomes one request, and whatever else is a clear refusal."""

import json
from typing import Any

import msgspec
import pytest

from surefoot.runtime.errors import ModelRejected, ModelUnavailable
from surefoot.runtime.models import openai_protocol
from surefoot.runtime.models.openai_protocol import MAX_TOKENS, MOST_BYTES, MOST_TOKENS, STUCK_S, Endpoint, refusal
from surefoot.runtime.models.port import Model, Reply, Request, Stop


class Says(Model):
    """Answers every draw with its number, or fails."""

    def __init__(self, error: Exception | None = None, stop: Stop = Stop.END) -> None:
        self.error, self.stop, self.requests = error, stop, list[Request]()

    async def ask(self, request: Request) -> list[Reply]:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return [Reply(f"draw {draw}", self.stop, 10 if n == 0 else 0, 3) for n, draw in enumerate(request.draws)]


def body(**changed: Any) -> bytes:
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "ask"}]
    return json.dumps({"messages": messages, **changed}).encode()


async def chat(data: bytes, model: Says | None = None) -> tuple[int, dict[str, Any], Says]:
    model = model or Says()
    status, answer = await Endpoint(model, "mine").chat(data)
    json.dumps(answer)
    return status, answer, model


async def test_a_conversation_becomes_one_request() -> None:
    status, answer, model = await chat(body(temperature=0.25, max_tokens=40, seed=9, n=2, unheard_of=1))
    (request,) = model.requests
    assert status == 200
    assert (request.prompt.user, request.prompt.system) == ("ask", "be brief")
    assert (request.temperature, request.max_tokens, request.seed, request.draws) == (0.25, 40, 9, (0, 1))
    assert [one["message"] for one in answer["choices"]] == [
        {"role": "assistant", "content": "draw 0"}, {"role": "assistant", "content": "draw 1"},
    ]  # fmt: skip
    assert [one["index"] for one in answer["choices"]] == [0, 1]
    assert answer["usage"] == {"prompt_tokens": 10, "completion_tokens": 6, "total_tokens": 16}
    assert answer["model"] == "mine"


async def test_what_is_not_said_has_the_usual_value() -> None:
    _, _, model = await chat(body())
    (request,) = model.requests
    assert (request.temperature, request.max_tokens, request.seed, len(request.draws)) == (1.0, MAX_TOKENS, 0, 1)
    _, _, zero = await chat(body(temperature=0, n=None, max_tokens=None))
    assert zero.requests[0].temperature == 0


async def test_a_repeated_request_is_a_fresh_draw() -> None:
    endpoint, model = None, Says()
    endpoint = Endpoint(model, "mine")
    first, second = [await endpoint.chat(body(seed=1, n=2)) for _ in range(2)]
    assert [request.draws for request in model.requests] == [(0, 1), (2, 3)]
    assert first[1]["id"] != second[1]["id"]


async def test_several_system_messages_and_parts_are_put_together() -> None:
    messages = [
        {"role": "developer", "content": "one"}, {"role": "system", "content": [{"type": "text", "text": "t"},
        {"type": "text", "text": "wo"}]}, {"role": "user", "content": [{"type": "text", "text": "ask"}]},
    ]  # fmt: skip
    _, _, model = await chat(json.dumps({"messages": messages}).encode())
    assert (model.requests[0].prompt.system, model.requests[0].prompt.user) == ("one\n\ntwo", "ask")


@pytest.mark.parametrize(("limit", "given"), [(10**9, MOST_TOKENS), (7, 7)])
async def test_nobody_gets_more_tokens_than_there_are(limit: int, given: int) -> None:
    _, _, model = await chat(body(max_completion_tokens=limit, max_tokens=3))
    assert model.requests[0].max_tokens == given


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "truncated"), (b"no json", "malformed"), (b"[]", "object"), (b'{"messages": []}', "length >= 1"),
        (body(n=0), "n`"), (body(n=129), "n`"), (body(temperature=3), "temperature"),
        (body(max_tokens=0), "max_tokens"),
        (body(stream=True), "stream: not supported"), (b'{"messages": [{"role": "tool", "content": ""}]}', "role"),
        (b'{"messages": [{"role": "system", "content": "x"}]}', "one user message"),
        (b'{"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": "y"}]}', "one user message"),
        (b'{"messages": [{"role": "user", "content": [{"type": "image_url", "text": "x"}]}]}', "image_url"),
        (b'{"x": ' + b"[" * 100_000, "nested too deep"), (b'{"messages": "' + b"x" * MOST_BYTES + b'"}', "at most"),
    ],
    ids=range(15),
)  # fmt: skip
async def test_what_is_no_question_is_refused_and_nothing_is_asked(data: bytes, said: str) -> None:
    status, answer, model = await chat(data)
    assert status == (413 if len(data) > MOST_BYTES else 400)
    assert said.lower() in answer["error"]["message"].lower()
    assert answer["error"]["type"] == "invalid_request_error"
    assert model.requests == []


@pytest.mark.parametrize(
    ("stop", "word"), [(Stop.END, "stop"), (Stop.LENGTH, "length"), (Stop.REFUSED, "content_filter")]
)
async def test_why_a_reply_ended_is_said_in_openais_words(stop: Stop, word: str) -> None:
    _, answer, _ = await chat(body(), Says(stop=stop))
    assert answer["choices"][0]["finish_reason"] == word


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [(ModelRejected("no such key"), 400, "invalid_request_error"), (ModelUnavailable("gone"), 503, "server_error"),
     (TimeoutError(), 503, "server_error")],
)  # fmt: skip
async def test_a_model_that_fails_is_an_error_of_the_right_side(error: Exception, status: int, kind: str) -> None:
    got, answer, _ = await chat(body(), Says(error))
    assert (got, answer["error"]["type"]) == (status, kind)
    assert answer["error"]["message"]


async def test_health_is_that_of_the_last_request() -> None:
    model = Says(ModelUnavailable("gone"))
    endpoint = Endpoint(model, "mine")
    assert endpoint.health() == (200, {"status": "ok"})
    await endpoint.chat(body())
    assert endpoint.health() == (503, {"status": "failing", "detail": "gone"})
    model.error = None
    await endpoint.chat(body())
    assert endpoint.health()[0] == 200
    model.error = ModelRejected("a bad question says nothing about the model")
    await endpoint.chat(body())
    assert endpoint.health()[0] == 200


async def test_a_request_that_hangs_makes_the_server_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(openai_protocol.time, "monotonic", lambda: now[0])
    seen: list[Any] = []

    class Hangs(Says):
        async def ask(self, request: Request) -> list[Reply]:
            now[0] += STUCK_S
            seen.append(endpoint.health()[0])
            now[0] += 1
            seen.append(endpoint.health()[1]["status"])
            return await super().ask(request)

    endpoint = Endpoint(Hangs(), "mine")
    await endpoint.chat(body())
    assert seen == [200, "stuck"]
    assert endpoint.health()[0] == 200


def test_the_model_that_is_served_is_listed() -> None:
    (listed,) = Endpoint(Says(), "mine").models()["data"]
    assert listed["id"] == "mine"
    assert refusal(404, "no such path") == (404, {"error": {"message": "no such path", "type": "invalid_request_error",
                                                            "param": None, "code": None}})  # fmt: skip
    assert msgspec.json.encode(refusal(503, "x"))
