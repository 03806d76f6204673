"""A second copy of a run directory, kept while the run goes on, from which the run can be resumed elsewhere.

Only what is committed is copied, in one transaction of the copy: a mirror is at every moment a whole, older state of
its run. What was decided after its last copy is asked again by whoever resumes from it.
"""

import asyncio
import contextlib
import os
import pathlib
import shutil
import socket
import sqlite3
import time
import urllib.parse
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import msgspec

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.file import SCHEMA, check_plain, check_schema, reporting
from surefoot.runtime.plain_files import open_plain
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.whole_files import sync_directory

NOTE = "mirror.json"
"""The file by which a mirror knows that it is one."""
NOT_COPIED = ("lock", NOTE)
JOURNAL = "journal.sqlite"
LARGEST_NOTE = 1 << 16
"""Bytes of the longest note that is read; a real one has some hundred."""


EVERY_S = 2.0
"""Seconds between the end of one copy and the next."""


class MirrorNote(msgspec.Struct, frozen=True):
    """What a mirror knows of itself.

    Attributes:
        of: Machine and path of the run.
        batches: Committed batches that it holds.
        copied: Seconds since 1970 of the last copy.
    """

    of: str
    batches: int
    copied: float


class Mirror:
    """Copies a run directory's committed batches into another folder, each time only what is new.

    Args:
        run: The run directory.
        folder: Where the copy is kept; made if it is missing. It may be on a network file system.

    Raises:
        JournalError: The folder holds the mirror of another run.
    """

    def __init__(self, run: pathlib.Path, folder: pathlib.Path) -> None:
        self.run, self.folder = run, folder.expanduser()
        folder = self.folder
        self._name = f"{socket.gethostname()}:{run.resolve()}"
        self._copied: dict[str, tuple[int, int]] = {}
        note = read_note(folder)
        if note is None and (folder / JOURNAL).exists():
            raise JournalError(f"{folder} holds a run that is no mirror, or no longer one; name another folder")
        if note is not None and note.of != self._name and not self._continues(note):
            raise JournalError(f"{folder} is a mirror of {note.of}, not of {self._name}; name another folder")

    def copy(self) -> int:
        """Bring the mirror up to date; the number of batches it holds then. Blocks while it copies.

        Raises:
            JournalError: The run cannot be read or the mirror not be written; the mirror is as it was.
        """
        try:
            with reporting(self.folder / JOURNAL):
                self.folder.mkdir(parents=True, exist_ok=True)
                self._copy_files()
                held = self._copy_rows()
                self._write_note(MirrorNote(self._name, held, time.time()))
        except OSError as error:
            raise JournalError(f"{self.folder} cannot be written: {error.strerror or error}") from error
        return held

    def lacks(self) -> int:
        """Number of committed batches that the mirror does not hold.

        Raises:
            JournalError: The run or the mirror cannot be read.
        """
        with reporting(self.folder / JOURNAL):
            return _batches(self.run / JOURNAL) - _batches(self.folder / JOURNAL)

    def _continues(self, note: MirrorNote) -> bool:
        """Whether a mirror that was made elsewhere holds the beginning of this run: one that was moved or fetched."""
        with reporting(self.folder / JOURNAL):
            first = [_first_batch(place / JOURNAL) for place in (self.run, self.folder)]
            return first[0] == first[1] and note.batches <= _batches(self.run / JOURNAL)

    def _copy_files(self) -> None:
        """Copy what lies beside the journal and is new or changed; a draft is never copied."""
        for entry in sorted(self.run.iterdir()):
            if entry.is_symlink() or not entry.is_file() or entry.name in NOT_COPIED:
                continue
            if entry.name.startswith(JOURNAL) or entry.suffix == ".draft":
                continue
            state = entry.stat()
            if self._copied.get(entry.name) != (state.st_size, state.st_mtime_ns):
                _replace(self.folder / entry.name, entry.read_bytes())
                self._copied[entry.name] = (state.st_size, state.st_mtime_ns)

    def _copy_rows(self) -> int:
        _check_source(self.run / JOURNAL)
        check_plain(self.folder / JOURNAL, write=True)
        with _connected(self.folder / JOURNAL, write=True) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute("ATTACH DATABASE ? AS run", (f"file:{_quoted(self.run / JOURNAL)}?mode=ro",))
            with db:
                db.execute("BEGIN IMMEDIATE")
                for name, sql in SCHEMA.items():
                    _copy_part(db, name, sql)
                held: int = db.execute("SELECT COUNT(*) FROM main.batch").fetchone()[0]
        return held

    def _write_note(self, note: MirrorNote) -> None:
        _replace(self.folder / NOTE, msgspec.json.encode(note))
        sync_directory(self.folder)


@asynccontextmanager
async def mirrored(run: pathlib.Path, folder: pathlib.Path, note: Callable[[str], None]) -> AsyncIterator[None]:
    """Keep a mirror of a run while the block lasts, and bring it up to date once more at the end.

    A copy that fails does not stop the run: it is said once, and tried again.

    Args:
        run: The run directory.
        folder: Where the mirror is kept.
        note: Told in one line what people should know.

    Raises:
        JournalError: The folder is not this run's mirror.
    """
    mirror = Mirror(run, folder)
    keeping = asyncio.create_task(_keep(mirror, note))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await _copy(mirror, note, "")


