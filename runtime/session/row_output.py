"""Writes the results of a table's rows as JSON lines, CSV or Parquet, in the order of the rows."""

import importlib.util
import itertools
import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.session.csv_table import CsvTable
from surefoot.runtime.session.row_inputs import Kind, RowInputs, as_kind
from surefoot.runtime.session.row_results import RowResult
from surefoot.runtime.session.table import INPUT
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
    if path.is_dir():
        raise ConfigurationError(f"{path}: is a folder, and results go to a file")


def check_inputs_kept(path: pathlib.Path, table: pathlib.Path | None, directory: pathlib.Path) -> None:
    """Refuse an output file that would replace what the run reads, by whatever name it is called.

    Args:
        path: Where results go.
        table: The file of the run's rows, where they come from a file.
        directory: The run directory, whose own copy of the rows is needed to go on.

    Raises:
        ConfigurationError: It would; said before anything is asked.
    """
    if table is not None and path.exists() and table.exists() and path.samefile(table):
        raise ConfigurationError(f"--output {path} is the table itself, which would be lost: name another file")
    if path.resolve() == (directory / INPUT).resolve():
        raise ConfigurationError(f"{path} holds the rows of the run, which needs them: name another file")


Pair = tuple[RowResult, dict[str, Any]]
"""A result, and the columns of its row that stand before it."""


def write_results(
    results: Iterable[RowResult], path: pathlib.Path, inputs: RowInputs | None = None, fields: Sequence[str] = ()
) -> int:
    """Write results to a file in the format that its ending names; return the number of results.

    Args:
        results: In the order of the rows.
        path: The file.
        inputs: The rows, whose columns come first; ``None`` leaves them out.
        fields: Those of an answer, which a table has as columns also where no row was answered.

    Raises:
        ConfigurationError: It cannot be written, or its form is not known.
    """
    check_form(path)
    suffix = path.suffix.lower()
    try:
        with whole_file(path, mode=PUBLIC) as draft:
            if suffix == ".parquet":
                return _write_parquet(_filled(results, fields), draft, inputs)
            with draft.open("w", encoding="utf-8", newline="") as file:
                if suffix == ".csv":
                    return print_csv(results, file, inputs, fields)
                return print_jsonl(results, file, inputs)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror or error}") from error
    except _NoTable as error:
        told = f"the answers do not make one table ({error}): write .jsonl"
        raise ConfigurationError(f"{path}: {told}; surefoot result RUN_DIR --jsonl has all of them") from error


class _NoTable(Exception):
    """Later values do not go into the columns of the first rows."""


def flat(result: RowResult, own: Mapping[str, Any] = {}) -> dict[str, Any]:
    """Return a result as one flat mapping: the row's own columns, then the fields of a record, then the votes.

    A field of the answer that is called like something else gets ``answer_`` before it, as often as it takes.
    """
    told = msgspec.to_builtins(result)
    answer = told.pop("answer")
    fields = answer if isinstance(answer, dict) else {"answer": answer}
    names = _free_names(list(fields), {*own, *told})
    answered = {names[name]: value for name, value in fields.items()}
    return {**own, "row": told.pop("row"), **answered, **told}


def _free_names(fields: Sequence[str], taken: set[str]) -> dict[str, str]:
    """What each field of an answer is called beside columns that are there: no two columns have one name."""
    names: dict[str, str] = {}
    for field in fields:
        free = field
        while free in taken or (free != field and free in fields):
            free = f"answer_{free}"
        names[field] = free
        taken = {*taken, free}
    return names


def print_jsonl(results: Iterable[RowResult], file: TextIO, inputs: RowInputs | None = None) -> int:
    """Print results as JSON objects, one a line, with an answer that is a record as one value; return their number."""
    count = 0
    for result, own in _paired(results, inputs, {}):
        file.write(json.dumps({**own, **msgspec.to_builtins(result)}, ensure_ascii=False) + "\n")
        count += 1
    return count


def print_csv(
    results: Iterable[RowResult], file: TextIO, inputs: RowInputs | None = None, fields: Sequence[str] = ()
) -> int:
    """Print results as a table with a head, all with the same columns; return their number."""
    count, table, results = 0, None, _filled(results, fields)
    for row in _with_columns(_paired(results, inputs, {} if inputs is None else inputs.columns())):
        table = table or CsvTable(file, row)
        table.add({name: _cell(value) for name, value in row.items()})
        count += 1
    return count


def _filled(results: Iterable[RowResult], fields: Sequence[str]) -> Iterator[RowResult]:
    """Results of which those without an answer have its fields, empty: a head does not depend on what was answered."""
    for one in results:
        empty = bool(fields) and bool(one.error) and one.answer is None
        yield msgspec.structs.replace(one, answer=dict.fromkeys(fields)) if empty else one


