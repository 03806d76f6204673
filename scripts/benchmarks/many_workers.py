"""A thousand workers on one coordinator, in virtual time: how long they wait for it, and what becomes of lost ones.

    python -m surefoot.scripts.benchmarks.many_workers --workers 1000 --seconds 600 --losses 60

Coordinator, journal and its disk are real. Workers are simulated: each makes 200 steps a second, over its segments in
turn, and a lost one loses what was not taken and is back after some seconds. The clock is charged the processor time of
everything that is done here, the simulated workers' own and that of commits included; the disk takes as long as it
does, and the coordinator goes on meanwhile. So a coordinator that cannot keep up is seen as workers that wait.
Processor time is the thread's own, and of the time that a commit takes the seconds in which others had the processor
are left out: what others do on the machine is not charged. What they make slower, as memory, caches and disk, is.

Segments are as large as a pilot of such workers would choose: a minute of work of one of them (``--segment-steps``).
"""

import asyncio
import gc
import pathlib
import random
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import click
import msgspec

from surefoot.decompose.segment import Segment, SegmentSize, segment_key
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.coordinator.segments_per_worker import segments_per_worker
from surefoot.runtime.forecast.segment_size import MOST_S
from surefoot.runtime.journal.journal import create_journal, open_journal
from surefoot.runtime.leads import Leads
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.records import Batch, Counts, Paused
from surefoot.runtime.worker.assignments import Assignments
from surefoot.runtime.worker.control import Message, R, Stop
from surefoot.runtime.worker.worker_pool import WorkerLost
from surefoot.scripts.benchmarks.free_workers import FreeWorkers, Made, made_by_a_worker
from surefoot.scripts.benchmarks.virtual_loop import VirtualLoop
from surefoot.scripts.commands.cli import COLLECTIONS

STEPS_PER_S = 200.0
BACK_AFTER_S = 5.0
"""Seconds until another worker stands in a lost one's place: what starting one takes on Ray."""
DISKS = 30
MODEL = "simulated:p_error=0.003"


class Seen(msgspec.Struct, frozen=True):
    """What was seen of a steady state.

    Attributes:
        workers: Their number.
        seconds: Virtual seconds of it.
        steps: Decided and durable in it.
        busy_s: Seconds that workers worked in it, together.
        charged_s: Processor time of the coordinator and of what simulates the workers.
        disk_s: Seconds that commits waited for the disk, beside which the coordinator goes on.
        losses: Workers lost.
        segments: That ended, over the whole run.
        wrong: Those of them whose batches in the journal are not all of theirs, each once.
        journal_mb: Size of the journal, over the whole run.
    """

    workers: int
    seconds: float
    steps: int
    busy_s: float
    charged_s: float
    disk_s: float
    losses: int
    segments: int
    wrong: int
    journal_mb: float

    @property
    def idle(self) -> float:
        """Share of the workers' time in which they waited for the coordinator."""
        return 1 - self.busy_s / (self.workers * self.seconds)


class _Worker(msgspec.Struct):
    """One simulated worker: what it does next begins when what it does now ends.

    Attributes:
        free_at: When all that it was asked for is done.
        back_at: When it is there again, after a loss.
        busy_s: Seconds that it was asked to work.
        lives: How often it was lost.
    """

    free_at: float = 0.0
    back_at: float = 0.0
    busy_s: float = 0.0
    lives: int = 0

    def done_s(self, now: float) -> float:
        """Seconds that it has worked so far."""
        ahead = self.free_at - max(now, self.back_at)
        return self.busy_s - max(0.0, ahead)


class PacedWorkers(FreeWorkers):
    """Workers that take time in virtual seconds, and are lost."""

    def __init__(self, config: RunConfig, task: Task, made: Made, workers: int) -> None:
        super().__init__(config, task, made, workers)
        self._assignments = Assignments(workers)
        self._workers = [_Worker() for _ in range(workers)]
        self._stopping = False
        self.expected: dict[str, int] = {}

    @property
    def busy_s(self) -> float:
        """Seconds that all workers have worked so far, without what they have still to do."""
        now = asyncio.get_running_loop().time()
        return sum(worker.done_s(now) for worker in self._workers)

    def lose(self, number: int) -> None:
        """Lose a worker with all it holds; another one takes its place after some seconds."""
        worker = self._workers[number]
        now = asyncio.get_running_loop().time()
        worker.busy_s = worker.done_s(now)
        worker.lives, worker.back_at, worker.free_at = worker.lives + 1, now + BACK_AFTER_S, now

    async def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Make a segment's batches that the journal lacks, each numbered, on the worker that has the least to do."""
        key = segment_key(segment.node.path, segment.split)
        batches = self.of(segment)
        self.expected[key] = len(batches)
        with self._assignments.least_busy(key, cost=segment.cost) as chosen:
            worker = self._workers[chosen]
            life = worker.lives
            for number in range(len(journalled), len(batches)):
                if self._stopping:
                    yield Batch(b"", Counts(), Paused("stopped"))
                    return
                await self._make(worker, life, max(1, batches[number].counts.steps) / STEPS_PER_S)
                payload = number.to_bytes(4) + batches[number].payload
                yield msgspec.structs.replace(batches[number], payload=payload)

    async def _make(self, worker: _Worker, life: int, seconds: float) -> None:
        """Take a worker's time, after all that it was asked for before.

        Raises:
            WorkerLost: It was lost meanwhile.
        """
        now = asyncio.get_running_loop().time()
        if worker.lives == life:
            worker.free_at = max(now, worker.free_at, worker.back_at) + seconds
            worker.busy_s += seconds
            await asyncio.sleep(worker.free_at - now)
        if worker.lives != life:
            raise WorkerLost("it was lost")

    async def tell_all(self, message: Message[R]) -> list[R]:
        """Stop where that is what all are told."""
        self._stopping = self._stopping or isinstance(message, Stop)
        return await super().tell_all(message)


