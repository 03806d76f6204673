"""Counts that no journal can hold are refused by name, and what a decomposition lost is noted once."""

import math
from typing import Any

import pytest

from surefoot.runtime.journal.retracted import RetractedExpansions, steps_below
from surefoot.runtime.journal.rows import LARGEST_TOTAL, MOST, Write, beyond_bounds
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import AGAIN, Batch, Contradicted, Counts, Finished, Paused, Record, Usage
from tests.runtime.journal.in_memory import InMemoryJournal


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Counts(), ""), (Counts(calls=MOST, steps=-MOST), ""), (Counts(calls=MOST + 1), "calls is a number of 54 bits"),
        (Counts(steps=-MOST - 1), "steps is a number of 54 bits"), (Counts(cost_usd=math.nan), "cost_usd is nan"),
        (Counts(cost_usd=math.inf), "cost_usd is inf"),
        (Counts(red_flags={"x": 2**60}), "red_flags: x is a number of 61"),
        (Counts(by_kind={"move": Usage(tokens_in=2**60)}), "by_kind: move: tokens_in is a number of 61 bits"),
        (Counts(by_model={"m": Usage(cost_usd=-math.inf)}), "by_model: m: cost_usd is -inf"),
    ],
)  # fmt: skip
def test_a_count_that_is_out_of_bounds_is_named(counts: Counts, said: str) -> None:
    assert beyond_bounds(counts).startswith(said)
    assert bool(beyond_bounds(counts)) == bool(said)


def test_totals_may_be_larger_than_one_batch() -> None:
    assert beyond_bounds(Counts(calls=MOST + 1), LARGEST_TOTAL) == ""


@pytest.mark.parametrize(
    ("end", "shared", "ended"),
    [(Finished("x"), False, True), (Contradicted((0,)), False, True), (Paused(), False, False), (None, False, False),
     (Finished("x"), True, False)],
)  # fmt: skip
def test_a_segment_has_ended_for_good_with_its_own_last_batch(end: Any, shared: bool, ended: bool) -> None:
    write = Write("/0", Batch(b"", Counts(), end), shared)
    assert write.outcome() == (end if ended else None)


def worked(steps: int) -> Record:
    return Record((), "worked", 0, 0, 0, (), steps=steps)


def commit(made: InMemoryJournal, key: str, *records: Record, **counts: int) -> None:
    made.commit([Write(key, Batch(pack(records), Counts(**counts)))], 1.0)


def test_steps_are_counted_below_each_child() -> None:
    made = InMemoryJournal()
    for key, steps in {"/0": 5, "/0.3": 7, "/1.0.2": 2, "/1": 1, "/1#2": 4, "/": 9, "pilot": 100, "/x.1": 50}.items():
        commit(made, key, worked(steps))
    assert steps_below(made, ()) == {0: 12, 1: 7}
    assert steps_below(made, (0,)) == {3: 7}
    assert steps_below(made, (1,)) == {0: 2}
    assert steps_below(made, (7,)) == {}


@pytest.mark.parametrize("key", ["/+1", "/ 1", "/1.", "/1..2", "/\u0661", "/" + "9" * 20])
def test_a_key_that_is_no_path_is_passed_over(key: str) -> None:
    made = InMemoryJournal()
    commit(made, key, worked(5))
    assert steps_below(made, ()) == {}


def noted(write: Write | None) -> tuple[str, Record, Counts]:
    assert write is not None
    (record,) = unpack(write.batch.payload)
    return write.segment, record, write.batch.counts


def test_each_note_is_made_once_whatever_was_killed() -> None:
    made = InMemoryJournal()
    first = RetractedExpansions(made)
    write = first.broken((0,), 0)
    segment, record, counts = noted(write)
    assert (segment, record.part, record.attempt, counts.broken_promises) == ("/0#0", "broken", 0, 1)
    assert first.broken((0,), 0) is None
    assert write is not None
    made.commit([write], 1.0)
    again = RetractedExpansions(made)
    assert again.broken((0,), 0) is None, "a resumed run reads what was noted"
    assert again.broken((0,), 1) is not None


def test_a_decomposition_that_held_in_the_end_was_caught() -> None:
    segment, record, counts = noted(RetractedExpansions(InMemoryJournal()).mended((0, 1), 2))
    assert (segment, record.part, counts.caught) == ("/0.1#2", "mended", {AGAIN: 1})


def test_steps_of_children_that_are_not_taken_over_no_longer_count() -> None:
    made = InMemoryJournal()
    for key, steps in {"/0": 5, "/1": 7, "/2": 11}.items():
        commit(made, key, worked(steps))
    found = RetractedExpansions(made)
    found.look_below((), 1)
    _, record, counts = noted(found.kept((), 1, (1, 1024)))
    assert (record.children, record.steps, counts.steps) == ((1, 1024), -16, -16)
    # The next attempt can lose only what the one before went on with.
    commit(made, "/1024", worked(3))
    found.look_below((), 2)
    _, record, counts = noted(found.kept((), 2, (1, 2048)))
    assert counts.steps == -3
