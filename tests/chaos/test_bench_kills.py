"""A suite on Ray: its problems run on several workers at once, and a killed suite goes on where it stopped."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.runtime.journal.fault_points import VARIABLE
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.report.gather import gather
from surefoot.scripts.benchmarks.pddl_shapes import SHAPES
from tests.chaos.harness import REPOSITORY
from tests.forked import Forked

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

SUITE = ("bench", "hanoi3", "--model", "simulated:p_error=0.05,latency_s=0.002", "--k", "2", "--method", "surefoot")


def bench(
    home: pathlib.Path, name: str, *more: str, fault: str = "", suite: tuple[str, ...] = SUITE
) -> "subprocess.CompletedProcess[str]":
    """The command, with a Ray of its own; what is left of a killed one's processes goes with it."""
    ray = {"RAY_TMPDIR": str(home / "ray"), "RAY_AUTH_MODE": "disabled"}
    (home / "ray").mkdir(exist_ok=True)
    process = Forked(
        [sys.executable, "-m", "surefoot.scripts.commands.cli", *suite, *more, "--run-dir", str(home / name), "--json"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **ray, VARIABLE: fault},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    with process:
        try:
            process.wait(timeout=140)
        finally:
            # Its Ray is in its process group, and nobody else's is; after a proper end nothing is left of it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def row(ended: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """The suite's row, without what depends on the clock."""
    assert ended.returncode == 0, ended.stderr
    (found,) = [one for one in json.loads(ended.stdout.splitlines()[-1])["rows"] if one["method"] == "surefoot"]
    return {key: value for key, value in found.items() if key != "wall_s"}


@pytest.fixture
def home() -> Iterator[pathlib.Path]:
    """Ray's sockets need a short path; and a cluster of somebody else's must not be found."""
    with tempfile.TemporaryDirectory(prefix="sf", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield pathlib.Path(folder)


@pytest.mark.long
def test_a_suite_on_ray_is_killed_and_goes_on(home: pathlib.Path) -> None:
    killed = bench(home, "ray", "--workers", "2", fault="segment.ended:16=kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    journal = open_journal(home / "ray" / "surefoot", write=False)
    ended, calls, spans = journal.outcomes(), journal.totals.calls, gather(journal).spans
    journal.close()
    assert 16 <= len(ended) < 24
    first, second = ([span for span in spans if span.worker.endswith(f"/{number}")] for number in "01")
    assert first, "the first worker did nothing"
    assert second, "the second worker did nothing"
    # Where it goes on does not matter: here in one process without Ray. The same plans and the same account as a suite
    # that nobody killed.
    alone = ("--workers", "1", "--address", "none")
    went_on = row(bench(home, "ray", *alone))
    assert went_on == row(bench(home, "whole", *alone))
    assert calls < went_on["calls"]
    journal = open_journal(home / "ray" / "surefoot", write=False)
    assert ended.items() <= journal.outcomes().items()
    journal.close()


@pytest.mark.long
def test_a_folder_of_pddl_on_ray_is_killed_and_goes_on_and_a_bad_file_is_one_row(home: pathlib.Path) -> None:
    folder = home / "pddl"
    folder.mkdir()
    for shape in ("ferry", "gripper", "miconic"):
        for kind, text in zip(("domain", "problem"), SHAPES[shape](1), strict=True):
            (folder / f"{shape}-{kind}.pddl").write_text(text)
    bad = (folder / "ferry-problem.pddl").read_text().replace("(:goal", "(:gaol")
    (folder / "bad-problem.pddl").write_text(bad)
    suite = ("bench", "pddl", "--problems", str(folder), *SUITE[2:])
    killed = bench(home, "ray", "--workers", "2", fault="segment.ended:2=kill", suite=suite)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    alone = ("--workers", "1", "--address", "none")
    went_on = row(bench(home, "ray", *alone, suite=suite))
    assert went_on == row(bench(home, "whole", *alone, suite=suite))
    assert (went_on["problems"], went_on["solved"]) == (4, 3)
    assert sum(count for end, count in went_on["ends"].items() if "(:gaol ...) is not known" in end) == 1