async def _keep(mirror: Mirror, note: Callable[[str], None]) -> None:
    said = ""
    if read_note(mirror.folder) is not None and (behind := await asyncio.to_thread(mirror.lacks)):
        note(f"the mirror {mirror.folder} lacks {behind:,} batches, which are copied now")
    while True:
        said = await asyncio.shield(_copy(mirror, note, said))
        await asyncio.sleep(EVERY_S)


async def _copy(mirror: Mirror, note: Callable[[str], None], said: str) -> str:
    """Copy once; what was said of a failure, so that it is not said again."""
    try:
        await asyncio.to_thread(mirror.copy)
    except JournalError as error:
        text = f"the mirror is not up to date: {error}"
        if text != said:
            note(text)
        return text
    return ""


def mirror_of(run: pathlib.Path, chosen: str | None) -> pathlib.Path | None:
    """Return the folder that a run's configuration chose for its mirror; ``None`` if it is the run's own, or none.

    It is the run's own after a run was resumed from its mirror.
    """
    folder = None if chosen is None else pathlib.Path(chosen).expanduser()
    return None if folder is None or folder.resolve() == run.resolve() else folder


def take_over(folder: pathlib.Path) -> str:
    """Make a mirror a run of its own, which is about to be resumed; what it may lack, as one line, if it was one."""
    said = missing_in(folder)
    if said:
        (folder / NOTE).unlink()
    return said


def read_note(folder: pathlib.Path) -> MirrorNote | None:
    """What a folder knows of the run that it mirrors; ``None`` if it is no mirror."""
    try:
        with open_plain(folder / NOTE) as file:
            return msgspec.json.decode(file.read(LARGEST_NOTE), type=MirrorNote)
    except (OSError, *UNREADABLE):
        return None


def missing_in(folder: pathlib.Path) -> str:
    """One line that says what a run directory that is a mirror may lack; empty if it is none."""
    note = read_note(folder)
    if note is None:
        return ""
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(note.copied))
    return (
        f"{folder} is a mirror of {note.of}, last copied on {when} with {note.batches:,} batches: what that run "
        "decided later is not here and is asked again"
    )


def _check_source(path: pathlib.Path) -> None:
    """See that a run's journal holds its own tables: what a stranger's says of its tables would be executed."""
    check_plain(path, write=False)
    with _connected(path, write=False) as db:
        check_schema(db, path)


def _copy_part(db: sqlite3.Connection, name: str, sql: str) -> None:
    """Copy what is new of one table; make a table or an index that is not there."""
    if not db.execute("SELECT 1 FROM main.sqlite_master WHERE name = ?", (name,)).fetchone():
        db.execute(sql)
    if not sql.startswith("CREATE TABLE"):
        return
    if name == "batch":  # only ever added to, and by far the largest
        db.execute(
            "INSERT INTO main.batch SELECT * FROM run.batch WHERE id > (SELECT COALESCE(MAX(id), 0) FROM main.batch)"
        )
    elif name == "segment":  # only ever added to
        db.execute("INSERT OR IGNORE INTO main.segment SELECT * FROM run.segment")
    else:
        db.execute(f"DELETE FROM main.{name}")
        db.execute(f"INSERT INTO main.{name} SELECT * FROM run.{name}")


@contextlib.contextmanager
def _connected(path: pathlib.Path, write: bool) -> Iterator[sqlite3.Connection]:
    """A connection without a write-ahead log of its own: a mirror may be on a disk that several machines share."""
    mode = "rwc" if write else "ro"
    db = sqlite3.connect(f"file:{_quoted(path)}?mode={mode}", uri=True, isolation_level=None)
    try:
        if write:
            db.execute("PRAGMA journal_mode = DELETE")
            db.execute("PRAGMA synchronous = FULL")
        yield db
    finally:
        db.close()


def _batches(path: pathlib.Path) -> int:
    with _connected(path, write=False) as db:
        count: int = db.execute("SELECT COUNT(*) FROM batch").fetchone()[0]
    return count


def _first_batch(path: pathlib.Path) -> tuple[object, ...] | None:
    with _connected(path, write=False) as db:
        row: tuple[object, ...] | None = db.execute("SELECT * FROM batch ORDER BY id LIMIT 1").fetchone()
    return row


def _quoted(path: pathlib.Path) -> str:
    return urllib.parse.quote(str(path.resolve()))


def _replace(path: pathlib.Path, content: bytes) -> None:
    """Write a file of the mirror whole or not at all, for its owner's eyes, never through a link."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def copy_run(run: pathlib.Path, folder: pathlib.Path) -> int:
    """Copy a run directory once, also while the run goes on, and without the note of a mirror; its batches.

    Raises:
        JournalError: The run cannot be read or the copy not be written.
    """
    held = Mirror(run, folder).copy()
    with contextlib.suppress(OSError):
        (folder / NOTE).unlink()
    if read_note(run) is not None:  # a copy of a mirror is a mirror
        shutil.copyfile(run / NOTE, folder / NOTE)
    return held
