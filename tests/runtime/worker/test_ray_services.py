"""Jobs, a served model and metrics on a fresh cluster of two nodes."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.runtime.journal.mirror import read_note

pytestmark = [pytest.mark.ray, pytest.mark.long]

pytest.importorskip("aiohttp_cors", reason="jobs and the dashboard need ray[default]: the extra 'cluster'")

SIMULATED = "simulated:p_error=0.01"


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class TwoNodes:
    """A running cluster that asks for the token kept in its folder's home. Its second node has no checkout.

    Attributes:
        folder: Short, and nobody else's.
        dashboard: Address of its dashboard.
        environment: For programs that talk to it.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        port, board, self.head_metrics, self.other_metrics = free_ports(4)
        self.folder, self.dashboard, self.address = folder, f"http://127.0.0.1:{board}", f"127.0.0.1:{port}"
        bare = {key: value for key, value in os.environ.items() if not key.startswith("RAY_") and key != "PYTHONPATH"}
        bare |= {"HOME": str(folder), "RAY_USAGE_STATS_ENABLED": "0", "RAY_metrics_report_interval_ms": "500"}
        bare["PATH"] = "/usr/local/bin:/usr/bin:/bin"  # the environment is not activated: python3 is some other Python
        (folder / ".ray").mkdir(exist_ok=True)
        (folder / ".ray" / "auth_token").write_text("0123456789abcdef" * 4)
        self.environment = {**bare, "RAY_TMPDIR": str(folder), "OPENAI_API_KEY": "none"}
        nodes = {**bare, "RAY_AUTH_MODE": "token"}
        head = ["--head", f"--port={port}", f"--dashboard-port={board}", f"--temp-dir={folder / f'head{port}'}"]
        head += [f"--metrics-export-port={self.head_metrics}"]
        other = [f"--address={self.address}", f"--metrics-export-port={self.other_metrics}"]
        self.nodes = [
            self._start(pathlib.Path(sys.executable), head, nodes),
            self._start(other_python(folder / "other"), other, nodes),
        ]

    def _start(self, python: pathlib.Path, options: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        ray = [str(python), "-c", "from ray.scripts.scripts import main; main()"]
        command = [*ray, "start", *options, "--num-cpus=1", "--object-store-memory=100000000", "--block"]
        node = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert node.stdout is not None
        next(line for line in node.stdout if "Ray runtime started" in line)
        return node

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "surefoot.scripts.commands.cli", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=240
        )

    def launch(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("launch", "--dashboard", self.dashboard, *arguments)

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.head_metrics}/metrics", timeout=10) as page:
            text: str = page.read().decode()
        return text

    def stop(self) -> None:
        for node in self.nodes:
            os.killpg(node.pid, signal.SIGKILL)  # its children are in its group, and nobody else's Ray is
            node.wait()
            assert node.stdout is not None
            node.stdout.close()
        self.nodes = []


def other_python(place: pathlib.Path) -> pathlib.Path:
    """An interpreter at another path that has the dependencies and no Surefoot: no ``.pth`` of ours is read there."""
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=False, symlinks=True)
        (site,) = place.glob("lib/python*/site-packages")
        (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    found = subprocess.run([python, "-c", "import ray, surefoot"], cwd=place, capture_output=True, text=True)
    assert "No module named 'surefoot'" in found.stderr, "placebo: the second node must not find the checkout"
    return python


@pytest.fixture
def cluster() -> Iterator[TwoNodes]:
    with tempfile.TemporaryDirectory(prefix="sf", dir="/tmp", ignore_cleanup_errors=True) as folder:
        running = TwoNodes(pathlib.Path(folder))
        yield running
        running.stop()


def last(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.timeout(600)
def test_a_job_brings_its_code_exports_metrics_and_is_found_again(cluster: TwoNodes) -> None:
    place = cluster.folder / "tower"
    arguments = ["run", "hanoi", "--disks", "11", "--model", f"{SIMULATED},latency_s=0.02", "--k", "2"]
    job = cluster.launch("--no-wait", "--json", "--", *arguments, "--run-dir", str(place))
    assert job.returncode == 0, job.stderr
    assert f"-- show {place}" in job.stderr
    seen = ""
    while (state := last(cluster.launch("--status", last(job)["job"], "--json")))["status"] in ("PENDING", "RUNNING"):
        seen = max(seen, cluster.metrics(), key=lambda text: text.count("surefoot_steps"))
    assert state["status"] == "SUCCEEDED", cluster.launch("--logs", state["job"]).stdout
    assert "solved" in cluster.launch("--", "show", str(place)).stdout
    fetched = cluster.launch("--fetch", str(place), "--to", "here")
    assert fetched.returncode == 0, fetched.stderr
    shown = last(cluster.run("show", "here", "--json"))
    assert (shown["status"], shown["steps"]) == ("solved", 2047)
    assert set(shown["accounts"]["worker"]) == {"0", "1"}
    assert cluster.run("verify", "here").returncode == 0
    assert "surefoot_steps{" in seen
    assert "surefoot hanoi worker 0" in seen


@pytest.mark.timeout(900)
def test_a_head_that_is_lost_with_its_disk_is_replaced_by_another_cluster(cluster: TwoNodes) -> None:
    place, mirror = cluster.folder / "disk" / "tower", cluster.folder / "mirror"
    arguments = ["run", "hanoi", "--disks", "11", "--model", f"{SIMULATED},latency_s=0.05", "--k", "2"]
    options = ["--run-dir", str(place), "--mirror", str(mirror), "--flush-steps", "8", "--chains-in-flight", "2"]
    job = cluster.launch("--no-wait", "--", *arguments, *options)
    assert job.returncode == 0, job.stderr
    begun = time.monotonic()
    while ((note := read_note(mirror)) is None or note.batches < 10) and time.monotonic() < begun + 300:
        time.sleep(0.5)
    assert note is not None, cluster.launch("--logs", job.stderr.split()[1].rstrip(":")).stdout
    cluster.stop()
    shutil.rmtree(place.parent)
    assert last(cluster.run("show", str(mirror), "--json"))["status"] != "solved"
    other = TwoNodes(cluster.folder)
    try:
        resumed = other.launch("--", "resume", str(mirror))
        assert resumed.returncode == 0, resumed.stdout + resumed.stderr
        assert f"is a mirror of {socket.gethostname()}:{place}" in resumed.stdout
        fetched = other.launch("--fetch", str(mirror), "--to", "here")
        assert fetched.returncode == 0, fetched.stderr
    finally:
        other.stop()
    assert last(cluster.run("show", "here", "--json"))["steps"] == 2047
    assert cluster.run("verify", "here").returncode == 0


@pytest.mark.timeout(300)
def test_workers_talk_to_a_model_that_ray_serves(cluster: TwoNodes) -> None:
    (port,) = free_ports(1)
    command = [
        "surefoot.scripts.cluster.serve_on_ray",
        "--model",
        SIMULATED,
        "--address",
        cluster.address,
        "--port",
        str(port),
    ]
    serving = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=cluster.folder, env=cluster.environment, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    with serving:
        assert serving.stdout is not None
        base = next(line for line in serving.stdout if line.startswith("serving")).split()[-1]
        options = ["--model", "openai/simulated", "--dialect", "compact", "--api-base", base, "--address", "none"]
        done = cluster.run("run", "hanoi", "--disks", "6", "--k", "2", *options, "--json")
        serving.terminate()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["steps"] == 63
