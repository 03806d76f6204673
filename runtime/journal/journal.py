"""The journal: one SQLite file that makes decisions durable before anything is built on them.

One invariant: *a batch is in the file whole, with its checksum, its place in the count of batches and the totals that
include it, or it is not there at all; and whatever was told to anyone outside a segment had been committed before.*

Each kind of durable write, and what a kill does to it; every place in quotation marks is a fault point
(``runtime/journal/fault_points.py``) at which ``tests/chaos`` kills the process:

create   The lock, then ``run.toml``, then the journal as a draft that is renamed when its tables are there.
         before "create.before": there is no run, and a new one may be started in the directory.
         during "create.configured", "create.during": there is a configuration and no journal. ``resume`` finds a run
         that never started and makes its journal; a draft left behind is overwritten.
         after "create.after": an empty run, resumed like any other.
commit   A group of batches, the outcomes of the segments they end, and the totals, in one transaction.
         before "commit.before": the group's steps are asked again; nobody had been told of them. How many that are is
         bounded by ``flush_steps`` and ``flush_s`` for each segment in flight.
         during "commit.during", "commit.written": SQLite rolls the transaction back; as before.
         after "commit.after": the steps are never asked again, and the totals count them once. A kill between the
         commit and whatever the coordinator does next ("segment.ended") changes nothing: it acts on journalled
         outcomes, and a resumed coordinator acts on the same ones.
         The same holds for what is committed beside the plan: a pilot's sampled steps, which no resume asks again, and
         notes of decompositions that did not hold (``abandoned.py``), each in one batch with the counts that
         it changes, so that none is counted twice.
grant    A batch without records that says that a worker may ask for so much (``runtime/coordinator/budget_ledger.py``).
         before and during: no worker has it. after, also if the worker never gets it: it counts as asked for, unless a
         living worker gives it back. So a limit may be kept too well, and is never exceeded.
meta     Named values in one transaction, while no batch is being written: the leads with what they were chosen from;
         the alarms and the number of looks; the accepted configuration with the list of changes; the status.
         before and during: the value is decided again, from the same inputs.
         after: it is read, not decided. An accepted change is written here first and to ``run.toml`` second: a
         kill in between leaves the old ``run.toml``, and ``resume`` takes the journal's word.
finish   The status, as above. before "finish.before": ``resume`` finds a run whose root is finished and writes the
         status without asking anything. after "finish.after": nothing is left to do.

A commit that fails (disk full, unplugged) rolls back whole, and the writer takes no batch after it: a later batch of
the same segment must not come after a gap. A damaged file is found by checksums and counts when it is opened for
writing (``check``), and nothing goes on from it.
"""

import os
import pathlib
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.runtime.errors import JournalError, RunDirectoryError
from surefoot.runtime.journal.fault_points import FaultPoints, faults_from_environment
from surefoot.runtime.journal.file import (
    check_format,
    check_header,
    check_log,
    connect,
    crc_of,
    create_file,
    is_whole,
    reporting,
)
from surefoot.runtime.journal.lock import take_lock
from surefoot.runtime.journal.rows import Outcome, Totals, Write, decode_outcome, decode_totals, encode_row
from surefoot.runtime.records import Counts


