"""A provider of batches over HTTP, for tests: OpenAI's ``/v1/files`` and ``/v1/batches``, with the faults of a script.

It serves from a thread of the test's process, so that a test reads what it has seen from the object itself. An answer
is a pure function of the question. ``paid`` counts, for each line's ``custom_id``, how often it was taken in a batch
that answered it: nothing may ever be paid twice.

``ends`` says how the batches end, one after the other: ``completed`` when it is used up, else ``expired:N`` or
``cancelled:N`` with N lines answered, ``failed``, ``failed:full`` (it takes no more tokens), ``empty`` (completed, with
nothing in it), ``nothing`` (completed, no files), ``duplicates``, ``unknown``, ``garbage``, ``huge``, ``shuffled``,
``counts``, ``odd``, ``errors:STATUS`` or ``errors:STATUS:N`` (N lines), ``policy:N``, ``one_choice``, ``hollow``,
``dear``. ``requests`` says what goes wrong with requests by ``METHOD PATH``: a status, ``lost`` (done, and the answer
is lost), ``cut`` (nothing done, the connection is cut) or ``html``.
"""

import asyncio
import json
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from tests.runtime.models.openai_server import answer_to

Say = Callable[[dict[str, Any]], str | list[str]]
"""What the model says to the body of a line: one text for all choices, or one for each."""


def said_to(body: dict[str, Any]) -> str:
    """What the model says to a question: digits that follow from its last message."""
    return answer_to(body["messages"][-1]["content"])


