"""The interface by which the engine reports progress to whatever shows it."""

from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.runtime.records import Counts


class ProgressEvent(msgspec.Struct, frozen=True):
    """Something that happened while a run worked.

    Attributes:
        kind: ``progress`` after a durable write, ``note`` for what people may want to keep, such as which leads were
            chosen and why, ``wait`` for what the run waits for now.
        text: One line, for notes and waits. May quote a server: untrusted text.
        steps: Steps that stand.
        calls: Answers drawn from the model.
        cost_usd: Money spent; ``None`` if the price of some call is unknown.
        wall_s: Seconds of work over all sessions of the run.
    """

    kind: str
    text: str = ""
    steps: int = 0
    calls: int = 0
    cost_usd: float | None = 0.0
    wall_s: float = 0.0


class Watcher:
    """Receives the progress of a run; this base class shows nothing.

    Subclass it and override what is of interest. Methods must return soon: the run waits for them.
    """

    def update(self, counts: Counts, wall_s: float) -> None:
        """Take the totals after a durable write, and the seconds worked so far."""

    def note(self, text: str) -> None:
        """Take a line that people may want to keep."""

    def say(self, text: str) -> None:
        """Take a line that says what the run waits for."""


class EventWatcher(Watcher):
    """Hands the progress of a run on as events.

    Args:
        on_event: Called with each event, in the thread in which the run works.
    """

    def __init__(self, on_event: Callable[[ProgressEvent], Any]) -> None:
        self._on_event = on_event

    def update(self, counts: Counts, wall_s: float) -> None:
        """Report a run's totals as an event."""
        event = ProgressEvent("progress", "", counts.steps, counts.calls, counts.known_cost_usd, wall_s)
        self._on_event(event)

    def note(self, text: str) -> None:
        """Report a line to keep as an event."""
        self._on_event(ProgressEvent("note", text))

    def say(self, text: str) -> None:
        """Report what the run waits for as an event."""
        self._on_event(ProgressEvent("wait", text))
