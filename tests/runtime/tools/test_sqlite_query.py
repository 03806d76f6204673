"""SQL from a model: reads, within limits, and changes nothing."""

import os
import pathlib
import sqlite3
from typing import Any

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools import sqlite_query as module
from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.sqlite_query import sqlite_query

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "a b?#%.db"  # characters that mean something in the address of a file
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE city (name TEXT, people INTEGER, raw BLOB)")
        database.executemany("INSERT INTO city VALUES (?, ?, ?)", [(f"c{n}", n, b"\xff") for n in range(50)])
        database.execute("CREATE VIRTUAL TABLE notes USING fts5(text)")
        database.execute("INSERT INTO notes VALUES ('a river')")
        database.execute("INSERT INTO city VALUES (CAST(x'ff41' AS TEXT), -1, NULL)")
    database.close()
    return path


async def test_rows_come_with_their_columns(file: pathlib.Path, value: Any) -> None:
    sql = "SELECT name, people AS n, raw FROM city WHERE people >= ? ORDER BY people LIMIT 2"
    answer = await value(sqlite_query(file), sql=sql, parameters=[7])
    assert answer == {"columns": ["name", "n", "raw"], "rows": [["c7", 7, "/w=="], ["c8", 8, "/w=="]], "more": False}
    assert (await value(sqlite_query(file), sql="SELECT text FROM notes WHERE notes MATCH 'river'"))["rows"] == [
        ["a river"]
    ]
    assert (await value(sqlite_query(file), sql="SELECT name FROM city WHERE people < 0"))["rows"] == [["\ufffdA"]]


async def test_more_rows_than_wanted_are_said(file: pathlib.Path, value: Any) -> None:
    answer = await value(sqlite_query(file, max_rows=3), sql="SELECT people FROM city ORDER BY people")
    assert (answer["rows"], answer["more"]) == ([[-1], [0], [1]], True)


WRITES = [
    "INSERT INTO city VALUES ('x', 1, NULL)",
    "UPDATE city SET people = 0",
    "DELETE FROM city",
    "DROP TABLE city",
    "CREATE TEMP TABLE t (x)",
    "ATTACH DATABASE '{other}' AS other",
    "VACUUM INTO '{other}'",
    "PRAGMA journal_mode = WAL",
    "PRAGMA writable_schema = 1",
    "BEGIN",
    "REINDEX",
    "SELECT load_extension('x')",
]


@pytest.mark.parametrize("sql", WRITES)
async def test_nothing_but_reading_is_allowed(
    sql: str, file: pathlib.Path, failure: Any, tmp_path: pathlib.Path
) -> None:
    before = os.stat(file)
    failed = await failure(sqlite_query(file), sql=sql.format(other=tmp_path / "other.db"))
    assert failed.kind is FailureKind.REFUSED, failed
    assert os.stat(file).st_mtime_ns == before.st_mtime_ns
    assert os.listdir(tmp_path) == [file.name]


async def test_opened_for_reading_even_if_every_statement_were_allowed(
    file: pathlib.Path, failure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_allowed", lambda *details: sqlite3.SQLITE_OK)
    failed = await failure(sqlite_query(file), sql=WRITES[0])
    assert (failed.kind, failed.detail) == (FailureKind.REFUSED, "attempt to write a readonly database")


async def test_a_query_without_end_is_ended(file: pathlib.Path, failure: Any) -> None:
    failed = await failure(sqlite_query(file, timeout_s=0.05), sql=ENDLESS)
    assert (failed.kind, failed.detail) == (FailureKind.TIMEOUT, "interrupted")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT zeroblob(100000000)",
        "SELECT hex(zeroblob(60000))",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT hex(zeroblob(1000)) FROM n LIMIT 99",
    ],
)
async def test_large_answers_are_refused(sql: str, file: pathlib.Path, failure: Any, value: Any) -> None:
    failed = await failure(sqlite_query(file, max_bytes=100_000), sql=sql)
    assert failed.kind is FailureKind.OUTPUT_LIMIT
    if "100000000" in sql:
        assert failed.detail == "string or blob too big"  # before it was made
    larger = sqlite_query(file, max_bytes=400_000_000, max_rows=100)
    assert (await value(larger, sql=sql.replace("100000000", "1000000")))["rows"]


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"sql": "SELEC 1"}, "bad-arguments"),
        ({"sql": "SELECT * FROM nowhere"}, "bad-arguments"),
        ({"sql": "SELECT 1; SELECT 2"}, "bad-arguments"),
        ({"sql": "SELECT ?"}, "bad-arguments"),
        ({"sql": "SELECT ?", "parameters": [[1]]}, "bad-arguments"),
        ({"sql": "SELECT ?", "parameters": [2**70]}, "bad-arguments"),
        ({"sql": "SELECT \ud800"}, "bad-arguments"),
        ({"sql": "SELECT 1\0"}, "bad-arguments"),
        ({"query": "SELECT 1"}, "bad-arguments"),
    ],
)
async def test_faults_are_named(arguments: dict[str, Any], kind: str, file: pathlib.Path, failure: Any) -> None:
    assert (await failure(sqlite_query(file), **arguments)).kind == kind


async def test_a_file_that_is_no_database(tmp_path: pathlib.Path, failure: Any) -> None:
    path = tmp_path / "x.db"
    sqlite3.connect(path).close()
    tool = sqlite_query(path)  # which refuses what is none from the start: test_named.py
    path.write_bytes(b"no database" * 100)
    failed = await failure(tool, sql="SELECT * FROM t")
    assert (failed.kind, failed.detail) == (FailureKind.CRASHED, "file is not a database")
    with pytest.raises(ConfigurationError, match="no SQLite file"):
        sqlite_query(tmp_path / "none.db")
