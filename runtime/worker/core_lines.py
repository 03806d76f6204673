"""Keeps the raw log lines of Ray's core off standard error, where one line of ours says the same."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

CORE_LINE = re.compile(rb"^\[\d{4}-\d\d-\d\d [\d:,]+ [A-Z] \d+ \d+\] .*$", re.MULTILINE)
"""A line of Ray's core: time, severity, process and thread. It is written to file descriptor 2 by C++."""


class CoreLines:
    """Collects what Ray's core writes to standard error while a block lasts.

    Attributes:
        unauthenticated: Whether the core said that a token was missing or refused.
    """

    def __init__(self) -> None:
        self.unauthenticated = False

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Catch the lines; what others wrote meanwhile is written again at the end."""
        try:
            sys.stderr.flush()
            kept = os.dup(2)
        except (OSError, ValueError, AttributeError):  # standard error is closed
            yield
            return
        with tempfile.TemporaryFile() as caught:
            os.dup2(caught.fileno(), 2)
            try:
                yield
            finally:
                with contextlib.suppress(OSError, ValueError):
                    sys.stderr.flush()
                os.dup2(kept, 2)
                os.close(kept)
                caught.seek(0)
                self._sort(caught.read())

    def _sort(self, text: bytes) -> None:
        self.unauthenticated = b"Unauthenticated" in text
        others = re.sub(rb"\n{2,}", b"\n", CORE_LINE.sub(b"", text)).lstrip(b"\n")
        with contextlib.suppress(OSError):
            os.write(2, others)
