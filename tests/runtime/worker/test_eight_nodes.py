"""A Ray cluster of eight nodes on this machine, each with one worker: every node works, and the answer is right."""

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

import surefoot
from surefoot.runtime.journal.journal import open_journal

NODES = 8
pytestmark = [pytest.mark.long, pytest.mark.ray, pytest.mark.timeout(580)]


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A head and seven more nodes, all of this process: they end with the test, and nothing else does."""
    utils = pytest.importorskip("ray.cluster_utils")
    started = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        for _ in range(NODES - 1):
            started.add_node(num_cpus=1)
        yield started
    finally:
        started.shutdown()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_each_of_eight_nodes_works_and_no_step_is_lost(tmp_path: pathlib.Path, cluster: Any) -> None:
    run = surefoot.run(
        "hanoi", disks=10, run_dir=tmp_path / "run", address=cluster.address, workers=NODES, segment_steps=15,
        model="simulated:p_error=0.01,latency_s=0.02", chains_in_flight=4, k=3,
    )  # fmt: skip
    assert run.status == "solved"
    assert len(run.output) == 1023
    journal = open_journal(tmp_path / "run", write=False)
    assert journal.totals.steps == 1023
    assert sorted(journal.totals.by_worker) == [str(number) for number in range(NODES)]
    assert all(account.calls > 50 for account in journal.totals.by_worker.values())
    journal.close()
