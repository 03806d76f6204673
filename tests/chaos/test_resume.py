"""Pauses, limits, two coordinators and changed configurations, all as real processes."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
from typing import Any

import pytest

from surefoot.runtime.journal.fault_points import VARIABLE
from surefoot.runtime.journal.journal import open_journal
from tests import forked
from tests.chaos.harness import REPOSITORY, Run, Usage, result, survive, until

TASK = ("hanoi", "--disks", "6", "--address", "none", "--workers", "1", "--leaf-steps", "7", "--chains-in-flight", "2")
QUICK = (*TASK, "--model", "simulated:latency_s=0.003", "--flush-steps", "4", "--k", "2")
ENDLESS = (*TASK, "--model", "simulated:latency_s=0.05", "--flush-steps", "1", "--k", "2")


def surefoot(*arguments: object, cwd: pathlib.Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "surefoot.scripts.commands.cli", *map(str, arguments)]
    return forked.run(command, text=True, timeout=60, cwd=cwd, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})


def until_asked(run: Run, process: "subprocess.Popen[str]", count: int) -> None:
    """Wait until the model was asked for so many draws."""
    assert until(process, lambda: run.asked_so_far() >= count), process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_politely(number: signal.Signals, tmp_path: pathlib.Path) -> None:
    run, whole = Run(tmp_path / "a", *ENDLESS), Run(tmp_path / "b", *ENDLESS)
    process = run.start()
    until_asked(run, process, 20)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    ended = json.loads(out.splitlines()[-1])
    assert process.returncode == 3
    assert ended["status"] == "paused"
    assert number.name in ended["message"]
    # Polite: all that was asked is in the journal.
    assert ended["calls"] == len(run.asked()) < 126
    account = Usage()
    survive(run, [], account)
    survive(whole, [], account)
    assert account.repeated == account.lost == 0
    assert run.plan() == whole.plan()
    assert sorted(run.asked()) == sorted(whole.asked())


def test_ctrl_c_twice_stops_now_and_loses_nothing_committed(tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path, *TASK, "--model", "simulated:latency_s=4", "--k", "1")
    process = run.start()
    until_asked(run, process, 1)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "Ctrl-C again" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=3)
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("limit", "more"),
    [(("--max-calls", "40"), ("--max-calls", "100000")), (("--max-wall", "0.15"), ("--max-wall", "60"))],
)
def test_a_limit_pauses_and_a_new_one_goes_on(
    limit: tuple[str, str], more: tuple[str, str], tmp_path: pathlib.Path
) -> None:
    run = Run(tmp_path, *ENDLESS, *limit)
    paused = run.session()
    assert paused.returncode == 3, paused.stderr
    assert limit[0] in result(paused)["message"]
    asked = len(run.asked())
    again = run.session()
    assert again.returncode == 3, "the same limit pauses at once"
    assert len(run.asked()) == asked, "without asking anything"
    solved = run.session(*more)
    assert (solved.returncode, result(solved)["status"]) == (0, "solved")
    assert len(run.asked()) == len(set(run.asked()))


def test_the_second_coordinator_is_refused(tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path, *QUICK)
    process = run.start(**{VARIABLE: "batch.received:5=hang"})
    until_asked(run, process, 20)
    for command in (["resume", run.path], ["run", *QUICK, "--run-dir", run.path]):
        second = surefoot(*command)
        assert second.returncode == 2, second.stderr
        assert second.stderr.count("surefoot: ") == 1
        refused = second.stderr.splitlines()[-1]  # behind the line that says which run it is about
        assert "in use" in refused or "not empty" in refused
    assert json.loads(surefoot("show", run.path, "--json").stdout)["status"] == "running"
    process.kill()
    process.communicate()
    # The dead one's lock file is still there, and hinders nobody.
    assert (run.path / "lock").exists()
    shown = json.loads(surefoot("show", run.path, "--json").stdout)
    assert (shown["status"], "killed" in shown["message"]) == ("paused", True)
    survive(run, [], Usage())


def test_of_two_that_start_at_once_one_wins(tmp_path: pathlib.Path) -> None:
    runs = [Run(tmp_path / str(i), *QUICK, "--seed", str(i)) for i in range(3)]
    for run in runs:
        run.path = tmp_path / "same"
    started = [run.start() for run in runs]
    codes = sorted((process.communicate(timeout=60), process.returncode)[1] for process in started)
    assert codes == [0, 2, 2]
    winner = json.loads(surefoot("show", tmp_path / "same", "--json").stdout)
    asked = [len(run.asked()) for run in runs]
    assert winner["calls"] == max(asked)
    toml = (tmp_path / "same" / "run.toml").read_text()
    assert f"seed = {asked.index(max(asked))}" in toml, "the configuration is the winner's"


def paused(tmp_path: pathlib.Path, *options: str) -> Run:
    run = Run(tmp_path, *QUICK, "--max-calls", "30", *options)
    assert run.session().returncode == 3
    return run


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (("--model", "simulated:p_error=0.01"), "model: simulated:latency_s=0.003 -> simulated:p_error=0.01"),
        (("--k", "3"), "k: 2 -> 3"),
        (("--dialect", "chat"), "dialect: auto -> chat"),
        (("--seed", "7"), "seed: 0 -> 7"),
    ],
)
def test_a_change_is_refused_and_shown_unless_accepted(
    change: tuple[str, str], shown: str, tmp_path: pathlib.Path
) -> None:
    run = paused(tmp_path)
    asked = len(run.asked())
    refused = run.session(*change, "--max-calls", "100000")
    assert refused.returncode == 2
    assert shown in refused.stderr
    assert "--accept-change" in refused.stderr
    assert len(run.asked()) == asked
    done = result(run.session(*change, "--max-calls", "100000", "--accept-change"))
    assert done["status"] == "solved"
    journal = open_journal(run.path, write=False)
    (accepted,) = journal.meta("changes")
    journal.close()
    assert shown in accepted["differences"][0]
    assert 0 < accepted["steps"] < done["steps"]
    assert change[1] in (run.path / "run.toml").read_text()
    assert surefoot("verify", run.path).returncode == 0


@pytest.mark.parametrize("change", [("--strategy", "chain"), ("--leaf-steps", "3"), ("--state-by", "task")])
def test_what_the_plan_is_read_with_cannot_change(change: tuple[str, str], tmp_path: pathlib.Path) -> None:
    run = paused(tmp_path)
    refused = run.session(*change, "--accept-change")
    assert refused.returncode == 2
    assert "start a new run" in refused.stderr


def test_an_edited_configuration_is_a_change(tmp_path: pathlib.Path) -> None:
    run = paused(tmp_path)
    toml = run.path / "run.toml"
    toml.write_text(toml.read_text().replace("disks = 6", "disks = 5"))
    refused = run.session()
    assert refused.returncode == 2
    assert "task_options: {'disks': 6} -> {'disks': 5}" in refused.stderr


TASK_MODULE = """
from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.hanoi import Hanoi


