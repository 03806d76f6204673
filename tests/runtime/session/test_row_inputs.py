"""A row's own columns beside its result: the same in every form, first, and left out where that is asked for."""

import io
import json
import pathlib
from typing import Any

import pytest

from surefoot.runtime.session.row_inputs import RowInputs
from surefoot.runtime.session.row_output import BATCH, print_csv, print_jsonl, write_results
from surefoot.runtime.session.row_results import RowResult
from tests.runtime.session.test_row_output import read

ROWS: list[Any] = [
    {"id": 1, "votes": "many", "body": "a, b", "total": 3},
    "t.csv, line 3: 2 values for 4 columns",
    {"id": 2, "votes": None, "body": ["x"], "total": 2.5, "late": True},
]
RESULTS = [
    RowResult(0, {"total": "4", "kind": "new"}, votes=2, margin=2),
    RowResult(1, error="BadRow: 2 values"),
    RowResult(2, {"total": "5", "kind": "old"}, votes=3, margin=1, cost_usd=0.5),
]


@pytest.fixture
def inputs(tmp_path: pathlib.Path) -> RowInputs:
    path = tmp_path / "input.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return RowInputs(path)


def test_types_hold_for_the_whole_table(inputs: RowInputs) -> None:
    assert inputs.columns() == {"id": "int", "input_votes": "text", "body": "text", "total": "float", "late": "bool"}


HEAD = ["id", "input_votes", "body", "total", "late", "row", "answer_total", "kind"]


@pytest.mark.parametrize("name", ["o.csv", "o.parquet"])
def test_tables_begin_with_the_rows_own_columns(name: str, inputs: RowInputs, tmp_path: pathlib.Path) -> None:
    assert write_results(RESULTS, tmp_path / name, inputs) == 3
    first, bad, last = read(tmp_path / name)
    assert list(first)[: len(HEAD)] == HEAD
    assert (first["input_votes"], float(first["total"]), first["answer_total"], int(first["votes"])) == (
        "many", 3.0, "4", 2,
    )  # fmt: skip
    assert (bad["id"] or None, bad["error"]) == (None, "BadRow: 2 values"), "a row that cannot be read has no columns"
    assert json.loads(last["body"]) == ["x"]


def test_lines_begin_with_them_too(inputs: RowInputs, tmp_path: pathlib.Path) -> None:
    write_results(RESULTS, tmp_path / "o.jsonl", inputs)
    first, bad, last = read(tmp_path / "o.jsonl")
    assert list(first)[:5] == ["id", "input_votes", "body", "total", "row"]
    assert (first["answer"], last["body"], next(iter(bad))) == ({"total": "4", "kind": "new"}, ["x"], "row")


@pytest.mark.parametrize(("print_rows", "name"), [(print_csv, "o.csv"), (print_jsonl, "o.jsonl")])
@pytest.mark.parametrize("with_inputs", [True, False])
def test_what_is_printed_is_what_is_written(
    print_rows: Any, name: str, with_inputs: bool, inputs: RowInputs, tmp_path: pathlib.Path
) -> None:
    own, printed = inputs if with_inputs else None, io.StringIO()
    print_rows(RESULTS, printed, own)
    write_results(RESULTS, tmp_path / name, own)
    assert printed.getvalue() == (tmp_path / name).read_text()
    assert ("many" in printed.getvalue()) is with_inputs


def test_what_the_table_holds_late_ends_no_parquet_file(tmp_path: pathlib.Path) -> None:
    """Placebo: by its first rows the column would be one of whole numbers."""
    count = BATCH + 5
    path = tmp_path / "input.jsonl"
    path.write_text("".join(json.dumps({"n": n if n < BATCH else "none"}) + "\n" for n in range(count)))
    assert write_results((RowResult(n, "a") for n in range(count)), tmp_path / "o.parquet", RowInputs(path)) == count
    rows = read(tmp_path / "o.parquet")
    assert (rows[0]["n"], rows[-1]["n"]) == ("0", "none")


def test_unknown_costs_are_a_column_of_numbers(tmp_path: pathlib.Path) -> None:
    results: list[Any] = [RowResult(0, "a", cost_usd=None)]  # type: ignore[arg-type]
    write_results(results, tmp_path / "o.parquet")
    parquet = pytest.importorskip("pyarrow.parquet")
    assert str(parquet.read_schema(tmp_path / "o.parquet").field("cost_usd").type) == "double"
