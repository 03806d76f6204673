"""Batches leave a worker in order, the work is held back while they wait, and a silence is a sign of life."""

import asyncio
import math
from typing import Any

import pytest

from surefoot.decompose.step import Role, Step
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.work import Work
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Batch, Counts, Finished, Usage
from surefoot.runtime.worker import batch_stream
from surefoot.runtime.worker.batch_stream import AHEAD, FACT, WAITS, BatchStream, ModelLines

STEP, KEY = Step("move", Role.ACTOR, ()), ((0,), "run", 0)


class Nobody:
    """Decides nothing: the test puts steps into the buffer itself."""

    def __init__(self) -> None:
        self.meter, self.variants = Meter(), (None,)


def stream(said: ModelLines | None = None, flush_steps: int = 1) -> Any:
    def sign(counts: Counts) -> Counts:
        counts.by_worker["host 1"] = Usage(calls=counts.calls)
        return counts

    work = Work(Nobody(), RecordBuffer(flush_steps, math.inf))  # type: ignore[arg-type]
    return BatchStream(work, sign, "host 1", ModelLines() if said is None else said)


def decide(made: Any, *said: str) -> None:
    for one in said:
        made.work.counts.steps += 1
        made.work.buffer.keep(KEY, 1, 0, one)


def steps_in(batch: Batch) -> list[Any]:
    return [entry for record in unpack(batch.payload) if record.part == "run" for entry in record.entries]


async def test_what_was_decided_leaves_in_order_and_once() -> None:
    made = stream()
    decide(made, "a", "b", "c")
    assert [steps_in(await made.next()) for _ in range(3)] == [["a"], ["b"], ["c"]]


async def test_each_batch_says_who_made_it_when_and_what_it_counted() -> None:
    made = stream()
    made.work.counts.calls += 3
    decide(made, "a")
    batch = await made.next()
    (worked,) = [record for record in unpack(batch.payload) if record.part == "worked"]
    assert (worked.worker, worked.steps) == ("host 1", 1)
    assert 0 < worked.started <= worked.ended
    assert batch.counts.by_worker == {"host 1": Usage(calls=3)}
    assert (batch.counts.steps, batch.end, batch.number, batch.alive) == (1, None, 0, False)
    decide(made, "b")
    after = await made.next()
    assert after.counts.steps == 1, "counted once"
    (again,) = [record for record in unpack(after.payload) if record.part == "worked"]
    assert again.started == worked.ended


async def test_events_go_with_the_next_batch() -> None:
    made = stream()
    made.work.note("alarm", (0,), step=3)
    decide(made, "a", "b")
    assert (await made.next()).events == (("alarm", {"node": "0", "step": 3}),)
    assert (await made.next()).events == ()


async def test_no_step_begins_while_too_many_batches_wait() -> None:
    made = stream()
    for number in range(AHEAD):
        assert made.work.room.is_set()
        decide(made, str(number))
    assert not made.work.room.is_set()
    await made.next()
    assert not made.work.room.is_set(), "it is handed over: nobody knows yet that it is durable"
    await made.next()
    assert made.work.room.is_set(), "asking for the next says that the one before arrived"


async def test_durable_is_done_with_the_batch_that_it_asked_for() -> None:
    made = stream(flush_steps=100)
    decide(made, "a")
    first, second = made.durable(), made.durable()
    batches = [await made.next(), await made.next()]
    assert [batch.number for batch in batches] == [1, 2]
    assert steps_in(batches[0]) == ["a"]
    made.acknowledge(1)
    await asyncio.wait_for(first, 1)
    assert not second.done()
    made.acknowledge(1)
    made.acknowledge(2)
    await asyncio.wait_for(second, 1)


async def test_a_later_number_makes_all_before_it_durable() -> None:
    made = stream(flush_steps=100)
    asked = [made.durable() for _ in range(3)]
    cancelled = made.durable()
    cancelled.cancel()
    made.acknowledge(9)
    assert all(one.done() for one in asked)


async def test_a_silence_is_a_sign_of_life_with_the_last_thing_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_stream, "SIGN_OF_LIFE_S", 0)
    waits = ["429 from the server", "503 from the server"]
    made = stream(ModelLines(waits))
    sign = await made.next()
    assert sign.alive
    assert sign.payload == b""
    assert sign.events == ((WAITS, {"detail": "503 from the server"}),)
    assert waits == []
    assert (await made.next()).events == ()
    made.send()
    room = made.work.room
    monkeypatch.setattr(batch_stream, "SIGN_OF_LIFE_S", 5)
    assert not (await made.next()).alive
    assert room.is_set()


async def test_a_sign_of_life_says_nothing_about_batches() -> None:
    """Asking again after a silence does not say that a batch arrived twice."""
    made = stream()
    decide(made, "a", "b")
    await made.next()
    await made.next()
    assert made._unsure == 1


async def test_the_end_is_the_last_batch_after_the_stream_is_closed() -> None:
    made = stream(flush_steps=100)
    decide(made, "a")
    made.close()
    made.send(Finished("out"))
    assert await made.next() is None
    last = made.last()
    assert last.end == Finished("out")
    assert steps_in(last) == ["a"]


async def test_what_was_found_out_of_a_model_leaves_with_the_next_batch_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not only after a silence: a server that answers quickly may hand out copies."""
    said = ModelLines(["503 from the server"], ["m: copies are no votes"])
    made = stream(said)
    made.send()
    first = await made.next()
    assert (first.alive, first.events) == (False, ((FACT, {"detail": "m: copies are no votes"}),))
    assert said == ModelLines(["503 from the server"], []), "what is waited for is news after a silence only"
    said.facts.append("m: another")
    monkeypatch.setattr(batch_stream, "SIGN_OF_LIFE_S", 0)
    sign = await made.next()
    assert [event for event, _ in sign.events] == [FACT, WAITS]
    assert said == ModelLines()
