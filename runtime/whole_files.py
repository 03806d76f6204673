"""Writes a file whole or not at all, and never through a link that somebody else laid.

A run directory may come from a stranger, who can put a link where a file will be written. So new content goes to a
file of a random name in the same folder, made with ``O_EXCL`` and ``O_NOFOLLOW``, which then takes the name: a link
at that name is replaced, and what it points to stays as it is.
"""

import contextlib
import os
import pathlib
import re
import secrets
from collections.abc import Iterator

DRAFT = re.compile(r"\.surefoot-[0-9a-f]{16}\.draft(-journal)?")
"""Names of drafts, and of what SQLite lays beside one. A process that was killed leaves them behind."""

PRIVATE, PUBLIC = 0o600, 0o666
"""Permissions of what belongs to a run, and of what a user names a place for; the latter less the user's ``umask``."""


def write_whole(path: pathlib.Path, content: bytes | str, *, mode: int = PRIVATE) -> None:
    """Give a file new content durably; after an error or a kill the old content is still there.

    Args:
        path: The file; its folder must exist.
        content: Text is written as UTF-8, lone surrogates as question marks.
        mode: ``PRIVATE`` or ``PUBLIC``.

    Raises:
        OSError: It cannot be written.
    """
    with whole_file(path, mode=mode) as draft:
        draft.write_bytes(content.encode(errors="replace") if isinstance(content, str) else content)


@contextlib.contextmanager
def whole_file(path: pathlib.Path, *, mode: int = PRIVATE) -> Iterator[pathlib.Path]:
    """Give an empty file to write to, which takes the place of a file when the block ends without an error.

    Args:
        path: The file to replace; its folder must exist.
        mode: ``PRIVATE`` or ``PUBLIC``.

    Raises:
        OSError: It cannot be made, or its content not made durable.
    """
    descriptor, draft = new_draft(path.parent, mode)
    try:
        yield draft
        os.fsync(descriptor)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    sync_directory(path.parent)


def new_draft(folder: pathlib.Path, mode: int = PRIVATE) -> tuple[int, pathlib.Path]:
    """Make an empty file of a random name in a folder; its descriptor, open for writing, and its path.

    Raises:
        OSError: It cannot be made.
    """
    draft = folder / f".surefoot-{secrets.token_hex(8)}.draft"
    return os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode), draft


def remove_drafts(folder: pathlib.Path) -> None:
    """Delete the drafts that killed processes left in a folder; only the folder's one writer may call this."""
    for entry in folder.iterdir():
        if DRAFT.fullmatch(entry.name):
            entry.unlink(missing_ok=True)


def sync_directory(directory: pathlib.Path) -> None:
    """Make new names in a directory durable (fsync).

    Raises:
        OSError: The disk does not take them.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
