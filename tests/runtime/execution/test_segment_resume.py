"""A segment that comes back after a crash goes on where its last batch ended, wherever that was.

The model is a pure function of prompt and draw, so the broken run must come to the same decisions as the unbroken
one, and what it asks must be exactly what the journal does not hold.
"""

import math
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi, multiply
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.segment import Segment
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.hands import Outcome
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.segment_runner import SegmentRunner
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.execution.work import Work
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import SHARED, Counts, Entry, Finished, Record
from surefoot.voting.red_flags import parse_switch
from tests.runtime.execution.hanoi_segments import USUAL_POLICY

TASKS: dict[str, tuple[Task, Any]] = {
    "hanoi": (Hanoi(disks=4), hanoi.answers),
    "multiply": (Multiply(x="907", y="865"), multiply.answers),
}
ONE = Leads(1, 1, 2)
Entries = dict[tuple[Any, str, int], list[Entry]]


class Recorded(SimulatedModel):
    """Keeps the numbers of the draws of every question that was answered, and not called off while it was asked."""

    def __init__(self, key: Any, profile: Profile) -> None:
        super().__init__(key, profile)
        self.draws: list[int] = []

    async def ask(self, request: Request) -> list[Reply]:
        replies = await super().ask(request)
        self.draws.extend(request.draws)
        return replies


def entries(records: list[Record]) -> Entries:
    found: Entries = {}
    for record in records:
        known = found.setdefault((record.path, record.part, record.attempt), [])
        assert record.part in ("replies", SHARED) or record.first == len(known), (
            "a stretch is there twice, or one is missing"
        )
        known.extend(record.entries)
    return found


def strides(found: Entries) -> set[int]:
    """Which draw numbers belong to steps that were decided."""
    return {draws_of(key) // MAX_DRAWS + index for key, known in found.items() for index in range(len(known))}


class Session:
    """One worker's attempt at the segment, flushing after every step."""

    def __init__(self, make_steps: Any, name: str, seed: int, flags: str, leads: Leads = ONE) -> None:
        task, key = TASKS[name]
        self.model = Recorded(key, Profile(p_error=0.2, p_shared=0.02, p_format=0.05))
        self.batches: list[list[Record]] = []
        self.steps: list[int] = []
        self.totals = Counts()
        steps = make_steps(task, self.model, seed=seed, flags=parse_switch(flags))
        steps.leads.follow(leads)
        self.work = Work(steps, RecordBuffer(1, math.inf))
        self.work.buffer.flush = self.flush
        self.runner = SegmentRunner(task, self.work, Tree(3), USUAL_POLICY, PrioritySemaphore(3))
        self.root = task.root()

    def flush(self) -> None:
        counts = self.work.steps.meter.take()
        self.batches.append(self.work.take())
        self.steps.append(counts.steps)
        self.totals.add(counts)

    async def run(self, journalled: list[list[Record]]) -> Outcome:
        outcome = await self.runner.run(Segment(self.root), [pack(batch) for batch in journalled])
        self.flush()
        return outcome

    @property
    def records(self) -> list[Record]:
        return [record for batch in self.batches for record in batch]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("name", "flags"), [("hanoi", "all"), ("hanoi", "none"), ("multiply", "all")])
async def test_resumed_after_every_batch(step_runner: Any, name: str, flags: str, seed: int) -> None:
    """What is cancelled because it was built on a broken promise may have got further or less far; nothing else."""
    whole = Session(step_runner, name, seed, flags)
    outcome = await whole.run([])
    decided = entries(whole.records)
    assert len(set(whole.model.draws)) == len(whole.model.draws), "a draw was asked twice"
    for cut in range(len(whole.batches) + 1):
        journalled = whole.batches[:cut]
        resumed = Session(step_runner, name, seed, flags)
        assert await resumed.run(journalled) == outcome
        before = [record for batch in journalled for record in batch]
        held, found = strides(entries(before)), entries(before + resumed.records)
        asked = resumed.model.draws
        assert len(set(asked)) == len(asked)
        assert not {draw // MAX_DRAWS for draw in asked} & held, "a journalled step was asked again"
        for key in decided.keys() & found.keys():
            assert all(one == other for one, other in zip(decided[key], found[key], strict=False))
        if not whole.totals.broken_promises:
            assert found == decided
            assert set(asked) == {draw for draw in whole.model.draws if draw // MAX_DRAWS not in held}


@pytest.mark.parametrize("seed", range(10))
async def test_steps_that_stand_are_counted_once_over_all_sessions(step_runner: Any, seed: int) -> None:
    """Also where the steps of an abandoned decomposition were counted before the crash."""
    whole = Session(step_runner, "hanoi", seed, "none")
    outcome = await whole.run([])
    assert whole.totals.steps == 15 or not isinstance(outcome, Finished)
    for cut in range(len(whole.batches) + 1):
        resumed = Session(step_runner, "hanoi", seed, "none")
        await resumed.run(whole.batches[:cut])
        assert sum(whole.steps[:cut]) + resumed.totals.steps == whole.totals.steps


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("flags", ["all", "none"])
async def test_a_reply_of_several_steps_may_be_cut_between_any_two(step_runner: Any, flags: str, seed: int) -> None:
    """What the journal holds of a reply stands; the rest is asked for anew from there, and nothing before it."""
    several = Leads(1, 1, 2, steps_per_call=7)
    whole = Session(step_runner, "hanoi", seed, flags, several)
    assert await whole.run([]) == Finished("cccc")
    assert whole.totals.shared_steps
    for cut in range(len(whole.batches) + 1):
        resumed = Session(step_runner, "hanoi", seed, flags, several)
        outcome = await resumed.run(whole.batches[:cut])
        before = [record for batch in whole.batches[:cut] for record in batch]
        assert outcome == Finished("cccc")
        assert not {draw // MAX_DRAWS for draw in resumed.model.draws} & strides(entries(before))
        found = entries(before + resumed.records)
        for key, known in entries(before).items():
            assert found[key][: len(known)] == known
        if not whole.totals.broken_promises + resumed.totals.broken_promises:
            assert sum(whole.steps[:cut]) + resumed.totals.steps == 15


async def test_the_seeds_above_have_retries_and_new_decompositions_in_them(step_runner: Any) -> None:
    """Else the test above would not see much."""
    retries = broken = 0
    for seed in range(10):
        session = Session(step_runner, "hanoi", seed, "none")
        await session.run([])
        retries += session.totals.seam_retries
        broken += session.totals.broken_promises
    assert retries > 5
    assert broken > 2


async def test_broken_again_and_again(step_runner: Any) -> None:
    """Every session gets one batch further: as many kills as there are batches."""
    whole = Session(step_runner, "hanoi", 5, "none")
    outcome = await whole.run([])
    journalled: list[list[Record]] = []
    for _ in range(len(whole.batches)):
        session = Session(step_runner, "hanoi", 5, "none")
        assert await session.run(journalled) == outcome
        journalled.append(session.batches[0])
    last = Session(step_runner, "hanoi", 5, "none")
    assert await last.run(journalled) == outcome
    assert last.model.draws == []
