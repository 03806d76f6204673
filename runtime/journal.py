"""The journal: one SQLite file that makes decisions durable before anything is built on them.

One invariant: *a row is in the file whole, with its checksum, or it is not there at all; and whatever was told to
anyone outside a segment had been committed before.* Each kind of durable write, and what a kill does to it:

``create``   before: there is no journal, the directory is no run. during: SQLite rolls the half-made schema back and
             ``open_journal`` says that the run never started. after: an empty run, resumed like any other.
``commit``   a group of batches with the totals that include them, in one transaction. before: the steps of the
             group are asked again on resume; nobody had been told of them. during: the transaction is rolled back,
             as before. after: the steps are never asked again, and the totals count them once.
``finish``   the status, in a transaction of its own. before and during: ``resume`` finds a run whose root is
             finished and writes the status without asking anything. after: nothing is left to do.

There is one writer at a time: whoever holds an exclusive lock on the file ``lock`` beside the journal. The kernel
gives a dead process's lock back, so there is none to be deleted by hand.
"""

import fcntl
import os
import pathlib
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from runtime.errors import JournalError, RunDirectoryError
from runtime.records import Batch, Contradicted, Counts, Finished

FORMAT = 1
"""Version of the file's layout. A newer version reads older files; an older version refuses newer ones."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE batch (id INTEGER PRIMARY KEY, segment TEXT NOT NULL, payload BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE INDEX batch_by_segment ON batch (segment);
CREATE TABLE segment (key TEXT PRIMARY KEY, outcome BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE totals (id INTEGER PRIMARY KEY CHECK (id = 1), counts BLOB NOT NULL, wall_s REAL NOT NULL);
"""

Outcome = Finished | Contradicted
_encode = msgspec.msgpack.Encoder().encode
_outcome = msgspec.msgpack.Decoder(Outcome).decode
_counts = msgspec.msgpack.Decoder(Counts).decode


class Write(msgspec.Struct, frozen=True):
    """One batch of one segment, and the segment's outcome if it is the last."""

    segment: str
    batch: Batch

    def outcome(self) -> Outcome | None:
        """How the segment ended, if it ended for good."""
        end = self.batch.end
        return end if isinstance(end, Finished | Contradicted) else None


class Journal:
    """An open journal. Not safe for use by two threads at the same time.

    Args:
        connection: To the database.
        lock: File descriptor that holds the writer's lock; ``None`` for a reader.
        path: For messages.
    """

    def __init__(self, connection: sqlite3.Connection, lock: int | None, path: pathlib.Path) -> None:
        self._db, self._lock, self.path = connection, lock, path
        self.totals, self.wall_s = self._read_totals()

    def commit(self, writes: Sequence[Write], wall_s: float) -> None:
        """Make a group of batches durable, with the totals that include them.

        Args:
            writes: In any order between segments, in order within one.
            wall_s: Seconds the run has worked so far, over all its sessions.

        Raises:
            JournalError: The disk is full or cannot be written; nothing of the group is in the journal.
        """
        totals = msgspec.msgpack.decode(_encode(self.totals), type=Counts)
        for write in writes:
            totals.add(write.batch.counts)
        with _reporting(self.path), self._db:
            for write in writes:
                payload = write.batch.payload
                self._db.execute(
                    "INSERT INTO batch (segment, payload, crc) VALUES (?, ?, ?)",
                    (write.segment, payload, _crc(write.segment, payload)),
                )
                outcome = write.outcome()
                if outcome is not None:
                    blob = _encode(outcome)
                    row = (write.segment, blob, _crc(write.segment, blob))
                    self._db.execute("INSERT OR REPLACE INTO segment VALUES (?, ?, ?)", row)
            self._db.execute("INSERT OR REPLACE INTO totals VALUES (1, ?, ?)", (_encode(totals), wall_s))
        self.totals, self.wall_s = totals, wall_s

    def set_meta(self, **values: Any) -> None:
        """Make named values durable; JSON."""
        rows = [(key, msgspec.json.encode(value).decode()) for key, value in values.items()]
        with _reporting(self.path), self._db:
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def meta(self, key: str) -> Any:
        """A named value, or ``None``."""
        with _reporting(self.path):
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0])

    def outcomes(self) -> dict[str, Outcome]:
        """Every segment that ended, by its key."""
        with _reporting(self.path):
            rows = self._db.execute("SELECT key, outcome, crc FROM segment").fetchall()
            return {key: _outcome(self._checked(key, blob, crc)) for key, blob, crc in rows}

    def payloads(self, segment: str) -> tuple[bytes, ...]:
        """The payloads of a segment's batches, in order."""
        with _reporting(self.path):
            rows = self._db.execute(
                "SELECT payload, crc FROM batch WHERE segment = ? ORDER BY id", (segment,)
            ).fetchall()
        return tuple(self._checked(segment, payload, crc) for payload, crc in rows)

    def begun(self) -> set[str]:
        """Keys of all segments that have a batch."""
        with _reporting(self.path):
            return {key for (key,) in self._db.execute("SELECT DISTINCT segment FROM batch")}

    def check(self) -> None:
        """Read everything once.

        Raises:
            JournalError: A page or a row is damaged; the message names the file.
        """
        with _reporting(self.path):
            found = self._db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise JournalError(f"{self.path} is damaged: {found}")
            for segment, payload, crc in self._rows():
                self._checked(segment, payload, crc)

    def refresh(self) -> None:
        """Read the totals again; for readers of a run that goes on."""
        self.totals, self.wall_s = self._read_totals()

    def close(self) -> None:
        """Close the file and give the lock back."""
        self._db.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _rows(self) -> Iterator[tuple[str, bytes, int]]:
        yield from self._db.execute("SELECT segment, payload, crc FROM batch ORDER BY id")

    def _checked(self, key: str, blob: bytes, crc: int) -> bytes:
        if _crc(key, blob) != crc:
            raise JournalError(f"{self.path} is damaged: the checksum of a batch of segment {key} does not match")
        return blob

    def _read_totals(self) -> tuple[Counts, float]:
        with _reporting(self.path):
            row = self._db.execute("SELECT counts, wall_s FROM totals").fetchone()
        return (Counts(), 0.0) if row is None else (_counts(row[0]), row[1])


