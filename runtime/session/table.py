"""Reads tables row by row: CSV, JSON lines, Parquet, or any iterable of mappings; kept once, as JSON lines."""

import codecs
import csv
import hashlib
import json
import math
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TextIO

import msgspec

from surefoot.runtime.errors import ConfigurationError, SurefootError
from surefoot.runtime.plain_files import open_plain, why_not_plain
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.untrusted import tame

Row = dict[str, Any]
INPUT: Final = "input.jsonl"
"""File of a run directory that holds the rows, one JSON object a line."""
LINES: Final = (".jsonl", ".ndjson")
"""How names of files end that hold one JSON object a line."""
SAMPLED: Final = 200
"""Rows that are kept for pilots, from all over the table."""
REASON: Final = b'"'
"""How the line of a row begins that cannot be read: it is a text."""
SEPARATORS: Final = {";": "';'", "\t": "tab", "|": "'|'"}
"""What tables have in place of commas, and how it is typed in a shell."""
UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How files begin that many programs call Unicode text."""
LONGEST_ROW: Final = 16 << 20
"""Most bytes of one row of a file."""


class TextForm(msgspec.Struct, frozen=True):
    """How a file of text is written, where it is not as its name says.

    Attributes:
        delimiter: What separates values: one character, or ``tab``; by default a comma, in a .tsv a tab.
        encoding: Name of its encoding.
    """

    delimiter: str | None = None
    encoding: str = "utf-8-sig"

    def separator(self, kind: str) -> str:
        """Return the character between values of a file whose name ends so.

        Raises:
            ConfigurationError: It is not one character.
        """
        if self.delimiter is None:
            return "\t" if kind == ".tsv" else ","
        found = "\t" if self.delimiter in ("tab", "\\t") else self.delimiter
        if len(found) != 1 or found in '"\r\n':
            raise ConfigurationError(f"--delimiter: {self.delimiter!r} is not one character, or tab")
        return found


USUAL: Final = TextForm()
"""UTF-8, with commas, or tabs in a .tsv."""


class Unreadable(msgspec.Struct, frozen=True):
    """A row that cannot be read or kept: an error stands in place of its answer, and other rows go on.

    Attributes:
        reason: Why, in one line.
    """

    reason: str


class Table(msgspec.Struct, frozen=True):
    """A table of rows as a run directory keeps it.

    Attributes:
        path: The file of rows.
        count: How many rows it has, those among them that cannot be read.
        columns: Names of the columns of the sampled rows.
        sampled: Rows from all over it.
        digest: Of its bytes, for telling whether it is still the same.
    """

    path: pathlib.Path
    count: int
    columns: tuple[str, ...]
    sampled: tuple[Row, ...]
    digest: str

    def rows(self) -> Iterator[Row | str]:
        """Yield the rows in order, one in memory at a time; for an unreadable row, the reason as text."""
        with self.path.open("rb") as file:
            for line in file:
                yield msgspec.json.decode(line)

    def chunks(self, size: int) -> Iterator[tuple[int, list[Row | str]]]:
        """Yield the rows in chunks of at most so many, each with the number of its first row."""
        held: list[Row | str] = []
        for number, row in enumerate(self.rows()):
            held.append(row)
            if len(held) == size:
                yield number + 1 - size, held
                held = []
        if held:
            yield self.count - len(held), held


def keep_table(rows: Iterable[Any], path: pathlib.Path) -> Table:
    """Write rows into a file, row by row, and return the table.

    Of a row that is no mapping with names for its columns, or cannot be kept, the reason is written. NaN, by which
    tables say that a value is missing, is kept as null.

    Raises:
        ConfigurationError: There are rows and none can be read, whoever gives them fails, or the file cannot be
            written.
    """
    first: Unreadable | None = None
    readable = False
    try:
        with path.open("xb") as file:
            for number, row in _numbered(rows):
                kept = _kept(number, row)
                readable = readable or isinstance(kept, bytes)
                if isinstance(kept, Unreadable):
                    first = first or kept
                file.write(_line(kept))
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
    if first is not None and not readable:
        raise ConfigurationError(f"no row of the table can be read: {first.reason}")
    return read_table(path)


def digest_of(rows: Iterable[Any]) -> tuple[int, str]:
    """Return the number of rows and the digest that they would have if they were kept.

    Raises:
        ConfigurationError: Whoever gives the rows fails.
    """
    digest, count = hashlib.blake2b(digest_size=16), 0
    for number, row in _numbered(rows):
        digest.update(_line(_kept(number, row)))
        count += 1
    return count, digest.hexdigest()


def _numbered(rows: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Yield rows with their numbers; what the caller's own iterable raises is told from what a disk says of the run."""
    count = 0
    try:
        for row in rows:
            yield count, row
            count += 1
    except SurefootError:
        raise
    except Exception as error:
        raise ConfigurationError(
            f"the rows break off after {count:,}: what yields them raised {type(error).__name__}: {error}"
        ) from error


def _line(kept: bytes | Unreadable) -> bytes:
    """A row, or why it cannot be read, as it stands in the file."""
    return (kept if isinstance(kept, bytes) else msgspec.json.encode(kept.reason)) + b"\n"


