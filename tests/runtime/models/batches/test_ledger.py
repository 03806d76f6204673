"""What is kept of batches: whole or not at all, known again by another process, and never read through a trap."""

import os
import pathlib

import pytest

from surefoot.runtime.errors import JournalError, RunDirectoryError
from surefoot.runtime.models.batches.ledger import Batch, BatchLedger, in_flight
from surefoot.runtime.models.batches.lines import Line, line_of, question_of, text_of
from tests.runtime.models.batches.batching import Kill, Killed

LINES = (Line("sf-1", "q", (0, 1), 0.25), Line("sf-2", "r", (4096,)))


def kept(directory: pathlib.Path) -> BatchLedger:
    ledger = BatchLedger(directory)
    batch = ledger.intend(LINES, b"input", 7.0)
    ledger.keep(batch, "completed", b"out", b"err")
    ledger.intend(LINES[:1], b"more", 8.0)
    return ledger


def test_another_process_knows_all_of_it(tmp_path: pathlib.Path) -> None:
    first = kept(tmp_path)
    second = BatchLedger(tmp_path)
    second.open()
    assert second.batches == first.batches
    assert (second.batches[1].ended, second.batches[2].ended) == ("completed", "")
    assert (second.lines(1), second.lines(2)) == (LINES, LINES[:1])
    assert (second.kept(1), second.input(2)) == ((b"out", b"err"), b"more")
    assert [batch.number for batch in in_flight(tmp_path)] == [2]
    assert second.intend(LINES, b"", 9.0).number == 3
    assert len({batch.token for batch in second.batches.values()}) == 3


def test_a_run_without_batches_has_none(tmp_path: pathlib.Path) -> None:
    assert in_flight(tmp_path) == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("point", ["batch.gathered", "batch.written"])
def test_a_kill_before_the_intent_leaves_no_batch(tmp_path: pathlib.Path, point: str) -> None:
    with pytest.raises(Killed):
        BatchLedger(tmp_path, Kill(point)).intend(LINES, b"", 7.0)
    assert in_flight(tmp_path) == []
    assert kept(tmp_path).batches[1].number == 1


def test_what_came_back_is_on_disk_before_the_batch_has_ended(tmp_path: pathlib.Path) -> None:
    ledger = BatchLedger(tmp_path, Kill("batch.fetched"))
    batch = ledger.intend(LINES, b"", 7.0)
    with pytest.raises(Killed):
        ledger.keep(batch, "completed", b"out", b"")
    assert [one.ended for one in in_flight(tmp_path)] == [""]
    assert ledger.path(1, "output.jsonl").read_bytes() == b"out"


@pytest.mark.parametrize(
    ("kind", "content"),
    [("json", b""), ("json", b"[]"), ("json", b'{"number": 2, "token": "t", "lines": 2}'), ("json", b"x" * 100_000),
     ("json", b'{"number": 1, "token": "t", "lines": -2}'), ("lines", b"[]"), ("lines", b'[["a"]]'),
     ("lines", b"\xff")],
)  # fmt: skip
def test_damage_is_one_clear_line(tmp_path: pathlib.Path, kind: str, content: bytes) -> None:
    kept(tmp_path).path(1, kind).write_bytes(content)

    def read() -> None:
        ledger = BatchLedger(tmp_path)
        ledger.open()
        ledger.lines(1)

    with pytest.raises(RunDirectoryError, match=rf"0001\.{kind} cannot be read: ") as found:
        read()
    assert "\n" not in str(found.value)


def test_pipes_and_links_of_strangers_are_not_read(tmp_path: pathlib.Path) -> None:
    ledger = kept(tmp_path)
    for kind, lay in (("json", os.mkfifo), ("output.jsonl", lambda path: path.symlink_to("/dev/zero"))):
        ledger.path(1, kind).unlink()
        lay(ledger.path(1, kind))
    with pytest.raises(RunDirectoryError, match="cannot be read"):
        BatchLedger(tmp_path).open()
    with pytest.raises(RunDirectoryError, match="cannot be read"):
        ledger.kept(1)


def test_a_disk_that_takes_nothing_is_the_disks_fault(tmp_path: pathlib.Path) -> None:
    (tmp_path / "batches").write_text("a file")
    with pytest.raises(JournalError, match="batches"):
        BatchLedger(tmp_path).intend(LINES, b"", 7.0)


def test_a_line_is_known_by_its_question_and_its_draws() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "q"}], "n": 2, "seed": 5, "temperature": 0.1}
    assert question_of(body) == question_of({**dict(reversed(body.items())), "n": 1, "seed": 6})
    assert question_of(body) != question_of({**body, "temperature": 0.2})
    one, other = line_of(body, (0, 1)), line_of(body, (2, 3))
    assert one.question == other.question
    assert one.id != other.id
    assert len(one.id) <= 64
    assert text_of(one, body).count(b"\n") == 1
    assert line_of(body, (0, 1), 0.5) == Line(one.id, one.question, (0, 1), 0.5)
    assert Batch(1, "t", 1).ended == ""
