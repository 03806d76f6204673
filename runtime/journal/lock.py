"""The lock of a run directory: an exclusive lock on its file ``lock``, held for as long as a process writes.

The kernel gives a dead process's lock back, however it died: a lock cannot be stale, and the file that is left
behind says nothing and hinders nobody.
"""

import errno
import fcntl
import os
import pathlib
import time

from surefoot.runtime.errors import RunDirectoryError


def take_lock(directory: pathlib.Path) -> int:
    """Be the writer: a file descriptor that holds the lock until it is closed, or the process ends.

    Raises:
        RunDirectoryError: Another process has it, or the directory cannot be written to.
    """
    try:
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RunDirectoryError(f"cannot write to {directory}: {error.strerror}") from error
    for patience in range(10):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                os.close(lock)
                raise RunDirectoryError(f"cannot lock {directory}: {error.strerror}") from error
            # A reader that asks whether the run is going on holds the lock for a moment.
            time.sleep(0.01 * patience)
    os.close(lock)
    raise RunDirectoryError(f"{directory} is in use by another process")


def is_locked(directory: pathlib.Path) -> bool:
    """Whether some process is writing to the run directory. Writes nothing itself."""
    try:
        lock = os.open(directory / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EACCES)
    finally:
        os.close(lock)
    return False