class Journal:
    """An open journal. Not safe for use by two threads at the same time.

    Args:
        connection: To the database.
        lock: File descriptor that holds the writer's lock; ``None`` for a reader.
        path: For messages.
        faults: Where to fail, for tests.
    """

    def __init__(
        self, connection: sqlite3.Connection, lock: int | None, path: pathlib.Path, faults: FaultPoints | None = None
    ) -> None:
        self._db, self._lock, self.path = connection, lock, path
        self.faults = faults or FaultPoints()
        self.totals, self.wall_s = Counts(), 0.0
        self._batches = self._segments = 0
        self.refresh()

    def commit(self, writes: Sequence[Write], wall_s: float) -> None:
        """Make a group of batches durable, with the totals that include them.

        Args:
            writes: In any order between segments, in order within one.
            wall_s: Seconds the run has worked so far, over all its sessions.

        Raises:
            JournalError: The disk is full or cannot be written; nothing of the group is in the journal.
        """
        totals = msgspec.msgpack.decode(encode_row(self.totals), type=Counts)
        for write in writes:
            totals.add(write.batch.counts)
        batches, ended = self._batches + len(writes), 0
        with reporting(self.path):
            self.faults.reach("commit.before")
            with self._db:
                for number, write in enumerate(writes, self._batches + 1):
                    ended += self._insert(number, write)
                    self.faults.reach("commit.during")
                row = encode_row(Totals(totals, wall_s, batches, self._segments + ended))
                self._db.execute("INSERT OR REPLACE INTO totals VALUES (1, ?, ?)", (row, crc_of("totals", row)))
                self.faults.reach("commit.written")
        self.totals, self.wall_s = totals, wall_s
        self._batches, self._segments = batches, self._segments + ended
        self.faults.reach("commit.after")

    def _insert(self, number: int, write: Write) -> int:
        """Put one batch into the open transaction; the number of segments it ends."""
        payload = write.batch.payload
        row = (number, write.segment, payload, crc_of(write.segment, payload))
        self._db.execute("INSERT INTO batch VALUES (?, ?, ?, ?)", row)
        outcome = write.outcome()
        if outcome is None:
            return 0
        blob = encode_row(outcome)
        ended = (write.segment, blob, crc_of(write.segment, blob))
        self._db.execute("INSERT INTO segment VALUES (?, ?, ?)", ended)
        return 1

    def set_meta(self, **values: Any) -> None:
        """Make named values durable; JSON."""
        encoded = {key: msgspec.json.encode(value) for key, value in values.items()}
        rows = [(key, value.decode(), crc_of(key, value)) for key, value in encoded.items()]
        with reporting(self.path):
            self.faults.reach("meta.before")
            with self._db:
                self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", rows)
                self.faults.reach("meta.during")
        self.faults.reach("meta.after")

    def meta(self, key: str) -> Any:
        """A named value, or ``None``."""
        with reporting(self.path):
            row = self._db.execute("SELECT value, crc FROM meta WHERE key = ?", (key,)).fetchone()
            return None if row is None else msgspec.json.decode(self._checked(key, _bytes(row[0]), row[1]))

    def outcomes(self) -> dict[str, Outcome]:
        """Every segment that ended, by its key."""
        with reporting(self.path):
            rows = self._db.execute("SELECT key, outcome, crc FROM segment")
            return {key: decode_outcome(self._checked(key, blob, crc)) for key, blob, crc in rows}

    def payloads(self, segment: str) -> tuple[bytes, ...]:
        """The payloads of a segment's batches, in order."""
        with reporting(self.path):
            rows = self._db.execute(
                "SELECT payload, crc FROM batch WHERE segment = ? ORDER BY id", (segment,)
            ).fetchall()
        return tuple(self._checked(segment, payload, crc) for payload, crc in rows)

    def segments(self) -> list[str]:
        """Keys of all segments that have a batch, in the order of their first one."""
        with reporting(self.path):
            return [k for (k,) in self._db.execute("SELECT segment FROM batch GROUP BY segment ORDER BY MIN(id)")]

    def begun(self) -> set[str]:
        """Keys of all segments that have a batch."""
        with reporting(self.path):
            return {key for (key,) in self._db.execute("SELECT DISTINCT segment FROM batch")}

    def check(self) -> None:
        """Read everything once.

        Raises:
            JournalError: A page or a row is damaged or missing; the message names the file and what is whole.
        """
        with reporting(self.path):
            found = self._db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise JournalError(f"{self.path} is damaged: {found}")
            rows = self._db.execute("SELECT id, segment, payload, crc FROM batch ORDER BY id")
            for number, segment, payload, crc in rows:
                if not is_whole(segment, payload, crc):
                    raise JournalError(
                        f"{self.path} is damaged: batch {number} of {self._batches}, of segment {segment}, is "
                        f"not what was written; the {number - 1} batches before it are whole. Resume from an "
                        "older copy of the run directory, or start a new run"
                    )
            for key, value, crc in self._db.execute("SELECT key, value, crc FROM meta"):
                self._checked(key, _bytes(value), crc)
            self._check_counts()
            self.outcomes()

    def _check_counts(self) -> None:
        count, first, last = self._db.execute("SELECT COUNT(*), MIN(id), MAX(id) FROM batch").fetchone()
        ended = self._db.execute("SELECT COUNT(*) FROM segment").fetchone()[0]
        if (count, ended) != (self._batches, self._segments) or (count and (first, last) != (1, count)):
            raise JournalError(
                f"{self.path} is damaged: it holds {count} batches and {ended} ended segments, its totals say "
                f"{self._batches} and {self._segments}. If it was copied while the run went on, copy it again"
            )

    def refresh(self) -> None:
        """Read the totals again; for readers of a run that goes on."""
        with reporting(self.path):
            row = self._db.execute("SELECT counts, crc FROM totals").fetchone()
            totals = Totals(Counts(), 0.0, 0, 0) if row is None else decode_totals(self._checked("totals", *row))
        self.totals, self.wall_s = totals.counts, totals.wall_s
        self._batches, self._segments = totals.batches, totals.segments

    def close(self) -> None:
        """Close the file and give the lock back."""
        self._db.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _checked(self, key: str, blob: bytes, crc: int) -> bytes:
        if not is_whole(key, blob, crc):
            raise JournalError(f"{self.path} is damaged: the checksum of {key} does not match")
        return blob


