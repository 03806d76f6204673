"""How far a journal was durable, written into its main file outside SQLite's write-ahead log.

What a run commits stands in ``journal.sqlite-wal`` until SQLite copies it to the main file. Whoever copies the main
file alone would get an older journal, whole and without a sign that anything is missing. So after every commit the
number of batches is written into bytes of the main file's header that SQLite keeps for later and does not read.
When SQLite copies its log it writes the header as it knows it, with an older mark: by then the main file holds at
least what that mark says. A mark is therefore never above what was durable, and may be below it.

Layout: https://www.sqlite.org/fileformat2.html#the_database_header (bytes 72 to 91, "reserved for expansion").
"""

import os
import pathlib
import struct
import zlib

PLACE = 72
"""Offset of the mark in the file, in bytes."""

FORM = struct.Struct(">QI")
"""Number of batches, and a checksum of its bytes."""


class DurableMark:
    """Writes the mark of one journal.

    Args:
        path: The database. It must stay open in SQLite until this is closed: by POSIX rules, closing any descriptor
            of a file drops the process's locks on it.

    Raises:
        OSError: It cannot be opened for writing.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def write(self, batches: int) -> None:
        """Say that so many batches are durable. Not flushed to the disk: a lost mark hides nothing that is there.

        Raises:
            OSError: The disk does not take it.
        """
        number = struct.pack(">Q", batches)
        os.pwrite(self._file, number + struct.pack(">I", zlib.crc32(number)), PLACE)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def read_mark(header: bytes) -> int | None:
    """The number of batches that a database's first 100 bytes say were durable; 0 if they say nothing.

    Returns:
        ``None`` if the mark is damaged.
    """
    if len(header) < PLACE + FORM.size or not any(header[PLACE : PLACE + FORM.size]):
        return 0
    batches, checksum = FORM.unpack_from(header, PLACE)
    whole = zlib.crc32(header[PLACE : PLACE + 8]) == checksum
    return int(batches) if whole else None
