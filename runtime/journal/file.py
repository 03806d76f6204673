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
from surefoot.runtime.journal.fault_points import FaultPoints
from surefoot.runtime.journal.wal import first_damage

FORMAT = 2
"""Version of the file's layout. A newer version reads older files; an older version refuses newer ones."""

OLDEST = 2
"""The oldest layout that can be read. Layout 1 was never released: it had no checksum of the totals."""

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE batch (id INTEGER PRIMARY KEY, segment TEXT NOT NULL, payload BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE INDEX batch_by_segment ON batch (segment);
CREATE TABLE segment (key TEXT PRIMARY KEY, outcome BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE totals (id INTEGER PRIMARY KEY CHECK (id = 1), counts BLOB NOT NULL, crc INTEGER NOT NULL);
"""


def create_file(path: pathlib.Path, faults: FaultPoints) -> None:
    """The tables, in a draft that takes the journal's name when it is whole.

    Raises:
        JournalError: The disk does not take it.
    """
    draft = path.with_suffix(".draft")
    for old in (draft, pathlib.Path(f"{draft}-journal")):
        old.unlink(missing_ok=True)
    with reporting(path), contextlib.closing(sqlite3.connect(draft)) as db:
        db.execute("PRAGMA synchronous = FULL")
        db.executescript(f"BEGIN; {SCHEMA}")
        faults.reach("create.during")
        version = str(FORMAT)
        db.execute("INSERT INTO meta VALUES ('format', ?, ?)", (version, crc_of("format", version.encode())))
        db.commit()
    draft.replace(path)
    sync_directory(path.parent)
    faults.reach("create.after")


def sync_directory(directory: pathlib.Path) -> None:
    """Make new names in a directory durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_whole(key: Any, blob: Any, crc: Any) -> bool:
    """Whether a row is what was written; damage can change a value's type as well."""
    return isinstance(key, str) and isinstance(blob, bytes) and crc_of(key, blob) == crc


def check_header(path: pathlib.Path) -> None:
    """SQLite takes a file that was cut off to nothing for a new database, and would begin to write it.

    Raises:
        JournalError: The file is no database.
    """
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise JournalError(
                f"{path} is no database any more: it was cut off or overwritten; resume from an older copy of the run "
                "directory, or start a new run"
            )


def check_log(path: pathlib.Path) -> None:
    """SQLite takes a damaged write-ahead log for one that ends early, and would lose what was committed after.

    Raises:
        JournalError: It is damaged.
    """
    damage = first_damage(pathlib.Path(f"{path}-wal"))
    if damage is not None:
        raise JournalError(
            f"{path}-wal is damaged at byte {damage}, and commits follow. Resume from an older copy of the run "
            f"directory; to go on with what was committed before the damage, delete {path}-wal"
        )


def check_format(db: sqlite3.Connection, path: pathlib.Path) -> None:
    """See that this version can read the file.

    Raises:
        JournalError: Another program wrote it, or a newer version.
    """
    row = db.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    if row is None or not row[0].isdigit():
        raise JournalError(f"{path} is not a Surefoot journal")
    if int(row[0]) < OLDEST:
        raise JournalError(
            f"{path} has the layout {row[0]}, which was never released; this Surefoot reads from {OLDEST}"
        )
    if int(row[0]) > FORMAT:
        raise JournalError(f"{path} was written by a newer Surefoot (format {row[0]}); this one reads {FORMAT}")


def connect(path: pathlib.Path, write: bool) -> sqlite3.Connection:
    """Open the file; a reader changes nothing and may stand beside a writer."""
    name = f"file:{urllib.parse.quote(str(path.absolute()))}"
    if write:
        db = sqlite3.connect(f"{name}?mode=rw", uri=True, check_same_thread=False, timeout=30)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        return db
    db = sqlite3.connect(f"{name}?mode=ro", uri=True, check_same_thread=False, timeout=30)
    if not os.access(path.parent, os.W_OK) and not pathlib.Path(f"{path}-wal").exists():
        # On a medium that cannot be written to, SQLite has no place for its shared memory.
        db.close()
        db = sqlite3.connect(f"{name}?immutable=1", uri=True, check_same_thread=False)
    return db


def crc_of(key: str, blob: bytes) -> int:
    """Checksum of a row: its content, and the key it stands under."""
    return zlib.crc32(blob, zlib.crc32(key.encode(errors="surrogatepass")))


class reporting:
    """Turns the database's errors into ours, with the file's name."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, sqlite3.Error | msgspec.MsgspecError | zlib.error | UnicodeError):
            raise JournalError(f"{self.path}: {error}{_advice(error)}") from error


def _advice(error: BaseException) -> str:
    text = str(error)
    if "full" in text or "I/O" in text or "readonly" in text:
        return "; all that was committed is whole: make room or mend the disk, then resume"
    if isinstance(error, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
        return "; the file is damaged or cut off: resume from an older copy of the run directory, or start a new run"
    return ""
