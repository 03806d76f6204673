"""Every method on a cluster of two nodes: the same answer as in this process, and the same journal, step by step.

In the long set, in a process of its own: behind tests that begin a Ray of their own in the same process, Ray cancels
the actors of this one before they start. Run it by naming the file, ``pytest -n 0 --long FILE``.
"""

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

from surefoot.decompose.tasks.generated import Generated
from surefoot.runtime import api
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.session.run import Run
from surefoot.scripts.commands.cli import main
from tests.chaos.harness import Run as Killable
from tests.chaos.harness import Step
from tests.runtime.session.test_methods import CASES, problem

pytestmark = [pytest.mark.ray, pytest.mark.long, pytest.mark.timeout(400)]

MODEL = "simulated:p_error=0.06,p_format=0.03"
SAME: dict[str, Any] = {"k": 2, "seed": 11, "learn": False, "flush_steps": 2}
"""Options with which a run asks the same questions wherever its workers are."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a cluster of two nodes with one core each, which is begun once for all methods."""
    with (
        tempfile.TemporaryDirectory(prefix="sf", dir="/tmp", ignore_cleanup_errors=True) as name,
        pytest.MonkeyPatch.context() as patch,
        socket.create_server(("127.0.0.1", 0)) as probe,
    ):
        port = probe.getsockname()[1]
        probe.close()
        for variable in [one for one in os.environ if one.startswith("RAY_")]:
            patch.delenv(variable)
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        head = _node(pathlib.Path(name), "--head", f"--port={port}", f"--temp-dir={name}/head", "--include-dashboard=0")
        other = _node(pathlib.Path(name), f"--address=127.0.0.1:{port}")
        yield f"127.0.0.1:{port}"
        for node in (other, head):  # each in a process group of its own, and nobody else's Ray is
            os.killpg(node.pid, signal.SIGKILL)
            node.communicate()


def _node(folder: pathlib.Path, *options: str) -> "subprocess.Popen[str]":
    ray = [str(pathlib.Path(sys.executable).parent / "ray"), "start", *options, "--num-cpus=1", "--block"]
    command = [*ray, "--object-store-memory=100000000"]
    node = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert node.stdout is not None
    next(line for line in node.stdout if "Ray runtime started" in line)
    return node


def told(run: Run) -> tuple[str, Any, dict[Step, Any]]:
    """How a run ended, and every step of its journal with all ballots."""
    kept = Killable(run.run_dir.parent)
    kept.path = run.run_dir
    return run.status, run.output, kept.committed()


@pytest.mark.parametrize("method", CASES)
def test_the_same_on_two_nodes(method: str, address: str, tmp_path: pathlib.Path) -> None:
    task, given = problem(method), SAME
    if isinstance(task, Generated):  # by its name, by which the simulated model finds its answers
        given = {**SAME, **{name: getattr(task, name) for name in task.__struct_fields__ if name != "state_by"}}
    asked = "problems" if isinstance(task, Generated) else task
    here = told(api.run(asked, MODEL, run_dir=tmp_path / "a" / "here", address="none", workers=1, **given))
    there = told(api.run(asked, MODEL, run_dir=tmp_path / "b" / "there", address=address, workers=2, **given))
    assert there == here
    assert here[0] == "solved"
    assert len(here[2]) > 0


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--model", MODEL, "--k", "2", "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert end.value.code == 0, found
    return found


def test_a_bench_spreads_its_questions(
    address: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["bench", "chains", "--length", "3", "--count", "8", "--method", "rewoo"]
    rows = {}
    for name, where in {"here": ("none", "1"), "there": (address, "2")}.items():
        found = printed(capsys, *asked, "--address", where[0], "--workers", where[1], "--run-dir", str(tmp_path / name))
        rows[name] = found["rows"][0] | {"wall_s": 0}
    assert rows["there"] == rows["here"]
    answers = [(tmp_path / name / "rewoo" / "answers.jsonl").read_text() for name in rows]
    assert answers[0] == answers[1]
    journal = open_journal(tmp_path / "there" / "rewoo", write=False)
    try:
        assert len(journal.totals.by_worker) == 2, "one worker did all of it"
    finally:
        journal.close()


def test_a_question_is_asked_with_tools(
    address: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(tmp_path / "r")
    asked = ["ask", "What is ((3 + 4) * 5) mod 97?", "--tools", "calc", "--address", address, "--workers", "2"]
    assert printed(capsys, *asked, "--run-dir", run)["output"] == "35"
