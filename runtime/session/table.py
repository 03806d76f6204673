"""Reads tables row by row: CSV, JSON lines, Parquet, or any iterable of mappings; kept once, as JSON lines."""

import csv
import hashlib
import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TextIO

import msgspec

from surefoot.runtime.errors import ConfigurationError

Row = dict[str, Any]
INPUT: Final = "input.jsonl"
"""File of a run directory that holds the rows, one JSON object a line."""
SAMPLED: Final = 200
"""Rows that are kept for pilots, from all over the table."""
LONGEST_ROW: Final = 16 << 20
"""Most bytes of one row of a file."""


class Table(msgspec.Struct, frozen=True):
    """A table as a run directory keeps it.

    Attributes:
        path: The file of rows.
        count: How many rows it has.
        columns: Names of the columns of the first row.
        sampled: Rows from all over it.
        digest: Of its bytes, for telling whether it is still the same.
    """

    path: pathlib.Path
    count: int
    columns: tuple[str, ...]
    sampled: tuple[Row, ...]
    digest: str

    def rows(self) -> Iterator[Row]:
        """Yield the rows in order, one in memory at a time."""
        with self.path.open("rb") as file:
            for line in file:
                yield msgspec.json.decode(line)

    def chunks(self, size: int) -> Iterator[tuple[int, list[Row]]]:
        """Yield the rows in chunks of at most so many, each with the number of its first row."""
        held: list[Row] = []
        for number, row in enumerate(self.rows()):
            held.append(row)
            if len(held) == size:
                yield number + 1 - size, held
                held = []
        if held:
            yield self.count - len(held), held


def keep_table(rows: Iterable[Any], path: pathlib.Path) -> Table:
    """Write rows into a file, row by row, and return the table.

    Raises:
        ConfigurationError: A row is no mapping with names for its columns, or the file cannot be written.
    """
    try:
        with path.open("xb") as file:
            for number, row in enumerate(rows):
                file.write(_line(number, row))
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
    return read_table(path)


def read_table(path: pathlib.Path) -> Table:
    """Return the table of a file of rows, which is read once from beginning to end.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    digest, count, first = hashlib.blake2b(digest_size=16), 0, b""
    sampled: list[bytes] = []
    every = 1
    try:
        with path.open("rb") as file:
            for line in file:
                digest.update(line)
                first = first or line
                if count % every == 0:
                    sampled.append(line)
                    if len(sampled) == 2 * SAMPLED:  # half of them again, twice as far apart
                        sampled, every = sampled[::2], 2 * every
                count += 1
        columns = tuple(msgspec.json.decode(first)) if first else ()
        rows = tuple(msgspec.json.decode(line) for line in sampled[:SAMPLED])
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return Table(path, count, columns, rows, digest.hexdigest())


def rows_of_file(path: pathlib.Path) -> Iterator[Row]:
    """Yield the rows of a CSV, JSON lines or Parquet file, told by its name.

    Raises:
        ConfigurationError: It cannot be read, or is of another kind. One line that says where.
    """
    kind = path.suffix.lower()
    if not path.is_file():
        raise ConfigurationError(f"{path}: there is no such file")
    if kind == ".parquet":
        yield from _parquet(path)
        return
    if kind not in (".csv", ".tsv", ".jsonl", ".ndjson"):
        raise ConfigurationError(f"{path}: a table is a file .csv, .tsv, .jsonl or .parquet")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from (
                _csv(path, file, "\t" if kind == ".tsv" else ",") if kind in (".csv", ".tsv") else _jsonl(path, file)
            )
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8 text at byte {error.start}") from error
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error


def _csv(path: pathlib.Path, file: TextIO, delimiter: str) -> Iterator[Row]:
    reader = csv.DictReader(file, delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise ConfigurationError(f"{path}, line {reader.line_num}: not as many values as there are columns")
            yield row
    except csv.Error as error:
        raise ConfigurationError(f"{path}, line {reader.line_num}: {error}") from error


def _jsonl(path: pathlib.Path, file: TextIO) -> Iterator[Row]:
    number = 0
    while line := file.readline(LONGEST_ROW):
        number += 1
        if len(line) == LONGEST_ROW:
            raise ConfigurationError(f"{path}, line {number}: is longer than {LONGEST_ROW:,} characters")
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(f"{path}, line {number}: {error}") from error
        if not isinstance(row, dict):
            raise ConfigurationError(f"{path}, line {number}: is no JSON object")
        yield row


def _parquet(path: pathlib.Path) -> Iterator[Row]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigurationError(f"{path}: reading Parquet needs pip install 'surefoot[parquet]'") from error
    try:
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(1024):
            yield from batch.to_pylist()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: {str(error).splitlines()[0]}") from error


def _line(number: int, row: Any) -> bytes:
    """A row as one line of JSON."""
    if isinstance(row, str):
        row = {"text": row}
    if isinstance(row, msgspec.Struct) or hasattr(row, "__dataclass_fields__"):
        row = msgspec.to_builtins(row)
    if not isinstance(row, Mapping) or not all(isinstance(name, str) for name in row):
        raise ConfigurationError(f"row {number}: {type(row).__name__} is no row: a mapping with names of columns is")
    try:
        return msgspec.json.encode(dict(row)) + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"row {number}: cannot be kept: {error}") from error
