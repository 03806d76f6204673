"""The alarm monitor of a run: what batches bring is tested when it is due, and an alarm is durable and raised once."""

from collections import Counter
from typing import Any

import pytest

from surefoot.runtime.coordinator.alarm_monitor import AlarmMonitor, patterns_of
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Estimate
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Batch, Counts, Finished
from surefoot.voting.alarms import Kind, Pattern
from tests.runtime.journal.in_memory import InMemoryJournal

LEADS = Leads(1, 3, 7)


class Writer:
    """Notes what is queued, and that it was waited for."""

    def __init__(self, totals: Counts | None = None) -> None:
        self.totals, self.noted, self.flushed = totals or Counts(), list[tuple[str, Counts]](), 0

    def note(self, segment: str, batch: Batch) -> None:
        self.noted.append((segment, batch.counts))

    async def flush(self) -> None:
        self.flushed += 1


def monitor(
    journal: Any = None, totals: Counts | None = None, pilot: Estimate | None = None, in_order: bool = False
) -> tuple[AlarmMonitor, Any, Writer, list[str]]:
    notes: list[str] = []
    journal, writer = journal or InMemoryJournal(), Writer(totals)
    made = AlarmMonitor(journal, writer, 10_000, pilot, notes.append, in_order=in_order)  # type: ignore[arg-type]
    return made, journal, writer, notes


def races(count: int, contested: dict[str, int] | None = None, k: int = 3) -> Counts:
    return Counts(races={str(k): count}, contested=contested or {})


def batch(counts: Counts, last: bool = False) -> Batch:
    return Batch(b"", counts, Finished(None) if last else None)


CLUSTER = {"3/5/2/0": 12}
"""Of three thousand races twelve had two dissenting ballots, and none had one: draws fail together."""


async def test_nothing_is_looked_at_before_it_is_due() -> None:
    made, journal, writer, _ = monitor()
    made.saw("/0", batch(races(20)))
    await made.look()
    assert writer.flushed == 0
    assert journal.meta("looks") is None


async def test_a_look_is_due_at_the_end_of_a_run_that_held_a_race() -> None:
    made, journal, _, _ = monitor()
    await made.look(last=True)
    assert journal.meta("looks") is None, "nothing was seen"
    made.saw("/0", batch(races(20)))
    await made.look(last=True)
    assert journal.meta("looks") == 1


async def test_an_alarm_is_durable_noted_and_counted() -> None:
    made, journal, writer, notes = monitor()
    made.saw("/0", batch(races(3000, CLUSTER)))
    await made.look()
    (alarm,) = made.alarms
    assert alarm.kind is Kind.DISAGREEMENTS_CLUSTER
    assert alarm.p_value <= alarm.limit
    assert writer.noted == [("watch", Counts(alarms={"disagreements-cluster": 1}))]
    assert writer.flushed == 1
    assert [one["kind"] for one in journal.meta("alarms")] == ["disagreements-cluster"]
    assert notes == [f"alarm: disagreements-cluster: {alarm.detail}"]


async def test_a_kind_of_alarm_is_raised_once_also_after_a_resume() -> None:
    made, journal, writer, _ = monitor()
    made.saw("/0", batch(races(3000, CLUSTER)))
    await made.look()
    made.saw("/0", batch(races(6000, {"3/5/2/0": 24})))
    await made.look()
    assert journal.meta("looks") == 2
    assert len(writer.noted) == 1
    again, _, later, notes = monitor(journal, races(9000, {"3/5/2/0": 36}))
    await again.look(last=True)
    assert [alarm.kind for alarm in again.alarms] == [Kind.DISAGREEMENTS_CLUSTER]
    assert (later.noted, notes) == ([], [])
    assert journal.meta("looks") == 3, "looks of all sessions share one budget"


async def test_errors_that_are_independent_raise_nothing() -> None:
    """The placebo: as many races, of which some had one dissenting ballot and hardly any two."""
    made, _, writer, _ = monitor()
    made.saw("/0", batch(races(3000, {"3/4/1/0": 270, "3/5/2/0": 9})))
    await made.look(last=True)
    assert made.alarms == []
    assert writer.noted == []


