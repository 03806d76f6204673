"""``surefoot run`` and ``surefoot resume``."""

import asyncio
import os
import pathlib
import signal
import sys
from collections.abc import Callable
from typing import Any

import click
import msgspec
import uvloop

from surefoot.decompose.task import Task
from surefoot.runtime.config import BUILT_IN_TASKS, RunConfig, open_task, task_class
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.coordinator.rate_sharing import RateSharing
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.measurement_file import read_measurement
from surefoot.runtime.journal.configuration_drift import admit, settle
from surefoot.runtime.journal.journal import Journal, open_journal
from surefoot.runtime.journal.run_directory import Standing, create_run, new_run_directory, read_config, standing
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.models.factory import check_model
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.runtime.worker.worker_pool import WorkerPool
from surefoot.scripts.commands.cli import FAILED, OK, PAUSED, print_json
from surefoot.scripts.commands.options import build_config, changed_config, json_option, log_options, struct_options
from surefoot.scripts.commands.progress import Progress, summary


class ByTask(click.Group):
    """``run`` and ``measure`` have a command for each task, with the task's own options."""

    def __init__(self, *args: Any, of: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The tasks that come with Surefoot."""
        return list(BUILT_IN_TASKS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command for one task, made from the task's fields."""
        command: click.Command = self.of(cmd_name, task_class(cmd_name))
        return command


def _run_command(name: str, cls: type[Task]) -> click.Command:
    def start(**values: Any) -> int:
        as_json, run_dir = values.pop("as_json"), values.pop("run_dir")
        configure_logs(values.pop("log_format"), values.pop("verbose"))
        config = build_config(name, cls, values, values.pop("config"))
        task = open_task(config)
        check_model(config)
        if config.measurement is not None:
            read_measurement(config)  # what is wrong with it is said before anything is made
        directory = new_run_directory(run_dir, name)

        def create() -> Journal:
            journal = create_run(directory, config)
            admit(journal, directory, config, task)
            return journal

        return work(directory, config, task, create, as_json)

    command = click.Command(
        name,
        callback=start,
        help=f"{cls.summary}\n\n{(cls.__doc__ or '').partition(chr(10))[0]}",
        short_help=cls.summary,
    )
    own = struct_options(cls, [field for field in cls.__struct_fields__ if field != "state_by"])
    path = click.Path(path_type=pathlib.Path)
    command.params = [
        *own,
        *struct_options(RunConfig),
        click.Option(["--config"], type=path, help="A TOML file with the same keys."),
        click.Option(["--run-dir"], type=path, help="Where the run is kept  [default: runs/TASK-TIME]"),
    ]
    return json_option(log_options(command))  # type: ignore[no-any-return]


@click.group(cls=ByTask, of=_run_command, subcommand_metavar="TASK [OPTIONS]")
def run() -> None:
    """Start a run in a new run directory and work until it is solved, failed or paused.

    TASK is one of those below, or my_module:MyTask for your own; each has its own options:
    see surefoot run hanoi --help.
    """


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--accept-change", is_flag=True, help="Go on with another model, k or wording; the journal notes it.")
@log_options
@json_option
def resume(run_dir: pathlib.Path, **values: Any) -> int:
    """Go on with a paused, killed or failed run. Limits may be changed; nothing decided is asked again."""
    as_json, accept = values.pop("as_json"), values.pop("accept_change")
    configure_logs(values.pop("log_format"), values.pop("verbose"))
    read_config(run_dir)
    journal = open_journal(run_dir, write=True)
    try:
        journal.check()
        settle(journal, run_dir)
        config = changed_config(read_config(run_dir), values)
        task = open_task(config)
        admit(journal, run_dir, config, task, accept)
        solved = journal.meta("status") == "solved"
        if not solved:
            check_model(config)
    except BaseException:
        journal.close()
        raise
    if solved:
        journal.close()
        return _end(run_dir, as_json)
    return work(run_dir, config, task, lambda: journal, as_json)


resume.params[1:1] = struct_options(RunConfig)


def work(directory: pathlib.Path, config: RunConfig, task: Task, journal: Callable[[], Journal], as_json: bool) -> int:
    """Run a coordinator to its end and say how it ended. The journal is opened once there are workers."""
    with Progress(directory, config, task) as progress:
        uvloop.run(_work(config, task, journal, progress))
    return _end(directory, as_json)


async def _work(config: RunConfig, task: Task, open_it: Callable[[], Journal], progress: Progress) -> None:
    progress.say("starting workers")
    pool = await asyncio.to_thread(open_pool, config, task)
    if origin := getattr(pool, "origin", ""):
        progress.note(f"workers run on {origin}")
    try:
        journal = open_it()
        try:
            async with RateSharing(pool, config.calls_in_flight):
                await _coordinate(config, task, journal, pool, progress)
        finally:
            journal.close()
    finally:
        await pool.close()


async def _coordinate(config: RunConfig, task: Task, journal: Journal, pool: WorkerPool, progress: Progress) -> None:
    observers = _observers(progress, pool)
    coordinator = Coordinator(config, task, journal, pool, observers, progress.note, progress.say)
    loop = asyncio.get_running_loop()
    pausing: list[asyncio.Task[None]] = []

    def stop(name: str) -> None:
        if pausing and name == "SIGINT":
            os._exit(128 + signal.SIGINT)
        progress.say("stopping: steps in flight are being journalled; Ctrl-C again stops at once")
        pausing.append(loop.create_task(coordinator.pause(f"interrupted by {name}")))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number.name)
    await coordinator.run()


def _observers(progress: Progress, pool: WorkerPool) -> Callable[[Counts, float], None]:
    observe = getattr(pool, "observe", None)  # Ray's workers come with metrics

    def update(counts: Counts, wall_s: float) -> None:
        progress.update(counts, wall_s)
        if observe is not None:
            observe(counts, wall_s)

    return update


def open_pool(config: RunConfig, task: Task) -> WorkerPool:
    """Workers with or without Ray."""
    if config.address == "none":
        return LocalPool(config, task)
    from surefoot.runtime.worker.ray_pool import RayPool

    return RayPool(config, task)


def _end(directory: pathlib.Path, as_json: bool) -> int:
    ended: Standing = standing(directory)
    print(summary(ended), file=sys.stderr if as_json else sys.stdout)
    if as_json:
        print_json(msgspec.to_builtins(ended))
    if ended.status not in ("solved", "failed", "paused"):
        raise ConfigurationError(f"{directory} is {ended.status}")
    return {"solved": OK, "failed": FAILED, "paused": PAUSED}[ended.status]
