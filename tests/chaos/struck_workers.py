"""Runs on Ray whose workers are struck by signals: what tests and the long schedule of kills share."""

import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
from collections.abc import Callable
from typing import Any

from surefoot.runtime.execution.step_runner import MAX_DRAWS
from tests.chaos.harness import REPOSITORY, Run, Usage, draws, step_of, until

SITE = pathlib.Path(__file__).with_name("site")
FLUSH, CHAINS, K, WORKERS = 4, 4, 2, 2
TASK = ("hanoi", "--leaf-steps", "7", "--segment-steps", "31", "--k", str(K), "--seed", "5")
SIZES = ("--flush-steps", str(FLUSH), "--chains-in-flight", str(CHAINS))
Blow = signal.Signals | Callable[[int], object]
"""What is done to a worker: a signal, or a function of its process."""
BOUND = 31 * K
"""Draws that a lost worker may cost for each of its segments: it cannot hold more than a segment has."""


def start(run: Run, tmp_path: pathlib.Path, *options: str, **more: str) -> "subprocess.Popen[str]":
    """A run on a Ray of its own: one that somebody else started here is not joined."""
    home = pathlib.Path(f"/tmp/sf{os.getpid()}{abs(hash(tmp_path)) % 1000}")
    environment = {"PYTHONPATH": f"{SITE}:{REPOSITORY}", "RAY_TMPDIR": str(home), "RAY_ADDRESS": "local"}
    # To a file: a pipe that nobody reads while workers die is full after a few dozen deaths, and stops the run.
    with errors_of(tmp_path).open("w") as errors:
        return subprocess.Popen(
            [*run.command(), *options],
            env={**run.environment(), **environment, **more},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def errors_of(tmp_path: pathlib.Path) -> pathlib.Path:
    """Where a run's standard error goes."""
    return tmp_path / "errors"


def processes_below(pid: int) -> set[int]:
    """A process and all that descend from it."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, more = {pid}, {pid}
    while more:
        more = {one for one, parent in parents.items() if parent in more} - found
        found |= more
    return found


def workers_below(pid: int) -> list[int]:
    """Processes of Surefoot's workers that descend from a process."""
    found = []
    for one in processes_below(pid):
        with contextlib.suppress(OSError):
            if pathlib.Path(f"/proc/{one}/cmdline").read_text().startswith("ray::RayWorker"):
                found.append(one)
    return sorted(found)


class Killer:
    """Does something to a worker each time the model was asked so many more draws.

    Args:
        run: The run.
        process: Its coordinator.
        seed: Of what is chosen.
        below: The process from which its workers descend, if it is not the coordinator.
    """

    def __init__(self, run: Run, process: "subprocess.Popen[str]", seed: int, below: int = 0) -> None:
        self.run, self.process, self.rng = run, process, random.Random(f"worker kills {seed}")
        self._below = below or process.pid
        self.account = Usage(runs=1)
        self._held: list[tuple[dict[Any, Any], int]] = []

    def strike(self, asked: int, how: Blow) -> bool:
        """Wait until so many draws were asked, and strike a worker; False when the run was over before."""
        there = lambda: self.run.asked_so_far() >= asked and bool(workers_below(self._below))  # noqa: E731
        if not until(self.process, there) or not (victims := workers_below(self._below)):
            return False
        committed = self.run.committed()
        self._held.append((committed, len(self.run.asked())))
        self.account.committed += len(committed)
        victim = self.rng.choice(victims)
        if isinstance(how, signal.Signals):
            os.kill(victim, how)
        else:
            how(victim)
        self.account.kills += 1
        return True

    def wait(self, code: int) -> dict[str, Any]:
        """Wait until the run ends as expected; the object that it printed."""
        try:
            out, _ = self.process.communicate(timeout=250)
        finally:
            self.process.kill()
        assert self.process.returncode == code, errors_of(self.run.path.parent).read_text()[-3000:]
        end: dict[str, Any] = json.loads(out.splitlines()[-1])
        return end

    def end(self) -> dict[str, Any]:
        """Wait until the run is solved, and settle the account."""
        end = self.wait(0)
        self.settle()
        return end

    def settle(self) -> None:
        """Hold what was committed at each strike against what is, and against all that was asked after it."""
        after, asked = self.run.committed(), self.run.asked()
        for committed, position in self._held:
            self.account.lost += sum(after.get(step) != entry for step, entry in committed.items())
            later = {step_of(draw) for draw in asked[position:]}
            self.account.repeated += sum(draws(step).start // MAX_DRAWS in later for step in committed)


def whole(tmp_path: pathlib.Path, disks: str) -> Run:
    """The same run without Ray and without any death."""
    run = Run(
        tmp_path / "whole", *TASK, *SIZES, "--disks", disks, "--address", "none", "--model", "simulated:p_error=0.03"
    )
    assert run.session().returncode == 0
    return run


def attack(tmp_path: pathlib.Path, disks: str, kills: int, every: int, model: str) -> tuple[Killer, Run]:
    run = Run(tmp_path, *TASK, *SIZES, "--disks", disks, "--workers", str(WORKERS), "--model", model)
    killer = Killer(run, start(run, tmp_path), kills)
    while killer.account.kills < kills and killer.strike(run.asked_so_far() + every, signal.SIGKILL):
        pass
    end = killer.end()
    assert run.plan() == whole(tmp_path, disks).plan()
    assert end["steps"] == 2 ** int(disks) - 1
    return killer, run
