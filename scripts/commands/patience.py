"""Says what a command is doing where that takes longer than people wait in silence."""

import contextlib
import threading
from collections.abc import Iterator

from surefoot.scripts.commands.options import tell

SILENT_S = 1.0
"""Seconds after which a command says what it is doing."""


@contextlib.contextmanager
def saying(text: str, after_s: float = SILENT_S) -> Iterator[None]:
    """Print a line on stderr if a block takes longer than a second; nothing if it is quick.

    Args:
        text: What the block does.
        after_s: Seconds before the line.
    """
    timer = threading.Timer(after_s, tell, [text])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def looking_for(model: str) -> str:
    """Return the line that says that a model is looked for: libraries that are loaded for it take seconds at first."""
    return f"loading what {model} needs, and looking whether it can be asked"
