"""Takes one batch from what is to be sent to what came back, and goes on with one that an earlier session sent.

Whatever fails on the way, a batch is asked for again only where the provider's list shows that it was not taken: after
an answer that got lost, and after a kill in between. Where there is no list, nobody can know, and the run pauses.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from surefoot.runtime.count_text import count_of
from surefoot.runtime.errors import ModelRejected, ModelUnavailable
from surefoot.runtime.models.batches.ledger import Batch, BatchLedger
from surefoot.runtime.models.batches.provider import Provider, Unknown
from surefoot.runtime.models.batches.results import OVER, UNDER_WAY, BatchState, Results, results_of
from surefoot.runtime.models.litellm_errors import Transient

T = TypeVar("T")


LOOKS = 3
"""Times that the list is looked through for a batch that may have been taken: it may lag behind."""


class Pace(msgspec.Struct, frozen=True):
    """How often a provider is asked, in seconds.

    Attributes:
        first_s: Before the first look at a batch, and before a failed request is made again; grows by half each time.
        most_s: Between two looks, at most.
        patience_s: For how long requests may fail one after the other before the run pauses.
    """

    first_s: float = 2.0
    most_s: float = 60.0
    patience_s: float = 600.0

    def wait_s(self, number: int) -> float:
        """Return the seconds before look or try ``number``, counted from 0; a tenth of them is random."""
        wait = min(self.most_s, self.first_s * 1.5 ** min(number, 60))
        return wait * random.uniform(0.9, 1.0)


class Ended(msgspec.Struct, frozen=True):
    """A batch that has ended, and what came of its lines."""

    batch: Batch
    results: Results


class BatchFollower:
    """Follows the batches of one run to their ends.

    Args:
        provider: Takes them.
        ledger: Keeps what is known of them.
        pace: How often the provider is asked.
        say: Told in one line what is waited for.
        note: Told in one line what people may want to keep.
    """

    def __init__(
        self,
        provider: Provider,
        ledger: BatchLedger,
        pace: Pace,
        say: Callable[[str], None],
        note: Callable[[str], None],
    ) -> None:
        self.provider, self.ledger, self.pace, self._say, self._note = provider, ledger, pace, say, note

    async def follow(self, batch: Batch, *, adopted: bool = False) -> Ended:
        """Send a batch, wait until it has ended and keep what came of it.

        Args:
            batch: As the ledger has it.
            adopted: Whether an earlier session gathered it, and may have asked for it.

        Raises:
            ModelUnavailable: The provider fails for too long, or nobody can know whether a batch was taken.
            ModelRejected: It takes no batches.
            JournalError: The disk does not take what came back.
        """
        if not batch.ended:
            if not batch.id:
                batch = await self._taken(batch, doubtful=adopted and bool(batch.file))
            state = await self._over(batch)
            output, errors = await self._patiently(batch.number, lambda: self._files(batch, state))
            batch = self.ledger.keep(batch, state.status, output, errors, state.message)
            self._tell_failed(batch, state)
        return self.kept(batch)

    def kept(self, batch: Batch) -> Ended:
        """Return what came of a batch that has ended, from this disk.

        Raises:
            RunDirectoryError: It cannot be read.
        """
        return Ended(batch, results_of(*self.ledger.kept(batch.number), self._asked(batch)))

    async def _taken(self, batch: Batch, *, doubtful: bool) -> Batch:
        """A batch that the provider has, and its id; it is looked for wherever it may have been asked for before."""
        ledger, number, looks = self.ledger, batch.number, LOOKS if doubtful else 0
        if not batch.file:
            content = ledger.input(number)
            file = await self._patiently(number, lambda: self.provider.send(content))
            ledger.reach("batch.sent")
            batch = msgspec.structs.replace(batch, file=file)
            ledger.note(batch)
        failed, began = 0, _now()
        while True:
            for _ in range(looks):  # a list may lag behind
                found = await self._found(batch)
                if found is not None:
                    return self._known(batch, found)
                await asyncio.sleep(self.pace.wait_s(failed))
            ledger.reach("batch.asked")
            try:
                return self._known(batch, await self.provider.create(batch.file, batch.token, batch.lines))
            except Unknown as unknown:
                raise self._no_batches(unknown) from None
            except Transient as error:
                failed, looks = failed + 1, LOOKS
                await self._wait_out(number, error, failed, began)

    def _known(self, batch: Batch, state: BatchState) -> Batch:
        self.ledger.reach("batch.taken")
        known = msgspec.structs.replace(batch, id=state.id)
        self.ledger.note(known)
        self.ledger.reach("batch.known")
        self._note(f"batch {batch.number}: {count_of(batch.lines, 'question')} with the provider as {state.id}")
        return known

    async def _found(self, batch: Batch) -> BatchState | None:
        try:
            return await self._patiently(batch.number, lambda: self.provider.find(batch.token, batch.file))
        except Unknown as unknown:
            raise ModelUnavailable(
                f"batch {batch.number} may have been taken, and nobody can know: the provider lists no batches "
                f"({unknown}); look there for one with {batch.token} or the file {batch.file}, and if there is none "
                f"delete {self.ledger.path(batch.number)} to have its questions asked again"
            ) from None

    async def _over(self, batch: Batch) -> BatchState:
        """How a batch ended, once it has."""
        looks, strange = 0, ""
        while True:
            await asyncio.sleep(self.pace.wait_s(looks))
            try:
                state = await self._patiently(batch.number, lambda: self.provider.state(batch.id, batch.lines))
            except Unknown as unknown:
                raise self._lost(batch, f"the provider does not know {batch.id} ({unknown})") from None
            if state.status in OVER:
                return state
            if state.status not in UNDER_WAY and state.status != strange:
                strange = state.status
                self._note(f"batch {batch.number}: the provider calls it {strange!r}, which is waited for like any")
            looks += 1
            back = "" if state.done is None else f", {state.done:,} back"
            took = spoken(time.time() - batch.asked_at)
            self._say(
                f"batch {batch.number}: {count_of(batch.lines, 'question')} asked{back}, {state.status}, after {took}"
            )

    async def _files(self, batch: Batch, state: BatchState) -> tuple[bytes, bytes]:
        """The files of answers and of errors; something else in their place, such as a proxy's page, is a failure."""
        found = []
        for file in (state.output, state.errors):
            try:
                found.append(await self.provider.content(file) if file else b"")
            except Unknown as unknown:
                raise self._lost(batch, f"the provider does not give out its file {file} ({unknown})") from None
        read = results_of(found[0], found[1], self._asked(batch))
        if read.complaints and not read.answers and not read.faults:
            raise Transient(f"files of results with nothing in them that can be read: {read.complaints[0]}")
        return found[0], found[1]

    def _asked(self, batch: Batch) -> frozenset[str]:
        return frozenset(line.id for line in self.ledger.lines(batch.number))

    async def _patiently(self, number: int, ask: Callable[[], Awaitable[T]]) -> T:
        """What a request brings that changes nothing at the provider, made again while it fails in passing."""
        failed, began = 0, _now()
        while True:
            try:
                return await ask()
            except Transient as error:
                failed += 1
                await self._wait_out(number, error, failed, began)
            except Unknown as unknown:
                if str(unknown).startswith("POST"):
                    raise self._no_batches(unknown) from None
                raise

    async def _wait_out(self, number: int, error: Transient, failed: int, began: float) -> None:
        wait = error.after_s if error.after_s is not None else self.pace.wait_s(failed)
        if _now() - began + wait > self.pace.patience_s:
            raise ModelUnavailable(
                f"batch {number}: {failed} requests failed for {_now() - began:.0f} s: {error}", last_error=str(error)
            ) from None
        self._say(f"batch {number}: {error}; asking again in {wait:.1f} s")
        await asyncio.sleep(wait)

    def _no_batches(self, unknown: Unknown) -> ModelRejected:
        return ModelRejected(f"the server has no batches ({unknown}): leave out --batch", error="NotFoundError")

    def _lost(self, batch: Batch, why: str) -> ModelUnavailable:
        return ModelUnavailable(
            f"batch {batch.number}: {why}; delete {self.ledger.path(batch.number)} to have its questions asked, and "
            "paid for, again"
        )

    def _tell_failed(self, batch: Batch, state: BatchState) -> None:
        """Say once what became of a batch that was not simply completed."""
        if state.status != "completed":
            why = f": {state.message}" if state.message else ""
            self._note(f"batch {batch.number}: {state.status}{why}")


def spoken(seconds: float) -> str:
    """Return a time as hours, minutes and seconds."""
    minutes, left = divmod(max(0, round(seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{left:02}"


def _now() -> float:
    return asyncio.get_running_loop().time()
