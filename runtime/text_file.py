"""Reads a text file that a user named, and says in one line why that is not possible."""

import codecs
import pathlib
from typing import Final

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.plain_files import open_named

MOST_BYTES: Final = 1 << 29
"""Bytes of a file that is read whole, at most."""
_OTHER_ENCODINGS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text_file(path: pathlib.Path, place: str, most_bytes: int = MOST_BYTES) -> str:
    """Return a file's text; letters in another encoding than UTF-8, as old files have in comments, become unknown ones.

    Args:
        path: Of the file.
        place: What the user calls it, such as an option and its value.
        most_bytes: A longer file is refused, and no more of it is read.

    Raises:
        ConfigurationError: It cannot be read, is too long, or is no text.
    """
    try:
        with open_named(path) as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        raise ConfigurationError(f"{place}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > most_bytes:
        raise ConfigurationError(f"{place}: is longer than {most_bytes:,} bytes")
    if data.startswith(_OTHER_ENCODINGS):
        raise ConfigurationError(f"{place}: is UTF-16: save it as UTF-8")
    if b"\0" in data:
        raise ConfigurationError(f"{place}: is no text file")
    return data.decode("utf-8-sig", errors="replace")
