"""Races of rows that a stop cuts short lose nothing: each goes on with the ballots that it had."""

import asyncio
import math
from collections import Counter
from typing import Any

import msgspec
import pytest

from surefoot.decompose.step import Flag, Prompt
from surefoot.runtime.errors import ModelUnavailable, RunPaused
from surefoot.runtime.execution.begun_races import Begun, BegunRaces, RaceStopped, begun_from, record_of
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.execution.work import SegmentStopped
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.stopping import CallsStopped
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import BEGUN, Contested, Finished, Record
from tests.runtime.execution.test_row_runner import ROWS, Session, Together, answers

SAID = ("4", Flag("misformatted", "no number"), "5", "4")


def test_what_was_said_comes_back_from_the_journal() -> None:
    [record] = unpack(pack([record_of((3, 7), 2, SAID, 0.25)]))
    assert (record.part, record.path, record.k, record.costs) == (BEGUN, (3, 7), 2, (0.25,))
    assert begun_from(record) == Begun(SAID, 0.25, 2)
    assert begun_from(record).disputed
    assert not Begun(("4", Flag("overlong"), "4")).disputed


@pytest.mark.parametrize("entries", [(), ("a candidate",), (Contested(1, (), ("more details", "than ballots")),)])
def test_a_record_of_another_form_begins_anew(entries: Any) -> None:
    assert begun_from(Record((1, 2), BEGUN, 0, 0, 1, entries)).said == ()


def test_only_races_that_were_opened_are_cut_short() -> None:
    races = BegunRaces()
    races.open(1, Begun(("a",)))
    races.heard(1, ["b"])
    races.heard(2, ["c"])
    races.next_round(1)
    races.stopping = True
    races.next_round(2)
    with pytest.raises(RaceStopped):
        races.next_round(1)
    assert (races.close(1), races.close(2)) == (("a", "b"), ())
    races.next_round(1)
    assert races.before(1) == Begun()


class Ends(Together):
    """Is of two minds at every row, and ends after a number of questions."""

    def __init__(self, questions: float = math.inf, error: type[Exception] = ModelUnavailable) -> None:
        super().__init__(answers)
        self.questions, self.error = questions, error

    def _said(self, prompt: Prompt, draw: int) -> str:
        right = super()._said(prompt, draw)
        return "0" if draw % MAX_DRAWS == 1 else right

    async def ask(self, request: Any) -> Any:
        self.questions -= 1
        if self.questions < 0:
            raise self.error("the end")
        return await super().ask(request)


@pytest.mark.parametrize("error", [ModelUnavailable, RunPaused])
@pytest.mark.parametrize("questions", range(1, 20, 3))
async def test_no_answer_is_asked_for_twice_whenever_it_ends(
    step_runner: Any, questions: int, error: type[Exception]
) -> None:
    whole = Session(step_runner, Ends(), unguarded=2)
    assert await whole.run(ROWS) == Finished(None)
    first = Session(step_runner, Ends(questions, error), unguarded=2)
    with pytest.raises(error, match="the end"):
        await first.run(ROWS)
    first.batches.append(first.work.take())
    second = Session(step_runner, Ends(), unguarded=2)
    assert await second.run(ROWS, first.batches) == Finished(None)
    assert {**first.rows(), **second.rows()} == whole.rows()
    asked = Counter([*first.model.asked, *second.model.asked])
    assert asked == Counter(whole.model.asked), "an answer that was asked for again, or never"


async def test_without_what_is_kept_of_them_they_would_be(step_runner: Any) -> None:
    """The placebo: the same two sessions, the records of races that were cut short left out."""
    first = Session(step_runner, Ends(13), unguarded=2)
    with pytest.raises(ModelUnavailable):
        await first.run(ROWS)
    first.batches.append(first.work.take())
    kept = [[record for record in batch if record.part != BEGUN] for batch in first.batches]
    assert sum(map(len, kept)) < sum(map(len, first.batches))
    second = Session(step_runner, Ends(), unguarded=2)
    await second.run(ROWS, kept)
    asked = Counter([*first.model.asked, *second.model.asked])
    assert max(asked.values()) == 2


@pytest.mark.parametrize("asked", range(1, 20, 3))
@pytest.mark.parametrize("way", ["stopped", "cancelled"])
async def test_a_worker_that_is_stopped_or_cancelled_loses_no_answer(step_runner: Any, asked: int, way: str) -> None:
    """Stopped, as by Ctrl-C, it begins no further round; cancelled, when that takes too long, it keeps what came."""
    whole = Session(step_runner, Ends(), unguarded=2)
    await whole.run(ROWS)
    first = Session(step_runner, Ends(), unguarded=2)
    running = asyncio.create_task(first.run(ROWS))

    def end(prompt: str, nth: int) -> None:
        if len(first.model.asked) >= asked:
            first.work.stopping = True
            if way == "cancelled":
                asyncio.get_running_loop().call_soon(running.cancel)

    first.model.say = end
    with pytest.raises(SegmentStopped if way == "stopped" else asyncio.CancelledError):
        await running
    first.batches.append(first.work.take())
    second = Session(step_runner, Ends(), unguarded=2)
    assert await second.run(ROWS, first.batches) == Finished(None)
    assert {**first.rows(), **second.rows()} == whole.rows()
    journalled = len([one for batch in first.batches for record in batch for one in _answers_of(record)])
    assert journalled == len(first.model.asked), "what came is kept, of races that were cut short as well"
    assert journalled + len(second.model.asked) == len(whole.model.asked)
    if asked == 1:  # all rows under way have a first round of two answers that differ
        assert first.rows() == {}, "no further round was begun"


class Cuts(Ends):
    """After a number of questions, only the first answer of a round was sent for: the run stops."""

    async def ask(self, request: Any) -> Any:
        if self.questions > 0:
            return await super().ask(request)
        first, *rest = request.draws
        came = [] if self.questions < 0 else await Together.ask(self, msgspec.structs.replace(request, draws=(first,)))
        self.questions -= 1
        raise CallsStopped("the run stops", came=dict(enumerate(came)), unsent=len(rest) + (not came))


@pytest.mark.parametrize("questions", [0, 1, 4, 7])
async def test_part_of_a_round_is_kept_and_what_was_not_sent_is_given_back(step_runner: Any, questions: int) -> None:
    whole = Session(step_runner, Ends(), unguarded=2)
    await whole.run(ROWS)
    first = Session(step_runner, Cuts(questions), unguarded=2)
    calls = first.work.steps.calls = BudgetLease(limited=True, unit="calls")
    calls.grant(100)
    with pytest.raises(SegmentStopped):
        await first.run(ROWS)
    first.batches.append(first.work.take())
    assert (100 - calls.balance, calls.reserved) == (len(first.model.asked), 0)
    assert first.work.steps.meter.take().calls == len(first.model.asked)
    kept = [one for batch in first.batches for record in batch for one in _answers_of(record)]
    assert len(kept) == len(first.model.asked)
    second = Session(step_runner, Ends(), unguarded=2)
    assert await second.run(ROWS, first.batches) == Finished(None)
    assert {**first.rows(), **second.rows()} == whole.rows()
    asked = Counter([*first.model.asked, *second.model.asked])
    assert asked == Counter(whole.model.asked), "an answer that was asked for again, or never"


def _answers_of(record: Record) -> list[Any]:
    """The ballots of the decided rows and of the races cut short in a record."""
    entries = record.entries if record.part in ("rows", BEGUN) else ()
    return [ballot for entry in entries if isinstance(entry, Contested) for ballot in entry.ballots]
