"""What is written as CSV is read back as it was written: by Python's reader, and by the one for tables."""

import csv
import io
import pathlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from surefoot.runtime.session.csv_table import CsvTable
from surefoot.runtime.session.row_output import write_results
from surefoot.runtime.session.row_results import RowResult
from surefoot.runtime.session.table import rows_of_file
from surefoot.scripts.commands.result import write_csv

TEXT = st.text(st.one_of(st.sampled_from('\r\n,"\t \0\x0b\x0c\x85\u2028;'), st.characters(codec="utf-8")), max_size=6)


def written(columns: list[str], rows: list[list[str]]) -> str:
    file = io.StringIO(newline="")
    table = CsvTable(file, columns)
    for row in rows:
        table.add(dict(zip(columns, row, strict=True)))
    return file.getvalue()


@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=4)))
@example([["a\rb"]])
@example([["a\r\nb", ""]])
@example([[""]])
@settings(max_examples=100, deadline=None)
def test_every_value_is_read_back(rows: list[list[str]]) -> None:
    columns = ["a\r", "b", '"c'][: len(rows[0]) if rows else 1]
    text = written(columns, rows)
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True)) == [columns, *rows]
    assert text.endswith("\n")
    assert not text.endswith("\r\n")


def test_rows_end_as_files_here_do() -> None:
    assert written(["a", "b"], [["1", "x\ry"], ["", "z"]]) == 'a,b\n1,"x\ry"\n,z\n'


@given(st.lists(TEXT, min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_results_are_a_table_again(tmp_path_factory: pytest.TempPathFactory, answers: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "again.csv"
    write_results((RowResult(row, answer) for row, answer in enumerate(answers)), path)
    assert [row["answer"] for row in rows_of_file(path) if isinstance(row, dict)] == answers


def test_a_list_is_printed_as_a_table(capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path) -> None:
    write_csv(["a\rb", {"value": "c", "more": [1]}])
    (tmp_path / "t.csv").write_text(capsys.readouterr().out, newline="")
    assert list(rows_of_file(tmp_path / "t.csv")) == [{"value": "a\rb", "more": ""}, {"value": "c", "more": "[1]"}]
