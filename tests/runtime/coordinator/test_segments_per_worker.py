"""Segments for a worker: enough for all its chains, whatever their length."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.segment import SegmentSize
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.segments_per_worker import SPLITS, segments_per_worker, splits_at_once
from surefoot.runtime.leads import Leads
from tests.runtime.models.virtual_time import run_virtually

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


@pytest.mark.slow
@pytest.mark.usefixtures("prompt_commits")
def test_places_stay_filled_where_segments_end_with_chains_that_are_run_again(
    new_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a virtual clock, where each answer takes a second; the placebo has half as many segments for its worker."""

    def took_s(seed: int) -> float:
        run = new_run(
            options={"disks": 12}, model="simulated:p_error=0.1,latency_s=1", k=1, leaf_steps=7, segment_steps=256,
            chains_in_flight=64, seed=seed,
        )  # fmt: skip

        async def timed() -> float:
            clock = asyncio.get_running_loop().time
            began = clock()
            assert await run.session(None) == "solved"
            return clock() - began

        return run_virtually(timed())

    usual = sum(map(took_s, range(2)))
    half = lambda *given, **named: 1 + (segments_per_worker(*given, **named) - 1) // 2  # noqa: E731
    monkeypatch.setattr("surefoot.runtime.coordinator.coordinator.segments_per_worker", half)
    assert usual < 0.93 * sum(map(took_s, range(2)))
