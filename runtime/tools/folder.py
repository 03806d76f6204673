"""Opens files below a folder, and nothing else: no path leads out of it, whatever links lie in it."""

import errno
import os
import pathlib
import stat
from collections.abc import Iterator

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.contract import FailureKind, ToolError


def existing_folder(path: str | pathlib.Path) -> str:
    """The absolute path of a folder.

    Raises:
        ConfigurationError: There is no such folder.
    """
    if not pathlib.Path(path).is_dir():
        raise ConfigurationError(f"there is no folder at {path}")
    return str(pathlib.Path(path).resolve())


def open_below(folder: str, path: str) -> int:
    """Open a regular file for reading, by its path from a folder; the caller closes the descriptor.

    Each part of the path is opened from the one before and must not be a link. So a link that is put there between a
    check and the use leads nowhere either.

    Raises:
        ToolError: The path leads out, through a link, to nothing, or to what is no regular file.
    """
    parts = pathlib.PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise ToolError(f"{path!r:.200} is not a path below the folder", FailureKind.REFUSED)
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = deeper
        # Without blocking: opening a named pipe waits for its other end.
        file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    except (OSError, ValueError) as error:  # ValueError: a lone surrogate
        raise ToolError(f"{path!r:.200}: {_reason(error)}", FailureKind.REFUSED) from error
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise ToolError(f"{path!r:.200}: not a regular file", FailureKind.REFUSED)
    return file


def _reason(error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else "not a path"
    return f"{reason}; links are not followed" if isinstance(error, OSError) and _is_link(error) else str(reason)


def _is_link(error: OSError) -> bool:
    return error.strerror in (os.strerror(errno.ELOOP), os.strerror(errno.ENOTDIR))  # what O_NOFOLLOW says of a link


def files_below(folder: str) -> Iterator[str]:
    """Paths, from a folder, of the regular files below it; in order of name, links and hidden ones left out."""
    for at, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(at, name)
            if not name.startswith(".") and not os.path.islink(path) and os.path.isfile(path):
                yield os.path.relpath(path, folder)
