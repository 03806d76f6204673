"""Rows whose ballots disagree are held back while their lead is learned, and asked on from the ballots they have."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from surefoot.runtime.errors import AwaitsReview
from surefoot.runtime.execution.begun_races import begun_from
from surefoot.runtime.execution.row_runner import HELD
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.records import BEGUN, Contested, Counts, Finished
from surefoot.voting.raised_lead import RaisedLead
from tests.runtime.execution.test_begun_races import Ends
from tests.runtime.execution.test_row_runner import ROWS, Session


class Half(Ends):
    """Is of two minds at the first five rows, and costs a quarter of a dollar a reply."""

    def _said(self, prompt: Any, draw: int) -> str:
        doubts = int(prompt.user.split()[-1]) < 5
        return super()._said(prompt, draw if doubts else 0)

    async def ask(self, request: Request) -> list[Reply]:
        return [msgspec.structs.replace(reply, cost_usd=0.25) for reply in await super().ask(request)]


def session(make_steps: Any, *, holding: bool, disputed: int = 0, unguarded: int = 2) -> Session:
    made = Session(make_steps, Half(), unguarded=unguarded, disputed=disputed)
    leads = made.work.steps.leads
    leads.follow(msgspec.structs.replace(leads.leads, holding=holding))
    return made


async def held(make_steps: Any, *before: Session, disputed: int = 0) -> Session:
    """One attempt whose chunk stops, as rows of it are held back."""
    made = session(make_steps, holding=True, disputed=disputed)
    with pytest.raises(AwaitsReview, match=HELD):
        await made.run(ROWS, [batch for one in before for batch in one.batches])
    made.batches.append(made.work.take())
    return made


def counted(*sessions: Session) -> Counts:
    totals = Counts()
    for one in sessions:
        totals.add(one.work.counts)
    return totals


async def test_rows_that_disagree_are_held_back_with_their_ballots(step_runner: Any) -> None:
    first = await held(step_runner)
    assert first.rows().keys() == set(range(5, 10))
    kept = [begun_from(record) for batch in first.batches for record in batch if record.part == BEGUN]
    assert [(one.counted, one.k, one.raised, len(one.said), one.cost_usd) for one in kept] == [(True, 2, 2, 4, 1.0)] * 5
    counts = first.work.counts
    assert (counts.steps, counts.races, counts.disagreements) == (5, {"2": 10}, 5)
    placebo = session(step_runner, holding=False)
    assert await placebo.run(ROWS) == Finished(None)
    assert len(placebo.rows()) == 10


async def test_they_are_asked_on_with_what_was_learned_and_counted_once(step_runner: Any) -> None:
    first = await held(step_runner)
    second = session(step_runner, holding=False, disputed=5, unguarded=3)
    assert await second.run(ROWS, first.batches) == Finished(None)
    rows = second.rows()
    assert rows.keys() == set(range(5))
    for entry in rows.values():
        assert isinstance(entry, Contested)
        assert (entry.rule, len(entry.ballots)) == (RaisedLead(2, 5), 7), "rows that agreed had to have 2 ballots"
    assert max(Counter([*first.model.asked, *second.model.asked]).values()) == 2, "rows that agree: one draw for all"
    assert all(draw % MAX_DRAWS in (4, 5, 6) for _, draw in second.model.asked), "only ballots that they did not have"
    totals = counted(first, second)
    assert (totals.steps, totals.races, totals.disagreements, totals.disputes) == (10, {"2": 10}, 5, 5)
    assert {text: n for text, n in totals.first_ballots.items() if n} == {"2/6/1": 5}
    assert sum(totals.contested.values()) == 5


async def test_they_are_asked_on_more_than_once_while_their_ballots_teach_a_larger_lead(step_runner: Any) -> None:
    first = await held(step_runner)
    again = await held(step_runner, first)
    assert again.model.asked == [], "a session that goes on asks nothing before it has learned"
    larger = await held(step_runner, first, disputed=4)
    last = session(step_runner, holding=False, disputed=4)
    await last.run(ROWS, [*first.batches, *larger.batches])
    assert last.model.asked == [], "they have the lead that they are asked for"
    assert last.rows().keys() == set(range(5))
    totals = counted(first, larger, last)
    assert (totals.steps, totals.races) == (10, {"2": 10})
    assert {text: n for text, n in totals.first_ballots.items() if n} == {"2/5/1": 5}


async def test_rows_stand_as_they_were_decided_where_nothing_was_learned(step_runner: Any) -> None:
    first = await held(step_runner)
    last = session(step_runner, holding=False)
    await last.run(ROWS, first.batches)
    assert last.model.asked == []
    assert {len(entry.ballots) for entry in last.rows().values()} == {4}
    assert {entry.rule for entry in last.rows().values()} == {None}


async def test_a_stop_in_between_keeps_what_they_were_counted_with(step_runner: Any) -> None:
    first = await held(step_runner)
    cut = session(step_runner, holding=False, disputed=9)
    cut.model.questions = 3
    with pytest.raises(Exception, match="the end"):
        await cut.run(ROWS, first.batches)
    cut.batches.append(cut.work.take())
    last = session(step_runner, holding=False, disputed=9)
    await last.run(ROWS, [*first.batches, *cut.batches])
    totals = counted(first, cut, last)
    assert (totals.steps, totals.races, totals.disagreements) == (10, {"2": 10}, 5)
    assert {text: n for text, n in totals.first_ballots.items() if n} == {"2/10/1": 5}
