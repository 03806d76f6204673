"""Works on a run that is set up, new or going on, until it ends, or until Ctrl-C stops the program that waits."""

import pathlib
from functools import partial
from typing import TypeVar

from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.journal.configuration_drift import admit
from surefoot.runtime.journal.port import JournalStore
from surefoot.runtime.journal.run_directory import create_run
from surefoot.runtime.session.batches import models_of
from surefoot.runtime.session.interruption import Interrupted, Interruption
from surefoot.runtime.session.mapping import MapRun, drive
from surefoot.runtime.session.refused import leaving_nothing
from surefoot.runtime.session.run import Run
from surefoot.runtime.session.setup import Setup
from surefoot.runtime.session.table import INPUT, read_table
from surefoot.runtime.session.watcher import Watcher
from surefoot.runtime.session.work import with_known_speed, work

R = TypeVar("R", bound=Run)


async def work_on_new(setup: Setup, directory: pathlib.Path, watcher: Watcher, interruption: Interruption) -> Run:
    """Start a run in a directory and work on it; a run that is refused before it asked anything leaves nothing.

    Raises:
        SurefootError: As ``surefoot.runtime.session.work.work``.
    """
    config, task = setup.config, setup.task

    def create() -> JournalStore:
        journal = create_run(directory, config)
        admit(journal, directory, config, task)
        return journal

    with leaving_nothing(directory):
        models = models_of(config, directory, watcher, setup.models)
        await work(config, task, create, watcher, interruption, models)
    return Run(directory, task)


async def work_on(
    setup: Setup, journal: JournalStore, directory: pathlib.Path, watcher: Watcher, interruption: Interruption
) -> Run:
    """Work on a run whose journal is open, over the rows of its table if it has one; errors as ``work_on_new``."""
    config, task = setup.config, setup.task
    try:
        models = models_of(config, directory, watcher, setup.models)
    except BaseException:
        journal.close()
        raise
    if not models:
        config = with_known_speed(config, task, journal, watcher.note)
    if not isinstance(task, RowTask):
        await work(config, task, lambda: journal, watcher, interruption, models)
        return Run(directory, task)
    rows = partial(drive, task, read_table(directory / INPUT), config)
    await work(config, task, lambda: journal, watcher, interruption, models, rows)
    return MapRun(directory, task)


def unless_interrupted(run: R, interruption: Interruption) -> R:
    """Return a run, unless Ctrl-C ended it: a program that somebody stops must not go on with half an answer.

    Raises:
        Interrupted: It was; the text says how to go on.
    """
    if not interruption.by_keyboard:
        return run
    status, place = run.status, repr(str(run.run_dir))
    if status == "solved":
        text = f"the run came to its end all the same: surefoot.open({place}) has its answer"
    else:
        how = f"the same call with run_dir={place}" if isinstance(run, MapRun) else f"surefoot.resume({place})"
        text = f"the run is {status} and nothing is lost; {how} goes on with it"
    raise Interrupted(text, run.run_dir)
