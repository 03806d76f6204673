"""A received journal is trusted no further than it must be: its tables, its sizes, its links, how far it goes."""

import contextlib
import os
import pathlib
import shutil
import sqlite3
import stat
import zlib

import msgspec
import pytest

from surefoot.runtime.errors import JournalError, RunDirectoryError
from surefoot.runtime.journal import journal as journal_module
from surefoot.runtime.journal.durable_mark import FORM, PLACE, read_mark
from surefoot.runtime.journal.file import SCHEMA, connect, crc_of
from surefoot.runtime.journal.filesystem import network_kind
from surefoot.runtime.journal.journal import create_journal, open_journal
from surefoot.runtime.journal.lock import is_locked
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import LARGEST_PAYLOAD, pack, unpack
from surefoot.runtime.records import Batch, Counts, Record


def write(number: int) -> Write:
    return Write("/0", Batch(pack([Record((), "run", 0, number, 1, ("c",))]), Counts(steps=1)))


@pytest.fixture
def run(tmp_path: pathlib.Path) -> pathlib.Path:
    """A run directory with three batches."""
    directory = tmp_path / "run"
    directory.mkdir()
    (directory / "run.toml").write_text('task = "hanoi"\n')
    journal = create_journal(directory)
    for number in range(3):
        journal.commit([write(number)], 1.0)
    journal.close()
    return directory


def read(directory: pathlib.Path) -> int:
    journal = open_journal(directory, write=False)
    try:
        return journal.totals.steps
    finally:
        journal.close()


FORGED = {
    "a view": "DROP TABLE meta; CREATE VIEW meta AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) "
    "SELECT 'format' AS key, i AS value, 0 AS crc FROM n",
    "a trigger": "CREATE TRIGGER extra AFTER INSERT ON batch BEGIN DELETE FROM batch; END",
    "a trigger of a table's name": "CREATE TRIGGER meta AFTER INSERT ON batch BEGIN DELETE FROM batch; END",
    "a virtual table": "DROP TABLE segment; CREATE VIRTUAL TABLE segment USING fts5(key, outcome, crc)",
    "a generated column": "ALTER TABLE totals ADD COLUMN more AS (hex(zeroblob(1000000000)))",
    "a missing table": "DROP TABLE totals",
    "another table": "CREATE TABLE other (x)",
    "a trigger that hides": "CREATE TRIGGER t AFTER INSERT ON batch BEGIN SELECT 1; END; PRAGMA writable_schema = 1; "
    "UPDATE sqlite_master SET name = 'sqlite_autoindex_t_1' WHERE name = 't'",
}


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("write", [False, True])
def test_nothing_but_the_journals_own_tables(run: pathlib.Path, name: str, write: bool) -> None:
    with sqlite3.connect(run / "journal.sqlite") as db:
        try:
            db.executescript(FORGED[name])
        except sqlite3.OperationalError as error:
            pytest.skip(f"this SQLite cannot make it: {error}")
    db.close()
    with pytest.raises(JournalError, match=r"not a Surefoot journal|malformed database schema"):
        open_journal(run, write=write)
    assert not is_locked(run)


def test_the_tables_that_are_made_are_those_that_are_wanted(run: pathlib.Path) -> None:
    with sqlite3.connect(run / "journal.sqlite") as db:
        made = dict(db.execute("SELECT name, sql FROM sqlite_master"))
    db.close()
    assert made == SCHEMA
    with sqlite3.connect(run / "journal.sqlite") as db:
        db.execute("ANALYZE")  # what SQLite keeps for itself does no harm
    db.close()
    assert read(run) == 3


@pytest.mark.parametrize("value", [b"2", 2, "9" * 5000, "-1", "\u0662", "", None])
def test_any_format_is_read_as_one_or_refused(run: pathlib.Path, value: object) -> None:
    with sqlite3.connect(run / "journal.sqlite") as db:
        if value is None:
            db.execute("DELETE FROM meta")
        else:
            db.execute("UPDATE meta SET value = ?", (value,))
    db.close()
    if value == 2:  # the column makes text of it
        assert read(run) == 3
    else:
        with pytest.raises(JournalError):
            read(run)


