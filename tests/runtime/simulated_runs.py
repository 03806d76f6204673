"""Whole runs of a simulated model in one process, for tests that look at what the journal says afterwards."""

import asyncio
import pathlib
from typing import Any

from surefoot.decompose.referees.verification import Verification
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.journal.run_directory import write_config
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.scripts.commands.verify import verification


def run(directory: pathlib.Path, model: str, disks: int = 10, **options: Any) -> tuple[str, Counts]:
    """Run a tower to its end; the status, and what was counted."""
    config = RunConfig(
        task="hanoi", task_options={"disks": disks}, model=f"simulated:{model}", address="none", workers=2, **options
    )
    directory.mkdir(parents=True)
    write_config(directory, config)
    return asyncio.run(_run(directory, config))


async def _run(directory: pathlib.Path, config: RunConfig) -> tuple[str, Counts]:
    task = open_task(config)
    pool = LocalPool(config, task)
    journal = create_journal(directory)
    try:
        status = await Coordinator(config, task, journal, pool).run()
        return status, journal.totals
    finally:
        journal.close()
        await pool.close()


def checked(directory: pathlib.Path) -> Verification:
    """What the referee says of a solved run."""
    from surefoot.runtime.journal.run_directory import read_config

    return verification(directory, read_config(directory))
