"""What is refused leaves nothing behind: the directory of a run that ends by its user's mistake before it asked."""

import contextlib
import pathlib
import shutil
from collections.abc import Iterator

from surefoot.runtime.errors import ConfigurationError, JournalError, ModelRejected, RunDirectoryError, UserCodeError
from surefoot.runtime.journal.journal import open_journal


@contextlib.contextmanager
def leaving_nothing(directory: pathlib.Path, keep_folder: bool | None = None) -> Iterator[None]:
    """Take the directory of a new run away again if a block refuses the run before anything was asked.

    A mistake in a user's code is kept: ``surefoot show`` says which, and the run goes on once it is mended.

    Args:
        directory: Of the run.
        keep_folder: Whether the folder itself was there before the run, and stays; by default if it is there now.
    """
    stays = directory.exists() if keep_folder is None else keep_folder
    try:
        yield
    except (ConfigurationError, ModelRejected) as error:
        others = isinstance(error, RunDirectoryError | UserCodeError)
        if not others and not _has_asked(directory):
            discard(directory, stays)
        raise


def discard(directory: pathlib.Path, keep_folder: bool) -> None:
    """Delete what a refused run wrote, and its folder unless that was there before."""
    if not keep_folder:
        shutil.rmtree(directory, ignore_errors=True)
        return
    for entry in directory.iterdir():
        with contextlib.suppress(OSError):
            entry.unlink()


def _has_asked(directory: pathlib.Path) -> bool:
    """Whether a run has anything that would be lost; also where that cannot be told."""
    if not (directory / "journal.sqlite").exists():
        return False
    try:
        journal = open_journal(directory, write=False)
    except (ConfigurationError, JournalError):
        return True
    try:
        return bool(journal.totals.calls or journal.totals.steps or journal.totals.tool_calls)
    finally:
        journal.close()