def test_a_payload_that_unpacks_to_very_much_is_refused() -> None:
    bomb = zlib.compress(bytes(300 << 20), 9)
    assert len(bomb) < 400_000
    with pytest.raises(JournalError, match="unpacks to over"):
        unpack(bomb)
    with pytest.raises(JournalError, match="cut off"):
        unpack(pack([Record((), "run", 0, 0, 1, ("c",))])[:-3])
    whole = [Record((), "run", 0, 0, 1, ("c" * (LARGEST_PAYLOAD - 100),))]
    assert unpack(pack(whole)) == tuple(whole)
    with pytest.raises(JournalError, match="--flush-steps"):
        pack([Record((), "run", 0, 0, 1, ("c" * LARGEST_PAYLOAD,))])


def test_a_value_without_bound_is_refused(run: pathlib.Path) -> None:
    with sqlite3.connect(run / "journal.sqlite") as db:
        db.execute("UPDATE meta SET value = cast(zeroblob(400000000) AS TEXT) WHERE key = 'format'")
    db.close()
    with pytest.raises(JournalError, match="too big"):
        read(run)


def test_nesting_and_numbers_without_bound_are_damage(run: pathlib.Path) -> None:
    for text in ("[" * 100_000, "1" * 100_000, '"\\ud800"'):
        with sqlite3.connect(run / "journal.sqlite") as db:
            row = ("why", text, crc_of("why", text.encode()))
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", row)
        db.close()
        journal = open_journal(run, write=False)
        with contextlib.suppress(JournalError):  # anything else is not suppressed
            journal.meta("why")
        journal.close()


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_nothing_is_written_through_a_link(run: pathlib.Path, tmp_path: pathlib.Path, end: str) -> None:
    notes = tmp_path / "notes"
    if end:
        notes.write_text("mine")
    else:
        shutil.copy(run / "journal.sqlite", notes)
        (run / "journal.sqlite").unlink()
    before = notes.read_bytes()
    (run / f"journal.sqlite{end}").symlink_to(notes)
    with pytest.raises(JournalError, match="is a link"):
        open_journal(run, write=True)
    assert notes.read_bytes() == before


def test_a_lock_that_is_a_link_or_a_pipe_is_not_followed(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (run / "lock").unlink()
    (run / "lock").symlink_to(tmp_path / "nothing")
    with pytest.raises(RunDirectoryError, match="lock"):
        open_journal(run, write=True)
    assert not (tmp_path / "nothing").exists()
    (run / "lock").unlink()
    os.mkfifo(run / "lock")
    assert not is_locked(run)


def test_a_second_writer_is_told_also_where_the_lock_was_deleted(run: pathlib.Path) -> None:
    first = open_journal(run, write=True)
    (run / "lock").unlink()
    assert is_locked(run)
    with pytest.raises(RunDirectoryError, match="in use by another process"):
        open_journal(run, write=True)
    first.commit([write(3)], 1.0)
    first.close()
    assert not is_locked(run)
    assert read(run) == 4


def test_a_runs_files_are_its_owners_alone(run: pathlib.Path) -> None:
    (run / "run.toml").unlink()
    journal = open_journal(run, write=True)
    journal.commit([write(3)], 1.0)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in run.iterdir()}
    journal.close()
    assert set(modes) == {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "lock"}
    assert set(modes.values()) == {0o600}


def copy_without_log(run: pathlib.Path, to: pathlib.Path, commits: int) -> None:
    """Commit, and copy the main file alone while the log holds what was committed."""
    journal = open_journal(run, write=True)
    for number in range(commits):
        journal.commit([write(3 + number)], 1.0)
    to.mkdir()
    for name in ("run.toml", "journal.sqlite"):
        shutil.copy(run / name, to)
    journal.close()


