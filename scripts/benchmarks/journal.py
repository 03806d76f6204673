"""Measures the journal's cost: bytes a step, its share of a run's wall time, and the time to resume a large run.

``python -m surefoot.scripts.benchmarks.journal [--disks 20] [--run-dir DIR]`` writes the journal of a solved run of
2^disks - 1
steps through the same code that a coordinator uses, resumes it in a process of its own, and prints one JSON line.
``--share RUN_OPTIONS...`` instead runs ``surefoot run hanoi RUN_OPTIONS...`` in this process and says which share of
its wall time the journal's commits took. They have a thread of their own, in which they mostly wait for the disk while
the model goes on; ``commit_cpu_s`` is what they computed.
"""

import asyncio
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

import click

from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.configuration_drift import admit
from surefoot.runtime.journal.journal import Journal, open_journal
from surefoot.runtime.journal.run_directory import create_run
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.worker.local_pool import LocalPool

RESUMED = """
import asyncio, json, pathlib, resource, sys, time
started = time.perf_counter()
from surefoot.scripts.benchmarks.journal import resume_all
asked = asyncio.run(resume_all(pathlib.Path(sys.argv[1])))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([time.perf_counter() - started, memory, asked]))
"""


def config_of(disks: int) -> RunConfig:
    """The configuration of a run whose model errs now and then, so that its journal has contested steps."""
    model = "simulated:p_error=0.002"
    return RunConfig(task="hanoi", task_options={"disks": disks}, model=model, address="none", k=1, workers=1)


def write_run(directory: pathlib.Path, disks: int) -> None:
    """Write the journal of a solved run through a coordinator."""
    config = config_of(disks)
    task = Hanoi(disks=disks)
    journal = create_run(directory, config)
    admit(journal, directory, config, task)

    async def work() -> str:
        pool = LocalPool(config, task)
        return await Coordinator(config, task, journal, pool).run()

    status = asyncio.run(work())
    assert status == "solved", journal.meta("message")
    # As a kill just before the end leaves it: everything is committed but the status.
    journal.set_meta(status="running")
    journal.close()


async def resume_all(directory: pathlib.Path) -> int:
    """Resume a run whose steps are all committed; return the number of questions asked again."""
    configure_logs("none")
    journal = open_journal(directory, write=True)
    journal.check()
    config = config_of(journal.meta("setup")["config"]["task_options"]["disks"])
    task = Hanoi(disks=config.task_options["disks"])
    admit(journal, directory, config, task)
    calls = journal.totals.calls
    pool = LocalPool(config, task)
    status = await Coordinator(config, task, journal, pool).run()
    assert status == "solved", status
    asked = journal.totals.calls - calls
    journal.set_meta(status="running")
    journal.close()
    return asked


def resume_figures(directory: pathlib.Path, disks: int) -> dict[str, Any]:
    """Measure a journal's size, and the time and memory of resuming its run."""
    size = (directory / "journal.sqlite").stat().st_size
    done = subprocess.run([sys.executable, "-c", RESUMED, str(directory)], capture_output=True, text=True, check=True)
    seconds, megabytes, asked = json.loads(done.stdout.splitlines()[-1])
    steps = 2**disks - 1
    return {
        "steps": steps,
        "journal_mb": round(size / 1e6, 2),
        "bytes_a_step": round(size / steps, 2),
        "resume_s": round(seconds, 2),
        "resume_peak_mb": round(megabytes, 1),
        "asked_again": asked,
    }


class Timed(Journal):
    """A journal that counts the seconds its commits take."""

    seconds = cpu_seconds = 0.0
    commits = 0

    def commit(self, *args: Any, **kwargs: Any) -> None:
        """Commit as the journal does, and add the time taken."""
        started, worked = time.perf_counter(), time.thread_time()
        super().commit(*args, **kwargs)
        Timed.seconds += time.perf_counter() - started
        Timed.cpu_seconds += time.thread_time() - worked
        Timed.commits += 1


def share_figures(directory: pathlib.Path, disks: int, model: str) -> dict[str, Any]:
    """The share of a run's wall time that its commits take, in their own thread."""
    config = RunConfig(task="hanoi", task_options={"disks": disks}, model=model, address="none", workers=1)
    task = Hanoi(disks=disks)
    journal = create_run(directory, config)
    journal.__class__ = Timed
    admit(journal, directory, config, task)

    async def work() -> float:
        pool = LocalPool(config, task)
        started = time.perf_counter()
        status = await Coordinator(config, task, journal, pool).run()
        assert status == "solved", journal.meta("message")
        return time.perf_counter() - started

    cpu_before = resource.getrusage(resource.RUSAGE_SELF)
    wall = asyncio.run(work())
    steps, calls = journal.totals.steps, journal.totals.calls
    journal.close()
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "model": model,
        "steps": steps,
        "calls": calls,
        "wall_s": round(wall, 3),
        "cpu_s": round(cpu.ru_utime + cpu.ru_stime - cpu_before.ru_utime - cpu_before.ru_stime, 3),
        "commits": Timed.commits,
        "commit_s": round(Timed.seconds, 3),
        "commit_cpu_s": round(Timed.cpu_seconds, 3),
        "journal_share": round(Timed.seconds / wall, 4),
    }


@click.command()
@click.option("--disks", default=20, show_default=True, help="Size of the run: 2^disks - 1 steps.")
@click.option("--share", is_flag=True, help="Measure the share of wall time instead.")
@click.option("--model", default="bundled", show_default=True, help="Model of the run whose share is measured.")
@click.option("--run-dir", type=click.Path(path_type=pathlib.Path), help="Kept, and used again if it is there.")
def bench(disks: int, share: bool, model: str, run_dir: pathlib.Path | None) -> None:
    """Measure the journal and print one JSON line."""
    configure_logs("none")
    with tempfile.TemporaryDirectory() as scratch:
        directory = run_dir or pathlib.Path(scratch) / "run"
        if share:
            print(json.dumps(share_figures(directory, disks, model)))
            return
        if not (directory / "journal.sqlite").exists():
            write_run(directory, disks)
        print(json.dumps(resume_figures(directory, disks)))


if __name__ == "__main__":
    bench()