def wrong_in(folder: pathlib.Path, expected: dict[str, int]) -> tuple[int, int]:
    """Count the segments that ended, and those whose numbered batches are not all there, in order, each once."""
    journal = open_journal(folder, write=False)
    ended = list(journal.outcomes())
    wrong = 0
    for key in ended:
        numbers = [int.from_bytes(payload[:4]) for payload in journal.payloads(key)]
        wrong += numbers != list(range(expected[key]))
    journal.close()
    return len(ended), wrong


class Wanted(msgspec.Struct, frozen=True):
    """What is simulated.

    Attributes:
        workers: Their number.
        seconds: Virtual seconds of the steady state.
        losses: Workers that are lost in it.
        warm_up_s: Virtual seconds before it, in which the plan is split until every worker has its segments.
        segment_steps: Most steps of a segment.
    """

    workers: int
    seconds: float
    losses: int
    warm_up_s: float
    segment_steps: int = round(MOST_S * STEPS_PER_S)

    def config(self) -> RunConfig:
        """Return the configuration of a run so long that it does not end meanwhile."""
        options: dict[str, Any] = {"task": "hanoi", "task_options": {"disks": DISKS}, "model": MODEL, "workers": 1}
        return msgspec.convert({"address": "none", "segment_steps": self.segment_steps, **options}, RunConfig)

    def batch_steps(self) -> int:
        """Return the steps of a batch: what one of a worker's segments makes in ``flush_s``, or ``flush_steps``."""
        config = self.config()
        each = segments_per_worker(config, Leads(1, 1, 1), SegmentSize(self.segment_steps), one_chain=False)
        return max(1, min(config.flush_steps, round(config.flush_s * STEPS_PER_S / each)))


async def steady_state(wanted: Wanted, made: Made, folder: pathlib.Path) -> Seen:
    """Let workers work for a while, lose some of them at random moments, and stop politely."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    config = wanted.config()
    task, journal = open_task(config), create_journal(folder)
    pool = PacedWorkers(config, task, made, wanted.workers)
    coordinator = Coordinator(config, task, journal, pool)
    run = asyncio.create_task(coordinator.run())
    await asyncio.sleep(wanted.warm_up_s)
    began, steps, busy_s = loop.time(), journal.totals.steps, pool.busy_s
    charged_s, disk_s = loop.charged, loop.waited
    rng = random.Random(1)
    for moment in sorted(rng.uniform(0, wanted.seconds) for _ in range(wanted.losses)):
        await asyncio.sleep(began + moment - loop.time())
        pool.lose(rng.randrange(wanted.workers))
    await asyncio.sleep(began + wanted.seconds - loop.time())
    took, steps, busy_s = loop.time() - began, journal.totals.steps - steps, pool.busy_s - busy_s
    charged_s, disk_s = loop.charged - charged_s, loop.waited - disk_s
    await coordinator.pause("enough")
    await run
    journal.close()
    size_mb = (folder / "journal.sqlite").stat().st_size / 1e6
    found = wrong_in(folder, pool.expected)
    return Seen(wanted.workers, took, steps, busy_s, charged_s, disk_s, wanted.losses, *found, size_mb)


def lines_of(seen: Seen) -> list[str]:
    """Return what was seen, in lines for people."""
    return [
        f"{seen.workers:,} workers, {seen.seconds:,.0f} virtual seconds: {seen.steps:,} steps, "
        f"{seen.steps / seen.seconds:,.0f} a second; workers wait {seen.idle:.1%} of their time (aim 5 %)",
        f"the coordinator works {seen.charged_s / seen.seconds:.0%} of the time, "
        f"{1e6 * seen.charged_s / max(1, seen.steps):.2f} us a step; its commits wait for the disk "
        f"{seen.disk_s / seen.seconds:.0%} of the time",
        f"{seen.losses} workers lost; of {seen.segments:,} segments that ended {seen.wrong} lack a batch or have one "
        f"twice (aim 0); journal {seen.journal_mb:,.0f} MB",
    ]


@click.command()
@click.option("--workers", default=1000, show_default=True)
@click.option("--seconds", default=600.0, show_default=True, help="Of the steady state, in virtual time.")
@click.option("--losses", default=60, show_default=True, help="Workers that are lost in it.")
@click.option("--warm-up", default=60.0, show_default=True, help="Virtual seconds before it.")
@click.option("--segment-steps", default=round(MOST_S * STEPS_PER_S), show_default=True, help="Most of a segment.")
@click.option("--place", type=click.Path(path_type=pathlib.Path), help="Folder for the journal, which takes gigabytes.")
def main(
    workers: int, seconds: float, losses: int, warm_up: float, segment_steps: int, place: pathlib.Path | None
) -> None:
    """Print how long simulated workers wait for one real coordinator."""
    configure_logs("none")
    gc.set_threshold(*COLLECTIONS)
    wanted = Wanted(workers, seconds, losses, warm_up, segment_steps)
    smaller = {"task": "hanoi", "task_options": {"disks": 10}, "model": MODEL, "flush_steps": wanted.batch_steps()}
    made = asyncio.run(made_by_a_worker(smaller, 4))
    with tempfile.TemporaryDirectory(dir=place) as folder, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        seen = runner.run(steady_state(wanted, made, pathlib.Path(folder)))
    print("\n".join(lines_of(seen)))


if __name__ == "__main__":
    main()
