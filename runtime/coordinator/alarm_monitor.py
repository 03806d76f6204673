"""The alarm monitor: tells the statistical tests what batches bring, and makes their alarms durable.

What was seen is rebuilt from the journal's totals when a run is resumed; only the stretches that drift is looked for
in begin anew.
"""

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from surefoot.runtime.coordinator.sent_order import SentOrder
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Estimate
from surefoot.runtime.journal.port import JournalStore
from surefoot.runtime.journal.writer import JournalWriter
from surefoot.runtime.leads import Leads
from surefoot.runtime.logs import events_of
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Counts, tally
from surefoot.voting.alarms import Kind, Pattern
from surefoot.voting.sequential_tests import Alarm, SequentialTests


class AlarmMonitor:
    """Runs the statistical tests of one run while the run goes on.

    Args:
        journal: Of the run; keeps the alarms under ``alarms``, and the number of looks.
        writer: Into that journal.
        steps: That the task expects of the whole plan.
        pilot: What the pilot saw, if there was one.
        on_note: Told of an alarm in one line.
        in_order: Whether the run is one chain.
    """

    def __init__(
        self,
        journal: JournalStore,
        writer: JournalWriter,
        steps: int,
        pilot: Estimate | None,
        on_note: Callable[[str], None],
        *,
        in_order: bool,
    ) -> None:
        self._in_order = in_order
        self._pieces: dict[str, _Piece] = {}
        self._order = SentOrder[_Piece]()
        self._journal, self._writer, self._on_note = journal, writer, on_note
        self._tests = SequentialTests(steps, patterns_of(pilot) if pilot else None)
        self.alarms = [msgspec.convert(one, Alarm) for one in journal.meta("alarms") or []]
        totals = writer.totals
        self._tests.looks = journal.meta("looks") or 0
        if totals.races:
            self._tests.saw(totals.races, totals.contested, totals.ways)
            self._tests.look_again()
        self._log = events_of(journal.run)

    def saw(self, segment: str, batch: Batch) -> None:
        """Add a batch to what the tests have seen.

        Drift is looked for between whole segments; where the run is one chain, between batches.
        """
        counts = batch.counts
        if not (counts.races or counts.ways or counts.unraced_steps or segment in self._pieces):
            return
        self._tests.saw(counts.races, counts.contested, counts.ways)
        if self._in_order:
            self._tests.passed(counts.races, counts.contested, counts.seam_retries, counts.unraced_steps)
            return
        self._pieces.setdefault(segment, _Piece()).add(counts)

    def sent(self, segment: str) -> None:
        """Note that a segment is sent to a worker."""
        if not self._in_order:
            self._order.sent(segment)

    def ended(self, segment: str, *, whole: bool) -> None:
        """Note that nothing more comes of a segment; drift is looked for in the order in which segments were sent.

        Args:
            segment: Its key.
            whole: Whether this session saw all of it. What a stop leaves of one is its disputed steps, and what was
                decided before the stop are the others: neither is compared with whole ones.
        """
        if not self._in_order:
            piece = self._pieces.pop(segment, None)
            self._pass_on(self._order.ended(segment, piece if whole else None))

    def _pass_on(self, pieces: Iterable["_Piece"]) -> None:
        for piece in pieces:
            self._tests.passed(piece.races, piece.contested, piece.seam_retries, piece.unraced_steps)

    async def look(self, *, last: bool = False) -> None:
        """Run the tests if they are due, and make new alarms durable."""
        if last:
            self._pass_on(self._order.rest())
        if not self._due(last):
            return
        known = {alarm.kind for alarm in self.alarms}
        found = [alarm for alarm in self._tests.look() if alarm.kind not in known]
        self.alarms += found
        for alarm in found:
            self._log.warning("alarm", kind=str(alarm.kind), p_value=alarm.p_value, detail=alarm.detail)
            self._on_note(f"alarm: {alarm.kind}: {alarm.detail}")
            self._writer.note("watch", Batch(pack([]), Counts(alarms={alarm.kind: 1})))
        await self._writer.flush()
        self._journal.set_meta(alarms=self.alarms, looks=self._tests.looks)

    def _due(self, last: bool) -> bool:
        return self._tests.due or (last and self._tests.seen > 0)

    def leads(self, leads: Leads) -> Leads:
        """Raise the leads of final steps after an alarm, and add the limits of single steps.

        After an alarm of the whole run that says that steps are harder than they were taken for, every step whose
        mistake is final gets the lead of a suspect. That disagreements cluster, so that some steps are harder than
        others, is nothing new to a run whose leads are learned from just that (``voting/agreed_errors.py``).
        """
        known = {Kind.DISAGREEMENTS_CLUSTER} if leads.disputed else set()
        if any(alarm.worse and alarm.kind not in known for alarm in self.alarms):
            leads = msgspec.structs.replace(leads, unguarded=leads.suspect, disputed=0)
        return msgspec.structs.replace(leads, limits=self._tests.limits)


class _Piece(msgspec.Struct):
    """What is known so far of a segment under way; see ``Counts``."""

    races: dict[str, int] = {}
    contested: dict[str, int] = {}
    seam_retries: int = 0
    unraced_steps: int = 0

    def add(self, counts: Counts) -> None:
        """Add another batch of the segment."""
        tally(self.races, counts.races)
        tally(self.contested, counts.contested)
        self.seam_retries += counts.seam_retries
        self.unraced_steps += counts.unraced_steps


def patterns_of(pilot: Estimate) -> Counter[Pattern]:
    """A pilot's steps as races of ``PILOT_DRAWS`` ballots each."""
    found = Counter({Pattern(PILOT_DRAWS, w + d, d, max(0, PILOT_DRAWS - w - d)): count for w, d, count in pilot.votes})
    lost = pilot.spoiled - sum(p.spoiled * count for p, count in found.items())
    if lost >= PILOT_DRAWS:
        found[Pattern(PILOT_DRAWS, 0, 0, PILOT_DRAWS)] += lost // PILOT_DRAWS
    return found