def test_a_copy_without_the_log_says_what_is_missing(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copy = tmp_path / "copy"
    copy_without_log(run, copy, 5)
    reader = open_journal(copy, write=False)
    assert (reader.totals.steps, reader.missing) == (3, 5)
    reader.close()
    for _ in range(2):  # refusing it does not make it forget
        journal = open_journal(copy, write=True)
        with pytest.raises(JournalError, match=r"5 of 8 committed batches are missing.*journal\.sqlite-wal"):
            journal.check()
        journal.close()
    journal = open_journal(copy, write=True)
    journal.check(without_missing=True)
    journal.close()
    journal = open_journal(copy, write=True)
    journal.check()
    assert journal.missing == 0
    journal.close()
    # The original was closed: all is in the main file, and the mark agrees.
    for name in ("run.toml", "journal.sqlite"):
        shutil.copy(run / name, copy)
    reader = open_journal(copy, write=False)
    assert (reader.totals.steps, reader.missing) == (8, 0)
    reader.close()


def test_without_the_mark_nothing_would_be_said(
    run: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The placebo."""
    monkeypatch.setattr(journal_module.Journal, "_note_durable", lambda self: None)
    copy_without_log(run, tmp_path / "copy", 5)
    reader = open_journal(tmp_path / "copy", write=False)
    assert (reader.totals.steps, reader.missing) == (3, 0)
    reader.close()


def test_the_mark_is_never_above_what_is_durable(run: pathlib.Path) -> None:
    """Also while SQLite copies its log to the main file, now and then."""
    journal = open_journal(run, write=True)
    journal._db.execute("PRAGMA wal_autocheckpoint = 2")
    for number in range(30):
        journal.commit([write(3 + number)], 1.0)
        mark = read_mark((run / "journal.sqlite").read_bytes()[:100])
        assert mark is not None
        assert 0 < mark <= 4 + number
        assert read(run) == 4 + number
    journal.close()
    assert read_mark((run / "journal.sqlite").read_bytes()[:100]) == 33


def test_a_damaged_mark_is_damage(run: pathlib.Path) -> None:
    data = bytearray((run / "journal.sqlite").read_bytes())
    for place in range(PLACE, PLACE + FORM.size):
        flipped = bytearray(data)
        flipped[place] ^= 4
        (run / "journal.sqlite").write_bytes(flipped)
        with pytest.raises(JournalError, match="damaged"):
            read(run)
    data[PLACE : PLACE + FORM.size] = bytes(FORM.size)  # as older versions leave it
    (run / "journal.sqlite").write_bytes(data)
    assert read(run) == 3


MOUNTS = r"""
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /home rw - nfs4 server:/home rw
31 30 0:41 / /home/local\040disk rw - xfs /dev/vdb rw
32 22 0:42 / /data rw shared:1 - fuse.sshfs me@there:/ rw
broken
"""


def test_network_file_systems_are_told_by_their_kind() -> None:
    kinds = {
        name: network_kind(pathlib.Path(name), MOUNTS)
        for name in ("/", "/home", "/home/me/runs", "/homely", "/home/local disk/r", "/data/x")
    }
    assert list(kinds.values()) == [None, "nfs4", "nfs4", None, None, "fuse.sshfs"]
    assert network_kind(pathlib.Path("/"), "") is None


def test_on_a_network_file_system_there_is_no_write_ahead_log(
    run: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(journal_module, "network_kind", lambda folder: "nfs4")
    warned: list[str] = []
    monkeypatch.setattr(journal_module, "events_of", lambda run: Logger(warned))
    journal = open_journal(run, write=True)
    journal.commit([write(3)], 1.0)
    assert not (run / "journal.sqlite-wal").exists()
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    journal.close()
    assert len(warned) == 1
    assert "network file system" in warned[0]
    # Back on a local disk it has its log again, and loses nothing.
    monkeypatch.undo()
    db = connect(run / "journal.sqlite", write=True)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
    assert read(run) == 4


class Logger:
    def __init__(self, told: list[str]) -> None:
        self.told = told

    def warning(self, event: str, **_: object) -> None:
        self.told.append(event)


def test_totals_beyond_all_bounds_are_damage(run: pathlib.Path) -> None:
    for counts in (Counts(cost_usd=float("nan")), Counts(steps=2**63)):
        row = msgspec.msgpack.encode((counts, 1.0, 3, 0))
        with sqlite3.connect(run / "journal.sqlite") as db:
            db.execute("UPDATE totals SET counts = ?, crc = ?", (row, crc_of("totals", row)))
        db.close()
        with pytest.raises(JournalError, match="totals"):
            read(run)


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("write", [False, True])
def test_a_pipe_beside_a_journal_is_not_waited_for(run: pathlib.Path, end: str, write: bool) -> None:
    """SQLite would wait on it, and with it every command that looks."""
    path = run / f"journal.sqlite{end}"
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises((JournalError, RunDirectoryError), match=r"no plain file|has no journal|killed before"):
        open_journal(run, write=write)
    assert not is_locked(run)
