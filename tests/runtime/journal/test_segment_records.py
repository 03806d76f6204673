"""Records of a segment by node: as few batches are read as hold what is asked for, whatever was run again."""

import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.plan import Failure
from surefoot.decompose.revision import Report, Revision
from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal import segment_records
from surefoot.runtime.journal.segment_records import SegmentRecords
from surefoot.runtime.payloads import extend, pack, winner
from surefoot.runtime.records import Contested, Record, record_of_revision
from surefoot.voting.ballot import Ballot

RULE = "first-to-ahead-by"


def steps(path: tuple[int, ...], first: int, said: str, attempt: int = 0, part: str = "run") -> Record:
    return Record(path, part, attempt, first, 1, tuple(said))


def segment(*batches: list[Record]) -> SegmentRecords:
    return SegmentRecords([pack(batch) for batch in batches], RULE)


def test_no_more_is_read_than_is_asked_for() -> None:
    """Of a thousand batches the first; all of them for the node that stands in the last."""
    found = segment(*([steps((number - 1,), 2, "cd"), steps((number,), 0, "ab")] for number in range(1, 1001)))
    answers = found.candidates((1,), "run")
    assert found.batches_read == 0
    assert [next(answers) for _ in range(2)] == ["a", "b"]
    assert found.batches_read == 1
    assert list(answers) == ["c", "d"]
    assert list(found.candidates((1000,), "run")) == ["a", "b"]
    assert found.batches_read == 1000


def test_steps_that_came_before_those_ahead_of_them_are_missing() -> None:
    found = segment([steps((1,), 2, "cd")], [steps((1,), 0, "ab")])
    with pytest.raises(JournalError, match="node 1: steps 0 to 1 are missing"):
        next(found.candidates((1,), "run"))


def test_a_later_attempt_counts_wherever_it_stands() -> None:
    found = segment(
        [steps((0,), 0, "x"), steps((0,), 0, "y", part="split")], [], [steps((0,), 0, "ab", 2)], [steps((0,), 1, "z")]
    )
    assert found.attempt((0,), "run") == 2
    assert list(found.candidates((0,), "run")) == ["a", "b"]
    assert found.split((0,)) == (0, "y")


def test_a_node_that_is_not_there_has_no_step_and_no_decomposition() -> None:
    found = segment([steps((0,), 0, "x")])
    assert (found.attempt((1,), "run"), list(found.candidates((1,), "run"))) == (0, [])
    with pytest.raises(JournalError, match="no split of node 0"):
        found.split((0,))


def test_what_changes_how_steps_are_read_is_known_at_once() -> None:
    failure = Failure("RunFailed", "no")
    because = Revision(0, "evidence", (Report((0, 1), Evidence(Assumption("door", "open"), "contradicts")),))
    children = Record((0,), "children", 1, 0, 0, (), (0, 1024))
    failed = Record((3,), "failed", 0, 0, 0, (msgspec.json.encode(failure).decode(),))
    found = segment([steps((0,), 0, "x")], [children, failed, record_of_revision((2,), because)])
    assert found.batches_read == 0
    assert found.children == {((0,), 1): (0, 1024)}
    assert found.failed == {(3,): failure}
    assert found.revised == {(2,): {0: because}}


def test_batches_are_held_as_far_as_they_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two chains side by side need each of their batches once; with room for one batch, nothing else changes."""
    batches = [[steps((0,), at, "a"), steps((1,), at, "b")] for at in range(5)]
    read: list[bytes] = []

    def counting(payload: bytes) -> Any:
        read.append(payload)
        return unpack(payload)

    unpack = segment_records.unpack
    monkeypatch.setattr(segment_records, "unpack", counting)
    for held, expected in ((256, 5), (1, 10)):
        monkeypatch.setattr(segment_records, "BATCHES", held)
        read.clear()
        found = segment(*batches)
        assert ["".join(found.candidates((node,), "run")) for node in (0, 1)] == ["aaaaa", "bbbbb"]
        assert len(read) == expected


@pytest.mark.parametrize("payload", [b"damaged", pack([steps((0,), 0, "abc")])[:-2]])
def test_a_batch_that_cannot_be_read_is_an_error(payload: bytes) -> None:
    with pytest.raises(JournalError, match="a batch of the journal"):
        SegmentRecords([pack([steps((0,), 0, "abc")]), payload], RULE)


def test_steps_that_cannot_be_read_are_an_error_where_they_are_asked_for() -> None:
    bad = zlib.compress(msgspec.msgpack.encode([[[0], "run", 0, 0, 1, [17]]]))
    found = SegmentRecords([bad], RULE)
    with pytest.raises(JournalError, match="a batch of the journal cannot be read"):
        list(found.candidates((0,), "run"))


chosen = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 4), st.integers(1, 4))


@settings(max_examples=80)
@given(st.lists(st.lists(chosen, max_size=3), max_size=6))
def test_it_reads_what_reading_everything_finds(batches: list[list[tuple[int, int, int, int]]]) -> None:
    """Against a reader that takes all records in order and keeps the last attempt of each node."""
    made = [
        [
            Record((node,), "run", attempt, first, 2, tuple(_said(node, attempt, at) for at in range(first, first + n)))
            for node, attempt, first, n in batch
        ]
        for batch in batches
    ]
    known: dict[tuple[int, int], list[Any]] = {}
    missing = set()
    for record in (record for batch in made for record in batch):
        key = record.path[0], record.attempt
        try:
            extend(known.setdefault(key, []), record)
        except JournalError:
            missing.add(key)
    found = segment(*made)
    for node in range(3):
        last = max((attempt for of, attempt in known if of == node), default=0)
        if (node, last) in missing:
            continue
        expected = [winner(entry, RULE) for entry in known.get((node, last), [])]
        assert list(found.candidates((node,), "run")) == expected


def _said(node: int, attempt: int, at: int) -> str | Contested:
    name = f"{node}.{attempt}.{at}"
    return name if at % 2 else Contested(2, (Ballot(0, "no"), *(Ballot(draw, name) for draw in (1, 2, 3))))
