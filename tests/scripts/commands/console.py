"""The console command in a process of its own, as a user runs it."""

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests import forked

COMMAND = [sys.executable, "-m", "surefoot.scripts.commands.cli"]
ROOT = pathlib.Path(__file__).parents[3]
SIMULATED = ("--model", "simulated", "--k", "1", "--address", "none", "--workers", "1")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the command sees: nothing of the tests' own environment but the path."""
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": os.environ.get("HOME", "/"), **(more or {})}


def surefoot(
    directory: pathlib.Path, *arguments: str, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end in a folder."""
    return forked.run([*COMMAND, *arguments], cwd=directory, env=environment(more), text=True)


def in_shell(directory: pathlib.Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which ``surefoot`` is the command."""
    script = f'surefoot() {{ {sys.executable} -m surefoot.scripts.commands.cli "$@"; }}\n{line}'
    return subprocess.run(
        ["bash", "-c", script], cwd=directory, env=environment(), capture_output=True, text=True, timeout=100
    )


def last_object(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON object that a command promises as the last line of its stdout."""
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Lines of stderr by which the command says what is wrong."""
    assert "Traceback" not in done.stderr, done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith("surefoot: ")]


def started(folder: pathlib.Path, latency_s: float = 0.05) -> "subprocess.Popen[str]":
    """A run that goes on, a segment of it already sent to the worker."""
    model = ("--model", f"simulated:latency_s={latency_s}", "--strategy", "chain", "--k", "2", "--address", "none")
    arguments = (
        "run",
        "hanoi",
        "--disks",
        "10",
        *model,
        "--run-dir",
        "r",
        "--json",
        "--verbose",
        "--log-format",
        "json",
    )
    run = forked.Forked(
        [*COMMAND, *arguments], cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert run.stderr is not None
    assert any("segment sent" in line for line in run.stderr)
    return run
