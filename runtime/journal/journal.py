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
         notes of decompositions that did not hold (``retracted.py``), each in one batch with the counts that
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

After each commit the number of batches is written beside the log as well, so that a copy without it can be told
(``durable_mark.py``). A journal that was removed or replaced under a run's hands takes nothing more: the run ends.

A commit that fails (disk full, unplugged) rolls back whole, and the writer takes no batch after it: a later batch of
the same segment must not come after a gap. A damaged file is found by checksums and counts when it is opened for
writing (``check``), and nothing goes on from it.
"""

import contextlib
import os
import pathlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from surefoot.runtime.errors import JournalError, RunDirectoryError
from surefoot.runtime.journal.durable_mark import DurableMark
from surefoot.runtime.journal.fault_points import FaultPoints, faults_from_environment
from surefoot.runtime.journal.file import (
    check_format,
    check_header,
    check_log,
    check_schema,
    connect,
    crc_of,
    create_file,
    is_whole,
    reporting,
)
from surefoot.runtime.journal.filesystem import network_kind
from surefoot.runtime.journal.lock import WriterLock, take_lock
from surefoot.runtime.journal.rows import (
    LARGEST_TOTAL,
    Outcome,
    Totals,
    Write,
    beyond_bounds,
    decode_outcome,
    decode_totals,
    encode_row,
)
from surefoot.runtime.logs import events_of
from surefoot.runtime.records import Counts
from surefoot.runtime.whole_files import remove_drafts


class Journal:
    """An open journal: the SQLite implementation of ``JournalStore`` in ``port.py``.

    A commit may run in a thread of its own while the event loop's thread reads.

    Args:
        connection: To the database.
        lock: The writer's lock, released by ``close``; ``None`` for a reader.
        path: Of the database.
        faults: Where to fail, for tests.
        durable: Number of batches that the file's header says were durable.
        mark: Writes that number; ``None`` for a reader, and where the header is not written to.

    Attributes:
        totals: Everything counted in the batches that are durable.
        wall_s: Seconds worked when the last of them was written.
        missing: Batches that were durable once and are not in these files: the write-ahead log was not copied.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: WriterLock | None,
        path: pathlib.Path,
        faults: FaultPoints | None = None,
        durable: int = 0,
        mark: DurableMark | None = None,
    ) -> None:
        self._db, self._lock, self._mark, self.path = connection, lock, mark, path
        # A second transaction on the same connection would become a part of the first.
        self._writing = threading.Lock()
        self._file = _identity(path)
        self.faults = faults or FaultPoints()
        self.totals, self.wall_s = Counts(), 0.0
        self._batches = self._segments = 0
        self.refresh()
        self.missing = max(0, durable - self._batches)

    @property
    def run(self) -> str:
        """The run directory, for messages and logs."""
        return str(self.path.parent)

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
        with self._writing, reporting(self.path):
            self.check_present()
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
        self._note_durable()
        self.faults.reach("commit.after")

    def check_present(self) -> None:
        """See that the database is still where it was opened: a deleted file can be written to, and nobody reads it.

        Raises:
            JournalError: It was removed or replaced.
        """
        if _identity(self.path) != self._file:
            raise JournalError(
                f"{self.path} is gone: {self.run} was removed or replaced while the run worked. Nothing can be kept "
                "any more, so nothing more is asked"
            )

    def _note_durable(self) -> None:
        if self._mark is not None and not self.missing:
            with contextlib.suppress(OSError):  # the mark only serves copies; what it counts is durable without it
                self._mark.write(self._batches)

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
        """Make named values durable as JSON, all of them in one transaction."""
        encoded = {key: msgspec.json.encode(value) for key, value in values.items()}
        rows = [(key, value.decode(), crc_of(key, value)) for key, value in encoded.items()]
        with self._writing, reporting(self.path):
            self.faults.reach("meta.before")
            with self._db:
                self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", rows)
                self.faults.reach("meta.during")
        self.faults.reach("meta.after")

    def meta(self, key: str) -> Any:
        """Read a named value; ``None`` if it was never set."""
        with reporting(self.path):
            row = self._db.execute("SELECT value, crc FROM meta WHERE key = ?", (key,)).fetchone()
            return None if row is None else msgspec.json.decode(self._checked(key, _bytes(row[0]), row[1]))

    def outcomes(self) -> dict[str, Outcome]:
        """Read how every segment ended that ended for good, by its key."""
        with reporting(self.path):
            return dict(self._outcomes())

    def _outcomes(self) -> Iterator[tuple[str, Outcome]]:
        for key, blob, crc in self._db.execute("SELECT key, outcome, crc FROM segment"):
            yield key, decode_outcome(self._checked(key, blob, crc))

    def outcome(self, segment: str) -> Outcome | None:
        """Read how one segment ended; ``None`` if it has not ended for good."""
        with reporting(self.path):
            row = self._db.execute("SELECT outcome, crc FROM segment WHERE key = ?", (segment,)).fetchone()
            return None if row is None else decode_outcome(self._checked(segment, *row))

    def payloads(self, segment: str) -> tuple[bytes, ...]:
        """Read the payloads of a segment's batches, in the order written."""
        with reporting(self.path):
            rows = self._db.execute(
                "SELECT payload, crc FROM batch WHERE segment = ? ORDER BY id", (segment,)
            ).fetchall()
        return tuple(self._checked(segment, payload, crc) for payload, crc in rows)

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Yield the segment and the payload of every batch, in the order in which they became durable."""
        with reporting(self.path):
            for segment, payload, crc in self._db.execute("SELECT segment, payload, crc FROM batch ORDER BY id"):
                yield segment, self._checked(segment, payload, crc)

    def segments(self) -> list[str]:
        """List the keys of all segments that have a batch, in the order of their first one."""
        with reporting(self.path):
            return [k for (k,) in self._db.execute("SELECT segment FROM batch GROUP BY segment ORDER BY MIN(id)")]

    def begun(self) -> set[str]:
        """Return the keys of all segments that have a batch."""
        with reporting(self.path):
            return {key for (key,) in self._db.execute("SELECT DISTINCT segment FROM batch")}

    def check(self, *, without_missing: bool = False) -> None:
        """Read everything once, before a session goes on from it.

        Args:
            without_missing: Go on although committed batches are missing; they are asked again.

        Raises:
            JournalError: A page or a row is damaged or missing; the message names the file and what is whole.
        """
        if self.missing and not without_missing:
            raise JournalError(
                f"{self.path}: {self.missing:,} of {self._batches + self.missing:,} committed batches are missing. "
                f"They are in {self.path.name}-wal, which belongs to it and was not copied, or is older: copy it too. "
                "--accept-change goes on without them, and asks again"
            )
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
            for _ in self._outcomes():  # read, and not kept: there may be millions
                pass
        self.missing = 0
        self._note_durable()

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
        if reason := beyond_bounds(totals.counts, LARGEST_TOTAL) or not 0 <= totals.wall_s < LARGEST_TOTAL:
            raise JournalError(f"{self.path} is damaged: its totals cannot be right ({reason})")
        self.totals, self.wall_s = totals.counts, totals.wall_s
        self._batches, self._segments = totals.batches, totals.segments

    def close(self) -> None:
        """Close the file and give the lock back; a commit under way is waited for."""
        with self._writing:
            self._db.close()
            if self._mark is not None:
                self._note_durable()  # SQLite has just copied its log, and the header as it knows it
                self._mark.close()
                self._mark = None
            if self._lock is not None:
                self._lock.release()

    def _checked(self, key: str, blob: bytes, crc: int) -> bytes:
        if not is_whole(key, blob, crc):
            raise JournalError(f"{self.path} is damaged: the checksum of {key} does not match")
        return blob


def _bytes(text: Any) -> Any:
    return text.encode() if isinstance(text, str) else text


def _identity(path: pathlib.Path) -> tuple[int, int] | None:
    """What tells a file from another one of its name; ``None`` if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def create_journal(directory: pathlib.Path, lock: WriterLock | None = None) -> Journal:
    """Make a journal without batches in a run directory that exists, open for writing.

    Args:
        directory: The run directory.
        lock: The writer's lock if it is held already; it is the journal's from here on.

    Raises:
        RunDirectoryError: There is a journal already, or another process holds the lock.
    """
    path = directory / "journal.sqlite"
    held = take_lock(directory) if lock is None else lock
    try:
        if path.exists() or path.is_symlink():
            raise RunDirectoryError(f"{directory} already holds a run: use surefoot resume {directory}")
        remove_drafts(directory)
        create_file(path, faults_from_environment())
    except BaseException:
        held.release()
        raise
    return _open(path, held, write=True)


def open_journal(directory: pathlib.Path, *, write: bool) -> Journal:
    """Open the journal of a run directory. A run that was killed before it had one is given it.

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
    return _open(path, lock, write=write)


def _open(path: pathlib.Path, lock: WriterLock | None, *, write: bool) -> Journal:
    """Open a database that exists; the lock is the journal's, or released."""
    db, mark = None, None
    try:
        durable = check_header(path, write=write)
        network = network_kind(path.parent) if write else None
        if write:
            remove_drafts(path.parent)
            check_log(path)
        with reporting(path):
            db = connect(path, write, network=network is not None)
            check_schema(db, path)
            check_format(db, path)
        if network is not None:
            events_of(path.parent).warning(
                "the run directory lies on a network file system: one machine at a time may work on it, and commits "
                "are slower", kind=network,
            )  # fmt: skip
        elif write:
            mark = DurableMark(path)
        return Journal(db, lock, path, faults_from_environment() if write else None, durable, mark)
    except BaseException as error:
        for opened in (db, mark):
            if opened is not None:
                opened.close()
        if lock is not None:
            lock.release()
        if isinstance(error, OSError):
            raise JournalError(f"{path}: {error.strerror}") from error
        raise
