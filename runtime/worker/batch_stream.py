"""Batches on their way out of a worker, and its signs of life while there are none."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from surefoot.runtime.execution.step_runner import StepRunner
from surefoot.runtime.records import Batch, Counts, End, Record, pack

SIGN_OF_LIFE_S = 2.0
"""Seconds of silence after which a worker says that it is alive."""

AHEAD = 2
"""Batches: while one is being made durable, the next gathers."""

WAITS, NO_WORKER = "model waits", "no worker yet"
"""Names of events: a worker waits for its model, and work waits for a worker that starts."""
WAITS_FOR = {WAITS: "the model", NO_WORKER: "workers"}
"""What is waited for, in words, by the event that tells of it."""


class Source(Protocol):
    """What makes records: a segment runner or a sample runner."""

    stopping: bool
    events: list[tuple[str, dict[str, object]]]

    def take(self) -> list[Record]:
        """The records gathered since the last time."""
        ...


class BatchStream:
    """The batches of one piece of work, in order.

    Args:
        steps: Counts what happens; each batch takes what was counted since the one before.
        sign: Puts the counts on the worker's account.
        place: Machine, process and name of the worker.
        waits: Lines that say what the worker waits for; emptied here.

    Attributes:
        sent: Number of batches sent so far.
        known_durable: How many of the batches sent so far the coordinator has said to be on its disk.
        room: Clear while ``AHEAD`` batches are not known to be durable; no step is begun then.
    """

    def __init__(self, steps: StepRunner, sign: Callable[[Counts], Counts], place: str, waits: list[str]) -> None:
        self.steps, self._sign, self._place, self._waits = steps, sign, place, waits
        self._since = time.time()
        self._batches: asyncio.Queue[Batch | None] = asyncio.Queue()
        self._unsure, self._handed_over = 0, 0
        self.sent = self.known_durable = 0
        self._durable = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()

    def send(self, source: Source, end: End | None = None) -> None:
        """Put what a source has gathered into a batch."""
        records = source.take()
        counts = self._sign(self.steps.take_counts())
        events, source.events = tuple(source.events), []
        began, self._since = self._since, time.time()
        worked = Record((), "worked", 0, 0, 0, (), (), self._place, began, self._since, steps=counts.steps)
        self._batches.put_nowait(Batch(pack([*records, worked]), counts, end, events))
        self._unsure += 1
        self.sent += 1
        if self._unsure >= AHEAD:
            self.room.clear()

    def durable(self, batches: int) -> None:
        """Note that the first ``batches`` batches of this stream are on the coordinator's disk."""
        self.known_durable = max(self.known_durable, batches)
        self._durable.set()

    async def until_durable(self, batches: int) -> None:
        """Wait until the coordinator has said that the first ``batches`` batches are on its disk."""
        while self.known_durable < batches:
            self._durable.clear()
            await self._durable.wait()

    def close(self) -> None:
        """Say that nothing more comes before the end."""
        self._batches.put_nowait(None)

    async def next(self) -> Batch | None:
        """The next batch, or after a silence a sign of life that says what is waited for; ``None`` once closed.

        Who asks for the next has made the last one durable.
        """
        self._unsure, self._handed_over = self._unsure - self._handed_over, 0
        if self._unsure < AHEAD:
            self.room.set()
        try:
            async with asyncio.timeout(SIGN_OF_LIFE_S):
                batch = await self._batches.get()
            self._handed_over = 1
            return batch
        except TimeoutError:
            latest, self._waits[:] = self._waits[-1:], []
            return Batch(b"", Counts(), None, tuple((WAITS, {"detail": line}) for line in latest), alive=True)

    def last(self) -> Batch:
        """The batch that was sent after it was closed."""
        batch = self._batches.get_nowait()
        assert batch is not None
        return batch
