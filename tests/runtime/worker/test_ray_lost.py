"""Ray that goes away pauses a run, whose work is kept; and no run ever lives on another's Ray."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.runtime.journal.journal import open_journal
from tests.chaos.harness import until
from tests.chaos.struck_workers import processes_below

pytestmark = [pytest.mark.ray, pytest.mark.timeout(400)]

SLOW = ["--model", "simulated:latency_s=0.05", "--k", "2", "--strategy", "chain", "--flush-steps", "1"]


@pytest.fixture
def folder() -> Iterator[pathlib.Path]:
    """Ray's sockets need a short path; and a cluster of somebody else's must not be found."""
    with tempfile.TemporaryDirectory(prefix="sf", dir="/tmp", ignore_cleanup_errors=True) as name:
        (pathlib.Path(name) / "ray").mkdir()
        yield pathlib.Path(name)


def environment(folder: pathlib.Path) -> dict[str, str]:
    keep = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    return {**keep, "RAY_TMPDIR": str(folder), "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}


def surefoot(folder: pathlib.Path, *arguments: str) -> "subprocess.Popen[str]":
    with (folder / f"errors{arguments[-1]}").open("w") as errors:
        command = [sys.executable, "-m", "surefoot.scripts.commands.cli", *arguments[:-1], "--json"]
        return subprocess.Popen(
            command, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, stderr=errors, text=True
        )


def steps_in(run: pathlib.Path) -> int:
    if not (run / "journal.sqlite").exists():
        return 0
    journal = open_journal(run, write=False)
    try:
        return journal.totals.steps
    finally:
        journal.close()


def ended(process: "subprocess.Popen[str]", timeout: float) -> tuple[int, dict[str, Any]]:
    out, _ = process.communicate(timeout=timeout)
    return process.returncode, json.loads(out.splitlines()[-1]) if out else {}


@pytest.fixture
def head(folder: pathlib.Path) -> Iterator["tuple[subprocess.Popen[str], str]"]:
    """A head in a process group of its own, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    ray = [str(pathlib.Path(sys.executable).parent / "ray"), "start", "--head", f"--port={port}", "--num-cpus=1"]
    options = ["--include-dashboard=false", "--object-store-memory=100000000", "--block"]
    started = subprocess.Popen(
        [*ray, *options, f"--temp-dir={folder / 'head'}"], cwd=folder, env=environment(folder), text=True,
        stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    with started:
        assert started.stdout is not None
        next(line for line in started.stdout if "Ray runtime started" in line)
        yield started, f"127.0.0.1:{port}"
        kill(started)


def kill(started: "subprocess.Popen[str]") -> None:
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def test_a_run_whose_head_is_killed_pauses_and_goes_on_elsewhere(
    folder: pathlib.Path, head: "tuple[subprocess.Popen[str], str]"
) -> None:
    process, address = head
    run = surefoot(folder, "run", "hanoi", "--disks", "8", *SLOW, "--address", address, "--run-dir", "r", "1")
    assert until(run, lambda: steps_in(folder / "r") >= 20), (folder / "errors1").read_text()
    kill(process)
    before = steps_in(folder / "r")
    code, said = ended(run, 55)  # Ray's client would end the process after 60 seconds
    errors = (folder / "errors1").read_text()
    assert (code, said.get("status")) == (3, "paused"), errors
    assert said["message"].startswith("Ray is gone (")
    assert said["steps"] >= before > 0
    assert "surefoot resume r" in errors
    code, said = ended(surefoot(folder, "resume", "r", "--address", "local", "2"), 200)
    assert (code, said.get("steps")) == (0, 255), (folder / "errors2").read_text()


@pytest.mark.long
def test_a_run_whose_raylet_alone_is_killed_pauses(
    folder: pathlib.Path, head: "tuple[subprocess.Popen[str], str]"
) -> None:
    process, address = head
    run = surefoot(folder, "run", "hanoi", "--disks", "8", *SLOW, "--address", address, "--run-dir", "r", "1")
    assert until(run, lambda: steps_in(folder / "r") >= 20), (folder / "errors1").read_text()
    (raylet,) = (one for one in processes_below(process.pid) if name_of(one).endswith("/raylet"))
    os.kill(raylet, signal.SIGKILL)
    code, said = ended(run, 55)
    errors = (folder / "errors1").read_text()
    assert (code, said.get("status")) == (3, "paused"), errors
    assert "Ray is gone (" in said["message"]
    assert "Traceback" not in errors


def name_of(process: int) -> str:
    """The program that a process runs."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{process}/cmdline").read_text().partition("\0")[0]
    return ""


def test_a_second_run_with_the_default_address_has_a_ray_of_its_own(folder: pathlib.Path) -> None:
    options = [*SLOW, "--workers", "1"]
    first = surefoot(folder, "run", "hanoi", "--disks", "6", *options, "--run-dir", "a", "1")
    assert until(first, lambda: steps_in(folder / "a") > 0), (folder / "errors1").read_text()
    second = surefoot(folder, "run", "hanoi", "--disks", "7", *options, "--run-dir", "b", "2")
    assert ended(first, 150)[0] == 0, (folder / "errors1").read_text()
    assert steps_in(folder / "b") < 127
    code, said = ended(second, 150)
    assert (code, said.get("steps")) == (0, 127), (folder / "errors2").read_text()
    assert "a Ray of this run's own" in (folder / "errors2").read_text()
