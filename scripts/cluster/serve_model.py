"""An OpenAI-compatible endpoint in front of any of Surefoot's models: try everything offline, as with a hosted one.

``surefoot serve`` serves the bundled model on a free port of this machine, ``surefoot serve smollm2`` another one.
Completions in chat and in raw text, without streaming; every request is a fresh draw, whatever its seed.
"""

import argparse
import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.openai_protocol import MOST_BYTES, Endpoint, refusal
from surefoot.runtime.models.port import Model

READ_S = 30.0
"""Seconds within which a request has to arrive whole, and after which a connection without one is closed."""
STOP_S = 5.0
"""Seconds that requests under way are given when the server is told to stop."""


def make_app(model: Model, name: str) -> web.Application:
    """Return the OpenAI-compatible endpoint of a model as an application to mount anywhere.

    Args:
        model: What answers. It stays the caller's to close.
        name: Name to list it under.
    """
    endpoint = Endpoint(model, name)

    async def answer(http: web.Request) -> web.Response:
        kind = endpoint.chat if http.path.endswith("/chat/completions") else endpoint.complete
        try:
            async with asyncio.timeout(READ_S):
                body = await http.read()
        except web.HTTPRequestEntityTooLarge:
            status, reply = refusal(413, f"a request has at most {MOST_BYTES} bytes")
        except TimeoutError:
            status, reply = refusal(408, f"the request was not sent within {READ_S:g} s")
        else:
            status, reply = await kind(body)
        return web.json_response(reply, status=status)

    async def models(_: web.Request) -> web.Response:
        return web.json_response(endpoint.models())

    async def health(_: web.Request) -> web.Response:
        status, reply = endpoint.health()
        return web.json_response(reply, status=status)

    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_post("/v1/completions", answer)
    app.router.add_get("/v1/models", models)
    app.router.add_get("/health", health)
    return app


def _remembering(busy: set[object]) -> Middleware:
    """A middleware that keeps the connections on which a request is being answered in a set."""

    @web.middleware
    async def remember(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        busy.add(request.protocol)
        try:
            return await handler(request)
        finally:
            busy.discard(request.protocol)

    return remember


async def _close_idle_connections(runner: web.AppRunner, busy: set[object], idle_s: float) -> None:
    """Close every connection that goes without a whole request's head for ``idle_s``, for ever: aiohttp has no limit.

    Otherwise clients that send half of a request and nothing more use up the process's files.
    """
    since: dict[Any, float] = {}
    assert runner.server is not None
    while True:
        await asyncio.sleep(idle_s / 4)
        now = time.monotonic()
        waiting = [one for one in runner.server.connections if one not in busy]
        since = {one: since.get(one, now) for one in waiting}
        for one, began in since.items():
            if now - began >= idle_s:
                one.force_close()


async def serve(model: Model, *, name: str, host: str = "127.0.0.1", port: int = 0, idle_s: float = READ_S) -> None:
    """Serve a model until cancelled; print one line with the address when ready, and close the model at the end.

    Args:
        model: What answers.
        name: Name to list it under.
        host: Interface to listen on.
        port: Port to listen on; 0 for a free one.
        idle_s: Seconds after which a connection without a request is closed.

    Raises:
        ConfigurationError: The address is taken or is not one.
    """
    app = make_app(model, name)
    busy: set[object] = set()
    app.middlewares.append(_remembering(busy))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
    try:
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
        shown = f"[{host}]" if ":" in host else host
        print(f"serving {name} at http://{shown}:{runner.addresses[0][1]}/v1", flush=True)
        await _close_idle_connections(runner, busy, idle_s)
    finally:
        await runner.cleanup()
        await model.close()


async def until_stopped(model: Model, name: str, host: str, port: int) -> None:
    """Serve a model until a signal says to stop; arguments and errors as for ``serve``."""
    serving = asyncio.ensure_future(serve(model, name=name, host=host, port=port))

    def stop() -> None:
        serving.cancel()
        # Whatever is stuck, a model or a connection: a server that is told to stop stops.
        last = threading.Timer(3 * STOP_S, os._exit, (1,))
        last.daemon = True
        last.start()

    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(one, stop)
    await asyncio.wait([serving])
    if not serving.cancelled():
        serving.result()


def main(argv: list[str] | None = None) -> int:
    """Open a model and serve until stopped; return the exit status."""
    # Here, so that an application made by make_app needs neither weights nor tasks.
    from surefoot.runtime.config import RunConfig
    from surefoot.runtime.models.factory import open_model

    parser = argparse.ArgumentParser(prog="python -m surefoot.scripts.cluster.serve_model", description=__doc__)
    parser.add_argument("--model", default="bundled", help="model to serve (default: bundled)")
    parser.add_argument("--task", default="hanoi", help="task that a simulated model knows (default: hanoi)")
    parser.add_argument("--host", default="127.0.0.1", help="interface to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    options = parser.parse_args(argv)
    try:
        model = open_model(RunConfig(task=options.task, model=options.model))
        asyncio.run(until_stopped(model, options.model, options.host, options.port))
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
