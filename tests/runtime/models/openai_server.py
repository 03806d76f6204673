"""A real OpenAI-compatible server in its own process, for tests: a pure function of the prompt behind HTTP faults.

``python openai_server.py '["429", "ok"]'`` serves on a free port of the loopback and prints its base address. Each
request takes the next fault from the list; when the list is used up, all is well. ``PUT /script`` starts over with
another list, and ``GET /stats`` says what the server has seen, so that a test counts from the model's side.

Faults: those of ``ERRORS``, and ``after:SECONDS`` (429 with Retry-After), ``hang``, ``slow``, ``trickle``, ``cut``,
``truncated``, ``html``, ``no_choices``, ``no_usage``, ``length``, ``filter``, ``odd``, ``refusal``, ``empty``,
``uneven``, ``alias``, ``ignore_n``, ``reject_n``, ``held`` (until ``PUT /release``), ``held:FAULT`` (then that), and
those of ``hostile_answers.py``. A name after ``always_`` stays.
"""

import asyncio
import hashlib
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from aiohttp import web

sys.path.insert(0, str(pathlib.Path(__file__).parents[3]))  # it is run as a program as well
from tests.runtime.models.hostile_answers import answer_hostilely, changed

ERRORS: dict[str, tuple[Any, ...]] = {
    "400": (400, "Invalid value for 'top_q'", "invalid_request_error"),
    "401": (401, "Incorrect API key provided: {key}", "invalid_request_error"),
    "402": (402, "Add money to your account", "billing"),
    "403": (403, "Your project may not use this model", "permission"),
    "404": (404, "The model `x` does not exist", "not_found"),
    "429": (429, "Rate limit reached for requests", "rate_limit"),
    "429_quota": (429, "You exceeded your current quota", "insufficient_quota"),
    "500": (500, "The server had an error", "server_error"),
    "502": (502, "Bad gateway", "server_error"),
    "503": (503, "Overloaded\x1b[31m\nsecond line, key {key}", "server_error"),
    "504": (504, "Gateway timeout", "server_error"),
    "quota_code": (429, "Too many requests.", "requests", "insufficient_quota"),
    "quota_type": (429, "Too many requests.", "insufficient_quota", None),
    "quota_message": (
        429,
        "You exceeded your current quota, check your billing details",
        "requests",
        None,
    ),
    "quota_a_minute": (429, "Quota exceeded for quota metric 'requests per minute'", "RESOURCE_EXHAUSTED", None),
    "413": (413, "Request entity too large", "invalid_request_error"),
    "context_code": (400, "Too much.", "invalid_request_error", "context_length_exceeded"),
    "context": (400, "This model's maximum context length is 5 tokens", "invalid_request_error"),
    "policy": (400, "Your request was rejected as a result of our safety system", "content_policy_violation"),
}
"""Fault name to status, message and error type, which is the error code as well unless another is given."""


def answer_to(user: str) -> str:
    """What the server says to a user message: eight hexadecimal digits of its SHA-1."""
    return "answer " + hashlib.sha1(user.encode()).hexdigest()[:8]


def _completion(body: dict[str, Any], fault: str) -> dict[str, Any]:
    user = body["messages"][-1]["content"]
    n = 1 if fault == "ignore_n" else body.get("n") or 1
    message: dict[str, Any] = {"role": "assistant", "content": answer_to(user)}
    finish = "stop"
    if fault == "length":
        finish = "length"
    elif fault == "odd":
        finish = "the_end"
    elif fault == "filter":
        message["content"], finish = "", "content_filter"
    elif fault == "refusal":
        message["content"], message["refusal"] = None, "I cannot help with that"
    elif fault == "empty":
        message["content"] = None
    reply = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4" if fault == "alias" else body["model"],
        "choices": [{"index": i, "message": message, "finish_reason": finish} for i in range(n)],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7 * n, "total_tokens": 100 + 7 * n},
    }
    if fault == "uneven":
        reply["choices"][0]["message"] = {"role": "assistant", "content": "word " * 50}
        reply["usage"]["completion_tokens"] = 101
    if fault == "no_usage":
        del reply["usage"]
    if fault == "no_choices":
        reply["choices"] = []
    return changed(reply, fault)


