"""Decided steps become records: stretches of one attempt and one lead, each step in one of them, in order."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.execution import record_buffer
from surefoot.runtime.execution.record_buffer import NOT_VOTED, Key, RecordBuffer
from surefoot.runtime.payloads import extend
from surefoot.runtime.records import PERSON, Contested, Counts, Entry, Record
from surefoot.voting.ballot import Ballot

KEYS: tuple[Key, ...] = (((0,), "run", 0), ((0,), "run", 1), ((1,), "split", 0))


def buffer(flush_steps: int = 1000, flush_s: float = math.inf) -> RecordBuffer:
    return RecordBuffer(flush_steps, flush_s)


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from([1, 3])), max_size=30), st.integers(1, 7))
def test_every_step_comes_back_once_and_in_order_with_its_lead(steps: list[tuple[Key, int]], every: int) -> None:
    held, taken = buffer(every), list[Record]()
    held.flush = lambda: taken.extend(held.take(Counts(), 1))
    counted = dict.fromkeys(KEYS, 0)
    wanted: dict[Key, list[tuple[str, int]]] = {key: [] for key in KEYS}
    for key, k in steps:
        held.keep(key, k, counted[key], f"answer {counted[key]}")
        wanted[key].append((f"answer {counted[key]}", k))
        counted[key] += 1
    taken += held.take(Counts(), 1)
    for key in KEYS:
        mine = [record for record in taken if (record.path, record.part, record.attempt) == key]
        found: list[Entry] = []
        for record in mine:
            assert record.first == len(found)
            extend(found, record)
        assert [(entry, record.k) for record in mine for entry in record.entries] == wanted[key]
    assert held.take(Counts(), 1) == []


def test_a_batch_is_due_after_so_many_steps_of_any_kind() -> None:
    due: list[int] = []
    held = buffer(3)
    held.flush = lambda: due.append(len(held.take(Counts(), 1)))
    held.keep(KEYS[0], 1, 0, "a")
    held.add(Record((0,), "failed", 0, 0, 0, ("x",)))  # makes none due
    held.keep_row(((2,), "rows", 0), 1, 5, "b", 0.0)
    assert due == []
    held.keep_sample(Record((7,), "sample", 0, 0, 3, ()))
    assert due == [4]
    held.keep(KEYS[0], 1, 1, "c")
    held.keep(KEYS[0], 1, 2, "d")
    assert due == [4], "counted from the last batch"
    held.keep(KEYS[0], 1, 3, "e")
    assert due == [4, 1]


def test_a_batch_is_due_with_the_next_step_once_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(record_buffer.time, "monotonic", lambda: now[0])
    due: list[float] = []
    held = buffer(1000, flush_s=5)

    def flush() -> None:
        due.append(now[0])
        held.take(Counts(), 1)

    held.flush = flush
    for now[0] in (101.0, 104.9, 105.0, 106.0, 109.9, 110.0):
        held.keep(KEYS[0], 1, 0, "a")
    assert due == [105.0, 110.0], "the time begins anew with each batch"


def test_nobody_to_send_to_is_no_error() -> None:
    held = buffer(1)
    held.keep(KEYS[0], 1, 0, "a")
    held.keep(KEYS[0], 1, 1, "b")
    (record,) = held.take(Counts(), 1)
    assert record.entries == ("a", "b")


def test_races_are_counted_by_lead_in_the_first_prompt_variant_alone() -> None:
    held, counts = buffer(), Counts()
    for attempt in range(4):
        held.keep(((0,), "run", attempt), 3, 0, "a")
    held.keep(((1,), "run", 0), 1, 0, "a")
    held.keep(((2,), "run", 0), NOT_VOTED, 0, "{}")  # a tool's result: nobody voted
    held.take(counts, 2)
    assert counts.races == {"3": 2, "1": 1}, "attempts 0 and 2 asked in the usual way, 1 and 3 in another"


def test_what_a_person_decided_was_no_race() -> None:
    held, counts = buffer(), Counts()
    ballots = (Ballot(0, "a"), Ballot(1, "b"))
    held.keep(KEYS[0], 3, 0, Contested(3, ballots))
    held.keep(KEYS[0], 3, 1, Contested(3, ballots, way=PERSON, decided="b"))
    held.take(counts, 1)
    assert counts.races == {"3": 1}


def rows(held: RecordBuffer, *kept: tuple[int, int, float]) -> list[Record]:
    for row, k, cost in kept:
        held.keep_row(((4,), "rows", 0), k, row, f"row {row}", cost)
    return held.take(Counts(), 1)


def test_rows_may_come_in_any_order_and_say_their_numbers() -> None:
    (record,) = rows(buffer(), (5, 1, 0.0), (2, 1, 0.0), (9, 1, 0.0))
    assert dict(zip(record.children, record.entries, strict=True)) == {5: "row 5", 2: "row 2", 9: "row 9"}
    assert (record.path, record.part, record.k) == ((4,), "rows", 1)
    assert record.costs == (), "nothing is known to have cost"


def test_what_rows_cost_stands_beside_them_once_one_of_them_cost_something() -> None:
    (record,) = rows(buffer(), (5, 1, 0.0), (2, 1, 0.25))
    assert record.costs == (0.0, 0.25)


def test_rows_of_another_lead_are_another_record() -> None:
    found = rows(buffer(), (0, 1, 0.0), (1, 3, 0.5), (2, 3, 0.0))
    assert [(record.k, record.children, record.costs) for record in found] == [(1, (0,), ()), (3, (1, 2), (0.5, 0.0))]
    counts = Counts()
    held: Any = buffer()
    for row, k in ((0, 1), (1, 3), (2, 3)):
        held.keep_row(((4,), "rows", 0), k, row, "x", 0.0)
    held.take(counts, 3)
    assert counts.races == {"1": 1, "3": 2}


def test_records_that_are_taken_are_the_callers_own() -> None:
    held = buffer()
    held.add(Record((0,), "failed", 0, 0, 0, ("x",)))
    first = held.take(Counts(), 1)
    held.keep(KEYS[0], 1, 0, "a")
    assert len(first) == 1
    assert len(held.take(Counts(), 1)) == 1