class Worded(Hanoi, frozen=True, kw_only=True):
    def prompt(self, step, dialect):
        return Prompt(super().prompt(step, dialect).user, {system!r})


def answers(prompt):
    return hanoi.answers(Prompt(prompt.user))
"""


def test_code_with_other_prompts_is_a_change(tmp_path: pathlib.Path) -> None:
    module = tmp_path / "worded_task.py"
    module.write_text(TASK_MODULE.format(system="Take care."))
    here = tmp_path / "run"
    options: Any = ("--run-dir", here, "--address", "none", "--model", "simulated", "--k", "1")
    few = ("--max-calls", 1, "--flush-steps", 1)
    assert surefoot("run", "worded_task:Worded", "--disks", 4, *options, *few, cwd=tmp_path).returncode == 3
    module.write_text(TASK_MODULE.format(system="Take good care."))
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
    refused = surefoot("resume", here, "--max-calls", 1000, cwd=tmp_path)
    assert refused.returncode == 2
    assert "'Take care.' -> 'Take good care.'" in refused.stderr
    accepted = surefoot("resume", here, "--max-calls", 1000, "--accept-change", cwd=tmp_path)
    assert accepted.returncode == 0, accepted.stderr


@pytest.mark.parametrize("fault", ["meta.before=kill", "meta.during=kill", "meta.after=kill", "meta.before:2=kill"])
def test_killed_while_a_change_is_accepted(fault: str, tmp_path: pathlib.Path) -> None:
    run = paused(tmp_path)
    assert run.session("--k", "3", "--accept-change", fault=fault).returncode == -signal.SIGKILL
    durable = fault in ("meta.after=kill", "meta.before:2=kill")
    assert run.session("--max-calls", "100000").returncode == 0
    journal = open_journal(run.path, write=False)
    changes = journal.meta("changes") or []
    journal.close()
    assert len(changes) == durable
    assert ("k = 3" in (run.path / "run.toml").read_text()) == durable