@pytest.mark.parametrize("in_order", [True, False])
def test_drift_is_looked_for_between_whole_segments_or_along_one_chain(
    monkeypatch: pytest.MonkeyPatch, in_order: bool
) -> None:
    made, _, _, _ = monitor(in_order=in_order)
    passed: list[dict[str, int]] = []
    monkeypatch.setattr(made._tests, "passed", lambda races, contested, *more: passed.append(dict(races)))
    for number in range(3):
        made.sent(f"/{number}")
    made.saw("/0", batch(races(2)))
    made.saw("/1", batch(races(3)))
    made.saw("/1", batch(Counts(), last=True))
    made.ended("/1", whole=True)
    assert passed == ([{"3": 2}, {"3": 3}] if in_order else []), "the first that was sent goes on"
    made.saw("/0", batch(races(4), last=True))
    made.ended("/0", whole=True)
    made.saw("/2", batch(Counts(), last=True))  # held no race
    made.ended("/2", whole=True)
    assert passed == ([{"3": 2}, {"3": 3}, {"3": 4}] if in_order else [{"3": 6}, {"3": 3}])


@pytest.mark.parametrize("as_sent", [True, False])
async def test_parts_that_end_in_the_order_of_their_work_are_no_drift(as_sent: bool) -> None:
    """Two hundred parts are sent at once, and the disputed ones end last; the placebo takes them as they end."""
    made, _, _, _ = monitor()
    parts = [(f"/{number}", number % 5 == 0) for number in range(200)]
    if as_sent:
        for segment, _ in parts:
            made.sent(segment)
    for segment, disputed in sorted(parts, key=lambda part: part[1]):
        if not as_sent:
            made.sent(segment)
        made.saw(segment, batch(races(1, {"3/5/1/0": 1} if disputed else None), last=True))
        made.ended(segment, whole=True)
    await made.look(last=True)
    assert [alarm.kind for alarm in made.alarms] == ([] if as_sent else [Kind.DRIFT])


async def test_after_an_alarm_final_steps_get_the_lead_of_a_suspect() -> None:
    made, _, _, _ = monitor()
    assert made.leads(LEADS).unguarded == 3
    made.saw("/0", batch(races(3000, CLUSTER)))
    await made.look()
    found = made.leads(LEADS)
    assert (found.guarded, found.unguarded, found.suspect) == (1, 7, 7)
    assert found.limits.dissent < 1, "single steps are held against what was seen"


def estimate(votes: tuple[tuple[int, int, int], ...], spoiled: int = 0) -> Estimate:
    return Estimate(0, 0, spoiled, 0.0, 1.0, votes)


@pytest.mark.parametrize(
    ("votes", "spoiled", "patterns"),
    [
        (((3, 0, 40), (2, 1, 5)), 0, {(3, 0, 0): 40, (3, 1, 0): 5}),
        (((2, 0, 4),), 4, {(2, 0, 1): 4}), (((1, 1, 2),), 2, {(2, 1, 1): 2}),
        ((), 6, {(0, 0, 3): 2}),  # steps of which no answer was readable
        (((3, 0, 1),), 2, {(3, 0, 0): 1}),
    ],
)  # fmt: skip
def test_the_steps_of_a_pilot_are_races_of_its_draws(
    votes: tuple[tuple[int, int, int], ...], spoiled: int, patterns: dict[tuple[int, int, int], int]
) -> None:
    found = patterns_of(estimate(votes, spoiled))
    assert found == Counter({Pattern(PILOT_DRAWS, *ballots): count for ballots, count in patterns.items()})


async def test_a_segment_is_held_whole_however_many_batches_it_came_in() -> None:
    """Its batches count for drift together, when it ends; another one under way is not mixed with it."""
    parts, whole = monitor()[0], monitor()[0]
    counts = [Counts(races={"3": 40, "1": 2}, contested={"3/4/1/0": 3}, seam_retries=2, unraced_steps=5) for _ in "abc"]
    for number, one in enumerate(counts):
        parts.saw("/0", batch(one, last=number == 2))
        parts.saw("/1", batch(races(7)))
    together = Counts()
    for one in counts:
        together.add(one)
    whole.saw("/0", batch(together, last=True))
    parts.ended("/0", whole=True)
    whole.ended("/0", whole=True)
    assert parts._tests.stretches == whole._tests.stretches
    assert list(parts._pieces) == ["/1"]
    assert parts._pieces["/1"].races == {"3": 21}
    assert counts[0].races == {"3": 40, "1": 2}, "what came in a batch stays as it is"


@pytest.mark.parametrize("whole", [False, True])
async def test_what_a_stop_leaves_of_segments_is_not_compared_with_whole_ones(whole: bool) -> None:
    """Of rows that were paused the disputed ones are left; the placebo takes them for whole segments."""
    made, _, _, _ = monitor()
    for number in range(30):
        made.sent(f"/{number}")
        left = number < 8
        disputed = {"3/5/1/0": 5} if left else {"3/5/1/0": 1}
        made.saw(f"/{number}", batch(races(5, disputed), last=True))
        made.ended(f"/{number}", whole=whole or not left)
    await made.look(last=True)
    assert [alarm.kind for alarm in made.alarms] == ([Kind.DRIFT] if whole else [])
