"""The journal's file: its tables, how it is made and opened, and its errors in words."""

import contextlib
import os
import pathlib
import sqlite3
import urllib.parse
import zlib
from typing import Any

import msgspec

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.durable_mark import PLACE, read_mark
from surefoot.runtime.journal.fault_points import FaultPoints
from surefoot.runtime.journal.wal import first_damage
from surefoot.runtime.plain_files import is_something_else, open_plain
from surefoot.runtime.untrusted import tame
from surefoot.runtime.whole_files import new_draft, sync_directory

FORMAT = 2
"""Version of the file's layout. A newer version reads older files; an older version refuses newer ones."""

OLDEST = 2
"""The oldest layout that can be read. Layout 1 was never released: it had no checksum of the totals."""

SCHEMA = {
    "meta": "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID",
    "batch": "CREATE TABLE batch (id INTEGER PRIMARY KEY, segment TEXT NOT NULL, payload BLOB NOT NULL, "
    "crc INTEGER NOT NULL)",
    "batch_by_segment": "CREATE INDEX batch_by_segment ON batch (segment)",
    "segment": "CREATE TABLE segment (key TEXT PRIMARY KEY, outcome BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID",
    "totals": "CREATE TABLE totals (id INTEGER PRIMARY KEY CHECK (id = 1), counts BLOB NOT NULL, crc INTEGER NOT NULL)",
}
"""What the file holds, by name: nothing else may be in it."""

LARGEST_ROW = 256 << 20
"""Bytes of the largest value that SQLite may read or write here."""

LARGEST_LOG = 1 << 30
"""Bytes of the largest write-ahead log that is read to find damage. SQLite copies it away at some megabytes."""


def create_file(path: pathlib.Path, faults: FaultPoints) -> None:
    """Make a journal without batches: a draft of a random name that takes the journal's name when it is whole.

    Raises:
        JournalError: The disk does not take it.
    """
    try:
        descriptor, draft = new_draft(path.parent)
    except OSError as error:
        raise JournalError(f"cannot make {path}: {error.strerror}") from error
    os.close(descriptor)
    with reporting(path), contextlib.closing(sqlite3.connect(draft)) as db:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA journal_mode = OFF")  # nothing to roll back to: a draft that is not whole is thrown away
        db.executescript("BEGIN; " + ";\n".join(SCHEMA.values()) + ";")
        faults.reach("create.during")
        version = str(FORMAT)
        db.execute("INSERT INTO meta VALUES ('format', ?, ?)", (version, crc_of("format", version.encode())))
        db.commit()
    draft.replace(path)
    sync_directory(path.parent)
    faults.reach("create.after")


def is_whole(key: Any, blob: Any, crc: Any) -> bool:
    """Whether a row is what was written; damage can change a value's type as well."""
    return isinstance(key, str) and isinstance(blob, bytes) and crc_of(key, blob) == crc


def check_header(path: pathlib.Path, *, write: bool = False) -> int:
    """Look at the file's first bytes, before SQLite does.

    SQLite takes a file that was cut off to nothing for a new database, and would begin to write it.

    Args:
        path: The database.
        write: Whether it will be written to: then neither it nor a file that SQLite lays beside it may be a link.

    Returns:
        Number of batches that the file says were durable; see ``durable_mark.py``.

    Raises:
        JournalError: The file is no database, is damaged, or is a link.
    """
    check_plain(path, write=write)
    with open_plain(path) as file:
        header = file.read(100)
    if header[:16] != b"SQLite format 3\0":
        raise JournalError(
            f"{path} is no database any more: it was cut off or overwritten; resume from an older copy of the run "
            "directory, or start a new run"
        )
    mark = read_mark(header)
    if mark is None:
        raise JournalError(
            f"{path} is damaged at byte {PLACE}: resume from an older copy of the run directory, or start a new run"
        )
    return mark


def check_plain(path: pathlib.Path, *, write: bool) -> None:
    """See that a database, and what SQLite lays beside it, are plain files as far as they exist.

    Args:
        path: The database.
        write: Whether it will be written to: then none of them may be a link.

    Raises:
        JournalError: One is a link, or a pipe or the like, on which SQLite would wait without end.
    """
    for name in (f"{path}{end}" for end in ("", "-wal", "-shm", "-journal")):
        if write and os.path.islink(name):
            raise JournalError(f"{name} is a link, and nothing is written through links: put a copy there instead")
        if is_something_else(name):
            raise JournalError(f"{name} is no plain file: no run of Surefoot's leaves such a thing")


