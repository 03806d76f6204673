"""An OpenAI-compatible endpoint in front of any of Surefoot's models: try everything offline, as with a hosted one.

``python -m surefoot.scripts.cluster.serve_model`` serves the bundled model on a free port of this machine. Chat
completions
without streaming; every request is a fresh draw, whatever its seed.
"""

import argparse
import asyncio
import signal
import sys

from aiohttp import web

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.openai_protocol import Endpoint
from surefoot.runtime.models.port import Model


def make_app(model: Model, name: str) -> web.Application:
    """The endpoint as an application to mount anywhere.

    Args:
        model: What answers. It stays the caller's to close.
        name: Name to list it under.
    """
    endpoint = Endpoint(model, name)

    async def chat(http: web.Request) -> web.Response:
        status, reply = await endpoint.chat(await http.read())
        return web.json_response(reply, status=status)

    async def models(_: web.Request) -> web.Response:
        return web.json_response(endpoint.models())

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_get("/v1/models", models)
    app.router.add_get("/health", health)
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
        asyncio.run(_until_stopped(model, options.model, options.host, options.port))
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