def create_journal(directory: pathlib.Path) -> Journal:
    """A new journal in a run directory that exists.

    Raises:
        RunDirectoryError: There is a journal already, or another process holds the lock.
    """
    path = directory / "journal.sqlite"
    lock = _take_lock(directory)
    if path.exists():
        os.close(lock)
        raise RunDirectoryError(f"{directory} already holds a run: use surefoot resume {directory}")
    with _reporting(path):
        db = _connect(f"file:{path}?mode=rwc")
        db.executescript(f"BEGIN; {_SCHEMA} INSERT INTO meta VALUES ('format', '{FORMAT}'); COMMIT;")
    return Journal(db, lock, path)


def open_journal(directory: pathlib.Path, *, write: bool) -> Journal:
    """The journal of a run directory.

    Args:
        directory: The run directory.
        write: Take the lock and be the writer.

    Raises:
        RunDirectoryError: Not a run directory, or in use by another process.
        JournalError: The file is damaged, or from a newer version.
    """
    path = directory / "journal.sqlite"
    if not path.is_file():
        raise RunDirectoryError(f"{directory} is not a run directory: it has no journal.sqlite")
    lock = _take_lock(directory) if write else None
    try:
        with _reporting(path):
            db = _connect(f"file:{path}?mode={'rw' if write else 'ro'}")
            row = db.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        if row is None:
            raise JournalError(f"{path} is not a Surefoot journal")
        if int(row[0]) > FORMAT:
            raise JournalError(f"{path} was written by a newer Surefoot (format {row[0]}); this one reads {FORMAT}")
        return Journal(db, lock, path)
    except BaseException:
        if lock is not None:
            os.close(lock)
        raise


def is_locked(directory: pathlib.Path) -> bool:
    """Whether some process is writing to the run directory's journal."""
    try:
        os.close(_take_lock(directory))
    except RunDirectoryError:
        return True
    return False


def _take_lock(directory: pathlib.Path) -> int:
    """Exclusive, given back by the kernel when the process ends, however it ends."""
    try:
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RunDirectoryError(f"cannot write to {directory}: {error.strerror}") from error
    for patience in range(10):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError:
            # A reader that asks whether the run is going on holds the lock for a moment.
            time.sleep(0.01 * patience)
    os.close(lock)
    raise RunDirectoryError(f"{directory} is in use by another process")


def _connect(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=30)
    if "mode=ro" not in uri:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
    return db


def _crc(key: str, blob: bytes) -> int:
    return zlib.crc32(blob, zlib.crc32(key.encode()))


class _reporting:
    """Turns the database's errors into ours, with the file's name."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, sqlite3.Error | msgspec.DecodeError | zlib.error):
            raise JournalError(f"{self.path}: {error}") from error
