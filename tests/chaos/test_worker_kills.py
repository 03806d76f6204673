"""Workers and nodes of Ray die, hang and run out of memory while a run goes on."""

import json
import os
import pathlib
import random
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.chaos.harness import REPOSITORY, Run, Usage, draws, step_of, until

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

SITE = pathlib.Path(__file__).with_name("site")
FLUSH, CHAINS, K, WORKERS = 4, 4, 2, 2
TASK = ("hanoi", "--leaf-steps", "7", "--segment-steps", "31", "--k", str(K), "--seed", "5")
SIZES = ("--flush-steps", str(FLUSH), "--chains-in-flight", str(CHAINS))
BOUND = 31 * K
"""Draws that a lost worker may cost for each of its segments: it cannot hold more than a segment has."""


def start(run: Run, tmp_path: pathlib.Path, **more: str) -> "subprocess.Popen[str]":
    """A run on a Ray of its own: one that somebody else started here is not joined."""
    home = pathlib.Path(f"/tmp/sf{os.getpid()}{abs(hash(tmp_path)) % 1000}")
    environment = {"PYTHONPATH": f"{SITE}:{REPOSITORY}", "RAY_TMPDIR": str(home), "RAY_ADDRESS": "local"}
    # To a file: a pipe that nobody reads while workers die is full after a few dozen deaths, and stops the run.
    with errors_of(tmp_path).open("w") as errors:
        return subprocess.Popen(
            run.command(),
            env={**run.environment(), **environment, **more},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def errors_of(tmp_path: pathlib.Path) -> pathlib.Path:
    """Where a run's standard error goes."""
    return tmp_path / "errors"


def workers_below(pid: int) -> list[int]:
    """Processes of Surefoot's workers that descend from a process."""
    parents, names = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                names[int(entry.name)] = (entry / "cmdline").read_text()
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue

    def below(one: int) -> bool:
        while one in parents:
            one = parents[one]
            if one == pid:
                return True
        return False

    return sorted(one for one, name in names.items() if name.startswith("ray::RayWorker") and below(one))


class Killer:
    """Does something to a worker each time the model was asked so many more draws."""

    def __init__(self, run: Run, process: "subprocess.Popen[str]", seed: int) -> None:
        self.run, self.process, self.rng = run, process, random.Random(f"worker kills {seed}")
        self.account = Usage(runs=1)
        self._held: list[tuple[dict[Any, Any], int]] = []

    def strike(self, asked: int, how: signal.Signals | Callable[[int], object]) -> bool:
        """Wait until so many draws were asked, and strike a worker; False when the run was over before."""
        there = lambda: self.run.asked_so_far() >= asked and bool(workers_below(self.process.pid))  # noqa: E731
        if not until(self.process, there) or not (victims := workers_below(self.process.pid)):
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

    def end(self) -> dict[str, Any]:
        """Wait for the run, and settle the account."""
        out, _ = self.process.communicate(timeout=250)
        assert self.process.returncode == 0, errors_of(self.run.path.parent).read_text()[-3000:]
        after, asked = self.run.committed(), self.run.asked()
        for committed, position in self._held:
            self.account.lost += sum(after.get(step) != entry for step, entry in committed.items())
            later = {step_of(draw) for draw in asked[position:]}
            self.account.repeated += sum(draws(step).start // 4096 in later for step in committed)
        end: dict[str, Any] = json.loads(out.splitlines()[-1])
        return end


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


def test_killed_workers_cost_a_bounded_number_of_calls(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killer, run = attack(tmp_path, "8", 3, 60, "simulated:p_error=0.03,latency_s=0.05")
    with capsys.disabled():
        print(f"\nworkers: {killer.account}")
    assert killer.account.kills == 3
    assert (killer.account.lost, killer.account.repeated) == (0, 0)
    asked = run.asked()
    again = len(asked) - len(set(asked))
    # chains_in_flight / (segment_steps // (leaf_steps + 1)) + 1 segments are with one worker at a time.
    assert again <= 3 * 2 * BOUND


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_hundred_worker_kills(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    total, number = Usage(), 0
    while total.kills < 100:
        killer, _ = attack(tmp_path / str(number), "10", 34, 40, "simulated:p_error=0.03,latency_s=0.02")
        for name in total.__struct_fields__:
            setattr(total, name, getattr(total, name) + getattr(killer.account, name))
        number += 1
        with capsys.disabled():
            print(f"\nworkers, long: {total}")
    assert (total.lost, total.repeated) == (0, 0)


def test_a_worker_that_hangs_counts_as_lost(tmp_path: pathlib.Path) -> None:
    model = ("--model", "simulated:p_error=0.03,latency_s=0.05", "--worker-silence", "4", "--log-format", "json")
    run = Run(tmp_path, *TASK, *SIZES, "--disks", "7", "--workers", "1", *model)
    killer = Killer(run, start(run, tmp_path), 1)
    assert killer.strike(40, signal.SIGSTOP)
    killer.end()
    assert (killer.account.lost, killer.account.repeated) == (0, 0)
    assert run.plan() == whole(tmp_path, "7").plan()


def test_a_worker_without_memory_counts_as_lost(tmp_path: pathlib.Path) -> None:
    marker = tmp_path / "no memory"
    model = ("--model", "simulated:p_error=0.03,latency_s=0.01", "--log-format", "json")
    run = Run(tmp_path, *TASK, *SIZES, "--disks", "6", "--workers", "1", *model)
    marker.touch()
    process = start(run, tmp_path, CHAOS_MEMORY=str(marker))
    process.communicate(timeout=250)
    err = errors_of(tmp_path).read_text()
    assert process.returncode == 0, err[-3000:]
    assert not marker.exists()
    assert "ran out of memory" in err
    assert run.plan() == whole(tmp_path, "6").plan()


@pytest.mark.long
def test_a_worker_that_can_allocate_nothing_more_counts_as_lost(tmp_path: pathlib.Path) -> None:
    """From outside, at any moment: whatever fails first, an object, a thread or a buffer of Ray's."""
    model = ("--model", "simulated:p_error=0.03,latency_s=0.05", "--worker-silence", "6")
    run = Run(tmp_path, *TASK, *SIZES, "--disks", "7", "--workers", "1", *model)
    killer = Killer(run, start(run, tmp_path), 2)
    nothing = (1, resource.RLIM_INFINITY)
    assert killer.strike(40, lambda pid: resource.prlimit(pid, resource.RLIMIT_AS, nothing))
    killer.end()
    assert (killer.account.lost, killer.account.repeated) == (0, 0)
    assert run.plan() == whole(tmp_path, "7").plan()


def test_a_worker_that_ray_kills_counts_as_lost(tmp_path: pathlib.Path) -> None:
    model = ("--model", "simulated:p_error=0.03,latency_s=0.05")
    run = Run(tmp_path, *TASK, *SIZES, "--disks", "7", "--workers", "2", *model)
    out, _ = start(run, tmp_path, CHAOS_RAY_KILL="2,5").communicate(timeout=250)
    err = errors_of(tmp_path).read_text()
    assert out, err[-3000:]
    assert err.count("waiting for workers") >= 2, "people are told"
    assert run.plan() == whole(tmp_path, "7").plan()


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Three nodes on this machine; their workers write the same log."""
    utils = pytest.importorskip("ray.cluster_utils")
    started = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield started
    started.shutdown()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_a_node_dies_and_another_joins(tmp_path: pathlib.Path, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(
        tmp_path,
        *TASK,
        *SIZES,
        "--disks",
        "8",
        "--workers",
        "3",
        "--address",
        cluster.address,
        "--model",
        "simulated:p_error=0.03,latency_s=0.03",
    )
    monkeypatch.setenv("CHAOS_LOG", str(run.log))
    monkeypatch.setenv("PYTHONPATH", f"{SITE}:{REPOSITORY}")
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    process = start(run, tmp_path)
    assert until(process, lambda: run.asked_so_far() >= 120), process.communicate()
    committed = run.committed()
    cluster.remove_node(nodes[0], allow_graceful=False)
    cluster.add_node(num_cpus=1)
    out, _ = process.communicate(timeout=250)
    assert process.returncode == 0, errors_of(tmp_path).read_text()[-3000:]
    assert json.loads(out.splitlines()[-1])["steps"] == 255
    after = run.committed()
    assert all(after[step] == entry for step, entry in committed.items())
    assert run.plan() == whole(tmp_path, "8").plan()
    assert committed
