"""Writes the results of a table's rows as JSON lines, CSV or Parquet, in the order of the rows."""

import csv
import importlib.util
import json
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.session.row_results import RowResult
from surefoot.runtime.whole_files import PUBLIC, whole_file

FORMS = (".jsonl", ".ndjson", ".csv", ".parquet")
"""How the names of files end that results go to."""
BATCH = 1024
"""Rows that a Parquet file takes at a time."""


def check_form(path: pathlib.Path) -> None:
    """Refuse an output file whose ending names no format, or whose folder does not exist.

    Raises:
        ConfigurationError: It cannot be written; said before anything is paid for.
    """
    if path.suffix.lower() not in FORMS:
        raise ConfigurationError(f"{path}: results go to a file .jsonl, .csv or .parquet")
    if path.suffix.lower() == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise ConfigurationError(f"{path}: writing Parquet needs pip install 'surefoot[parquet]'")
    if not path.parent.is_dir():
        raise ConfigurationError(f"{path}: there is no folder {path.parent}")


def write_results(results: Iterable[RowResult], path: pathlib.Path) -> int:
    """Write results to a file in the format that its ending names; return the number of results.

    Raises:
        ConfigurationError: It cannot be written, or its form is not known.
    """
    check_form(path)
    writers = {".csv": _write_csv, ".parquet": _write_parquet}
    write = writers.get(path.suffix.lower(), _write_jsonl)
    try:
        with whole_file(path, mode=PUBLIC) as draft:
            return write(results, draft)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror or error}") from error


def flat(result: RowResult) -> dict[str, Any]:
    """Return a result as one flat mapping: the fields of a record stand beside the votes."""
    told = msgspec.to_builtins(result)
    answer = told.pop("answer")
    own = answer if isinstance(answer, dict) else {"answer": answer}
    return {
        "row": told.pop("row"),
        **{name if name not in told else f"answer_{name}": v for name, v in own.items()},
        **told,
    }


def _write_jsonl(results: Iterable[RowResult], path: pathlib.Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for result in results:
            file.write(json.dumps(msgspec.to_builtins(result), ensure_ascii=False) + "\n")
            count += 1
    return count


def _write_csv(results: Iterable[RowResult], path: pathlib.Path) -> int:
    count, writer = 0, None
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in _with_columns(results):
            if writer is None:
                writer = csv.DictWriter(file, list(row), extrasaction="ignore", lineterminator="\n")
                writer.writeheader()
            writer.writerow({name: _cell(value) for name, value in row.items()})
            count += 1
    return count


def _write_parquet(results: Iterable[RowResult], path: pathlib.Path) -> int:
    import pyarrow
    import pyarrow.parquet

    count, writer, held = 0, None, []
    try:
        for row in _with_columns(results):
            held.append({name: _cell(value) if name == "flags" else value for name, value in row.items()})
            count += 1
            if len(held) == BATCH:
                writer = _append(pyarrow, writer, held, path)
                held = []
        if held or writer is None:
            writer = _append(pyarrow, writer, held, path)
    finally:
        if writer is not None:
            writer.close()
    return count


def _append(pyarrow: Any, writer: Any, rows: list[dict[str, Any]], path: pathlib.Path) -> Any:
    """Write a batch of rows; the first says what the columns are.

    Raises:
        ConfigurationError: Later values do not go into the columns of the first rows.
    """
    schema = None if writer is None else writer.schema
    try:
        if schema is None:
            found = pyarrow.Table.from_pylist(rows).schema
            # Of a column without a value so far nothing is known: text takes whatever comes, as JSON.
            columns = [pyarrow.field(c.name, pyarrow.string()) if pyarrow.types.is_null(c.type) else c for c in found]
            schema = pyarrow.schema(columns)
        texts = {c.name for c in schema if pyarrow.types.is_string(c.type)}
        rows = [{name: _text(value) if name in texts else value for name, value in row.items()} for row in rows]
        table = pyarrow.Table.from_pylist(rows, schema=schema)
    except (pyarrow.ArrowException, OverflowError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(f"{path}: the answers do not make one table ({reason}): write .jsonl") from error
    if writer is None:
        writer = pyarrow.parquet.ParquetWriter(path, schema)
    writer.write_table(table)
    return writer


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _with_columns(results: Iterable[RowResult]) -> Iterator[dict[str, Any]]:
    """Results as flat rows that all have the columns of the first one with an answer.

    Raises:
        ConfigurationError: A later answer has a field that is no column.
    """
    waiting: list[RowResult] = []
    columns: list[str] | None = None
    for result in results:
        if columns is None and result.error and len(waiting) < BATCH:
            waiting.append(result)
            continue
        if columns is None:
            columns = list(flat(result))
            yield from (_in_columns(one, columns) for one in waiting)
            waiting = []
        yield _in_columns(result, columns)
    yield from map(flat, waiting)


def _in_columns(result: RowResult, columns: list[str]) -> dict[str, Any]:
    row = flat(result)
    other = next((name for name in row if name not in columns), None)
    if other is not None and not (result.error and other == "answer"):
        raise ConfigurationError(f"row {result.row} has {other!r}, which the first answer has not: write .jsonl")
    return {name: row.get(name) for name in columns}


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
