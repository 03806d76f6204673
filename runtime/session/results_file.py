"""Where the results of a table go: kept in the run, so that whoever goes on with it writes the same file again.

Only where the run was begun: a run that was copied, moved or received writes into its own folder. What its journal
names is a file of another place or of somebody else's choice, and what is there would be lost.
"""

import os
import pathlib

import msgspec

from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.journal.port import JournalStore

RESULTS = "results"
"""The journal's name for it."""
USUAL_NAME = "output.jsonl"
"""File of a run directory that results go to where nothing else was asked for."""


class ResultsFile(msgspec.Struct, frozen=True):
    """The file that the results of a table are written to.

    Attributes:
        path: The file, absolute; empty for the usual one in the run directory.
        inputs: Whether the columns of each row come before its result.
        begun_in: The run's directory when it was begun, absolute.
    """

    path: str = ""
    inputs: bool = True
    begun_in: str = ""

    def place(self, directory: pathlib.Path) -> pathlib.Path:
        """Return the file, as short as it can be named from here; ``directory`` is the run's."""
        if not self.path or self.begun_in != str(directory.absolute()):
            return directory / USUAL_NAME
        near = os.path.relpath(self.path)
        return pathlib.Path(self.path if near.startswith("..") else near)


def keep_results_file(
    journal: JournalStore, directory: pathlib.Path, path: pathlib.Path | None, *, inputs: bool
) -> None:
    """Keep in a run's journal where its results go, whether it ends in this session or in a later one.

    Args:
        journal: Of the run.
        directory: The run's.
        path: The file; ``None`` for the usual one.
        inputs: Whether the columns of each row come before its result.
    """
    kept = ResultsFile("" if path is None else str(path.absolute()), inputs, str(directory.absolute()))
    journal.set_meta(**{RESULTS: msgspec.to_builtins(kept)})


def kept_results_file(directory: pathlib.Path) -> ResultsFile:
    """Return where the results of a run go; the usual file where its journal says nothing.

    Raises:
        JournalError: The journal says something else under that name.
    """
    journal = open_journal(directory, write=False)
    try:
        return read_meta(journal, RESULTS, ResultsFile) or ResultsFile()
    finally:
        journal.close()
