"""Runs a chunk of rows: all at once as far as there is room, each with its own end."""

import asyncio
import contextlib
import math
from typing import Any

import msgspec
import pytest

from surefoot.decompose.plan import Node
from surefoot.decompose.segment import Segment
from surefoot.decompose.tasks.rows import Rows
from surefoot.runtime.errors import AwaitsReview, ModelUnavailable
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.row_runner import RowRunner
from surefoot.runtime.execution.work import SegmentStopped, Work
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import ASIDE, Finished, Record
from tests.data.own.row_tasks import Next, answers
from tests.runtime.execution.models import Counted

ROWS = [{"number": number} for number in range(10)]
ONE = "after: 1"


class Together(Counted):
    """Says how many questions were open at once."""

    open = most = 0

    async def ask(self, request: Request) -> list[Reply]:
        self.open += 1
        self.most = max(self.most, self.open)
        for _ in range(3):
            await asyncio.sleep(0)
        self.open -= 1
        return await super().ask(request)


class Session:
    """One attempt at a chunk, a batch after every row."""

    def __init__(self, make_steps: Any, model: Any = None, places: int = 4, **options: Any) -> None:
        self.model = model or Together(answers)
        self.batches: list[list[Record]] = []
        self.work = Work(make_steps(Next(), self.model, **options), RecordBuffer(1, math.inf))
        self.work.buffer.flush = lambda: self.batches.append(self.work.take())
        self.runner = RowRunner(Next(), self.work, PrioritySemaphore(places))

    async def run(self, rows: list[Any], journalled: list[list[Record]] | None = None) -> Finished:
        node = Node((3,), Rows(30), (rows,))
        outcome = await self.runner.run(Segment(node), [pack(batch) for batch in journalled or []])
        self.batches.append(self.work.take())
        return outcome

    def rows(self) -> dict[int, Any]:
        records = [record for batch in self.batches for record in batch if record.part == "rows"]
        pairs = [pair for one in records for pair in zip(one.children, one.entries, strict=True)]
        assert len(dict(pairs)) == len(pairs), "a row is there twice"
        return dict(pairs)

    def failed(self) -> set[int]:
        return {record.path[-1] for batch in self.batches for record in batch if record.part == "failed"}


@pytest.mark.parametrize("places", [1, 4, 100])
async def test_rows_are_asked_at_once_as_far_as_there_is_room(step_runner: Any, places: int) -> None:
    session = Session(step_runner, places=places)
    assert await session.run(ROWS) == Finished(None)
    assert session.rows() == {number: str(number + 1) for number in range(10)}
    assert session.model.most == min(places, 10)
    assert session.work.counts.steps == 10


async def test_goes_on_after_every_batch(step_runner: Any) -> None:
    """Killed between any two rows, with bad ones among them: none is asked twice, and none is lost."""
    rows = [*ROWS[:3], {"other": 1}, "cannot be read", *ROWS[5:]]
    whole = Session(step_runner)
    await whole.run(rows)
    assert whole.failed() == {3, 4}
    for cut in range(len(whole.batches) + 1):
        resumed = Session(step_runner)
        await resumed.run(rows, whole.batches[:cut])
        before = {row for batch in whole.batches[:cut] for record in batch for row in _rows_in(record)}
        asked = {text for text, _ in resumed.model.asked}
        assert not asked & {f"after: {row}" for row in before}
        assert resumed.rows().keys() == whole.rows().keys() - before
        assert set(resumed.model.asked) <= set(whole.model.asked), "other draws than the first time"


def _rows_in(record: Record) -> tuple[int, ...]:
    return record.children if record.part == "rows" else ()


async def test_a_row_that_nobody_can_answer_fails_alone(step_runner: Any) -> None:
    model = Together(answers, say=lambda text, nth: "no number" if text == "after: 5" else None)
    session = Session(step_runner, model)
    await session.run(ROWS)
    assert session.failed() == {5}
    assert len(session.rows()) == 9
    assert (session.work.counts.steps, session.work.counts.failed_nodes) == (10, 1)


async def test_a_model_that_is_gone_is_no_rows_fault(step_runner: Any) -> None:
    """The placebo of the test above: what is not the row's fault fails the whole chunk."""
    session = Session(step_runner, Together(answers, questions=4))
    with pytest.raises(ModelUnavailable):
        await session.run(ROWS)
    assert session.failed() == set()
    assert len(session.rows()) == 4


