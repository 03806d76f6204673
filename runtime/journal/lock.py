"""The lock of a run directory: exclusive locks on its file ``lock`` and on the directory itself.

Both are held for as long as a process writes. The file is what network file systems can lock; the directory's own lock
cannot be deleted by somebody who tidies up, so that a second writer is told also where the file is gone.

The kernel gives a dead process's locks back, however it died: a lock cannot be stale, and the file that is left
behind says nothing and hinders nobody.
"""

import errno
import fcntl
import os
import pathlib
import time

from surefoot.runtime.errors import RunDirectoryError

HELD = (errno.EAGAIN, errno.EACCES)
"""What the kernel says of a lock that another process holds."""


class WriterLock:
    """The right to write to a run directory, until it is released or the process ends.

    Args:
        descriptors: Open files whose locks are held.
    """

    def __init__(self, descriptors: tuple[int, ...]) -> None:
        self._descriptors = descriptors

    def release(self) -> None:
        """Let another process write; a second call does nothing."""
        descriptors, self._descriptors = self._descriptors, ()
        for one in descriptors:
            os.close(one)


def take_lock(directory: pathlib.Path) -> WriterLock:
    """Become the one process that may write to a run directory.

    Raises:
        RunDirectoryError: Another process has the lock, or the directory cannot be written to.
    """
    taken: list[int] = []
    try:
        taken.append(_open(directory, directory / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW))
        _hold(directory, taken[0])
        taken.append(_open(directory, directory, os.O_RDONLY | os.O_DIRECTORY))
        _hold(directory, taken[1], needed=False)
    except BaseException:
        WriterLock(tuple(taken)).release()
        raise
    return WriterLock(tuple(taken))


def _open(directory: pathlib.Path, path: pathlib.Path, flags: int) -> int:
    try:
        # A received directory may hold a link or a pipe named ``lock``: neither is followed or waited for.
        return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RunDirectoryError(f"cannot write to {directory}: {path.name}: {error.strerror}") from error


def _hold(directory: pathlib.Path, descriptor: int, needed: bool = True) -> None:
    for patience in range(10):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in HELD:
                if not needed:
                    return  # a network file system locks only what is open for writing, and a directory never is
                raise RunDirectoryError(f"cannot lock {directory}: {error.strerror}") from error
            # A reader that asks whether the run is going on holds the lock for a moment.
            time.sleep(0.01 * patience)
    raise RunDirectoryError(f"{directory} is in use by another process")


def is_locked(directory: pathlib.Path) -> bool:
    """Whether some process is writing to the run directory. Writes nothing itself."""
    return any(_is_held(path) for path in (directory / "lock", directory))


def _is_held(path: pathlib.Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in HELD
    finally:
        os.close(descriptor)
    return False
