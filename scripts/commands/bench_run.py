"""Runs the problems of one row of a bench, in a run directory of the row's own that is gone on with."""

import asyncio
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.decompose.plan import Node
from surefoot.decompose.task import Task
from surefoot.runtime import errors
from surefoot.runtime.batch_options import for_batches
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import create_journal, open_journal
from surefoot.runtime.journal.run_directory import new_run_directory, read_config, write_config
from surefoot.runtime.records import Counts
from surefoot.runtime.session.batches import models_of
from surefoot.runtime.session.watcher import Watcher
from surefoot.runtime.session.work import open_pool
from surefoot.scripts.commands.output import printable
from surefoot.scripts.commands.output_file import write_output

OPTIONS = (
    "model", "api_base", "dialect", "k", "rule", "red_flags", "max_ballots", "workers", "address", "seed",
    "temperature", "first_temperature", "max_reply_tokens", "timeout_s", "patience_s", "calls_in_flight",
    "max_calls", "max_cost_usd", "max_wall_s", "modules", "cache", "price_in", "price_out",
)  # fmt: skip
"""Run options that every bench takes."""

LIMITS = "Limits of calls, money and time hold for each row by itself."
"""What the help of every bench says of its limits."""

UNPAID = {"price_in": None, "price_out": None}
"""Prices of a row that a simulated model answers: those that were given are for another one."""


METHOD_OPTIONS = (*OPTIONS, "batch", "batch_price", "batch_size", "batch_quiet_s", "batch_poll_s")
"""Those of a bench of methods, whose roles may all be asked in batches."""


class Told(Watcher):
    """Prints how the batches of a row go."""

    def note(self, text: str) -> None:
        """Print a line that people may want to keep."""
        print(printable(text), file=sys.stderr, flush=True)

    say = note


def prepared(run_dir: pathlib.Path | None, name: str) -> pathlib.Path:
    """Return the directory of a bench: a new one, or one that was begun and is gone on with."""
    if run_dir is not None and (run_dir / "bench.json").exists():
        return run_dir
    directory = new_run_directory(run_dir, f"bench-{name}")
    directory.mkdir(parents=True, exist_ok=True)
    write_output(directory / "bench.json", "{}")
    return directory


def _make(directory: pathlib.Path) -> None:
    if directory.is_symlink():
        raise errors.RunDirectoryError(f"{directory} is a link, and nothing is written through links")
    directory.mkdir(parents=True, exist_ok=True)


async def run_nodes(
    directory: pathlib.Path, config: RunConfig, task: Task, nodes: Sequence[Node]
) -> tuple[str, list[Any], Counts]:
    """Run nodes that do not depend on each other, or go on with them.

    Returns:
        How it ended (``solved`` or ``paused``), how each node ended (an outcome, an error, or ``None`` if it did not
        come to its end), and what was counted.

    Raises:
        ResumeMismatch: The directory was started with other options.
        RunDirectoryError: It is a link: a received suite's rows are not written into other folders.
    """
    await asyncio.to_thread(_make, directory)
    config = for_batches(config)
    models = models_of(config, directory, Told())
    pool = await asyncio.to_thread(open_pool, config, task, models)
    try:
        if (directory / "run.toml").exists():
            if _frozen(read_config(directory)) != _frozen(config):
                raise errors.ResumeMismatch(f"{directory} was started with other options")
            journal = open_journal(directory, write=True)
        else:
            write_config(directory, config)
            journal = create_journal(directory)
        try:
            coordinator = Coordinator(config, task, journal, pool)
            status, ends = await coordinator.run_each(list(nodes))
            return status, ends, journal.totals
        finally:
            journal.close()
    finally:
        await pool.close()


def _frozen(config: RunConfig) -> dict[str, Any]:
    """What may not change between a start and a resume."""
    limits = ("max_calls", "max_cost_usd", "max_wall_s", "workers", "address", "patience_s", "timeout_s")
    return {key: value for key, value in msgspec.to_builtins(config).items() if key not in limits}
