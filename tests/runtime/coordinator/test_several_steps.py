"""Whole runs whose steps share calls: the pilot that chooses how many, what they take, and runs that are cut."""

from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.referees.hanoi import verify
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from tests.runtime.conftest import Run
from tests.runtime.execution.hanoi_segments import Ended

NewRun = Callable[..., Run]
PILOT = 20 * 3 + 10 * 3


def model(**rates: Any) -> SimulatedModel:
    return SimulatedModel(hanoi.answers, Profile(**rates))


def auto(new_run: NewRun, disks: int = 9, **options: Any) -> Run:
    return new_run(options={"disks": disks}, k="auto", leaf_steps="auto", steps_per_call="auto", **options)


def leads_of(run: Run) -> Leads:
    journal = run.journal()
    try:
        return Leads(**{**journal.meta("leads"), "limits": Leads(1, 1, 1).limits, "sequential": ()})
    finally:
        journal.close()


def right(run: Run) -> bool:
    found = verify(run.task, Ended(run.plan()[0]))
    return found.valid and found.reached_goal


async def test_a_pilot_of_long_replies_chooses_how_many_steps_a_call_asks_for(new_run: NewRun) -> None:
    run = auto(new_run)
    assert await run.session(model(p_error=0.01)) == "solved"
    leads = leads_of(run)
    assert (leads.guarded, leads.leaf_steps >= 31, leads.steps_per_call >= 16) == (1, True, True)
    assert run.totals.calls - PILOT < 0.25 * 511
    assert (run.totals.steps, right(run)) == (511, True)
    assert run.totals.by_kind["move, several steps"].calls == run.totals.shared_replies + 30


async def test_where_errors_grow_along_a_reply_fewer_steps_are_asked_for(new_run: NewRun) -> None:
    steady, growing = auto(new_run), auto(new_run)
    assert await steady.session(model(p_error=0.01)) == "solved"
    assert await growing.session(model(p_error=0.01, doubling_steps=2)) == "solved"
    assert leads_of(growing).steps_per_call < leads_of(steady).steps_per_call
    assert growing.totals.calls < 511
    assert right(growing)


async def test_a_run_that_is_cut_goes_on_with_the_steps_a_call_that_it_chose(new_run: NewRun) -> None:
    run = auto(new_run, disks=8, flush_steps=1)
    assert await run.session(model(p_error=0.02), max_calls=PILOT + 3) == "paused"
    first = leads_of(run)
    assert 0 < run.totals.steps < 255
    assert await run.session(model(p_error=0.02)) == "solved"
    assert leads_of(run) == first
    assert (run.totals.steps, right(run)) == (255, True)


async def test_without_seams_several_steps_a_call_keep_the_lead_that_the_target_asks_for(new_run: NewRun) -> None:
    options: dict[str, Any] = {"options": {"disks": 8}, "k": "auto", "strategy": "chain"}
    alone, several = new_run(**options), new_run(**options, steps_per_call="auto")
    assert await alone.session(model(p_error=0.01)) == "solved"
    assert await several.session(model(p_error=0.01)) == "solved"
    assert leads_of(several).unguarded >= 2
    assert several.totals.calls - PILOT < 0.4 * alone.totals.calls
    assert right(several)


async def test_a_task_that_words_one_step_at_a_time_is_asked_so(new_run: NewRun) -> None:
    from surefoot.decompose.answer_keys import multiply

    run = new_run("multiply", {"x": "907", "y": "865"}, k="auto", steps_per_call="auto")
    assert await run.session(SimulatedModel(multiply.answers, Profile())) == "solved"
    assert (leads_of(run).steps_per_call, run.totals.shared_replies) == (1, 0)


@pytest.mark.parametrize("steps_per_call", [1, 7])
async def test_the_journal_of_a_run_says_which_steps_shared_a_reply(new_run: NewRun, steps_per_call: int) -> None:
    from surefoot.runtime.payloads import unpack
    from surefoot.runtime.records import SHARED

    run = new_run(options={"disks": 6}, leaf_steps=7, steps_per_call=steps_per_call)
    assert await run.session(model()) == "solved"
    journal = run.journal()
    try:
        records = [
            record for place in journal.segments() for payload in journal.payloads(place) for record in unpack(payload)
        ]
    finally:
        journal.close()
    assert [record.k for record in records if record.part == SHARED] == ([7] * 8 if steps_per_call > 1 else [])
    assert sum(len(record.entries) for record in records if record.part == "run") == 63


async def test_steps_that_share_replies_ring_no_alarm_and_count_for_the_drift_of_seams(new_run: NewRun) -> None:
    """They are no races without a flag, beside which flags would look piled up; and seams break per step, not race."""
    run = new_run(options={"disks": 9}, leaf_steps=15, steps_per_call=16, red_flags="all")
    assert await run.session(model(p_error=0.08)) == "solved"
    counts = run.totals
    assert counts.seam_retries > 5
    assert 300 < counts.unraced_steps <= counts.shared_steps
    assert sum(counts.races.values()) < 300
    journal = run.journal()
    try:
        assert not journal.meta("alarms")
    finally:
        journal.close()
