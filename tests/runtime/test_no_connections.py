"""Nothing leaves the machine unasked: connections of a run's Python processes are watched and, elsewhere, refused."""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).parents[2]

# Python runs a sitecustomize in each process, Ray's workers included.
WATCH = """
import os, socket

def _elsewhere(address):
    if not isinstance(address, tuple):
        return False  # a socket of this machine's file system
    host = str(address[0])
    return not (host.startswith("127.") or host in ("localhost", "::1", "", "0.0.0.0", *os.environ["SELF"].split()))

def _watched(name):
    real = getattr(socket.socket, name)
    def call(self, *arguments):
        address = arguments[-1]
        # Connecting a datagram socket sends nothing; Ray does it to learn this machine's address.
        if _elsewhere(address) and not (name != "sendto" and self.type == socket.SOCK_DGRAM):
            with open(os.environ["SEEN"], "a") as seen:
                seen.write(f"{name} {address}\\n")
            raise OSError(101, "refused by the test")
        return real(self, *arguments)
    setattr(socket.socket, name, call)

for _name in ("connect", "connect_ex", "sendto"):
    _watched(_name)

_getaddrinfo = socket.getaddrinfo
def getaddrinfo(host, *arguments, **options):
    if host is not None and _elsewhere((host.decode() if isinstance(host, bytes) else host,)):
        with open(os.environ["SEEN"], "a") as seen:
            seen.write(f"look up {host}\\n")
    return _getaddrinfo(host, *arguments, **options)
socket.getaddrinfo = getaddrinfo
"""


class Watched:
    """Runs programs and tells what connections they tried to open."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.seen = folder, folder / "seen"
        (folder / "sitecustomize.py").write_text(WATCH)

    def run(self, *command: str) -> list[str]:
        keep = {key: value for key, value in os.environ.items() if not key.startswith(("RAY_", "LITELLM"))}
        environment = {
            **keep,
            "PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}",
            "SEEN": str(self.seen),
            "SELF": " ".join(subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()),
            "RAY_TMPDIR": str(self.folder),
            "RAY_AUTH_MODE": "disabled",
            "OPENAI_API_KEY": "none",
        }
        done = subprocess.run(
            [sys.executable, *command], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=110
        )
        assert done.returncode == 0, done.stderr
        return self.seen.read_text().splitlines() if self.seen.exists() else []


@pytest.fixture
def watched() -> Iterator[Watched]:
    with tempfile.TemporaryDirectory(prefix="sf", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Watched(pathlib.Path(folder))


def test_the_watch_sees_what_it_should(watched: Watched) -> None:
    """The placebo's arm: a program that does reach out is noticed."""
    program = "import socket\ntry: socket.create_connection(('192.0.2.77', 9), 1)\nexcept OSError: pass"
    assert any("192.0.2.77" in line for line in watched.run("-c", program))


MODELS = [
    "simulated:p_error=0.01",
    *(["bundled"] if importlib.util.find_spec("surefoot.runtime.models.bundled") else []),
]


@pytest.mark.parametrize("model", MODELS)
def test_a_run_in_one_process(watched: Watched, model: str) -> None:
    run = ["-m", "surefoot.scripts.commands.cli", "run", "hanoi", "--disks", "6", "--model", model, "--address", "none"]
    assert watched.run(*run) == []


@pytest.mark.ray
@pytest.mark.parametrize("model", MODELS)
def test_a_run_on_a_ray_of_its_own(watched: Watched, model: str) -> None:
    run = ["-m", "surefoot.scripts.commands.cli", "run", "hanoi", "--disks", "6", "--model", model, "--workers", "1"]
    run += ["--address", "local"]
    assert watched.run(*run) == []


HOSTED = """
import asyncio
from aiohttp import web
from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.scripts.cluster.serve_model import make_app

async def main():
    runner = web.AppRunner(make_app(SimulatedModel(answers, Profile(), "chat"), "m"))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    config = RunConfig(task="hanoi", model="openai/m", api_base=base, workers=1)
    pool = LocalPool(config, open_task(config))
    samples, counts = await pool.sample(range(5), 3)
    assert counts.calls == 15
    await pool.close()
    await runner.cleanup()

asyncio.run(main())
"""


@pytest.mark.slow
def test_calls_through_litellm_go_to_their_server_and_nowhere_else(watched: Watched) -> None:
    assert watched.run("-c", HOSTED) == []
