"""Writes tables as CSV that every reader reads as it was written: one line end between rows, and quotes where due."""

import csv
from collections.abc import Collection, Mapping
from typing import Any, TextIO


class CsvTable:
    r"""A table with a head, written row by row, with ``\n`` between rows.

    Python's writer quotes a value for the line end that it writes itself. With ``\n`` it leaves one with a bare ``\r``
    as it is, at which most readers begin another row; with ``\r\n`` it quotes both.

    Args:
        file: Takes the text; open with ``newline=""``, or standard output.
        columns: Names of the columns, in order.
    """

    def __init__(self, file: TextIO, columns: Collection[str]) -> None:
        self._file, self._columns = file, tuple(columns)
        self._writer = csv.writer(self, lineterminator="\r\n")
        self._writer.writerow(self._columns)

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row; what it lacks is an empty value, and what is no column is left out."""
        self._writer.writerow([row.get(name) for name in self._columns])

    def write(self, line: str) -> int:
        """Take a line of Python's writer, and give the line end that belongs to the file."""
        return self._file.write(line.removesuffix("\r\n") + "\n")
