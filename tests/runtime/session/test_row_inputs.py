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


CLASHING = {"text": "hi", "n": "N", "answer_n": "AN", "votes": "V", "input_votes": "IV", "answer": "A", "row": "R"}
"""A row whose columns are called like results, and like what such columns are called beside results."""
FIELDS = {"n": 5, "answer_n": 6, "row": 7, "error": "none", "votes": 8}


@pytest.mark.parametrize("name", ["o.csv", "o.parquet"])
def test_no_column_is_lost_to_another_of_its_name(name: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "input.jsonl").write_text(json.dumps(CLASHING) + "\n")
    write_results([RowResult(0, FIELDS, votes=2)], tmp_path / name, RowInputs(tmp_path / "input.jsonl"))
    (row,) = read(tmp_path / name)
    assert {text: column for column, text in row.items() if text in CLASHING.values()} == {
        "hi": "text", "N": "n", "AN": "answer_n", "V": "input_votes", "IV": "input_input_votes", "A": "input_answer",
        "R": "input_row",
    }  # fmt: skip
    answers = {"answer_answer_n", "answer_answer_answer_n", "answer_row", "answer_error", "answer_votes"}
    assert sorted(str(row[column]) for column in answers) == ["5", "6", "7", "8", "none"]
    assert (int(row["row"]), int(row["votes"]), row["error"] or "") == (0, 2, "")


def test_lines_lose_no_column_either(tmp_path: pathlib.Path) -> None:
    (tmp_path / "input.jsonl").write_text(json.dumps(CLASHING) + "\n")
    write_results([RowResult(0, FIELDS, votes=2)], tmp_path / "o.jsonl", RowInputs(tmp_path / "input.jsonl"))
    (row,) = read(tmp_path / "o.jsonl")
    assert {*CLASHING.values()} <= {value for value in row.values() if isinstance(value, str)}
    assert (row["row"], row["answer"], row["votes"]) == (0, FIELDS, 2)


def test_results_can_be_asked_about_again_and_again(tmp_path: pathlib.Path) -> None:
    """The answers of three passes stand beside each other, each under the name it got when the next came."""
    rows: list[dict[str, Any]] = [{"text": "hi"}]
    for turn in range(3):
        (tmp_path / "input.jsonl").write_text(json.dumps(rows[0]) + "\n")
        write_results([RowResult(0, turn)], tmp_path / "o.jsonl", RowInputs(tmp_path / "input.jsonl"))
        rows = read(tmp_path / "o.jsonl")
    assert [rows[0][name] for name in ("answer", "input_answer", "input_input_answer")] == [2, 1, 0]
