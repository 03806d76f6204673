"""Reads a text file that a user named, and says in one line why that is not possible."""

import pathlib

from surefoot.runtime.errors import ConfigurationError


def read_text_file(path: pathlib.Path, place: str) -> str:
    """Return a file's text; letters in another encoding than UTF-8, as old files have in comments, become unknown ones.

    Args:
        path: Of the file.
        place: What the user calls it, such as an option and its value.

    Raises:
        ConfigurationError: It cannot be read, or is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{place}: {error.strerror or error}") from error
    if b"\0" in data:
        raise ConfigurationError(f"{place}: is no text file")
    return data.decode("utf-8-sig", errors="replace")
