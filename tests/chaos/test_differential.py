"""The same run in one process, on Ray, and on Ray with kills: the same answer, and the same journal, step by step."""

import json
import os
import pathlib
import signal
from typing import Any

import pytest

from surefoot.runtime import api
from surefoot.runtime.records import Entry
from tests.chaos.harness import Run, Step, killed, result
from tests.chaos.struck_workers import Killer, errors_of, start

SAME = ("--k", "2", "--seed", "11", "--leaf-steps", "7", "--segment-steps", "15", "--flush-steps", "4", "--no-learn")
MODEL = ("--model", "simulated:p_error=0.06,p_format=0.03,latency_s=0.01")
TASKS = {"hanoi": ("hanoi", "--disks", "6"), "multiply": ("multiply", "--x", "407318", "--y", "93056")}
COUNTED = ("steps", "decompositions", "k", "leads")
"""What a report counts of the plan itself, however often it was asked."""


def told(run: Run) -> tuple[Any, dict[Step, Entry], list[tuple[str, str]]]:
    """The answer, every step of the journal with all its ballots, and the plan that is read from it."""
    return api.open(run.path).output, run.committed(), run.plan()


def same_plan(end: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(end[name] == other[name] for name in COUNTED)


def test_with_and_without_kills_in_one_process(tmp_path: pathlib.Path) -> None:
    task = "multiply"
    alone = Run(tmp_path / "alone", *TASKS[task], *SAME, *MODEL, "--address", "none", "--workers", "1")
    whole = result(alone.session())
    struck = Run(tmp_path / "struck", *TASKS[task], *SAME, *MODEL, "--address", "none", "--workers", "2")
    for session in ({"kill_at": 40}, {"fault": "commit.written:2=kill"}):
        assert killed(struck.session(**session))
    assert same_plan(result(struck.session()), whole)
    assert told(struck) == told(alone)


def test_another_seed_gives_another_journal(tmp_path: pathlib.Path) -> None:
    """The placebo: what is compared can differ."""
    one, other = (
        Run(tmp_path / seed, *TASKS["hanoi"], *SAME, *MODEL, "--address", "none", "--seed", seed)
        for seed in ("11", "12")
    )
    for run in (one, other):
        assert run.session().returncode == 0
    assert one.plan() == other.plan()
    assert one.committed().keys() == other.committed().keys()
    assert one.committed() != other.committed()


@pytest.mark.ray
@pytest.mark.long
@pytest.mark.timeout(400)
def test_on_ray_with_and_without_kills(tmp_path: pathlib.Path) -> None:
    """On Ray, once to its end; and once with a worker and then the coordinator killed, and resumed."""
    alone = Run(tmp_path / "alone", *TASKS["hanoi"], *SAME, *MODEL, "--address", "none", "--workers", "1")
    whole = result(alone.session())
    for name, kills in (("ray", 0), ("struck", 2)):
        folder = tmp_path / name
        run = Run(folder, *TASKS["hanoi"], *SAME, *MODEL, "--address", "local", "--workers", "2")
        if kills:
            killer = Killer(run, start(run, folder), 1)
            assert killer.strike(40, signal.SIGKILL)
            assert killer.strike(90, lambda _, killer=killer: os.kill(killer.process.pid, signal.SIGKILL))
            assert killer.process.wait() == -signal.SIGKILL
            assert killer.process.stdout is not None
            killer.process.stdout.close()
            killer.process = start(run, folder)
            killer.end()
            assert (killer.account.lost, killer.account.repeated) == (0, 0)
        else:
            process = start(run, folder)
            out, _ = process.communicate(timeout=200)
            assert process.returncode == 0, errors_of(folder).read_text()[-2000:]
            assert same_plan(json.loads(out.splitlines()[-1]), whole)
        assert told(run) == told(alone), name