async def test_a_stop_lets_what_is_asked_come_to_its_end(step_runner: Any) -> None:
    session = Session(step_runner, places=3)

    def stop(text: str, nth: int) -> None:
        session.work.stopping = session.work.stopping or text == "after: 4"

    session.model.say = stop
    with pytest.raises(SegmentStopped):
        await session.run(ROWS)
    assert session.rows().keys() == {row for row in range(10) if ("after: " + str(row)) in dict(session.model.asked)}
    assert 5 <= len(session.rows()) < 10


async def test_why_a_row_failed_is_kept_whole_and_cut_in_the_log(step_runner: Any) -> None:
    session = Session(step_runner)
    await session.run(["x" * 500])
    ((event, context),) = session.work.take_events()
    assert event == "row failed"
    assert context == {"node": "3.0", "error": "BadRow", "message": "x" * 200}
    (record,) = [record for batch in session.batches for record in batch if record.part == "failed"]
    assert msgspec.json.decode(str(record.entries[0]))["message"] == "x" * 500
    assert record.costs == (), "nothing was asked"


async def test_what_the_replies_to_a_row_cost_is_kept_with_the_row(step_runner: Any) -> None:
    """Of one that was answered and of one that failed; several replies of a row add up, and rows keep theirs apart."""

    class Priced(Together):
        async def ask(self, request: Request) -> list[Reply]:
            price = 0.25 if request.prompt.user == ONE else 1.0
            return [msgspec.structs.replace(reply, cost_usd=price) for reply in await super().ask(request)]

    model = Priced(
        answers, say=lambda text, nth: "no number" if text == "after: 2" or (text, nth) == (ONE, 0) else None
    )
    session = Session(step_runner, model, max_ballots=6)
    await session.run([{"number": 0}, {"number": 1}, {"number": 2}])
    records = [record for batch in session.batches for record in batch]
    costs = {
        row: cost for one in records if one.part == "rows" for row, cost in zip(one.children, one.costs, strict=True)
    }
    assert costs == {0: 1.0, 1: 0.5}
    (failed,) = [record for record in records if record.part == "failed"]
    assert failed.costs == (6.0,)
    assert (failed.path, failed.attempt, failed.first, failed.k) == ((3, 2), 0, 0, 0)
    assert session.work.steps.meter.spent(0) == 0.0, "all that was spent was asked for"


async def test_a_row_of_which_replies_were_discarded_waits_for_a_person_who_wants_to_see_it(step_runner: Any) -> None:
    """It is put aside, not decided as well; without a person it is decided."""
    for wanted in (True, False):
        model = Together(answers, say=lambda text, nth: "no number" if (text, nth) == (ONE, 0) else None)
        session = Session(step_runner, model)
        session.work.reviews.wanted = wanted
        with contextlib.nullcontext() if not wanted else pytest.raises(AwaitsReview):
            await session.run(ROWS[:3])
        session.batches.append(session.work.take())
        assert session.rows().keys() == ({0, 2} if wanted else {0, 1, 2})
        counts = session.work.counts
        aside = [record for batch in session.batches for record in batch if record.part == ASIDE]
        assert (counts.put_aside, counts.steps, len(aside)) == ((1, 2, 1) if wanted else (0, 3, 0))


class Faulty(Next, frozen=True, kw_only=True):
    """Cannot make a question of some rows."""

    def row_step(self, row: Any) -> Any:
        if row["number"] == 1:
            raise ValueError("one is no number")
        if row["number"] == 2:
            raise ValueError
        return super().row_step({"number": 1 // (row["number"] - 3)})


@pytest.mark.parametrize(
    ("number", "error", "says"),
    [(1, "ValueError", "one is no number"), (2, "ValueError", "row_step"), (3, "ZeroDivisionError", "row_step")],
)
async def test_a_row_without_a_question_says_why_in_the_tasks_own_words_or_where_its_code_failed(
    step_runner: Any, number: int, error: str, says: str
) -> None:
    session = Session(step_runner)
    session.runner = RowRunner(Faulty(), session.work, PrioritySemaphore(1))
    await session.run([{"number": number}])
    (record,) = [record for batch in session.batches for record in batch if record.part == "failed"]
    failure = msgspec.json.decode(str(record.entries[0]))
    assert failure["error"] == error
    assert says in failure["message"]
    assert (failure["message"] == says) == (number == 1)
    assert number == 1 or "test_row_runner.py" in failure["message"]
