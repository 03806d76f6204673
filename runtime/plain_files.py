"""Opens plain files only, of folders that somebody else may have filled and of names that a user typed.

A pipe in a received run directory would be waited for without end, and a link to a device read until the memory is
full. Neither is a file that Surefoot wrote, so neither is opened. A pipe that a user names by mistake is refused in one
line, and not waited for; one that the user's shell opened for this process, as ``<(COMMAND)`` does, is meant.
"""

import errno
import os
import pathlib
import stat
from typing import BinaryIO, Final


def open_plain(path: pathlib.Path, *, links: bool = True) -> BinaryIO:
    """Open a plain file for reading; nothing else is waited for or read from.

    Args:
        path: The file.
        links: Whether it may be a link to one.

    Raises:
        OSError: It cannot be opened, or is a pipe, a device, a socket or a folder.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW))
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, f"it is {_kind(mode)} and no plain file", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def open_named(path: pathlib.Path) -> BinaryIO:
    """Open a file that a user named for reading: a plain one, or what the shell opened for this process.

    Raises:
        OSError: It cannot be opened, or is a pipe, a device, a socket or a folder.
        ValueError: The path has a zero byte.
    """
    return path.open("rb") if str(path).startswith(_OPENED) else open_plain(path)


def why_not_plain(path: pathlib.Path) -> str:
    """Return in a few words why there is no plain file of this name; empty if there is one."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return "there is no such file"
    return "" if stat.S_ISREG(mode) else f"it is {_kind(mode)} and no plain file"


_OPENED: Final = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Names of what this process was given open, such as the end of a pipe."""


def _kind(mode: int) -> str:
    """What something is that is no plain file, in words."""
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def is_something_else(path: str | pathlib.Path) -> bool:
    """Whether there is something of this name that is neither a plain file nor a link to one."""
    return os.path.lexists(path) and not os.path.isfile(path)
