"""What alarms of the whole run do to its leads, on a journal in memory."""

import asyncio
from typing import Any

import msgspec
import pytest

from surefoot.runtime.coordinator.alarm_monitor import AlarmMonitor
from surefoot.runtime.journal.writer import JournalWriter
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Batch, Counts
from surefoot.voting.alarms import Kind
from surefoot.voting.sequential_tests import FIRST_LOOK, Alarm
from tests.runtime.journal.in_memory import InMemoryJournal

PLAIN = Leads(1, 3, 5)
LEARNED = msgspec.structs.replace(PLAIN, unguarded=2, disputed=4)


def monitor(*kinds: Kind, worse: bool = True) -> AlarmMonitor:
    journal: Any = InMemoryJournal()
    journal.set_meta(alarms=[Alarm(kind, 128, 1e-9, 1e-6, "seen", worse) for kind in kinds])
    writer = JournalWriter(journal, lambda: 0.0, lambda counts, wall_s: None)
    return AlarmMonitor(journal, writer, 1000, None, print, in_order=False)


@pytest.mark.parametrize(
    ("leads", "kinds", "unguarded", "disputed"),
    [
        (PLAIN, (), 3, 0),
        (PLAIN, (Kind.DISAGREEMENTS_CLUSTER,), 5, 0),
        (LEARNED, (), 2, 4),
        (LEARNED, (Kind.DISAGREEMENTS_CLUSTER,), 2, 4),  # the leads were learned from just that
        (LEARNED, (Kind.DRIFT,), 5, 0),  # what was learned before says nothing of what comes
        (LEARNED, (Kind.DISAGREEMENTS_CLUSTER, Kind.DRIFT), 5, 0),
    ],
)
def test_an_alarm_raises_the_leads_of_final_steps(
    leads: Leads, kinds: tuple[Kind, ...], unguarded: int, disputed: int
) -> None:
    found = monitor(*kinds).leads(leads)
    assert (found.unguarded, found.disputed, found.guarded) == (unguarded, disputed, 1)


def test_an_alarm_that_says_that_steps_get_easier_raises_nothing() -> None:
    assert monitor(Kind.DRIFT, worse=False).leads(PLAIN).unguarded == 3


def test_leads_carry_what_single_steps_are_held_against() -> None:
    watching = monitor()
    assert watching.leads(PLAIN).limits == watching.leads(LEARNED).limits != PLAIN.limits


async def test_two_batches_at_once_are_one_look() -> None:
    watching = monitor()
    watching.saw("0", Batch(b"", Counts(races={"3": FIRST_LOOK})))
    await asyncio.gather(watching.look(), watching.look())
    journal: Any = watching._journal
    assert journal.meta("looks") == 1
