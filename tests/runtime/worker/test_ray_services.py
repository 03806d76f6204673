"""Jobs, a served model and metrics on a fresh cluster of two nodes."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator

import pytest

pytestmark = [pytest.mark.ray, pytest.mark.long]

ROOT = pathlib.Path(__file__).parents[3]
BIN = pathlib.Path(sys.executable).parent
SIMULATED = "simulated:p_error=0.01"


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class TwoNodes:
    """A running cluster.

    Attributes:
        folder: Short, and nobody else's.
        dashboard: Address of its dashboard.
        environment: For programs that talk to it.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        port, board, self.head_metrics, self.other_metrics = free_ports(4)
        self.folder, self.dashboard, self.address = folder, f"http://127.0.0.1:{board}", f"127.0.0.1:{port}"
        bare = {key: value for key, value in os.environ.items() if not key.startswith("RAY_") and key != "PYTHONPATH"}
        bare |= {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0", "RAY_metrics_report_interval_ms": "500"}
        self.environment = {**bare, "PYTHONPATH": str(ROOT), "RAY_TMPDIR": str(folder), "OPENAI_API_KEY": "none"}
        head = ["--head", f"--port={port}", f"--dashboard-port={board}", f"--temp-dir={folder / 'head'}"]
        head += [f"--metrics-export-port={self.head_metrics}"]
        other = [f"--address={self.address}", f"--metrics-export-port={self.other_metrics}"]
        self.nodes = [self._start(head, bare), self._start(other, bare)]

    def _start(self, options: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        command = [str(BIN / "ray"), "start", *options, "--num-cpus=1", "--block"]
        node = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert node.stdout is not None
        next(line for line in node.stdout if "Ray runtime started" in line)
        return node

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=150
        )

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


@pytest.fixture
def cluster() -> Iterator[TwoNodes]:
    with tempfile.TemporaryDirectory(prefix="sf", dir="/tmp", ignore_cleanup_errors=True) as folder:
        running = TwoNodes(pathlib.Path(folder))
        yield running
        running.stop()


@pytest.mark.timeout(300)
def test_a_job_brings_its_code_keeps_its_directory_and_exports_metrics(cluster: TwoNodes) -> None:
    place = cluster.folder / "tower"
    arguments = ["run", "hanoi", "--disks", "11", "--model", f"{SIMULATED},latency_s=0.02", "--k", "2"]
    options = ["--dashboard", cluster.dashboard, "--no-wait"]
    job = cluster.run("surefoot.scripts.cluster.launch", *options, "--", *arguments, "--run-dir", str(place))
    assert job.returncode == 0, job.stderr
    seen = ""
    for _ in range(120):
        shown = cluster.run("surefoot.scripts.commands.cli", "show", str(place), "--json")
        if shown.returncode == 0 and json.loads(shown.stdout.splitlines()[-1])["status"] == "solved":
            break
        seen = max(seen, cluster.metrics(), key=lambda text: text.count("surefoot_steps"))
        time.sleep(0.5)
    else:
        pytest.fail(shown.stderr)
    assert json.loads(shown.stdout.splitlines()[-1])["steps"] == 2047
    assert set(json.loads(shown.stdout.splitlines()[-1])["accounts"]["worker"]) == {"0", "1"}
    assert "surefoot_steps{" in seen
    assert "surefoot hanoi worker 0" in seen


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
        done = cluster.run(
            "surefoot.scripts.commands.cli", "run", "hanoi", "--disks", "6", "--k", "2", *options, "--json"
        )
        serving.terminate()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["steps"] == 63
