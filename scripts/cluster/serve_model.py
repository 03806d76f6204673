"""An OpenAI-compatible endpoint in front of any of Surefoot's models: try everything offline, as with a hosted one.

``surefoot serve`` serves the bundled model on a free port of this machine, ``surefoot serve smollm2`` another one.
Completions in chat and in raw text, without streaming; every request is a fresh draw, whatever its seed.
"""

import argparse
import asyncio
import contextlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.openai_protocol import MOST_BYTES, Endpoint, refusal
from surefoot.runtime.models.port import Model

READ_S = 30.0
"""Seconds within which a request has to arrive whole, and after which a connection without one is closed."""
MOST_FILES = 8192
"""Files that the server lets itself open, if it may: half of them for connections."""
STOP_S = 5.0
"""Seconds that requests under way are given when the server is told to stop."""


class Connections:
    """What is known of an application's connections.

    Attributes:
        busy: Those on which a whole request is being answered.
        answered: Those on which one was answered since somebody looked.
    """

    def __init__(self) -> None:
        self.busy: set[object] = set()
        self.answered: set[object] = set()


CONNECTIONS: Final = web.AppKey("connections", Connections)


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
        except ConnectionError:  # by the client, or by us after a time: aiohttp would write a traceback for each
            status, reply = refusal(400, "the request was broken off")
        except TimeoutError:
            status, reply = refusal(408, f"the request was not sent within {READ_S:g} s")
        else:
            known.busy.add(http.protocol)
            try:
                status, reply = await kind(body)
            finally:
                known.busy.discard(http.protocol)
                known.answered.add(http.protocol)
        return web.json_response(reply, status=status)

    async def models(_: web.Request) -> web.Response:
        return web.json_response(endpoint.models())

    async def health(_: web.Request) -> web.Response:
        status, reply = endpoint.health()
        return web.json_response(reply, status=status)

    app = web.Application(client_max_size=MOST_BYTES)
    known = app[CONNECTIONS] = Connections()
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_post("/v1/completions", answer)
    app.router.add_get("/v1/models", models)
    app.router.add_get("/health", health)
    return app


class _Refused(asyncio.Protocol):
    """Closes a connection as soon as it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close a connection that is one too many."""
        transport.close()


def _admitting(server: web.Server, known: Connections, most: int) -> Callable[[], asyncio.BaseProtocol]:
    """Make what takes connections: of more than ``most``, the one that has gone longest without a request is closed.

    A process that runs out of files can take nobody's question, and asyncio writes a traceback for each attempt.
    """

    def admit() -> asyncio.BaseProtocol:
        if len(server.connections) < most:
            return server()
        oldest = next((one for one in server.connections if one not in known.busy), None)
        if oldest is None:
            return _Refused()
        oldest.force_close()
        return server()

    return admit


def _most_connections() -> int:
    """As many connections as half of the files that this process may open; it may open more from here on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(1, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)


async def _close_idle_connections(runner: web.AppRunner, known: Connections, idle_s: float) -> None:
    """Close every connection that goes without a whole request for ``idle_s``, for ever: aiohttp has no limit.

    Otherwise clients that send half of a request and nothing more use up the process's files.
    """
    since: dict[Any, float] = {}
    assert runner.server is not None
    while True:
        await asyncio.sleep(idle_s / 4)
        now = time.monotonic()
        waiting = [one for one in runner.server.connections if one not in known.busy]
        since = {one: now if one in known.answered else since.get(one, now) for one in waiting}
        known.answered.clear()
        for one, began in since.items():
            if now - began >= idle_s:
                one.force_close()


async def serve(
    model: Model, *, name: str, host: str = "127.0.0.1", port: int = 0, idle_s: float = READ_S, most: int | None = None
) -> None:
    """Serve a model until cancelled; print one line with the address when ready, and close the model at the end.

    Args:
        model: What answers.
        name: Name to list it under.
        host: Interface to listen on.
        port: Port to listen on; 0 for a free one.
        idle_s: Seconds after which a connection without a request is closed.
        most: Connections at once; by default half of the files that the process may open.

    Raises:
        ConfigurationError: The address is taken or is not one.
    """
    app = make_app(model, name)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
    try:
        await runner.setup()
        assert runner.server is not None
        admit = _admitting(runner.server, app[CONNECTIONS], _most_connections() if most is None else most)
        try:
            listening = await asyncio.get_running_loop().create_server(admit, host, port)
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
        shown = f"[{host}]" if ":" in host else host
        print(f"serving {name} at http://{shown}:{listening.sockets[0].getsockname()[1]}/v1", flush=True)
        try:
            await _close_idle_connections(runner, app[CONNECTIONS], idle_s)
        finally:
            listening.close()
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
