"""Workers that cost nothing, and what one coordinator takes from them: at its smallest size, and from made-up times."""

import asyncio
import pathlib
from collections.abc import Callable
from typing import Any

import click
import msgspec
import pytest

from surefoot.decompose.segment import Segment
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Batch, Counts, Finished
from surefoot.runtime.worker.control import Done, UseLeads
from surefoot.scripts.benchmarks.coordinator import (
    Took,
    fed,
    hanoi,
    line_of_growth,
    lines_of,
    main,
    watched,
)
from surefoot.scripts.benchmarks.free_workers import FreeWorkers, Made, made_by_a_worker

SIMULATED = {"model": "simulated", "k": 1}


@pytest.fixture(scope="module")
def made() -> Made:
    """Batches of a tower of five disks, of ten steps each."""
    return asyncio.run(made_by_a_worker({**hanoi(5, flush_steps=10), **SIMULATED}, 2))


def pool(made: Made, disks: int, workers: int = 1) -> FreeWorkers:
    config = msgspec.convert({**hanoi(disks), **SIMULATED}, RunConfig)
    return FreeWorkers(config, open_task(config), made, workers)


def test_a_real_worker_makes_the_batches(made: Made) -> None:
    assert made.steps == 31 == sum(batch.counts.steps for batch in made.batches)
    assert len(made.batches) > 2
    assert all(batch.end is None and batch.payload for batch in made.batches)
    assert made.processor_s > 0


@pytest.mark.parametrize("disks", [1, 3, 7])
def test_a_segment_has_its_steps_and_its_end(made: Made, disks: int) -> None:
    free = pool(made, disks)
    root = free._task.root()
    batches = free.of(Segment(root))
    assert sum(batch.counts.steps for batch in batches) == 2**disks - 1
    assert [batch.end for batch in batches[:-1]] == [None] * (len(batches) - 1)
    assert batches[-1].end == Finished(root.promise)


def test_a_split_is_answered_as_the_task_reads_it(made: Made) -> None:
    free = pool(made, 4)
    root = free._task.root()
    (batch,) = free.of(Segment(root, 0))
    assert isinstance(batch.end, Finished)
    assert batch.counts.decompositions == 1
    assert len(free._task.expand(root.goal, root.inputs, str(batch.end.output)).children) == 3


async def test_workers_that_cost_nothing_take_note_of_nothing(made: Made) -> None:
    free = pool(made, 4, workers=3)
    message = UseLeads(Leads(1, 1, 1))
    assert await free.tell_all(message) == [Done()] * 3
    assert await free.tell(0, message) == await free.tell_holder("/0", message) == Done()
    free.observe(Counts(), 1.0)
    await free.close()


async def test_the_coordinator_journals_every_step_once(made: Made, tmp_path: pathlib.Path) -> None:
    took = await fed({**hanoi(12), **SIMULATED}, made, 4, tmp_path)
    journal = open_journal(tmp_path, write=False)
    assert took.steps == journal.totals.steps == 2**12 - 1
    assert journal.meta("status") == "solved"
    assert took.batches == journal._batches > 12
    journal.close()


async def test_a_run_that_is_not_solved_has_no_time(made: Made, tmp_path: pathlib.Path) -> None:
    with pytest.raises(click.ClickException, match="ended paused"):
        await fed({**hanoi(12, max_calls=3), **SIMULATED}, made, 1, tmp_path)


def test_what_is_printed_follows_from_what_was_measured() -> None:
    lines = lines_of(Made((Batch(b"", Counts()),), 1000, 0.5), Took(100_000, 1000, 0.5, 1.0))
    assert "2,000 steps a second" in lines[0]
    assert "200,000 steps a second of processor time, in 1,000 batches of 100 steps; 500 us a batch" in lines[1]
    assert lines[2].startswith("the coordinator takes what 100 such workers make")


def test_all_of_it_at_its_smallest(printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    def smaller(disks: int, **more: Any) -> dict[str, Any]:
        return hanoi(min(disks, 6), **more)

    monkeypatch.setattr("surefoot.scripts.benchmarks.coordinator.hanoi", smaller)
    lines = printed(main, "--disks", "6", "--rounds", "1", "--workers", "2").splitlines()
    assert len(lines) == 3
    assert "worker, bundled model" in lines[0]


async def test_memory_is_watched_until_the_time_is_used_up(made: Made, tmp_path: pathlib.Path) -> None:
    seen = await watched(0.1, made, 2, tmp_path)
    assert [steps for steps, _ in seen] == sorted(steps for steps, _ in seen)
    assert all(kb > 1000 for _, kb in seen)


def test_growth_is_a_slope_without_the_first_third() -> None:
    seen = [(steps, 100_000 + (steps // 1000 if steps > 2_000_000 else steps)) for steps in range(1, 6_000_001, 10_000)]
    line = line_of_growth(seen)
    assert line.startswith("102.00 MB after 2,000,001 steps, 105.99 after 5,990,001; 1.0000 MB a million")