def _bytes(text: Any) -> Any:
    return text.encode() if isinstance(text, str) else text


def create_journal(directory: pathlib.Path, lock: int | None = None) -> Journal:
    """A new journal in a run directory that exists.

    Args:
        directory: The run directory.
        lock: The writer's lock if it is held already; it is the journal's from here on.

    Raises:
        RunDirectoryError: There is a journal already, or another process holds the lock.
    """
    path = directory / "journal.sqlite"
    held = take_lock(directory) if lock is None else lock
    try:
        if path.exists():
            raise RunDirectoryError(f"{directory} already holds a run: use surefoot resume {directory}")
        faults = faults_from_environment()
        create_file(path, faults)
        return Journal(connect(path, write=True), held, path, faults)
    except BaseException:
        os.close(held)
        raise


def open_journal(directory: pathlib.Path, *, write: bool) -> Journal:
    """The journal of a run directory. A run that was killed before it had one is given it.

    Args:
        directory: The run directory.
        write: Take the lock and be the writer.

    Raises:
        RunDirectoryError: Not a run directory, or in use by another process.
        JournalError: The file is damaged, or from a newer version.
    """
    path = directory / "journal.sqlite"
    begun = (directory / "run.toml").is_file()
    if not path.is_file() and not (write and begun):
        why = "its run was killed before it began; surefoot resume begins it" if begun else "it has no journal.sqlite"
        raise RunDirectoryError(f"{directory} is {'' if begun else 'not '}a run directory: {why}")
    lock = take_lock(directory) if write else None
    if lock is not None and not path.exists():
        return create_journal(directory, lock)
    faults = faults_from_environment() if write else FaultPoints()
    db: sqlite3.Connection | None = None
    try:
        check_header(path)
        if write:
            check_log(path)
        with reporting(path):
            db = connect(path, write)
            check_format(db, path)
            return Journal(db, lock, path, faults)
    except BaseException:
        if db is not None:
            db.close()
        if lock is not None:
            os.close(lock)
        raise
