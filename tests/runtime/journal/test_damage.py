"""A damaged journal says so. What it must never do is give something else than was written, or lose it in silence."""

import pathlib
import random
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.journal import create_journal, open_journal
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Contradicted, Counts, Finished, Record

Flip = Callable[[int, int], None]


def contents(directory: pathlib.Path) -> Any:
    """All that a resumed run would believe, after the check that it makes."""
    journal = open_journal(directory, write=True)
    try:
        journal.check()
        keys = sorted(journal.begun())
        return (
            {key: journal.payloads(key) for key in keys},
            journal.outcomes(),
            (journal.totals, journal.wall_s),
            {name: journal.meta(name) for name in ("format", "leads", "status", "message")},
        )
    finally:
        journal.close()


@pytest.fixture
def directory(tmp_path: pathlib.Path) -> pathlib.Path:
    """A run directory with a closed journal of some pages."""
    journal = create_journal(tmp_path)
    journal.set_meta(leads={"guarded": 1, "unguarded": 3, "suspect": 5})
    rng = random.Random(0)
    for number in range(60):
        words = tuple(f"{rng.randrange(10**9)}ab cabca" for _ in range(rng.randint(1, 30)))
        record = Record((0, number), "run", 0, 0, 1, words)
        end: Any = [None, Finished("ccc"), Contradicted((1, number), "returned 'a', promised was 'b'")][number % 3]
        batch = Batch(pack([record]), Counts(steps=len(words), calls=number, red_flags={"refused": 1}), end)
        journal.commit([Write(f"/0.{number}", batch)], wall_s=number / 7)
    journal.set_meta(status="failed", message="node root returned 'a'")
    journal.close()
    return tmp_path


def test_an_undamaged_journal_is_believed(directory: pathlib.Path) -> None:
    payloads, outcomes, (totals, wall_s), meta = contents(directory)
    assert (len(payloads), len(outcomes), totals.calls, wall_s) == (60, 40, 60 * 59 // 2, 59 / 7)
    assert meta["leads"] == {"guarded": 1, "unguarded": 3, "suspect": 5}
    assert not (directory / "journal.sqlite-wal").exists()
    assert (directory / "journal.sqlite").stat().st_size > 5 * 4096


def suspicious(directory: pathlib.Path, bits: list[tuple[int, int]]) -> list[str]:
    """Flip each bit alone: where that went unnoticed and yet changed something, or broke something else."""
    path = directory / "journal.sqlite"
    whole, right = path.read_bytes(), contents(directory)
    found = []
    for place, bit in bits:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        for extra in ("-wal", "-shm"):
            (directory / f"journal.sqlite{extra}").unlink(missing_ok=True)
        try:
            if contents(directory) != right:
                found.append(f"byte {place} bit {bit}: read as something else")
        except JournalError as error:
            if str(path) not in str(error):
                found.append(f"byte {place} bit {bit}: {error} does not name the file")
        except Exception as error:  # noqa: BLE001
            found.append(f"byte {place} bit {bit}: {type(error).__name__}: {error}")
    path.write_bytes(whole)
    return found


def test_a_flipped_bit_anywhere_is_noticed_or_harmless(directory: pathlib.Path) -> None:
    size = (directory / "journal.sqlite").stat().st_size
    rng = random.Random(1)
    assert suspicious(directory, [(rng.randrange(size), rng.randrange(8)) for _ in range(600)]) == []


@pytest.mark.parametrize("table", ["meta", "totals", "segment", "batch"])
def test_a_flipped_bit_in_each_table_is_noticed_or_harmless(directory: pathlib.Path, table: str) -> None:
    """In the table's root page: the rows themselves where there are few."""
    db = sqlite3.connect(directory / "journal.sqlite")
    (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    db.close()
    rng = random.Random(table)
    used = range((page - 1) * 4096, page * 4096)
    whole = (directory / "journal.sqlite").read_bytes()
    places = [place for place in used if whole[place]]
    bits = [(rng.choice(places), rng.randrange(8)) for _ in range(200)]
    assert suspicious(directory, bits) == []


def test_a_flipped_bit_in_the_index_loses_no_batch(directory: pathlib.Path) -> None:
    """Batches are found by their segment through an index: one that is damaged must not hide them."""
    db = sqlite3.connect(directory / "journal.sqlite")
    (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'batch_by_segment'").fetchone()
    db.close()
    whole = (directory / "journal.sqlite").read_bytes()
    bits = [(place, 0) for place in range((page - 1) * 4096, page * 4096) if whole[place] in b"0123456789"]
    assert len(bits) > 50
    assert suspicious(directory, bits) == []


@pytest.mark.parametrize("kept", [0, 1, 99, 100, 4095, 4096, 4097, 10_000, -9000, -4096, -1])
def test_a_journal_that_was_cut_off_is_refused(directory: pathlib.Path, kept: int) -> None:
    path = directory / "journal.sqlite"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(JournalError, match=r"journal\.sqlite"):
        contents(directory)


@pytest.mark.parametrize("bytes_", [b"", b"SQLite format 3\x00", b"hello\n" * 1000, bytes(8192)], ids=range(4))
def test_files_that_are_no_journals_are_refused(tmp_path: pathlib.Path, bytes_: bytes) -> None:
    (tmp_path / "journal.sqlite").write_bytes(bytes_)
    for write in (True, False):
        with pytest.raises(JournalError, match=r"journal\.sqlite"):
            open_journal(tmp_path, write=write)
    assert (tmp_path / "journal.sqlite").read_bytes() == bytes_


def test_databases_of_others_are_refused(tmp_path: pathlib.Path) -> None:
    db = sqlite3.connect(tmp_path / "journal.sqlite")
    db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
    db.commit()
    db.close()
    with pytest.raises(JournalError, match="not a Surefoot journal"):
        open_journal(tmp_path, write=False)


def test_rows_in_exchanged_places_are_noticed(directory: pathlib.Path) -> None:
    """A checksum holds for its own segment: swapped payloads are as bad as damaged ones."""
    db = sqlite3.connect(directory / "journal.sqlite")
    db.execute("UPDATE batch SET segment = '/0.59' WHERE segment = '/0.3'")
    db.commit()
    db.close()
    with pytest.raises(JournalError, match="is not what was written"):
        contents(directory)


def test_a_missing_batch_in_the_middle_is_noticed_when_it_is_used(directory: pathlib.Path) -> None:
    """Rows are numbered; a hole would let later steps be taken for earlier ones."""
    db = sqlite3.connect(directory / "journal.sqlite")
    db.execute("DELETE FROM batch WHERE id = 30")
    db.commit()
    db.close()
    with pytest.raises(JournalError, match=r"journal\.sqlite"):
        contents(directory)
