"""Runs against servers that were not written here, with tiny models of random weights: their protocol, not their wit.

Each server is started as its documentation says, where it is installed: ``pip install 'llama-cpp-python[server]' gguf``
(built from source, minutes; another interpreter may be named by ``SUREFOOT_LLAMA_PYTHON``) and
``pip install 'transformers[serving]' torch``.
"""

import asyncio
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.port import Request, Stop

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

HERE = pathlib.Path(__file__).parent


@contextmanager
def serving(command: list[str], port: int, ready: str) -> Iterator[str]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise AssertionError(process.communicate()[0]) from None
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def has(python: str, *modules: str) -> bool:
    code = f"import importlib.util as u; assert all(u.find_spec(m) for m in {modules!r})"
    return subprocess.run([python, "-c", code], capture_output=True).returncode == 0


def ask(base: str, name: str, draws: int) -> list[object]:
    async def asking() -> list[object]:
        model = LiteLLMModel(LiteLLMSettings(name=name, api_base=base, patience_s=20, price_in=1.0, price_out=1.0))
        await model.probe()
        request = Request(Prompt("Where to?", "Be brief."), tuple(range(draws)), 0.7, 8, 0)
        replies = await model.ask(request)
        again = await model.ask(request)
        await model.close()
        return [*replies, *again]

    replies = asyncio.run(asking())
    assert len(replies) == 2 * draws
    for reply in replies:
        assert reply.stop in (Stop.END, Stop.LENGTH)  # type: ignore[attr-defined]
        assert 0 < reply.tokens_out <= 16  # llama.cpp counts its text again  # type: ignore[attr-defined]
        assert reply.cost_usd  # type: ignore[attr-defined]
    assert sum(reply.tokens_in for reply in replies) > 0  # type: ignore[attr-defined]
    return list(replies)


def solve_is_refused_by_flags(base: str, name: str, folder: pathlib.Path) -> None:
    """Random weights answer nonsense: every ballot is spoiled, none is a failed call, and the run says so."""
    options = ["--model", name, "--api-base", base, "--max-reply-tokens", "8", "--max-ballots", "4", "--k", "1"]
    command = [
        sys.executable,
        "-m",
        "surefoot.scripts.commands.cli",
        "run",
        "hanoi",
        "--disks",
        "2",
        "--address",
        "none",
        *options,
    ]
    done = subprocess.run([*command, "--json", "--run-dir", str(folder)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 1, done.stderr
    end = json.loads(done.stdout.splitlines()[-1])
    assert end["failed_calls"] == 0
    assert end["calls"] == end["red_flags"] > 0


def test_llama_cpp(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = os.environ.get("SUREFOOT_LLAMA_PYTHON", sys.executable)
    if not has(python, "llama_cpp", "llama_cpp.server", "uvicorn", "gguf"):
        pytest.skip("llama-cpp-python[server] and gguf are not installed")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    weights, port = tmp_path / "tiny.gguf", free_port()
    subprocess.run([python, str(HERE / "make_gguf.py"), str(weights)], check=True)
    command = [
        python,
        "-m",
        "llama_cpp.server",
        "--model",
        str(weights),
        "--port",
        str(port),
        "--n_ctx",
        "2048",
        "--host",
        "127.0.0.1",
    ]
    with serving([*command, "--chat_format", "chatml"], port, "/v1/models") as base:
        ask(base, "openai/tiny", 2)
        solve_is_refused_by_flags(base, "openai/tiny", tmp_path / "run")


def test_transformers_serve(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has(sys.executable, "transformers", "torch", "fastapi", "uvicorn"):
        pytest.skip("transformers[serving] and torch are not installed")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    model, port = tmp_path / "tiny", free_port()
    subprocess.run([sys.executable, str(HERE / "make_transformer.py"), str(model)], check=True)
    command = [str(pathlib.Path(sys.executable).parent / "transformers"), "serve", "--port", str(port)]
    with serving([*command, "--host", "127.0.0.1"], port, "/health") as base:
        ask(base, f"openai/{model}", 2)
        solve_is_refused_by_flags(base, f"openai/{model}", tmp_path / "run")
