"""Runs a configuration in this process and keeps its run directory, for benchmarks that read journals afterwards."""

import asyncio
import pathlib
from collections.abc import Sequence

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.journal.run_directory import write_config
from surefoot.runtime.models.port import Model
from surefoot.runtime.worker.local_pool import LocalPool


def kept_run(
    config: RunConfig, directory: pathlib.Path, task: Task | None = None, models: Sequence[Model | None] | None = None
) -> str:
    """Run a configuration to its end, and return how it ended, such as ``solved``.

    Args:
        config: The configuration.
        directory: Where the run is kept; it is made if it is not there.
        task: The task, where it is not just what the configuration says.
        models: A model for each worker, likewise.
    """
    directory.mkdir(parents=True, exist_ok=True)
    write_config(directory, config)
    return asyncio.run(_to_the_end(config, directory, task or open_task(config), models))


async def _to_the_end(
    config: RunConfig, directory: pathlib.Path, task: Task, models: Sequence[Model | None] | None
) -> str:
    pool, journal = LocalPool(config, task, models), create_journal(directory)
    try:
        return await Coordinator(config, task, journal, pool).run()
    finally:
        journal.close()
        await pool.close()
