"""The batches of one piece of work on their way out of a worker, and its signs of life while there are none."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from surefoot.runtime.execution.work import Work
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Counts, End, Record

SIGN_OF_LIFE_S = 2.0
"""Seconds of silence after which a worker says that it is alive."""

AHEAD = 2
"""Batches: while one is being made durable, the next gathers."""

WAITS, NO_WORKER, FACT = "model waits", "no worker yet", "found out of a model"
"""Names of events: a worker waits for its model, work waits for a worker that starts, and what a worker found out."""
WAITS_FOR = {WAITS: "the model", NO_WORKER: "workers"}
"""What is waited for, in words, by the event that tells of it."""


class ModelLines(msgspec.Struct):
    """What the models of a worker say beside their replies, until it leaves with a batch.

    Attributes:
        waits: What they wait for; the last is news.
        facts: What was found out of their servers; each is.
    """

    waits: list[str] = []
    facts: list[str] = []

    def take(self, *, silent: bool) -> tuple[tuple[str, dict[str, object]], ...]:
        """Return what is to be told now as events; after a silence also what is waited for."""
        facts, self.facts[:] = [(FACT, line) for line in self.facts], []
        waits: list[tuple[str, str]] = []
        if silent:
            waits, self.waits[:] = [(WAITS, line) for line in self.waits[-1:]], []
        return tuple((event, {"detail": line}) for event, line in (*facts, *waits))


class BatchStream:
    """Sends what a piece of work decides as batches, in order, and holds the work back while too many wait.

    Args:
        work: Whose records are sent; it is connected to this stream.
        sign: Puts the counts on the worker's account.
        place: Machine, process and name of the worker.
        said: What the worker's models say; taken here.

    Attributes:
        sent: Number of batches sent so far.
        known_durable: How many of the batches sent so far the coordinator has said to be on its disk.
        room: Clear while ``AHEAD`` batches are not known to be durable; no step is begun then.
    """

    def __init__(self, work: Work, sign: Callable[[Counts], Counts], place: str, said: ModelLines) -> None:
        self.work, self._sign, self._place, self._said = work, sign, place, said
        self._since = time.time()
        self._batches: asyncio.Queue[Batch | None] = asyncio.Queue()
        self._unsure, self._handed_over = 0, 0
        self._sent = 0
        self._awaited: list[tuple[int, asyncio.Future[None]]] = []
        self.room = asyncio.Event()
        self.room.set()
        work.connect(self.send, self.room, self.durable)

    def send(self, end: End | None = None, *, awaited: bool = False) -> None:
        """Put what the work has gathered into a batch.

        Args:
            end: How the work ended, with its last batch.
            awaited: Whether the work waits until the batch is durable.
        """
        work = self.work
        records = work.take()
        counts = self._sign(work.steps.meter.take())
        events = (*work.take_events(), *self._said.take(silent=False))
        began, self._since = self._since, time.time()
        worked = Record((), "worked", 0, 0, 0, (), (), self._place, began, self._since, steps=counts.steps)
        self._sent += 1
        number = self._sent if awaited else 0
        self._batches.put_nowait(Batch(pack([*records, worked]), counts, end, events, number=number))
        self._unsure += 1
        if self._unsure >= AHEAD:
            self.room.clear()

    def durable(self) -> asyncio.Future[None]:
        """Send what is held; the future is done once the coordinator says that this batch is durable."""
        self.send(awaited=True)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited.append((self._sent, done))
        return done

    def acknowledge(self, number: int) -> None:
        """Take note that the batches up to a number, as ``Batch.number`` says it, are durable."""
        for waited, done in self._awaited:
            if waited <= number and not done.done():
                done.set_result(None)
        self._awaited = [(waited, done) for waited, done in self._awaited if waited > number]

    def close(self) -> None:
        """Say that nothing more comes before the end."""
        self._batches.put_nowait(None)

    async def next(self) -> Batch | None:
        """Return the next batch, or after a silence a sign of life; ``None`` once the stream is closed.

        Calling it says that the previous batch arrived, so that the work may go on.
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
            return Batch(b"", Counts(), None, self._said.take(silent=True), alive=True)

    def last(self) -> Batch:
        """Return the batch that was sent after the stream was closed."""
        batch = self._batches.get_nowait()
        assert batch is not None
        return batch
