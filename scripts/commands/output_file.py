"""Files that a user names a place for: written whole or not at all, never through a link, errors as one line."""

import os
import pathlib
import tempfile

from surefoot.runtime.errors import ConfigurationError


def write_output(path: pathlib.Path, text: str) -> int:
    """Give a file new content, through a file of a random name beside it; its size in bytes.

    Raises:
        ConfigurationError: It cannot be written, for example as its folder does not exist.
    """
    data = text.encode(errors="replace")
    try:
        descriptor, draft = tempfile.mkstemp(prefix=".surefoot-", suffix=".draft", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise
    except OSError as error:
        folder = "" if path.parent.is_dir() else f": there is no folder {path.parent}"
        raise ConfigurationError(f"cannot write {path}{folder or f': {error.strerror}'}") from error
    return len(data)
