"""Sends work to workers and brings its batches into the journal, whatever becomes of the workers.

A segment whose end the journal knows is not sent; one that it knows part of is sent together with that part. So a
worker that dies costs what it had not sent yet: ``flush_steps`` decided steps or ``flush_s`` seconds of work at most
for each segment it held, and the questions that were being asked.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

from surefoot.decompose.plan import Path
from surefoot.decompose.segment import Segment, segment_key
from surefoot.runtime import errors
from surefoot.runtime.cancelling import WholeGroup
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.in_work import InWork, cost_of
from surefoot.runtime.errors import AwaitsReview, RunPaused
from surefoot.runtime.execution.hands import Outcome
from surefoot.runtime.execution.in_flight import InFlight
from surefoot.runtime.execution.sampling import numbers_in
from surefoot.runtime.journal.port import JournalStore
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.writer import JournalWriter
from surefoot.runtime.leads import Leads
from surefoot.runtime.logs import events_of
from surefoot.runtime.records import Batch, Contradicted, Failed, Finished, Paused
from surefoot.runtime.worker.batch_stream import FACT, WAITS_FOR
from surefoot.runtime.worker.control import Durable, LetGo, Stop
from surefoot.runtime.worker.worker_pool import PoolLost, WorkerLost, WorkerPool, back_off_s


class Telling(NamedTuple):
    """Takes lines for people: what is waited for now, and what they may want to keep."""

    wait: Callable[[str], None]
    note: Callable[[str], None]


class Dispatcher:
    """Sends pieces of a plan to the worker pool and journals the batches that come back.

    Args:
        config: The run's configuration.
        journal: Open for writing.
        writer: Makes batches durable.
        crew: Takes the work.
        on_batch: Called after every batch, with the key of its segment; may pause.
        tell: Told in one line what is waited for, while it is, and what was found out of a model.

    Attributes:
        pausing: Why the run is pausing; empty while it is not.
    """

    def __init__(
        self,
        config: RunConfig,
        journal: JournalStore,
        writer: JournalWriter,
        pool: WorkerPool,
        on_batch: Callable[[str, Batch], Awaitable[None]],
        tell: Telling,
    ) -> None:
        self.config, self.journal, self.pool = config, journal, pool
        self.pausing = ""
        self._writer, self._on_batch, self._tell = writer, on_batch, tell
        self._stop_waiting = asyncio.Event()
        self._facts: set[str] = set()
        self._begun = journal.begun()
        self._in_work = InWork(lambda key: pool.tell_holder(key, LetGo(key)))
        self._sent = InFlight()
        self._arrived: dict[str, int] = {}
        self._log = events_of(journal.run)

    async def pause(self, reason: str) -> None:
        """Stop politely: what is in flight ends at its next step, and all that was decided is journalled."""
        if not self.pausing:
            self.pausing = reason
            self._stop_waiting.set()
            self._log.info("pausing", reason=reason)
            await self.pool.tell_all(Stop())

    def has_begun(self, key: str) -> bool:
        """Whether the journal holds anything of a piece of work from before it is sent."""
        return key in self._begun

    def let_go(self, path: Path) -> None:
        """Have the workers stop all work on a node and below it; what still comes of it is not journalled as steps."""
        self._in_work.let_go(path)

    async def none_let_go(self) -> None:
        """Wait until all work that was let go has said what it cost."""
        await self._in_work.none_let_go()

    async def send(self, segment: Segment, leads: Callable[[], Leads]) -> Outcome:
        """Run a segment on a worker; its ``leads`` are looked up each time the segment is sent.

        Raises:
            RunPaused: The run pauses.
            SurefootError: The segment failed.
        """
        key = segment_key(segment.node.path, segment.split)
        ended = self.journal.outcome(key) if key in self._begun else None
        if ended is not None:
            self._begun.discard(key)
            return ended

        async def stream() -> AsyncIterator[Batch]:
            journalled = await self._journalled(key)
            return self.pool.run_segment(segment, leads(), journalled)

        return await self._until_ended(key, stream, segment.node.path)

    async def ask_pilot(self, key: str, numbers: Sequence[int], draws: int, attempt: int) -> tuple[bytes, ...]:
        """Have workers ask the sampled steps that the journal lacks; return the payloads with all of them.

        Raises:
            RunPaused: The run pauses.
            SurefootError: The pilot failed.
        """
        known = numbers_in(await self._journalled(key))
        missing = [number for number in numbers if number not in known]
        shares = [missing[i :: self.pool.size] for i in range(self.pool.size)]
        async with WholeGroup() as group:
            for share in filter(None, shares):
                group.create_task(self._ask_share(key, share, draws, attempt))
        return await self._journalled(key)

    async def _ask_share(self, key: str, share: Sequence[int], draws: int, attempt: int) -> None:
        async def stream() -> AsyncIterator[Batch]:
            known = numbers_in(await self._journalled(key))
            return self.pool.run_sample([number for number in share if number not in known], draws, attempt)

        await self._until_ended(key, stream)

    async def _until_ended(
        self, key: str, stream: Callable[[], Awaitable[AsyncIterator[Batch]]], path: Path | None = None
    ) -> Outcome:
        """Send a piece of work, and send it again, ever later, where a worker dies with it.

        Args:
            key: The journal's name of it.
            stream: Sends it.
            path: Its node; ``None`` for a share of sampled steps, which has its key in common with others.
        """
        losses = 0
        while True:
            await self._stop_here()
            arrived = self._arrived.get(key, 0)
            try:
                with self._sent:
                    following = self._follow(key, await stream(), path is None)
                    last = await (following if path is None else self._in_work.follow(key, path, following))
                    outcome = self._ending(key, last)
                if path is not None:  # it is never sent again: a long plan has millions of segments
                    self._begun.discard(key)
                    self._arrived.pop(key, None)
                return outcome
            except AwaitsReview:  # what does not depend on it goes on
                raise
            except RunPaused as paused:
                await self.pause(str(paused))
            except PoolLost as lost:
                await self.pause(str(lost))
            except WorkerLost as lost:
                losses = losses + 1 if self._arrived.get(key, 0) == arrived else 1
                await self._back_off(key, losses, str(lost).splitlines()[0])

    async def _back_off(self, key: str, losses: int, detail: str) -> None:
        """Wait before a lost piece of work is sent again; after too many losses without a decided step, pause."""
        if losses >= self.config.worker_losses:
            await self.pause(f"{losses} workers in a row died with {key} and decided nothing; the last: {detail}")
            return
        wait_s = back_off_s(losses)
        self._log.warning("worker lost", segment=key, detail=detail, in_a_row=losses, again_in_s=wait_s)
        self._tell.wait(f"waiting for workers: one died with {key} ({detail}); sending it again in {wait_s:g} s")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._stop_waiting.wait()

    async def _stop_here(self) -> None:
        """If the run pauses: let what was sent come to its end, then stop."""
        if self.pausing:
            await self._sent.none()
            raise RunPaused(self.pausing)

    async def _journalled(self, key: str) -> tuple[bytes, ...]:
        """The payloads of all that arrived of a piece of work."""
        if key not in self._begun:
            return ()
        await self._writer.flush()
        return self.journal.payloads(key)

    async def _follow(self, key: str, batches: AsyncIterator[Batch], shared: bool) -> Batch:
        """Journal batches as they come, and return the last once it is durable; of work let go, what it cost."""
        self._begun.add(key)
        self._log.debug("segment sent", segment=key)
        async for batch in batches:
            self.journal.faults.reach("batch.received")
            for event, context in batch.events:
                self._log.info(event, segment=key, **context)
                if event == FACT and (line := str(context.get("detail", ""))) not in self._facts:
                    self._facts.add(line)  # every worker finds it out
                    self._tell.note(line)
                if event in WAITS_FOR:
                    self._tell.wait(f"waiting for {WAITS_FOR[event]}: {context.get('detail', '')}")
            wanted = self._in_work.wants(key)
            if batch.alive:
                if not wanted:  # it was told, and has nothing to say: it had not begun, or does not listen
                    return batch
                continue
            kept = batch if wanted else cost_of(batch)
            durable = self._writer.write(Write(key, kept, shared), awaited=bool(kept.number))
            self._arrived[key] = self._arrived.get(key, 0) + 1
            await self._on_batch(key, kept)
            if kept.number and self._in_work.wants(key):  # the worker waits for it, such as with a once-only tool call
                await durable
                self.journal.faults.reach("batch.awaited")
                await self.pool.tell_holder(key, Durable(key, batch.number))
            if batch.end is not None:
                await durable
                self.journal.faults.reach("segment.ended")
                return batch
        raise WorkerLost(f"{key} stopped without an end")

    def _ending(self, key: str, batch: Batch) -> Outcome:
        end = batch.end
        self._log.debug("segment ended", segment=key, steps=batch.counts.steps, calls=batch.counts.calls)
        if isinstance(end, Paused):
            waits = end.for_review and not self.pausing
            raise AwaitsReview(end.reason) if waits else RunPaused(self.pausing or end.reason)
        if isinstance(end, Failed):
            raise getattr(errors, end.error)(end.message, **end.context)
        assert isinstance(end, Finished | Contradicted)
        return end
