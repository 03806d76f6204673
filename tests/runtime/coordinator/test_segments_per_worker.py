"""Segments for a worker: enough for all its chains, whatever their length."""

import pytest

from surefoot.decompose.segment import SegmentSize
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.segments_per_worker import SPLITS, segments_per_worker, splits_at_once
from surefoot.runtime.leads import Leads

CONFIG = RunConfig(task="hanoi", model="simulated", chains_in_flight=8)


@pytest.mark.parametrize(
    ("segment_steps", "leaf_steps", "one_chain", "expected"),
    [
        (64, 7, False, 1 + 4 * 1),  # a segment holds eight chains
        (32, 7, False, 1 + 4 * 2),
        (24, 7, False, 1 + 4 * 3),  # three of three chains
        (4, 7, False, 1 + 4 * 8),  # smaller than a leaf: one chain
        (64, 7, True, 1 + 4 * 8),
    ],
)
def test_four_times_as_many_as_hold_the_chains_in_flight(
    segment_steps: int, leaf_steps: int, one_chain: bool, expected: int
) -> None:
    leads, segments = Leads(1, 1, 3, leaf_steps), SegmentSize(segment_steps)
    assert segments_per_worker(CONFIG, leads, segments, one_chain=one_chain) == expected


def test_decompositions_grow_with_the_workers_and_hold_nobody_up_where_there_are_few() -> None:
    assert [splits_at_once(workers) for workers in (1, 8, 32)] == [SPLITS] * 3
    assert splits_at_once(1000) == 2000
    few = segments_per_worker(CONFIG, Leads(1, 1, 3, 31), SegmentSize(1024), one_chain=False)
    assert splits_at_once(8) >= 8 * few, "a few workers' places may all be decompositions"
