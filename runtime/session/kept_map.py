"""A run over a table up to its first question: its rows are kept, and all that can be refused is refused."""

import pathlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.configuration_drift import admit
from surefoot.runtime.journal.port import JournalStore
from surefoot.runtime.journal.run_directory import create_run
from surefoot.runtime.session.mapping import check_columns, keep_rows, with_samples
from surefoot.runtime.session.refused import discard
from surefoot.runtime.session.setup import Setup


class KeptMap(NamedTuple):
    """A run over a table that is ready to begin.

    Attributes:
        setup: Configuration, task and model objects.
        journal: Open for writing.
        directory: With the rows.
        begun: Whether the folder was there before.
    """

    setup: Setup
    journal: JournalStore
    directory: pathlib.Path
    begun: bool


def keep_table_of(setup: Setup, rows: Iterable[Any], directory: pathlib.Path) -> KeptMap:
    """Keep the rows of a new run in its directory: after this, nothing but the work is left.

    Args:
        setup: Configuration, task and model objects, checked.
        rows: The rows, in order.
        directory: Where the run is kept; it must be empty, or not there yet.

    Raises:
        ConfigurationError: The rows cannot be read, there are none, or they lack a column. Nothing is left behind.
    """
    task = setup.task
    assert isinstance(task, RowTask)
    begun = directory.exists()
    journal = create_run(directory, setup.config)
    try:
        table = keep_rows(journal, directory, rows, setup.config)
        if not table.count and setup.config.k == "auto":
            raise ConfigurationError("the table has no rows: there is nothing to choose a lead by")
        check_columns(task, table)
        sampled = with_samples(task, table)
        admit(journal, directory, setup.config, sampled)
    except BaseException:
        journal.close()
        discard(directory, keep_folder=begun)
        raise
    return KeptMap(msgspec.structs.replace(setup, task=sampled), journal, directory, begun)
