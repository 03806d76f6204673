"""Workers and nodes of Ray die, hang and run out of memory while a run goes on."""

import json
import pathlib
import resource
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chaos.harness import REPOSITORY, Run, Usage, until
from tests.chaos.struck_workers import BOUND, SITE, SIZES, TASK, Killer, attack, errors_of, start, whole

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]


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


@pytest.mark.long
def test_a_worker_that_hangs_counts_as_lost(tmp_path: pathlib.Path) -> None:
    model = ("--model", "simulated:p_error=0.03,latency_s=0.05", "--worker-silence", "4", "--log-format", "json")
    run = Run(tmp_path, *TASK, *SIZES, "--disks", "7", "--workers", "1", *model)
    killer = Killer(run, start(run, tmp_path), 1)
    assert killer.strike(40, signal.SIGSTOP)
    killer.end()
    assert (killer.account.lost, killer.account.repeated) == (0, 0)
    assert run.plan() == whole(tmp_path, "7").plan()


@pytest.mark.long
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


@pytest.mark.long
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
