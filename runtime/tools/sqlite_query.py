"""A tool that reads an SQLite file by SQL which cannot change the file."""

import contextlib
import pathlib
import sqlite3
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any, Final

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.contract import JSON_BYTES_PER_BYTE, FailureKind, Tool, ToolError

_INSTRUCTIONS_BETWEEN_LOOKS: Final = 10_000
_REFUSED_FUNCTIONS: Final = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_NO_DATABASE: Final = frozenset({"SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_CANTOPEN"})
_BEYOND_S: Final = 5.0
"""Seconds by which the tool's own time-out is longer than the one inside SQLite, which ends a query cleanly."""


def sqlite_query(
    path: str | pathlib.Path, *, max_rows: int = 1000, max_bytes: int = 1 << 18, timeout_s: float = 10.0
) -> Tool:
    """A tool that reads from an SQLite file: arguments ``sql`` (one statement) and ``parameters``.

    It returns ``{"columns": [...], "rows": [[...]], "more": false}``; ``more`` says that there are more than
    ``max_rows`` rows; binary data is base64 text. Only reading is allowed: the file is opened so, and each part of a
    statement is checked.

    Args:
        path: The file.
        max_rows: Rows returned at most.
        max_bytes: Bytes of text and binary data returned at most; a query that gives more fails.
        timeout_s: Seconds that one query may take.

    Raises:
        ConfigurationError: There is no such file, or it is no database.
    """
    file = pathlib.Path(path).absolute()
    if not file.is_file():
        raise ConfigurationError(f"there is no SQLite file at {file}")
    _look_into(file)

    def query(sql: str, parameters: list[Any] | None = None) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        with _named_failures(), contextlib.closing(_connected(file)) as database:
            _hold(database, max_bytes, deadline)
            cursor = database.execute(sql, parameters or [])
            columns = [column[0] for column in cursor.description or ()]
            rows = _fetched(cursor, max_rows, max_bytes)
        return {"columns": columns, "rows": rows[:max_rows], "more": len(rows) > max_rows}

    return Tool(
        name="sqlite_query",
        function=query,
        timeout_s=timeout_s + _BEYOND_S,
        max_result_bytes=_room(max_rows, max_bytes),
    )


def _room(max_rows: int, max_bytes: int) -> int:
    return JSON_BYTES_PER_BYTE * max_bytes + 64 * max_rows + 65_536


def _connected(file: pathlib.Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{urllib.parse.quote(str(file))}?mode=ro", uri=True, timeout=1.0)


def _look_into(file: pathlib.Path) -> None:
    """Refuse what is no database before a model is asked anything; one that is locked just now may be read later."""
    try:
        with contextlib.closing(_connected(file)) as database:
            database.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        if error.sqlite_errorname in _NO_DATABASE:
            raise ConfigurationError(f"{file} cannot be read as SQLite: {error}") from error


def _hold(database: sqlite3.Connection, max_bytes: int, deadline: float) -> None:
    """Set what a query may do, how large its values may be, and until when it may run."""
    database.text_factory = lambda raw: raw.decode(errors="replace")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(max_bytes, 4096))  # zeroblob(1e9) fails before it is made
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.set_progress_handler(lambda: time.monotonic() > deadline, _INSTRUCTIONS_BETWEEN_LOOKS)
    _load_virtual_tables(database)
    database.set_authorizer(_allowed)


def _load_virtual_tables(database: sqlite3.Connection) -> None:
    """Have SQLite set up full-text and other virtual tables, for which it asks to write to its list of tables."""
    listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'"
    for (name,) in database.execute(listed).fetchall():
        quoted = name.replace('"', '""')
        with contextlib.suppress(sqlite3.OperationalError):  # of a kind that is not built in; a query of it says so
            database.execute(f'SELECT 1 FROM "{quoted}" LIMIT 0')


def _allowed(action: int, first: str | None, second: str | None, schema: str | None, trigger: str | None) -> int:
    """SQLite's question, for each part of a statement, whether it may do that."""
    del schema, trigger
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in _REFUSED_FUNCTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first == "data_version":  # asked by the full-text index itself
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _fetched(cursor: sqlite3.Cursor, max_rows: int, max_bytes: int) -> list[list[Any]]:
    """At most one row more than wanted, which shows that there are more."""
    rows: list[list[Any]] = []
    size = 0
    for row in cursor:
        rows.append(list(row))
        if len(rows) > max_rows:
            break
        size += sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)
        if size > max_bytes:
            raise ToolError(f"the rows have more than {max_bytes:,} bytes", FailureKind.OUTPUT_LIMIT)
    return rows


@contextlib.contextmanager
def _named_failures() -> Iterator[None]:
    """SQLite's errors as failures of a tool."""
    try:
        yield
    except sqlite3.Error as error:
        raise ToolError(str(error), _kind(error)) from error
    except (sqlite3.Warning, TypeError, ValueError, OverflowError, UnicodeEncodeError) as error:
        raise ToolError(str(error), FailureKind.BAD_ARGUMENTS) from error


def _kind(error: sqlite3.Error) -> FailureKind:
    name = getattr(error, "sqlite_errorname", "") or ""
    kinds: dict[str, FailureKind] = {
        "SQLITE_INTERRUPT": FailureKind.TIMEOUT,
        "SQLITE_AUTH": FailureKind.REFUSED,
        "SQLITE_READONLY": FailureKind.REFUSED,
        "SQLITE_TOOBIG": FailureKind.OUTPUT_LIMIT,
        "SQLITE_NOMEM": FailureKind.MEMORY,
    }
    if name in kinds:
        return kinds[name]
    if "not authorized" in str(error):  # of some statements SQLite gives no code of its own
        return FailureKind.REFUSED
    asked_wrongly = name == "SQLITE_ERROR" or isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError)
    return FailureKind.BAD_ARGUMENTS if asked_wrongly else FailureKind.CRASHED
