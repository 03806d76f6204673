"""Kills real processes, and holds what the journal says against what the model was asked."""

import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.runtime.config import open_task
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.journal.fault_points import VARIABLE
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.plan_reader import PlanReader
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Entry
from tests.forked import Forked

REPOSITORY = pathlib.Path(__file__).parents[2]
LAUNCHED = pathlib.Path(__file__).with_name("launched.py")
Step = tuple[tuple[int, ...], str, int, int]
"""Path, part, attempt, number within the attempt."""


class Usage(msgspec.Struct):
    """What a set of runs came to: the table of the closing note."""

    runs: int = 0
    kills: int = 0
    committed: int = 0
    lost: int = 0
    repeated: int = 0

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.kills} kills survived, {self.committed:,} steps committed before a kill: "
            f"{self.lost} lost, {self.repeated} repeated"
        )


class Run:
    """One run directory, its processes, and the log that its model keeps.

    Args:
        directory: For the run directory and the log; made here.
        arguments: Of ``surefoot run``.
    """

    def __init__(self, directory: pathlib.Path, *arguments: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path, self.log, self.arguments = directory / "run", directory / "asked", arguments
        self.log.touch()

    def start(self, *more: str, **environment: str) -> "subprocess.Popen[str]":
        """Run, or resume if there is something to resume."""
        return Forked(
            [*self.command(), *more],
            env={**self.environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def python(self) -> list[str]:
        """The interpreter."""
        return [sys.executable]

    def command(self) -> list[str]:
        """The command line of ``start``."""
        begun = (self.path / "run.toml").exists()
        command = ["resume", str(self.path)] if begun else ["run", *self.arguments, "--run-dir", str(self.path)]
        return [*self.python(), str(LAUNCHED), *command, "--json"]

    def environment(self) -> dict[str, str]:
        """The environment of ``start``."""
        return {**os.environ, "PYTHONPATH": str(REPOSITORY), "CHAOS_LOG": str(self.log)}

    def session(self, *more: str, fault: str = "", kill_at: int = 0) -> "subprocess.CompletedProcess[str]":
        """A session to its end, whatever that is."""
        process = self.start(*more, **{VARIABLE: fault, "CHAOS_KILL_AT": str(kill_at)})
        out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def asked_so_far(self) -> int:
        """How many draws the model was asked for."""
        return self.log.stat().st_size // 8

    def asked(self) -> list[int]:
        """Every draw that the model was asked for, in order."""
        data = self.log.read_bytes()
        return list(struct.unpack(f"<{len(data) // 8}q", data))

    def committed(self) -> dict[Step, Entry]:
        """Every step in the journal."""
        if not (self.path / "journal.sqlite").exists():
            return {}
        journal = open_journal(self.path, write=False)
        try:
            found: dict[Step, Entry] = {}
            for segment in sorted(journal.begun()):
                for payload in journal.payloads(segment):
                    for record in unpack(payload):
                        for index, entry in enumerate(record.entries, record.first):
                            step = (record.path, record.part, record.attempt, index)
                            assert step not in found, f"{step} is in the journal twice"
                            found[step] = entry
            return found
        finally:
            journal.close()

    def plan(self) -> list[tuple[str, str]]:
        """Questions and answers of the finished plan."""
        config = read_config(self.path)
        journal = open_journal(self.path, write=False)
        try:
            reader = PlanReader(journalled_plan(journal, config, open_task(config)))
            return [(repr(step.reads), step.candidate) for step in reader.steps()]
        finally:
            journal.close()


def until(process: "subprocess.Popen[Any]", reached: Callable[[], bool]) -> bool:
    """Whether something came about before a process ended; in between the processor is left to others."""
    while not reached():
        try:
            process.wait(0.005)
        except subprocess.TimeoutExpired:
            continue
        return reached()
    return True


def killed(ended: "subprocess.CompletedProcess[str]") -> bool:
    """Whether a process died of SIGKILL."""
    return ended.returncode == -signal.SIGKILL


def result(ended: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """The JSON object that a command printed last."""
    assert ended.stdout, ended.stderr
    answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def draws(step: Step) -> range:
    """The draw numbers that belong to a step."""
    path, part, attempt, index = step
    first = draws_of((path, part, attempt)) + index * MAX_DRAWS
    return range(first, first + MAX_DRAWS)


def survive(run: Run, sessions: list[dict[str, Any]], account: Usage) -> dict[str, Any]:
    """Kill a run as listed, resume it each time, and let the last session end by itself.

    After each kill the journal must still hold what it held before, and the model must not have been asked again
    for anything that was in the journal when the session began.
    """
    account.runs += 1
    before = run.committed()
    for session in [*sessions, {}]:
        asked_before = len(run.asked())
        ended = run.session(**session)
        after = run.committed()
        account.lost += sum(after.get(step) != entry for step, entry in before.items())
        first_draws = {step_of(draw) for draw in run.asked()[asked_before:]}
        account.repeated += sum(draws(step).start // MAX_DRAWS in first_draws for step in before)
        if not killed(ended):
            assert ended.returncode == 0, (ended.returncode, ended.stderr)
            return result(ended)
        account.kills += 1
        account.committed += len(after)
        before = after
    raise AssertionError("unreachable")


def step_of(draw: int) -> int:
    """A number that all draws of one step share."""
    return draw // MAX_DRAWS
