"""Results of rows in files: every row in order, records as columns, and nothing that is dropped without a word."""

import csv
import json
import pathlib
from typing import Any

import pytest

from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.session.mapping import MapRun
from surefoot.runtime.session.row_output import BATCH, check_inputs_kept, write_results
from surefoot.runtime.session.row_results import RowResult

RECORDS = [
    RowResult(0, error="StepDeadlocked: no candidate led", cost_usd=0.5),
    RowResult(1, {"vendor": 'A "quoted", é', "total": "12.50", "votes": 7}, votes=2, margin=2),
    RowResult(2, {"vendor": None, "total": "3", "votes": 1}, votes=3, margin=1, flags={"overlong": 1}, cost_usd=0.25),
]


def read(path: pathlib.Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        return list(csv.DictReader(path.read_text().splitlines()))
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
        return rows
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("name", ["o.csv", "o.parquet"])
def test_fields_of_a_record_are_columns(name: str, tmp_path: pathlib.Path) -> None:
    assert write_results(RECORDS, tmp_path / name) == 3
    first, second, third = read(tmp_path / name)
    assert (first["error"], first["vendor"] or None) == ("StepDeadlocked: no candidate led", None)
    assert (second["vendor"], second["total"], int(second["answer_votes"]), int(second["votes"])) == (
        'A "quoted", é', "12.50", 7, 2,
    )  # fmt: skip
    assert json.loads(third["flags"]) == {"overlong": 1}
    assert float(third["cost_usd"]) == 0.25


def test_json_lines_hold_all_of_it(tmp_path: pathlib.Path) -> None:
    write_results(RECORDS, tmp_path / "o.jsonl")
    assert [RowResult(**row) for row in read(tmp_path / "o.jsonl")] == RECORDS


@pytest.mark.parametrize("late", ["text", 3, [1], {"a": 1}], ids=repr)
def test_a_field_that_has_its_first_value_late(late: Any, tmp_path: pathlib.Path) -> None:
    """After more rows than Parquet takes at a time: what its type is was not to be seen before."""
    results = (RowResult(n, {"a": 1, "b": late if n > BATCH else None}) for n in range(BATCH + 5))
    assert write_results(results, tmp_path / "o.parquet") == BATCH + 5
    value = read(tmp_path / "o.parquet")[-1]["b"]
    assert value == (late if isinstance(late, str) else json.dumps(late))


@pytest.mark.parametrize("late", ["text", 2**70, [1], {"a": 1}], ids=repr)
def test_values_that_make_no_column_are_said_in_one_line(late: Any, tmp_path: pathlib.Path) -> None:
    results = (RowResult(n, late if n > BATCH else 1) for n in range(BATCH + 5))
    with pytest.raises(ConfigurationError, match=r"write \.jsonl") as error:
        write_results(results, tmp_path / "o.parquet")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir()), "half a file is left"


@pytest.mark.parametrize("name", ["o.csv", "o.parquet"])
def test_no_field_is_dropped_without_a_word(name: str, tmp_path: pathlib.Path) -> None:
    results = [RowResult(0, {"a": 1}), RowResult(1, {"a": 1, "more": 2})]
    with pytest.raises(ConfigurationError, match="row 1 has 'more'"):
        write_results(results, tmp_path / name)
    assert write_results(results, tmp_path / "o.jsonl") == 2


@pytest.mark.parametrize("name", ["o.csv", "o.parquet", "o.jsonl"])
def test_only_errors_and_nothing(name: str, tmp_path: pathlib.Path) -> None:
    assert write_results([RowResult(0, error="bad")], tmp_path / name) == 1
    assert read(tmp_path / name)[0]["error"] == "bad"
    assert write_results([], tmp_path / name) == 0
    assert read(tmp_path / name) == []


def test_an_old_file_stays_where_the_new_one_fails(tmp_path: pathlib.Path) -> None:
    write_results(RECORDS, tmp_path / "o.csv")
    before = (tmp_path / "o.csv").read_text()
    with pytest.raises(ConfigurationError):
        write_results([RowResult(0, {"a": 1}), RowResult(1, {"b": 1})], tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_text() == before


def test_what_a_run_reads_is_not_written_over(tmp_path: pathlib.Path) -> None:
    table, run = tmp_path / "t.csv", tmp_path / "r"
    table.write_text("a\n1\n")
    run.mkdir()
    (tmp_path / "hard.csv").hardlink_to(table)
    for path in (table, run / ".." / "t.csv", tmp_path / "hard.csv"):
        with pytest.raises(ConfigurationError, match=r"is the table itself, which would be lost"):
            check_inputs_kept(path, table, run)
    with pytest.raises(ConfigurationError, match=r"holds the rows of the run"):
        check_inputs_kept(run / "input.jsonl", None, run)
    check_inputs_kept(tmp_path / "input.jsonl", table, run)
    check_inputs_kept(tmp_path / "t.jsonl", None, run)


def test_a_number_of_more_than_64_bits_makes_its_column_text(tmp_path: pathlib.Path) -> None:
    """One such answer had prevented the file of a whole table that was paid for."""
    results = [
        RowResult(0, {"n": 5, "m": 1}),
        RowResult(1, {"n": 2**63, "m": 2}),
        RowResult(2, {"n": [-(2**70)], "m": 3}),
    ]
    assert write_results(results, tmp_path / "o.parquet") == 3
    rows = read(tmp_path / "o.parquet")
    assert [(row["n"], row["m"]) for row in rows] == [("5", 1), (str(2**63), 2), (f"[{-(2**70)}]", 3)]


def test_one_that_comes_late_names_the_file_and_where_everything_is(tmp_path: pathlib.Path) -> None:
    results = [RowResult(n, {"n": n}) for n in range(BATCH)] + [RowResult(BATCH, {"n": 2**64})]
    with pytest.raises(ConfigurationError) as caught:
        write_results(results, tmp_path / "o.parquet")
    assert str(caught.value).startswith(f"{tmp_path / 'o.parquet'}: the answers do not make one table (")
    assert str(caught.value).endswith("write .jsonl; surefoot result RUN_DIR --jsonl has all of them")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["o.csv", "o.parquet"])
@pytest.mark.parametrize("answered", [0, 1])
def test_the_head_does_not_depend_on_what_was_answered(name: str, answered: int, tmp_path: pathlib.Path) -> None:
    failed = [RowResult(n, None, error="StepDeadlocked: no") for n in range(BATCH + 2)]
    results = failed + [RowResult(len(failed), {"a": 1, "b": "x"})] * answered
    write_results(results, tmp_path / name, None, ("a", "b"))
    rows = read(tmp_path / name)
    assert list(rows[0])[:4] == ["row", "a", "b", "error"]
    assert not rows[0]["a"]
    assert len(rows) == len(results)


@pytest.mark.parametrize(("fields", "names"), [("n: integer, s: text", ("n", "s")), ("", ())])
def test_a_map_knows_the_fields_of_its_answers_or_says_none(fields: str, names: tuple[str, ...]) -> None:
    run = MapRun.__new__(MapRun)
    run._rows_task = MapRows(question="Length of {x}?", fields=fields)  # without: a Python type that is not at hand
    assert run.answer_fields() == names
