"""Handles signals in a command that works on a run: they stop the run politely."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from types import FrameType

from surefoot.runtime.session.interruption import Interruption
from surefoot.scripts.commands.output import PAUSED, failure
from surefoot.scripts.commands.progress import Progress

POLITE = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that ask a run to stop at its next step, as far as the platform has them."""


@contextlib.contextmanager
def stoppable(progress: Progress, as_json: bool = False) -> Iterator[Interruption]:
    """Turn signals into the wish that a run stops; a second Ctrl-C ends the process at once.

    A signal that is ignored, as SIGHUP is under ``nohup``, stays ignored.

    Args:
        progress: Is told that the run is stopping.
        as_json: Whether the last line of stdout is a JSON object, also when the process ends at once.
    """
    interruption = Interruption()

    def stop(number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if interruption.asked and name == "SIGINT":
            _end_at_once(number, as_json)
        interruption.ask(f"interrupted by {name}")  # before it is said: who reads it may answer with a second Ctrl-C
        progress.say("stopping: steps in flight are being journalled; Ctrl-C again stops at once")

    numbers = [getattr(signal, name) for name in POLITE if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once(number: int, as_json: bool) -> None:
    """End the process without another step; it is as if it were killed, and the run can be resumed."""
    if as_json:
        told = failure("Stopped", "ended at once by a second Ctrl-C; the run can be resumed", PAUSED)
        with contextlib.suppress(OSError):
            os.write(1, f"{json.dumps(told)}\n".encode())  # not print: its lock may be held by what was interrupted
    os._exit(128 + number)
