"""Signals, terminals and readers that go away while a run works: it stops politely, or does not notice."""

import json
import os
import pathlib
import signal
import subprocess

import pytest

from tests.scripts.commands.console import COMMAND, SIMULATED, environment, last_object, started, surefoot


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_run_pauses_and_keeps_what_was_decided(tmp_path: pathlib.Path, name: str) -> None:
    with started(tmp_path) as run:
        assert run.stderr is not None
        run.send_signal(getattr(signal, name))
        out, err = run.communicate(timeout=60)
    found = json.loads(out.splitlines()[-1])
    assert run.returncode == 3, err
    assert (found["status"], found["message"]) == ("paused", f"interrupted by {name}")
    kept = last_object(surefoot(tmp_path, "show", "r", "--json"))
    assert (kept["status"], kept["calls"]) == ("paused", found["calls"])


def test_a_second_interrupt_ends_it_at_once_and_leaves_its_object(tmp_path: pathlib.Path) -> None:
    with started(tmp_path, latency_s=30) as run:
        assert run.stderr is not None
        run.send_signal(signal.SIGINT)
        assert any("stopping" in line for line in run.stderr)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=20)
    assert run.returncode == 130
    assert json.loads(out.splitlines()[-1])["error"]["type"] == "Stopped"
    assert last_object(surefoot(tmp_path, "show", "r", "--json"))["status"] == "paused"


def test_a_reader_of_stderr_that_goes_away_ends_no_run(tmp_path: pathlib.Path) -> None:
    reader, writer = os.pipe()
    logs = ("--log-format", "json", "--verbose")
    run = subprocess.Popen(
        [*COMMAND, "run", "hanoi", "--disks", "6", *SIMULATED, "--run-dir", "r", "--json", *logs],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=writer, text=True,
    )  # fmt: skip
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert json.loads(out.splitlines()[-1])["status"] == "solved"