def _paired(results: Iterable[RowResult], inputs: RowInputs | None, columns: Mapping[str, Kind]) -> Iterator[Pair]:
    """Each result with the columns of its row; all of ``columns`` where there are some."""
    rows = itertools.repeat({}) if inputs is None else inputs.rows()
    for result, row in zip(results, rows, strict=False):
        yield result, {name: as_kind(row.get(name), kind) for name, kind in columns.items()} if columns else row


TYPES = {
    "row": "int64",
    "error": "string",
    "votes": "int64",
    "margin": "int64",
    "flags": "string",
    "cost_usd": "float64",
    "by_person": "bool_",
}
"""Types of what every result has, by the name; of answers they are what the first rows say."""
INPUT_TYPES: Mapping[Kind, str] = {"int": "int64", "float": "float64", "bool": "bool_", "text": "string"}


def _write_parquet(results: Iterable[RowResult], path: pathlib.Path, inputs: RowInputs | None) -> int:
    import pyarrow
    import pyarrow.parquet

    own = {} if inputs is None else inputs.columns()
    types = {**TYPES, **{name: INPUT_TYPES[kind] for name, kind in own.items()}}
    count, writer, held = 0, None, []
    try:
        for row in _with_columns(_paired(results, inputs, own)):
            held.append({name: _cell(value) if name == "flags" else value for name, value in row.items()})
            count += 1
            if len(held) == BATCH:
                writer = _append(pyarrow, writer or (path, types), held)
                held = []
        if held or writer is None:
            writer = _append(pyarrow, writer or (path, types), held)
    finally:
        if writer is not None:
            writer.close()
    return count


def _append(pyarrow: Any, writer: Any, rows: list[dict[str, Any]]) -> Any:
    """Write a batch of rows; return the writer, which the first batch opens.

    Args:
        pyarrow: The module.
        writer: The writer; before there is one, the file and the types of columns that are known.
        rows: The batch.

    Raises:
        _NoTable: Later values do not go into the columns of the first rows.
    """
    opened = not isinstance(writer, tuple)
    path = writer.where if opened else writer[0]
    try:
        schema = writer.schema if opened else _schema(pyarrow, rows, writer[1])
        texts = {c.name for c in schema if pyarrow.types.is_string(c.type)}
        rows = [{name: _text(value) if name in texts else value for name, value in row.items()} for row in rows]
        table = pyarrow.Table.from_pylist(rows, schema=schema)
    except (pyarrow.ArrowException, OverflowError, TypeError) as error:
        raise _NoTable(str(error).splitlines()[0]) from error
    if not opened:
        writer = pyarrow.parquet.ParquetWriter(path, schema)
    writer.write_table(table)
    return writer


def _schema(pyarrow: Any, rows: list[dict[str, Any]], types: Mapping[str, str]) -> Any:
    """The columns of a file: of known ones the type is given, of others the first rows say it.

    Of a column without a value so far nothing is known: text takes whatever comes, as JSON. So it does where a whole
    number has more than 64 bits, which no column of numbers takes.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    large = {name for row in rows for name, value in row.items() if _is_large(value)} - types.keys()
    types = {**types, **dict.fromkeys(large, "string")}
    unknown = pyarrow.Table.from_pylist([{name: row.get(name) for name in names if name not in types} for row in rows])
    found = {c.name: pyarrow.string() if pyarrow.types.is_null(c.type) else c.type for c in unknown.schema}
    known = {name: getattr(pyarrow, types[name])() for name in names if name in types}
    return pyarrow.schema([pyarrow.field(name, known.get(name) or found[name]) for name in names])


def _is_large(value: Any) -> bool:
    """Whether a value is, or has in it, a whole number that no column of numbers takes."""
    if isinstance(value, dict):
        return any(map(_is_large, value.values()))
    if isinstance(value, list):
        return any(map(_is_large, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _with_columns(results: Iterator[Pair]) -> Iterator[dict[str, Any]]:
    """Results as flat rows that all have the columns of the first one with an answer.

    Raises:
        ConfigurationError: A later answer has a field that is no column.
    """
    waiting: list[Pair] = []
    columns: list[str] | None = None
    for result, own in results:
        if columns is None and result.error and len(waiting) < BATCH:
            waiting.append((result, own))
            continue
        if columns is None:
            columns = list(flat(result, own))
            yield from (_in_columns(*one, columns) for one in waiting)
            waiting = []
        yield _in_columns(result, own, columns)
    yield from (flat(*one) for one in waiting)


def _in_columns(result: RowResult, own: Mapping[str, Any], columns: list[str]) -> dict[str, Any]:
    row = flat(result, own)
    other = next((name for name in row if name not in columns), None)
    if other is not None and not (result.error and other == "answer"):
        raise ConfigurationError(f"row {result.row} has {other!r}, which the first answer has not: write .jsonl")
    return {name: row.get(name) for name in columns}


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
