"""An OpenAI-compatible server process that knows Tower of Hanoi and fails as listed; see ``openai_server``.

``python hanoi_server.py PORT '["429", "ok"]'``: the port is given, so that a server can come back where one died.
"""

import asyncio
import json
import os
import pathlib
import socket
import subprocess
import sys
from typing import Any

from aiohttp import web

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Prompt
from tests.runtime.models import openai_server
from tests.runtime.models.openai_server import Client, Server

REPOSITORY = pathlib.Path(__file__).parents[2]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(port: int, *faults: str) -> "subprocess.Popen[str]":
    """A server process that listens."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(port), json.dumps(faults)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == client(port).base
    return process


def client(port: int) -> Client:
    """The server at a port, seen from a test."""
    return Client(f"http://127.0.0.1:{port}/v1")


def _answering(completion: Any) -> Any:
    def complete(body: dict[str, Any], fault: str) -> dict[str, Any]:
        reply: dict[str, Any] = completion(body, fault)
        system = "".join(m["content"] for m in body["messages"] if m["role"] == "system")
        text = answers(Prompt(body["messages"][-1]["content"], system)).right[0]
        for choice in reply["choices"]:
            choice["message"] = {"role": "assistant", "content": text}
        return reply

    return complete


async def _serve(port: int, faults: list[str]) -> None:
    openai_server._completion = _answering(openai_server._completion)
    server = Server(faults)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_get("/stats", server.stats)
    server.runner = runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), json.loads(sys.argv[2])))
