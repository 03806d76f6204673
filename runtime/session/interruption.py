"""Asks a run to stop politely, also before it has begun."""

import pathlib
import threading
from collections.abc import Callable

Pause = Callable[[str], None]
"""Stops a run politely; takes the reason. May be called from any thread."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C paused a run politely; what was in flight is journalled. The text says how to go on.

    Attributes:
        run_dir: Of the run.
    """

    def __init__(self, text: str, run_dir: pathlib.Path) -> None:
        super().__init__(text)
        self.run_dir = run_dir


class Interruption:
    """Holds the wish that a run stops until there is a run that can be stopped.

    Attributes:
        asked: Why the run was asked to stop; empty if it was not.
        by_keyboard: Whether it was a Ctrl-C that Python raised in the thread that waits for the run.
    """

    def __init__(self) -> None:
        self.asked, self.by_keyboard = "", False
        self._pause: Pause | None = None
        self._lock = threading.RLock()  # a signal may come while a signal's handler holds it

    def started(self, pause: Pause) -> None:
        """Take the function that stops the run; called at once if the run was asked to stop before."""
        with self._lock:
            self._pause = pause
        if self.asked:
            pause(self.asked)

    def ask(self, reason: str) -> None:
        """Ask the run to stop at its next step; it can be resumed."""
        with self._lock:
            self.asked = self.asked or reason
            pause = self._pause
        if pause is not None:
            pause(reason)
