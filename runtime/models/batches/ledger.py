"""What a run's directory holds of its batches: what is to be sent, before it is sent, and what came back.

A batch is the folder's file ``0001.json``. It is there, durably, before the provider is asked for anything; the id of
the file that was sent is in it before the batch is asked for, and the id of the batch as soon as it is known. So a
process that goes on after a kill knows which batches may have been paid for and looks for these at the provider; none
is paid for a second time. Files: ``0001.json`` how far it is, ``0001.lines`` what each line asks, ``0001.input.jsonl``
what is sent, ``0001.output.jsonl`` and ``0001.error.jsonl`` what came back.
"""

import pathlib
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec

from surefoot.runtime.errors import JournalError, RunDirectoryError
from surefoot.runtime.models.batches.lines import MOST_LINES, Line
from surefoot.runtime.plain_files import open_plain
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.untrusted import one_line
from surefoot.runtime.whole_files import write_whole

T = TypeVar("T")

FOLDER: Final = "batches"
"""Folder of a run directory that holds its batches."""
NAME: Final = re.compile(r"([0-9]{4,9})\.json")
MOST_STATE: Final = 2**16
"""Bytes of the largest file that says how far a batch is."""
MOST_FILE: Final = 512 * 2**20
"""Bytes of the largest file of a batch that is read."""
MOST_BATCHES: Final = 100_000


class Batch(msgspec.Struct, frozen=True):
    """How far one batch is.

    Attributes:
        number: From 1 on, in the order in which they were gathered.
        token: Sent along, so that the provider's list shows which batch is this one.
        lines: How many it has.
        file: Id of the file at the provider, once it was sent.
        id: Id of the batch at the provider, once it is known.
        ended: How it ended, once what came back is on this disk; empty before.
        asked_at: When it was gathered, in seconds since 1970.
        why: Why it failed, if the provider says; untrusted text.
    """

    number: int
    token: str
    lines: int
    file: str = ""
    id: str = ""
    ended: str = ""
    asked_at: float = 0.0
    why: str = ""


def _nowhere(point: str) -> None:
    """Stand in where nobody makes the process fail on purpose."""


class BatchLedger:
    """The batches of one run, on disk.

    Args:
        directory: The run directory; its folder of batches is made with the first batch.
        reach: Called at named places between two durable writes; tests fail there.

    Attributes:
        batches: Those that there are, by number.
    """

    def __init__(self, directory: pathlib.Path, reach: Callable[[str], None] = _nowhere) -> None:
        self.folder, self.reach = directory / FOLDER, reach
        self.batches: dict[int, Batch] = {}

    def open(self) -> None:
        """Read which batches there are.

        Raises:
            RunDirectoryError: A file cannot be read, or says what cannot be.
        """
        if not self.folder.is_dir():
            return
        numbers = sorted(int(found[1]) for entry in self.folder.iterdir() if (found := NAME.fullmatch(entry.name)))
        for number in numbers[:MOST_BATCHES]:
            batch = self._decoded(number, "json", Batch, MOST_STATE)
            if batch.number != number or not 0 < batch.lines <= MOST_LINES:
                raise self._unreadable(number, "json", "it is another batch's")
            self.batches[number] = batch

    def intend(self, lines: Sequence[Line], content: bytes, now: float) -> Batch:
        """Make durable what is going to be sent; return the batch that it is.

        Args:
            lines: What each line asks.
            content: The file that is sent.
            now: Seconds since 1970.

        Raises:
            JournalError: The disk does not take it.
        """
        number = max(self.batches, default=0) + 1
        self.reach("batch.gathered")
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise JournalError(f"{self.folder}: {error}") from error
        self._write(number, "input.jsonl", content)
        self._write(number, "lines", msgspec.json.encode(lines))
        self.reach("batch.written")
        batch = Batch(number, secrets.token_hex(16), len(lines), asked_at=now)
        self.note(batch)
        self.reach("batch.intended")
        return batch

    def note(self, batch: Batch) -> None:
        """Make durable how far a batch is.

        Raises:
            JournalError: The disk does not take it.
        """
        self._write(batch.number, "json", msgspec.json.encode(batch))
        self.batches[batch.number] = batch

    def keep(self, batch: Batch, status: str, output: bytes, errors: bytes, why: str = "") -> Batch:
        """Make durable what came of a batch, and that it has ended and why; return it as it is then.

        Raises:
            JournalError: The disk does not take it.
        """
        self._write(batch.number, "output.jsonl", output)
        self._write(batch.number, "error.jsonl", errors)
        self.reach("batch.fetched")
        ended = msgspec.structs.replace(batch, ended=status, why=why)
        self.note(ended)
        self.reach("batch.ended")
        return ended

    def lines(self, number: int) -> tuple[Line, ...]:
        """Return what each line of a batch asks.

        Raises:
            RunDirectoryError: It cannot be read.
        """
        lines = self._decoded(number, "lines", tuple[Line, ...], MOST_FILE)
        if len(lines) != self.batches[number].lines:
            raise self._unreadable(number, "lines", "it has another number of lines")
        return lines

    def input(self, number: int) -> bytes:
        """Return the file that a batch is made of.

        Raises:
            RunDirectoryError: It cannot be read.
        """
        return self._read(number, "input.jsonl", MOST_FILE)

    def kept(self, number: int) -> tuple[bytes, bytes]:
        """Return the files of answers and errors that came of an ended batch.

        Raises:
            RunDirectoryError: One cannot be read.
        """
        return self._read(number, "output.jsonl", MOST_FILE), self._read(number, "error.jsonl", MOST_FILE)

    def path(self, number: int, kind: str = "json") -> pathlib.Path:
        """Return the file of one kind of a batch."""
        return self.folder / f"{number:04}.{kind}"

    def _write(self, number: int, kind: str, content: bytes) -> None:
        try:
            write_whole(self.path(number, kind), content)
        except OSError as error:
            raise JournalError(f"{self.path(number, kind)}: {error.strerror or error}") from error

    def _read(self, number: int, kind: str, most: int) -> bytes:
        try:
            with open_plain(self.path(number, kind), links=False) as file:
                content = file.read(most + 1)
        except OSError as error:
            raise self._unreadable(number, kind, error.strerror or str(error)) from error
        if len(content) > most:
            raise self._unreadable(number, kind, f"it has more than {most:,} bytes")
        return content

    def _decoded(self, number: int, kind: str, form: type[T], most: int) -> T:
        try:
            return msgspec.json.decode(self._read(number, kind, most), type=form)
        except UNREADABLE as error:
            raise self._unreadable(number, kind, one_line(error, 200)) from error

    def _unreadable(self, number: int, kind: str, why: str) -> RunDirectoryError:
        return RunDirectoryError(f"{self.path(number, kind)} cannot be read: {why}")


def in_flight(directory: pathlib.Path) -> list[Batch]:
    """Return the batches of a run that may be at the provider and whose results are not on this disk.

    Raises:
        RunDirectoryError: They cannot be read.
    """
    ledger = BatchLedger(directory)
    ledger.open()
    return [batch for batch in ledger.batches.values() if not batch.ended]


def questions_in_flight(directory: pathlib.Path) -> int:
    """Return how many questions of a run's batches may be at the provider, which bills them when it answers.

    Raises:
        RunDirectoryError: The batches cannot be read.
    """
    return sum(batch.lines for batch in in_flight(directory))