class BatchServer:
    """The handlers, and what they have seen.

    Args:
        say: What the model says to the body of a line.

    Attributes:
        ends: How the next batches end.
        requests: What goes wrong with the next requests, by method and path.
        looks: Looks at a batch until it has ended.
        lists: Whether there is a list of batches.
        hidden: Looks at the list that do not show the newest batches yet.
        paid: How often each line was answered in a batch.
        sizes: Lines of each batch, in the order in which they were made.
        seen: Method and path of each request.
        base: Address to give as ``api_base``.
    """

    def __init__(self, say: Say = said_to) -> None:
        self.say = say
        self.ends: list[str] = []
        self.requests: dict[str, list[str]] = defaultdict(list)
        self.looks, self.lists, self.hidden = 1, True, 0
        self.paid: Counter[str] = Counter()
        self.sizes: list[int] = []
        self.seen: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.base = ""
        self.on_create: Callable[[], None] = lambda: None
        self.on_look: Callable[[], None] = lambda: None
        self._files: dict[str, bytes] = {}
        self._batches: dict[str, dict[str, Any]] = {}
        self._looks: Counter[str] = Counter()

    @property
    def paid_twice(self) -> int:
        """Lines that were paid for more than once."""
        return sum(count - 1 for count in self.paid.values())

    def app(self) -> web.Application:
        """The application that serves all addresses."""
        app = web.Application(client_max_size=2**28, middlewares=[self._faulty])
        app.router.add_post("/v1/files", self._send)
        app.router.add_get("/v1/files/{id}/content", self._content)
        app.router.add_post("/v1/batches", self._create)
        app.router.add_get("/v1/batches", self._list)
        app.router.add_get("/v1/batches/{id}", self._look)
        return app

    @web.middleware
    async def _faulty(self, request: web.Request, handler: Any) -> web.StreamResponse:
        path = request.path
        for name in (*self._files, *self._batches):
            path = path.replace(name, "ID")
        what = f"{request.method} {path}"
        self.seen.append(what)
        fault = self.requests[what].pop(0) if self.requests[what] else ""
        if fault.isdigit():
            return web.json_response({"error": {"message": f"fault {fault}"}}, status=int(fault))
        if fault == "html":
            return web.Response(text="<html>", content_type="text/html")
        answer: web.StreamResponse = await handler(request) if fault != "cut" else web.Response()
        if fault in ("lost", "cut"):
            assert request.transport is not None
            request.transport.close()
        return answer

    async def _send(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        name = f"file-{len(self._files)}"
        self._files[name] = form["file"].file.read()  # type: ignore[union-attr]
        return web.json_response({"id": name, "object": "file", "bytes": len(self._files[name])})

    async def _content(self, request: web.Request) -> web.Response:
        content = self._files.get(request.match_info["id"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert (asked["endpoint"], asked["completion_window"]) == ("/v1/chat/completions", "24h")
        lines = [json.loads(line) for line in self._files[asked["input_file_id"]].splitlines()]
        name, end = f"batch_{len(self._batches)}", self.ends.pop(0) if self.ends else "completed"
        self.sizes.append(len(lines))
        self.bodies += [line["body"] for line in lines]
        batch = {
            "id": name, "object": "batch", "status": "validating", "input_file_id": asked["input_file_id"],
            "metadata": asked["metadata"], "created_at": len(self._batches), "output_file_id": None,
            "error_file_id": None, "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
            "errors": None,
        }  # fmt: skip
        self._batches[name] = {**batch, "end": end, "lines": lines}
        self._end(self._batches[name])
        self.on_create()
        return web.json_response(batch)

    def _end(self, batch: dict[str, Any]) -> None:
        """Work out at once how the batch will have ended."""
        kind, *numbers = batch["end"].split(":")
        lines = batch["lines"]
        answered, failed = lines, []
        if kind in ("expired", "cancelled"):
            answered, left = lines[: int(numbers[0])], lines[int(numbers[0]) :]
            failed = [_error(line, 0, f"batch_{kind}", "not in time") for line in left]
        elif kind in ("failed", "empty", "nothing"):
            answered = []
        elif kind in ("errors", "policy"):
            status, many = (int(numbers[0]), numbers[1:]) if kind == "errors" else (400, numbers)
            count = int(many[0]) if many else len(lines)
            message = "content_policy_violation" if kind == "policy" else "it cannot be"
            failed = [_error(line, status, str(status), message) for line in lines[:count]]
            answered = lines[count:]
        self.paid.update(line["custom_id"] for line in answered)
        output = [self._answer(line, kind) for line in answered]
        batch["status_then"] = kind if kind in ("expired", "cancelled", "failed") else "completed"
        if kind == "failed" and numbers:  # more lines than it takes
            batch["errors"] = {"data": [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]}
        elif kind == "failed":
            batch["errors"] = {"data": [{"code": "invalid", "message": "the file is \x1b[31mno good"}]}
        batch["files"] = _damaged(output, kind), b"".join(failed)

    def _answer(self, line: dict[str, Any], kind: str) -> bytes:
        body, n = line["body"], line["body"].get("n") or 1
        count = 1 if kind == "one_choice" else n
        said, identity = self.say(body), line["custom_id"]
        texts = said if isinstance(said, list) else [said] * n
        choices = [
            {"index": i, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            for i, text in enumerate(texts[:count])
        ]
        usage = {"prompt_tokens": 100, "completion_tokens": 7 * count, "total_tokens": 100 + 7 * count}
        if kind == "dear":
            usage = {"prompt_tokens": 10**15, "completion_tokens": -1}
        if kind == "hollow":
            choices = []
        whole = {"id": f"chatcmpl-{identity}", "object": "chat.completion", "created": 1, "model": body["model"]}
        response = {"status_code": 200, "request_id": "r", "body": {**whole, "choices": choices, "usage": usage}}
        return json.dumps({"id": "r", "custom_id": identity, "response": response, "error": None}).encode() + b"\n"

    async def _look(self, request: web.Request) -> web.Response:
        batch = self._batches.get(request.match_info["id"])
        if batch is None:
            return web.json_response({"error": {"message": "no such batch"}}, status=404)
        self._looks[batch["id"]] += 1
        self.on_look()
        if self._looks[batch["id"]] >= self.looks:
            self._finish(batch)
        elif batch["end"] == "odd":
            batch["status"] = "pondering\x1b[2J"
        else:
            batch["status"] = "in_progress"
        return web.json_response(_shown(batch))

    def _finish(self, batch: dict[str, Any]) -> None:
        batch["status"] = batch["status_then"]
        output, errors = batch["files"]
        kind = batch["end"].partition(":")[0]
        if kind == "counts":
            batch["request_counts"] = {"total": -5, "completed": 10**30, "failed": "many"}
        else:
            batch["request_counts"] = {"total": 1, "completed": output.count(b"\n"), "failed": errors.count(b"\n")}
        for field, content in (("output_file_id", output), ("error_file_id", errors)):
            if (content or (kind == "empty" and field == "output_file_id")) and not batch[field]:
                batch[field] = f"file-{batch['id']}-{field[:6]}"
                self._files[batch[field]] = content

    async def _list(self, request: web.Request) -> web.Response:
        if not self.lists:
            return web.Response(status=404)
        names = list(reversed(self._batches))
        if self.hidden:
            self.hidden -= 1
            names = []
        after, limit = request.query.get("after"), int(request.query["limit"])
        begin = names.index(after) + 1 if after in names else 0
        page = names[begin : begin + limit]
        more = begin + limit < len(names)
        data = [_shown(self._batches[name]) for name in page]
        last = page[-1] if page else None
        return web.json_response({"object": "list", "data": data, "has_more": more, "last_id": last})


def _shown(batch: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in batch.items() if key not in ("lines", "end", "files", "status_then")}


def _error(line: dict[str, Any], status: int, code: str, message: str) -> bytes:
    error = {"code": code, "message": message}
    response = {"status_code": status, "body": {"error": error}} if status else None
    return json.dumps({"custom_id": line["custom_id"], "response": response, "error": error}).encode() + b"\n"


def _damaged(lines: list[bytes], kind: str) -> bytes:
    if kind == "duplicates":
        lines = [*lines, *(line.replace(b"answer ", b"other ") for line in lines)]
    elif kind == "unknown":
        lines = [lines[0].replace(b"sf-", b"xx-"), *lines]
    elif kind == "garbage":
        lines = [b"{\n", b"\xff\xfe\n", b"null\n", b"[" * 100_000 + b"\n", *lines[1:]]
    elif kind == "huge":
        lines = [b" " * 10 + b"x" * (5 * 2**20) + b"\n", *lines]
    elif kind == "shuffled":
        random.Random(0).shuffle(lines)
    return b"".join(lines)


@contextmanager
def serving(say: Say = said_to) -> Iterator[BatchServer]:
    """A provider on a free port of the loopback, for the length of a ``with`` block."""
    server, loop = BatchServer(say), asyncio.new_event_loop()

    async def begin() -> web.AppRunner:
        runner = web.AppRunner(server.app())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    runner = loop.run_until_complete(begin())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
