"""One piece of work as all its runners see it: who decides steps, what the journal knows, where records gather."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from surefoot.decompose.plan import Path, node_name
from surefoot.decompose.revision import Report
from surefoot.decompose.step import Step
from surefoot.runtime.errors import AwaitsReview, StepDeadlocked
from surefoot.runtime.execution.begun_races import Begun, begun_from
from surefoot.runtime.execution.decider import Decider
from surefoot.runtime.execution.in_flight import InFlight
from surefoot.runtime.execution.levels import audited_lead, count_level
from surefoot.runtime.execution.record_buffer import Key, RecordBuffer
from surefoot.runtime.execution.reports import report_in
from surefoot.runtime.execution.reviews import Place, Reviews, for_review
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.models.stopping import CallsStopped
from surefoot.runtime.payloads import extend, unpack
from surefoot.runtime.records import ASIDE, BEGUN, EVIDENCE, REVIEWED, REVISED, Contested, Counts, Entry, Record, agreed

COUNTED = ("run", "split", "broken", "children")
"""Parts of records that say what was decided, or that something was counted."""


WAITS = "steps wait for a person"
"""Why a segment stops that goes on once a person has answered."""


class SegmentStopped(Exception):
    """The worker was asked to stop; everything decided so far is on its way to the journal."""


class Work:
    """One segment, or one worker's share of sampled steps, while it runs.

    Args:
        steps: Decides steps.
        buffer: Gathers records.
        review: Whether undecided steps are put aside for a person.

    Attributes:
        journalled: Entries that the journal already holds, by node, part and attempt.
        standing: Steps of each node that are counted as standing.
        rows: Rows of each chunk that the journal holds the answers of.
        failed: Failures that the journal holds as the results of nodes, as JSON by path.
        revised: Why the journal says that versions of plans were given up, as JSON by node and version.
        begun: What the journal holds of rows whose race was cut short, by path.
        reports: What the journal says that nodes found against what they rest on, in the order in which it came.
        intents: Once-only tool calls whose intent the journal holds: run of the chain and number in it, by key.
        reviews: Steps that are put aside, and what a person answered.
        room: Clear while enough batches wait to become durable; no step is begun then.
        stopping: Whether the worker was asked to stop; steps that are being asked still come to their end.
        events: What is worth a line in the log since the last batch, as (event, context) pairs.
    """

    def __init__(self, steps: Decider, buffer: RecordBuffer, review: bool = False) -> None:
        self.steps, self.buffer = steps, buffer
        self.journalled: dict[Key, list[Entry]] = {}
        self.standing: dict[Path, int] = {}
        self.rows: dict[Path, set[int]] = {}
        self.failed: dict[Path, str] = {}
        self.revised: dict[tuple[Path, int], str] = {}
        self.begun: dict[Path, Begun] = {}
        self.reports: list[Report] = []
        self.intents: dict[str, tuple[int, int]] = {}
        self.reviews = Reviews(review)
        self.room = asyncio.Event()
        self.room.set()
        self._stopping = False
        self.events: list[tuple[str, dict[str, object]]] = []
        self._in_flight = InFlight()
        self._durable: Callable[[], asyncio.Future[None]] | None = None

    @property
    def counts(self) -> Counts:
        """Events counted since the last batch was taken."""
        return self.steps.meter.counts

    @property
    def stopping(self) -> bool:
        """Whether the worker was asked to stop."""
        return self._stopping

    @stopping.setter
    def stopping(self, stopping: bool) -> None:
        self._stopping = self.steps.meter.begun.stopping = stopping

    def connect(
        self, flush: Callable[[], None], room: asyncio.Event, durable: Callable[[], asyncio.Future[None]]
    ) -> None:
        """Connect the work to the stream that its batches leave by.

        Args:
            flush: Sends what is held as a batch.
            room: Clear while enough batches wait to become durable.
            durable: Sends what is held and gives a future that is done once all that was sent is durable.
        """
        self.buffer.flush, self.room, self._durable = flush, room, durable

    def load(self, payloads: Iterable[bytes]) -> None:
        """Take in what the journal holds of this work.

        Raises:
            JournalError: A payload cannot be read, or steps are missing.
        """
        for payload in payloads:
            for record in unpack(payload):
                if record.part in COUNTED:
                    known = self.journalled.setdefault((record.path, record.part, record.attempt), [])
                    extend(known, record)
                    if record.part == "run":
                        self.standing[record.path] = max(len(known), self.standing.get(record.path, 0))
                elif record.part == "rows":
                    known_rows = self.rows.setdefault(record.path, set())
                    known_rows.update(record.children)
                elif record.part in (ASIDE, REVIEWED):
                    self.reviews.load(record)
                    if record.part == ASIDE and self.reviews.wanted:  # earlier runs of the chain were undecided as well
                        for attempt in range(record.attempt + 1):
                            self.journalled.setdefault((record.path, "run", attempt), [])
                elif record.part == EVIDENCE:
                    self.reports += filter(None, (report_in(record),))
                elif record.part == REVISED:
                    self.revised[record.path, record.attempt] = str(record.entries[0])
                elif record.part == "failed":
                    self.failed[record.path] = str(record.entries[0])
                elif record.part == BEGUN:
                    self.begun[record.path] = begun_from(record)
                elif record.part == "intent":
                    self.intents[str(record.entries[0])] = (record.attempt, record.first)

    def take(self) -> list[Record]:
        """Return the records gathered since the last time; they are the caller's now."""
        return self.buffer.take(self.counts, len(self.steps.variants))

    def take_events(self) -> tuple[tuple[str, dict[str, object]], ...]:
        """Return what is worth a line in the log since the last time."""
        events, self.events = tuple(self.events), []
        return events

    def note(self, event: str, path: Path, **context: object) -> None:
        """Put a line into the log with the next batch."""
        self.events.append((event, {"node": node_name(path), **context}))

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """Enter around each question and each tool call, but not around one that is entered itself.

        Raises:
            SegmentStopped: The run stops, and it was not asked; what others were asked has come to its end by then.
        """
        try:
            with self._in_flight:
                yield
        except CallsStopped:
            await self._in_flight.none()
            raise SegmentStopped from None

    async def begin_step(self) -> None:
        """Wait until a step may be begun.

        Raises:
            SegmentStopped: The worker was asked to stop; what was being asked is decided by then.
        """
        if not self.room.is_set():
            await self.room.wait()
        if self.stopping:
            await self._in_flight.none()
            raise SegmentStopped

    async def made_durable(self) -> None:
        """Wait until everything decided so far is in the journal, for good."""
        if self._durable is not None:
            await self._durable()

    async def decide(self, key: Key, step: Step, index: int, k: int, draw: int) -> tuple[str, Entry]:
        """Return the winning candidate of a step and its entry; replies that are kept go to the buffer.

        Args:
            key: The node, the part and the attempt that the step belongs to.
            step: The question.
            index: Number of the step within its attempt.
            k: Lead to ask for.
            draw: First of the step's draw numbers.

        Raises:
            StepDeadlocked: Undecided in every prompt variant, the ballots are in the buffer; or it waits for a person.
            AwaitsReview: A person's answer cannot be read.
        """
        path, part, attempt = key
        place = (path, attempt, index)
        known = self.reviews.answer_to(step, place, self.steps)
        if known is not None:
            return known
        if self.reviews.waits(place):
            raise StepDeadlocked("waits for a person", place=place)
        lead = audited_lead(part, attempt, k, draw) if self.steps.policy.by_level else k
        try:
            async with self.under_way():
                candidate, entry = await self.steps.decide(step, lead, draw, attempt)
        except StepDeadlocked as error:
            error.context |= {"path": list(path), "place": place, "k": k}
            self.buffer.add(Record(path, "undecided", attempt, index, k, (error.context["entry"],)))
            self.note("step deadlocked", path, kind=step.kind, k=k, tally=error.context["tally"])
            self.keep_replies(key, step, index, draw, disputed=True)
            raise
        if self.steps.policy.by_level:
            count_level(self.counts, part, attempt, lead, entry)
            # The journal keeps one lead for a stretch of uncontested steps, and an audited one has another.
            entry = agreed(entry, lead) if isinstance(entry, str) and lead != k else entry
        if not isinstance(entry, str) and entry.raised:
            raised = [str(one.kind) for one in entry.raised]
            self.note("alarm", path, part=part, step=index, raised=raised, way=entry.way)
        self.keep_replies(key, step, index, draw, disputed=not isinstance(entry, str))
        return candidate, entry

    def put_aside(self, place: Place, k: int, entry: Contested, cost_usd: float | None = 0.0) -> None:
        """Put a step aside for a person, once, with what its ballots cost."""
        if place not in self.reviews.aside:
            self.reviews.aside.add(place)
            self.counts.put_aside += 1
            self.buffer.add(for_review(place, k, entry, cost_usd))

    async def wait_for_person(self, undecided: StepDeadlocked) -> None:
        """Put an undecided step aside if the run does so, and stop there; what does not depend on it goes on.

        Raises:
            AwaitsReview: It waits for a person.
        """
        place, entry = undecided.context.get("place"), undecided.context.get("entry")
        if not self.reviews.wanted or place is None:
            return
        if isinstance(entry, Contested):
            self.put_aside(place, undecided.context["k"], entry)
        raise AwaitsReview(WAITS)

    def keep_replies(self, key: Key, step: Step, index: int, draw: int, *, disputed: bool) -> None:
        """Put the replies to one step that the run keeps into the record buffer, if there are any."""
        kept = self.steps.meter.replies.take(draw // MAX_DRAWS, step, disputed=disputed)
        if kept is not None:
            path, _, attempt = key
            self.buffer.add(Record(path, "replies", attempt, index, 0, (), kept=kept))
