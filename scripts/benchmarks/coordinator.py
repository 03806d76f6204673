"""How many steps a second one coordinator takes, beside what one worker makes: processor time, in one run.

    python -m surefoot.scripts.benchmarks.coordinator
    python -m surefoot.scripts.benchmarks.coordinator --growth 60

Workers that cost nothing hand a real coordinator, with its journal on disk, the batches that a real worker made of a
plan of 10 disks, as fast as it takes them. The worker asks the bundled model one step a call. Both are counted in
processor time of one process, so that a busy machine slows neither much; the seconds beside them include the disk.
``--growth`` watches the memory of the process instead, for so many seconds of a plan too long to end.
"""

import asyncio
import pathlib
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import click
import msgspec
import uvloop
from scipy.stats import linregress

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.logs import configure_logs
from surefoot.scripts.benchmarks.free_workers import FreeWorkers, Made, made_by_a_worker
from surefoot.scripts.benchmarks.throughput import resident_kb

DISKS_OF_A_SEGMENT, SEGMENTS = 10, 17
"""What a coordinator gives each worker at once: so many pieces, each a tower of so many disks."""


TOO_MANY_DISKS = 30


class Took(msgspec.Struct, frozen=True):
    """What a coordinator took for a plan.

    Attributes:
        steps: Of the plan, as the journal counts them.
        batches: Handed to it.
        processor_s: Processor time of the process.
        wall_s: Seconds.
    """

    steps: int
    batches: int
    processor_s: float
    wall_s: float


def hanoi(disks: int, **more: Any) -> dict[str, Any]:
    """Options of a run of so many disks by the bundled model, one step a call."""
    return {"task": "hanoi", "task_options": {"disks": disks}, "address": "none", **more}


async def fed(options: dict[str, Any], made: Made, workers: int, folder: pathlib.Path) -> Took:
    """Run a plan with workers that cost nothing, its journal in a folder.

    Raises:
        click.ClickException: It was not solved.
    """
    config = msgspec.convert({"workers": 1, **options}, RunConfig)
    task = open_task(config)
    pool = FreeWorkers(config, task, made, workers)
    journal = create_journal(folder)
    coordinator = Coordinator(config, task, journal, pool)
    started, processor = time.perf_counter(), time.process_time()
    status = await coordinator.run()
    took = Took(journal.totals.steps, pool.batches, time.process_time() - processor, time.perf_counter() - started)
    journal.close()
    await pool.close()
    if status != "solved":
        raise click.ClickException(f"{options} ended {status}")
    return took


def measured(disks: int, workers: int, batch_steps: int, rounds: int) -> tuple[Made, Took]:
    """Return what a worker made and what a coordinator took, each the one of the least processor time of its rounds."""
    smaller = hanoi(DISKS_OF_A_SEGMENT, flush_steps=batch_steps)
    made = min(
        (asyncio.run(made_by_a_worker(smaller, SEGMENTS)) for _ in range(rounds)), key=lambda one: one.processor_s
    )
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            found.append(uvloop.run(fed(hanoi(disks), made, workers, pathlib.Path(folder))))
    return made, min(found, key=lambda one: one.processor_s)


def lines_of(made: Made, took: Took) -> list[str]:
    """Return what was measured, in lines for people."""
    worker, coordinator = made.steps / made.processor_s, took.steps / took.processor_s
    return [
        f"worker, bundled model, one step a call: {worker:,.0f} steps a second of processor time",
        f"coordinator: {coordinator:,.0f} steps a second of processor time, in {took.batches:,} batches of "
        f"{took.steps / took.batches:.0f} steps; {1e6 * took.processor_s / took.batches:.0f} us a batch; "
        f"{took.steps / took.wall_s:,.0f} steps a second with its disk",
        f"the coordinator takes what {coordinator / worker:.0f} such workers make (aim 60)",
    ]


async def watched(seconds: float, made: Made, workers: int, folder: pathlib.Path) -> list[tuple[int, int]]:
    """Return (steps, kilobytes of resident memory) once a second during a run that its time limit pauses."""
    config = msgspec.convert({"workers": 1, **hanoi(TOO_MANY_DISKS, max_wall_s=seconds)}, RunConfig)
    task, seen = open_task(config), list[tuple[int, int]]()
    pool, journal = FreeWorkers(config, task, made, workers), create_journal(folder)
    run = asyncio.create_task(Coordinator(config, task, journal, pool).run())
    while not run.done():
        await asyncio.wait([run], timeout=1)
        seen.append((journal.totals.steps, resident_kb()))
    journal.close()
    await pool.close()
    return seen


def line_of_growth(seen: Sequence[tuple[int, int]]) -> str:
    """Return by how much a process grew with its steps, the first third left out; from (steps, kilobytes)."""
    late = [(steps, kb) for steps, kb in seen if steps > seen[-1][0] / 3]
    slope = linregress([steps for steps, _ in late], [kb for _, kb in late]).slope * 1e3
    return (
        f"{late[0][1] / 1e3:.2f} MB after {late[0][0]:,} steps, {late[-1][1] / 1e3:.2f} after {late[-1][0]:,}; "
        f"{slope:.4f} MB a million steps (aim 0)"
    )


@click.command()
@click.option("--disks", default=20, show_default=True, help="Of the plan that the coordinator works on.")
@click.option("--workers", default=8, show_default=True, help="Workers that cost nothing.")
@click.option("--batch-steps", default=256, show_default=True, help="Steps of a batch, as --flush-steps of a run.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--growth", type=float, help="Seconds for which the coordinator's memory is watched instead.")
def main(disks: int, workers: int, batch_steps: int, rounds: int, growth: float | None) -> None:
    """Print how many workers one coordinator can serve."""
    configure_logs("none")
    if growth is not None:
        made = asyncio.run(made_by_a_worker(hanoi(DISKS_OF_A_SEGMENT, flush_steps=batch_steps), SEGMENTS))
        with tempfile.TemporaryDirectory() as folder:
            print(line_of_growth(uvloop.run(watched(growth, made, workers, pathlib.Path(folder)))))
        return
    print("\n".join(lines_of(*measured(disks, workers, batch_steps, rounds))))


if __name__ == "__main__":
    main()
