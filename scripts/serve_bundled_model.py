"""An OpenAI-compatible endpoint in front of any of Surefoot's models: try everything offline, as with a hosted one.

``python -m scripts.serve_bundled_model`` serves the bundled model on a free port of this machine. Chat completions
without streaming; every request is a fresh draw, whatever its seed.
"""

import argparse
import asyncio
import itertools
import signal
import sys
import time
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from decompose.step import Prompt
from runtime.errors import ConfigurationError, ModelError, ModelRejected
from runtime.models.port import Model, Reply, Request, Stop

FINISH_REASON = {Stop.END: "stop", Stop.LENGTH: "length", Stop.REFUSED: "content_filter"}
"""OpenAI's words for why a reply ended."""
MAX_TOKENS = 256
"""Limit on a reply, in tokens, for a request that sets none."""


class _Part(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class _Message(msgspec.Struct):
    role: Literal["system", "developer", "user"]
    content: str | list[_Part]

    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class _Body(msgspec.Struct):
    """What of a chat-completion request is understood; other keys are ignored, as everywhere in this protocol."""

    messages: Annotated[list[_Message], Meta(min_length=1)]
    model: str = ""
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    seed: int | None = None
    stream: bool | None = None


def _error(status: int, message: str) -> web.Response:
    kind = "invalid_request_error" if status < 500 else "server_error"
    error = {"message": message, "type": kind, "param": None, "code": None}
    return web.json_response({"error": error}, status=status)


def _prompt(messages: list[_Message]) -> Prompt:
    """The one question of a conversation.

    Raises:
        ValueError: There is not exactly one user message, and that at the end.
    """
    *before, last = messages
    if last.role != "user" or any(message.role == "user" for message in before):
        raise ValueError("messages: want system messages, then one user message")
    return Prompt(user=last.text(), system="\n\n".join(message.text() for message in before))


def _completion(name: str, first_draw: int, replies: list[Reply]) -> dict[str, Any]:
    # The prompt of several choices is read once.
    tokens_in, tokens_out = max(r.tokens_in for r in replies), sum(r.tokens_out for r in replies)
    return {
        "id": f"chatcmpl-{first_draw}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": name,
        "choices": [
            {
                "index": i,
                "message": {"role": "assistant", "content": reply.text},
                "finish_reason": FINISH_REASON[reply.stop],
            }
            for i, reply in enumerate(replies)
        ],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        },
    }


class _Endpoint:
    """The handlers, and the count of draws that makes a repeated request a fresh one."""

    def __init__(self, model: Model, name: str) -> None:
        self.model = model
        self.name = name
        self.draws = itertools.count()

    async def chat(self, http: web.Request) -> web.Response:
        """POST /v1/chat/completions, under any model name."""
        try:
            body = msgspec.json.decode(await http.read(), type=_Body)
            prompt = _prompt(body.messages)
        except ValueError as error:  # msgspec's errors are ValueErrors and name the field
            return _error(400, str(error))
        if body.stream:
            return _error(400, "stream: not supported")
        request = Request(
            prompt=prompt,
            draws=tuple(itertools.islice(self.draws, body.n or 1)),
            temperature=1.0 if body.temperature is None else body.temperature,
            max_tokens=body.max_completion_tokens or body.max_tokens or MAX_TOKENS,
            seed=body.seed or 0,
        )
        try:
            replies = await self.model.ask(request)
        except ModelRejected as error:
            return _error(400, str(error))
        except ModelError as error:
            return _error(503, str(error))
        return web.json_response(_completion(body.model or self.name, request.draws[0], replies))

    async def models(self, _: web.Request) -> web.Response:
        """GET /v1/models."""
        model = {"id": self.name, "object": "model", "created": 0, "owned_by": "surefoot"}
        return web.json_response({"object": "list", "data": [model]})

    async def health(self, _: web.Request) -> web.Response:
        """GET /health."""
        return web.json_response({"status": "ok"})


def make_app(model: Model, name: str) -> web.Application:
    """The endpoint as an application to mount anywhere.

    Args:
        model: What answers. It stays the caller's to close.
        name: Name to list it under.
    """
    endpoint = _Endpoint(model, name)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.chat)
    app.router.add_get("/v1/models", endpoint.models)
    app.router.add_get("/health", endpoint.health)
    return app


async def serve(model: Model, *, name: str, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serve until cancelled. Prints one line with the address when ready, and closes the model at the end.

    Args:
        model: What answers.
        name: Name to list it under.
        host: Interface to listen on.
        port: Port to listen on; 0 for a free one.

    Raises:
        ConfigurationError: The address is taken or is not one.
    """
    runner = web.AppRunner(make_app(model, name), access_log=None)
    try:
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
        shown = f"[{host}]" if ":" in host else host
        print(f"serving {name} at http://{shown}:{runner.addresses[0][1]}/v1", flush=True)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        await model.close()


async def _until_stopped(model: Model, name: str, host: str, port: int) -> None:
    serving = asyncio.ensure_future(serve(model, name=name, host=host, port=port))
    for stop in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop, serving.cancel)
    await asyncio.wait([serving])
    if not serving.cancelled():
        serving.result()


def main(argv: list[str] | None = None) -> int:
    """Open a model and serve it until stopped; the exit status."""
    # Here, so that an application made by make_app needs neither weights nor tasks.
    from runtime.config import RunConfig
    from runtime.models.factory import open_model

    parser = argparse.ArgumentParser(prog="python -m scripts.serve_bundled_model", description=__doc__)
    parser.add_argument("--model", default="bundled", help="model to serve (default: bundled)")
    parser.add_argument("--task", default="hanoi", help="task that a simulated model knows (default: hanoi)")
    parser.add_argument("--host", default="127.0.0.1", help="interface to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    options = parser.parse_args(argv)
    try:
        model = open_model(RunConfig(task=options.task, model=options.model))
        asyncio.run(_until_stopped(model, options.model, options.host, options.port))
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
