"""One line of a batch while it is gathered, sent and waited for: what whoever asked its question waits on."""

import asyncio

from surefoot.runtime.models.batches.lines import Line


class OnItsWay:
    """A line that is gathered or sent, until it has come back.

    Attributes:
        line: What it asks.
        arrived: Set once it is known what came of it.
        error: What whoever waits for it is told; ``None`` if there are answers, or it is to be asked again.
        sent: Whether its batch was gathered.
        too_much: Whether its batch failed because the provider takes no more tokens for now.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self.arrived = asyncio.Event()
        self.error: Exception | None = None
        self.sent = self.too_much = False

    def end(self, error: Exception | None = None) -> None:
        """Tell whoever waits that it came back, or why it did not."""
        self.error = error
        self.arrived.set()
