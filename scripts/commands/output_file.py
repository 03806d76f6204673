"""Writes files that a user names: whole or not at all, never through a link, errors as one line."""

import pathlib

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.whole_files import PRIVATE, PUBLIC, write_whole


def write_output(path: pathlib.Path, text: str, *, private: bool = True) -> int:
    """Write a file that the user named; return its size in bytes.

    Args:
        path: The file.
        text: The content.
        private: Whether only its owner may read it, as all that lies in a run directory.

    Raises:
        ConfigurationError: It cannot be written, for example as its folder does not exist.
    """
    data = text.encode(errors="replace")
    try:
        write_whole(path, data, mode=PRIVATE if private else PUBLIC)
    except OSError as error:
        folder = "" if path.parent.is_dir() else f": there is no folder {path.parent}"
        raise ConfigurationError(f"cannot write {path}{folder or f': {error.strerror}'}") from error
    return len(data)