class Server:
    """The handlers and what they have seen.

    Attributes:
        faults: What is still to go wrong, in order.
        seen: Each request's body, in order of arrival.
        keys: Each request's Authorization header.
        headers: Each request's headers.
        most_in_flight: Largest number of requests under way at once.
        runner: What runs this server, once it does.
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.runner: web.AppRunner | None = None
        self.released, self.arrived = asyncio.Event(), asyncio.Condition()

    def _next_fault(self) -> str:
        if not self.faults:
            return "ok"
        if self.faults[0].startswith("always_"):
            return self.faults[0].removeprefix("always_")
        return self.faults.pop(0)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        body = await request.json()
        self.seen.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        self.headers.append(dict(request.headers))
        fault = self._next_fault()
        async with self.arrived:
            self.arrived.notify_all()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._answer(request, body, fault)
        finally:
            self.in_flight -= 1

    async def _answer(self, request: web.Request, body: dict[str, Any], fault: str) -> web.StreamResponse:
        if fault == "reject_n" and (body.get("n") or 1) > 1:
            return _error(400, "n must be 1", "invalid_request_error")
        if (known := ERRORS.get(fault)) is not None:
            status, message, kind, *code = known
            key = request.headers.get("Authorization", "").removeprefix("Bearer ")
            return _error(status, message.format(key=key), kind, code=code[0] if code else kind)
        if fault.startswith("after:"):
            return _error(429, "Rate limit reached", "rate_limit", {"Retry-After": fault[6:]})
        if fault == "hang":
            await asyncio.sleep(60)
        if fault == "held":
            await self.released.wait()
        if fault.startswith("held:"):
            await self.released.wait()
            return await self._answer(request, body, fault[5:])
        if fault == "slow":
            await asyncio.sleep(0.02)
        if fault == "html":
            return web.Response(text="<html>hello</html>", content_type="text/html")
        if (hostile := await answer_hostilely(request, fault)) is not None:
            return hostile
        text = json.dumps(_completion(body, fault))
        if fault == "truncated":
            return web.Response(text=text[: len(text) // 2], content_type="application/json")
        if fault == "cut":
            return await _cut(request, text)
        if fault == "trickle":
            return await _trickle(request)
        return web.Response(text=text, content_type="application/json")

    async def script(self, request: web.Request) -> web.Response:
        """PUT /script."""
        self.faults, self.seen, self.keys, self.most_in_flight = await request.json(), [], [], 0
        self.headers, self.released = [], asyncio.Event()
        return web.json_response({})

    async def release(self, _: web.Request) -> web.Response:
        """PUT /release: answer what is held, now and later."""
        self.released.set()
        return web.json_response({})

    async def seen_so_many(self, request: web.Request) -> web.Response:
        """GET /seen/N, answered once N requests have come since the script began."""
        wanted = int(request.match_info["count"])
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.seen) >= wanted)
        return web.json_response({})

    async def stats(self, _: web.Request) -> web.Response:
        """GET /stats."""
        assert self.runner is not None
        assert self.runner.server is not None
        return web.json_response(
            {
                "seen": self.seen,
                "keys": self.keys,
                "headers": self.headers,
                "most_in_flight": self.most_in_flight,
                "connections": len(self.runner.server.connections) - 1,  # without the one that asks
            }
        )


def _error(
    status: int, message: str, kind: str, headers: dict[str, str] | None = None, code: str | None = None
) -> web.Response:
    body = {"error": {"message": message, "type": kind, "code": code, "param": None}}
    return web.json_response(body, status=status, headers=headers)


async def _cut(request: web.Request, text: str) -> web.StreamResponse:
    """Close the connection in the middle of a reply whose length was announced."""
    response = web.StreamResponse(headers={"Content-Length": str(len(text)), "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(text[: len(text) // 2].encode())
    assert request.transport is not None
    request.transport.close()
    return response


async def _trickle(request: web.Request) -> web.StreamResponse:
    """Send one blank every 20 ms and never come to an end: each read succeeds, the reply does not."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


class Client:
    """A running server, seen from a test.

    Attributes:
        base: Address to give as ``api_base``.
    """

    def __init__(self, base: str) -> None:
        self.base = base

    def script(self, *faults: str) -> None:
        """Start over: forget what was seen, and go wrong as listed."""
        self._ask("PUT", "/script", json.dumps(faults))

    def stats(self) -> dict[str, Any]:
        """What the server has seen since the script began."""
        return self._ask("GET", "/stats")

    def calls(self) -> int:
        """Number of requests since the script began."""
        return len(self.stats()["seen"])

    def release(self) -> None:
        """Have all be answered that is ``held``."""
        self._ask("PUT", "/release")

    async def has_seen(self, count: int) -> None:
        """Wait until so many requests have come since the script began."""
        await asyncio.to_thread(self._ask, "GET", f"/seen/{count}")

    def _ask(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        connection = HTTPConnection(self.base.split("/")[2], timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer


@contextmanager
def running(*faults: str) -> Iterator[Client]:
    """A server process that goes wrong as listed, for the length of a ``with`` block."""
    command = [sys.executable, __file__, json.dumps(faults)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Client(process.stdout.readline().strip())
        finally:
            process.kill()


async def _serve(faults: list[str]) -> None:
    server = Server(faults)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_put("/script", server.script)
    app.router.add_get("/stats", server.stats)
    app.router.add_put("/release", server.release)
    app.router.add_get("/seen/{count}", server.seen_so_many)
    server.runner = runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(sys.argv[1])))