def read_table(path: pathlib.Path) -> Table:
    """Return the table of a file of rows, which is read once from beginning to end.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    digest, count = hashlib.blake2b(digest_size=16), 0
    sampled: list[bytes] = []
    every = 1
    try:
        with open_plain(path) as file:
            for line in file:
                digest.update(line)
                if count % every == 0 and not line.startswith(REASON):
                    sampled.append(line)
                    if len(sampled) == 2 * SAMPLED:  # half of them again, twice as far apart
                        sampled, every = sampled[::2], 2 * every
                count += 1
        rows = tuple(msgspec.json.decode(line, type=Row) for line in _evenly(sampled))
    except (OSError, *UNREADABLE) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return Table(path, count, columns, rows, digest.hexdigest())


def _evenly(lines: list[bytes]) -> list[bytes]:
    """At most ``SAMPLED`` of the lines, from the first to the last, each as far from the next."""
    count = min(SAMPLED, len(lines))
    return [lines[number * len(lines) // count] for number in range(count)]


def rows_of_file(path: pathlib.Path, form: TextForm = USUAL) -> Iterator[Row | Unreadable]:
    """Yield the rows of a CSV, JSON lines or Parquet file; for an unreadable line, the reason.

    Args:
        path: The file.
        form: How its text is written, where it is text.

    Raises:
        ConfigurationError: It cannot be read, or is of another kind. One line that says where.
    """
    kind = path.suffix.lower()
    if why := why_not_plain(path):
        raise ConfigurationError(f"{path}: {why}")
    if kind == ".parquet":
        yield from _parquet(path)
        return
    if kind not in (".csv", ".tsv", ".jsonl", ".ndjson"):
        raise ConfigurationError(f"{path}: a table is a file .csv, .tsv, .jsonl or .parquet")
    try:
        with path.open(encoding=form.encoding, newline="") as file:
            yield from (_csv(path, file, form) if kind in (".csv", ".tsv") else _jsonl(path, file))
    except UnicodeDecodeError as error:
        hint = "--encoding latin-1, or another one, says how it is written"
        if _begins(path) in UTF_16:
            hint = "its first two bytes say UTF-16: --encoding utf-16 reads it"
        name = "UTF-8" if form.encoding == "utf-8-sig" else form.encoding
        raise ConfigurationError(f"{path}: is not {name} text at byte {error.start}", hint=hint) from error
    except LookupError as error:
        raise ConfigurationError(f"--encoding: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error


def _begins(path: pathlib.Path) -> bytes:
    """The first two bytes of a file."""
    with open_plain(path) as file:
        return file.read(2)


def _csv(path: pathlib.Path, file: TextIO, form: TextForm) -> Iterator[Row | Unreadable]:
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_ROW))  # Python's own limit is below the size of a letter
    reader = csv.reader(file, delimiter=form.separator(path.suffix.lower()), strict=True)
    try:
        columns = next(reader, [])
        if form.delimiter is None and len(columns) == 1:
            _check_one_column(path, columns[0])
        if twice := next((name for name in columns if columns.count(name) > 1), None):
            raise ConfigurationError(f"{path}, line 1: column {twice} is there twice")
        for row in reader:
            if len(row) == len(columns):
                yield dict(zip(columns, row, strict=True))
            elif row:  # an empty line is none
                place = f"{path.name}, line {reader.line_num}"
                yield Unreadable(f"{place}: {len(row)} values for {len(columns)} columns")
    except csv.Error as error:  # where the next row begins cannot be said after it
        raise ConfigurationError(f"{path}, line {reader.line_num}: {error}") from error


def _check_one_column(path: pathlib.Path, name: str) -> None:
    """Refuse a table of one column whose name looks like several that something else than a comma separates."""
    for separator, typed in SEPARATORS.items():
        if separator in name:
            hint = f"--delimiter {typed} reads it so; --delimiter , leaves it one column"
            raise ConfigurationError(
                f"{path}, line 1: one column, {tame(name, 60)!r}, which looks like several", hint=hint
            )


def _jsonl(path: pathlib.Path, file: TextIO) -> Iterator[Row | Unreadable]:
    number = 0
    while line := file.readline(LONGEST_ROW):
        number += 1
        if len(line) == LONGEST_ROW:
            raise ConfigurationError(f"{path}, line {number}: is longer than {LONGEST_ROW:,} characters")
        if line.strip():
            yield _object(line, f"{path.name}, line {number}")


def _object(line: str, place: str) -> Row | Unreadable:
    try:
        row = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"{place}: {error}")
    return row if isinstance(row, dict) else Unreadable(f"{place}: is no JSON object")


def _once(pairs: list[tuple[str, Any]]) -> Row:
    """An object whose names are there once each; of two values nobody could say which is meant."""
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError("a name is there twice")
    return row


def _parquet(path: pathlib.Path) -> Iterator[Row]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigurationError(f"{path}: reading Parquet needs pip install 'surefoot[parquet]'") from error
    try:
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(1024):
            yield from batch.to_pylist()
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise ConfigurationError(f"{path}: {str(error).splitlines()[0]}") from error


def _kept(number: int, row: Any) -> bytes | Unreadable:
    """A row as one line of JSON, or why it cannot be kept."""
    if isinstance(row, Unreadable):
        return row
    if isinstance(row, str):
        row = {"text": row}
    if isinstance(row, msgspec.Struct) or hasattr(row, "__dataclass_fields__"):
        row = msgspec.to_builtins(row)
    if not isinstance(row, Mapping) or not all(isinstance(name, str) for name in row):
        return Unreadable(f"row {number}: {type(row).__name__} is no row: a mapping with names of columns is")
    try:
        line = msgspec.json.encode(dict(row))
        if b"null" in line and _is_infinite(row):  # which would be kept as null as well
            return Unreadable(f"row {number}: holds an infinite number")
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return Unreadable(f"row {number}: cannot be kept: {error}")
    return line


def _is_infinite(value: Any) -> bool:
    """Whether a value is, or holds, a number that is infinite."""
    if isinstance(value, float):
        return math.isinf(value)
    parts = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, Mapping | list | tuple | set | frozenset) and any(map(_is_infinite, parts))
