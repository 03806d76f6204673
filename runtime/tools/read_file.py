"""A tool that reads text files below one folder."""

import os
import pathlib
from typing import Any

from surefoot.runtime.tools.contract import JSON_BYTES_PER_BYTE, FailureKind, Tool, ToolError
from surefoot.runtime.tools.folder import existing_folder, open_below


def read_file(folder: str | pathlib.Path, *, max_bytes: int = 1 << 18) -> Tool:
    """A tool that reads a text file: arguments ``path`` (from the folder), ``start`` and ``length`` in bytes.

    It returns ``{"text": ..., "size_bytes": ...}``, the size being that of the whole file. What is not UTF-8 is shown
    as U+FFFD. Links are not followed.

    Args:
        folder: The folder.
        max_bytes: Most bytes of one answer; more is a failure that says how large the file is, so that parts can be
            asked for.

    Raises:
        ConfigurationError: There is no such folder.
    """
    root = existing_folder(folder)

    def read(path: str, start: int = 0, length: int | None = None) -> dict[str, Any]:
        if start < 0 or (length is not None and length < 0):
            raise ToolError("start and length are at least 0", FailureKind.BAD_ARGUMENTS)
        with os.fdopen(open_below(root, path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            asked = size if length is None else length
            if min(asked, max(0, size - start)) > max_bytes:
                detail = f"{path}: {size:,} bytes, at most {max_bytes:,} can be read at once"
                raise ToolError(detail, FailureKind.OUTPUT_LIMIT)
            file.seek(min(start, size))
            text = file.read(min(asked, max_bytes)).decode(errors="replace")
        return {"text": text, "size_bytes": size}

    room = JSON_BYTES_PER_BYTE * max_bytes + 4096
    return Tool(name="read_file", function=read, timeout_s=30.0, max_result_bytes=room)
