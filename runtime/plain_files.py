"""Opens files of a folder that somebody else may have filled: plain files only.

A pipe in a received run directory would be waited for without end, and a link to a device read until the memory is
full. Neither is a file that Surefoot wrote, so neither is opened.
"""

import errno
import os
import pathlib
import stat
from typing import BinaryIO


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
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def is_something_else(path: str | pathlib.Path) -> bool:
    """Whether there is something of this name that is neither a plain file nor a link to one."""
    return os.path.lexists(path) and not os.path.isfile(path)