def check_log(path: pathlib.Path) -> None:
    """Look for damage in the write-ahead log; SQLite would take it for the log's end and lose what follows.

    Raises:
        JournalError: It is damaged.
    """
    log = pathlib.Path(f"{path}-wal")
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        raise JournalError(f"{log} has {log.stat().st_size:,} bytes: no run of Surefoot's leaves so many")
    damage = first_damage(log)
    if damage is not None:
        raise JournalError(
            f"{path}-wal is damaged at byte {damage}, and commits follow. Resume from an older copy of the run "
            f"directory; to go on with what was committed before the damage, delete {path}-wal"
        )


def check_schema(db: sqlite3.Connection, path: pathlib.Path) -> None:
    """See that the file holds the journal's tables and nothing else, before anything is read from them.

    A view or a trigger of a table's name would run what a stranger wrote, for as long as it likes.

    Raises:
        JournalError: It holds something else.
    """
    rows = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE NOT (type IN ('table', 'index') AND substr(name, 1, 7) = 'sqlite_') "
        "LIMIT 100"
    )
    found = sorted((str(name), " ".join(str(sql).split())) for name, sql in rows)
    strange = [name for name, sql in found if SCHEMA.get(name) != sql]
    if strange or len(found) != len(SCHEMA):
        what = f"{tame(strange[0], 40)} in it is not what Surefoot makes" if strange else "a table is missing"
        raise JournalError(f"{path} is not a Surefoot journal: {what}")


def check_format(db: sqlite3.Connection, path: pathlib.Path) -> None:
    """See that this version can read the file.

    Raises:
        JournalError: Another program wrote it, or a newer version.
    """
    row = db.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    text = row[0] if row is not None and isinstance(row[0], str) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise JournalError(f"{path} is not a Surefoot journal")
    if int(text) < OLDEST:
        raise JournalError(f"{path} has the layout {text}, which was never released; this Surefoot reads from {OLDEST}")
    if int(text) > FORMAT:
        raise JournalError(f"{path} was written by a newer Surefoot (format {text}); this one reads {FORMAT}")


def connect(path: pathlib.Path, write: bool, *, network: bool = False) -> sqlite3.Connection:
    """Open the file; a reader changes nothing and may stand beside a writer.

    Args:
        path: The database.
        write: Whether it will be written to.
        network: Whether it lies on a network file system: then changes are written into the file itself, with a
            rollback journal beside it, because a write-ahead log is not safe there.
    """
    name = f"file:{urllib.parse.quote(str(path.absolute()))}"
    if write:
        db = sqlite3.connect(f"{name}?mode=rw", uri=True, check_same_thread=False, timeout=30)
        _bound(db)
        db.execute(f"PRAGMA journal_mode = {'DELETE' if network else 'WAL'}")
        # EXTRA also makes durable that the rollback journal is gone, which is the moment a change becomes one.
        db.execute(f"PRAGMA synchronous = {'EXTRA' if network else 'FULL'}")
        return db
    db = sqlite3.connect(f"{name}?mode=ro", uri=True, check_same_thread=False, timeout=30)
    if not os.access(path.parent, os.W_OK) and not pathlib.Path(f"{path}-wal").exists():
        # On a medium that cannot be written to, SQLite has no place for its shared memory.
        db.close()
        db = sqlite3.connect(f"{name}?immutable=1", uri=True, check_same_thread=False)
    _bound(db)
    return db


def _bound(db: sqlite3.Connection) -> None:
    """Keep SQLite from trusting what the file says: no functions from its schema, no values without bound."""
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_ROW)


def crc_of(key: str, blob: bytes) -> int:
    """Checksum of a row: its content, and the key it stands under."""
    return zlib.crc32(blob, zlib.crc32(key.encode(errors="surrogatepass")))


CAUSES = (sqlite3.Error, msgspec.MsgspecError, zlib.error, UnicodeError, OverflowError, RecursionError)
"""What reading or writing a damaged or forged file raises; the last two: numbers and nesting beyond all bounds."""


class reporting:
    """A context in which the database's errors become a ``JournalError`` with the file's name."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, CAUSES):
            raise JournalError(f"{self.path}: {error}{_advice(error)}") from error


def _advice(error: BaseException) -> str:
    text = str(error)
    if "full" in text or "I/O" in text or "readonly" in text:
        return "; all that was committed is whole: make room or mend the disk, then resume"
    if isinstance(error, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
        return "; the file is damaged or cut off: resume from an older copy of the run directory, or start a new run"
    return ""
