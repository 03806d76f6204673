"""A planted key is found nowhere: not in the run directory, nor in any output, log or report, nor anywhere in Ray."""

import http.server
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator

import pytest

from tests import forked
from tests.chaos import hanoi_server
from tests.chaos.harness import REPOSITORY

pytestmark = pytest.mark.timeout(600)

KEY = "planted-4d1c77-do-not-print"
TASK = ("hanoi", "--disks", "4", "--leaf-steps", "3", "--segment-steps", "3", "--workers", "1", "--k", "1")
LOGGED = ("--log-format", "json", "--verbose", "--json")

# In the process that runs: what Ray knows of it is looked at while its workers live, just before they are released.
LOOKING = """
import json, os, pathlib, sys
from ray.experimental.internal_kv import _internal_kv_get, _internal_kv_list
from surefoot.runtime.worker.ray_pool import RayPool
import ray

leave = RayPool.close

async def look(self):
    try:
        gather()
    finally:
        await leave(self)

def gather():
    state = ray._private.state
    found = {"actors": state.actors(), "jobs": state.jobs(), "nodes": ray.nodes(), "workers": state.workers()}
    found["environment"] = ray.get_runtime_context().runtime_env
    namespaces = (None, b"default", b"fun", b"cls", b"package", b"session", b"tracing", b"autoscaler", b"job")
    keys = {(space, key) for space in namespaces for key in _internal_kv_list(b"", namespace=space)}
    found["kv"] = {repr(one): repr(_internal_kv_get(one[1], namespace=one[0])) for one in sorted(keys, key=repr)}
    found["tasks"] = [repr(event) for event in state.state._global_state_accessor.get_task_events()]
    pathlib.Path(os.environ["LOOKED"]).write_text(json.dumps(found, default=repr))

RayPool.close = look
from surefoot.scripts.commands.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def folder() -> Iterator[pathlib.Path]:
    """Ray's sockets need a short path; its logs stay here."""
    with tempfile.TemporaryDirectory(prefix="sf", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield pathlib.Path(name)


def command(folder: pathlib.Path, key: str, *words: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        "PYTHONPATH": str(REPOSITORY),
        "OPENAI_API_KEY": key,
        "RAY_TMPDIR": str(folder),
        "RAY_ADDRESS": "local",
        "LOOKED": str(folder / "looked.json"),
    }
    return forked.run([sys.executable, *words], env=environment, timeout=280, cwd=folder)


def places_of(secret: bytes, folder: pathlib.Path) -> list[str]:
    """Files below a folder that hold a secret."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    return [str(file) for file in files if secret in file.read_bytes()]


@pytest.mark.ray
def test_a_key_is_found_nowhere(folder: pathlib.Path) -> None:
    port = hanoi_server.free_port()
    # The 503 of this server quotes the key back at its client.
    server = hanoi_server.start(port, "429", "503", "500", "cut", "503")
    base = hanoi_server.client(port).base
    try:
        options = ("--model", "openai/x", "--api-base", base, "--run-dir", "run", *LOGGED)
        done = command(folder, KEY, "-c", LOOKING, "run", *TASK, *options)
    finally:
        server.kill()
        server.communicate()
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert json.loads(done.stdout.splitlines()[-1])["failed_calls"] == 5
    reported = command(folder, KEY, "-m", "surefoot.scripts.commands.cli", "report", "run")
    assert (folder / "run" / "report.html").stat().st_size > 10_000, reported.stderr
    for text in (done.stdout, done.stderr, reported.stdout, reported.stderr):
        assert KEY.encode() not in text
    assert places_of(KEY.encode(), folder) == []
    # The placebo: what is no secret is found, so these places were looked at and hold what they should.
    looked = json.loads((folder / "looked.json").read_text())
    assert len(looked["actors"]) >= 1
    assert len(looked["kv"]) > 5
    assert "run_segment" in " ".join(looked["tasks"])
    assert b"segment ended" in done.stderr
    assert {pathlib.Path(place).name for place in places_of(base.encode(), folder)} >= {"run.toml", "journal.sqlite"}
    names = {file.name for file in (folder / "ray").rglob("*") if file.is_file()}
    assert any(name.startswith("worker-") for name in names)
    assert {"raylet.out", "gcs_server.out"} <= names


class Busy(http.server.ThreadingHTTPServer):
    """Refuses every call for its rate, and keeps the keys that it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refuses)
        self.keys: list[str | None] = []

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Refuses(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Busy)
        self.rfile.read(int(self.headers["content-length"]))
        self.server.keys.append(self.headers.get("authorization"))
        self.send_response(429)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def servers() -> Iterator[tuple[Busy, Busy]]:
    pair = Busy(), Busy()
    for one in pair:
        threading.Thread(target=one.serve_forever, daemon=True).start()
    yield pair
    for one in pair:
        one.shutdown()
        one.server_close()


CLI = ("-m", "surefoot.scripts.commands.cli")
IMPATIENT = ("--patience", "1", "--timeout", "3", "--json")


def test_a_key_goes_to_no_address_that_its_user_did_not_name(folder: pathlib.Path, servers: tuple[Busy, Busy]) -> None:
    first, second = servers
    start = ("run", *TASK, "--address", "none", "--model", "openai/x", "--api-base", first.base, "--run-dir", "run")
    assert command(folder, KEY, *CLI, *start, *IMPATIENT).returncode == 3
    assert first.keys[0] == f"Bearer {KEY}"
    config = folder / "run" / "run.toml"
    config.write_text(config.read_text().replace(first.base, second.base))
    refused = command(folder, KEY, *CLI, "resume", "run", *IMPATIENT)
    assert refused.returncode == 2
    assert f"127.0.0.1:{second.server_port}".encode() in refused.stderr
    assert b"--accept-change" in refused.stderr
    assert second.keys == []
    # Accepted, or named on the command line, it is asked; and a copy of the run in other hands asks nobody.
    assert command(folder, KEY, *CLI, "resume", "run", "--accept-change", *IMPATIENT).returncode == 3
    assert second.keys != []
    asked = len(second.keys)
    theirs = {"XDG_STATE_HOME": str(folder / "theirs")}
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENAI_API_KEY": KEY, **theirs}
    words = [sys.executable, *CLI, "resume", "run", *IMPATIENT]
    received = subprocess.run(words, env=environment, capture_output=True, timeout=100, cwd=folder, check=False)
    assert (received.returncode, len(second.keys)) == (2, asked)


def test_no_file_holds_a_password_and_all_are_their_owners(folder: pathlib.Path, servers: tuple[Busy, Busy]) -> None:
    base = servers[0].base
    start = ("run", *TASK, "--address", "none", "--model", "openai/x", "--run-dir", "run", *IMPATIENT)
    refused = command(folder, KEY, *CLI, *start, "--api-base", base.replace("http://", "http://ann:swordfish77@"))
    assert refused.returncode == 2
    assert b"swordfish77" not in refused.stdout + refused.stderr
    assert places_of(b"swordfish77", folder) == []
    assert not (folder / "run").exists()
    before = os.umask(0o022)
    try:
        assert command(folder, KEY, *CLI, *start, "--api-base", base).returncode == 3
        assert command(folder, KEY, *CLI, "report", "run").returncode == 0
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder / "run").iterdir()}
    assert set(modes) >= {"run.toml", "journal.sqlite", "lock", "report.html"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((folder / "run").stat().st_mode) == 0o700
