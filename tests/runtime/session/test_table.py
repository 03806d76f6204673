"""Tables of rows: every form that is read, and what hostile ones come to."""

import itertools
import json
import math
import pathlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.session.table import SAMPLED, Table, TextForm, digest_of, keep_table, read_table, rows_of_file

ROWS = [{"a": "1", "b": "x"}, {"a": "2", "b": "yé"}, {"a": "3", "b": 'q"uo,te\nline'}]


class Struct(msgspec.Struct):
    """A row as a struct."""

    a: int
    b: str = "x"


def kept(rows: Any, folder: pathlib.Path) -> Table:
    return keep_table(rows, folder / "kept.jsonl")


def csv_text(eol: str) -> str:
    return eol.join(["a,b", "1,x", "2,yé", '3,"q""uo,te\nline"', ""])


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_csv(eol: str, bom: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes((bom + csv_text(eol)).encode())
    assert list(rows_of_file(file)) == ROWS


def test_jsonl_and_parquet(tmp_path: pathlib.Path) -> None:
    lines = tmp_path / "t.jsonl"
    lines.write_text("\ufeff" + "\r\n".join(map(json.dumps, ROWS)) + "\r\n\r\n", encoding="utf-8")
    assert list(rows_of_file(lines)) == ROWS
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "t.parquet")
    assert list(rows_of_file(tmp_path / "t.parquet")) == ROWS


def test_any_iterable_is_kept_row_by_row(tmp_path: pathlib.Path) -> None:
    table = kept(iter([{"a": 1}, Struct(2), "text"]), tmp_path)
    assert list(table.rows()) == [{"a": 1}, {"a": 2, "b": "x"}, {"text": "text"}]
    assert (table.count, table.columns) == (3, ("a", "b", "text"))
    assert read_table(table.path) == table


def test_chunks_hold_every_row_once(tmp_path: pathlib.Path) -> None:
    table = kept(({"n": n} for n in range(23)), tmp_path)
    for size in (1, 5, 23, 100):
        chunks = list(table.chunks(size))
        assert [row["n"] for _, rows in chunks for row in rows] == list(range(23))
        assert all(rows[0]["n"] == first for first, rows in chunks)


def test_samples_come_from_all_over_the_table(tmp_path: pathlib.Path) -> None:
    table = kept(({"n": n} for n in range(10_000)), tmp_path)
    numbers = [row["n"] for row in table.sampled]
    assert len(numbers) == SAMPLED
    assert numbers[0] == 0
    assert numbers[-1] > 9_900
    assert {b - a for a, b in itertools.pairwise(numbers)} == {32, 64}


@pytest.mark.parametrize("count", [1, 199, 200, 201, 399, 400, 777])
def test_samples_of_any_table_reach_its_end(count: int, tmp_path: pathlib.Path) -> None:
    """Placebo: the first 200 of those that were kept, which leave out up to half of the table."""
    numbers = [row["n"] for row in kept(({"n": n} for n in range(count)), tmp_path).sampled]
    assert len(numbers) == min(count, SAMPLED)
    assert count - numbers[-1] <= max(1, 2 * count // SAMPLED + 1)
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", "a,a\n1,2\n", "column a is there twice"),
        ("t.csv", 'a,b\n1,"open\n', "line 2: unexpected end of data"),
        ("t.parquet", "no parquet", "t.parquet"),
        ("t.xlsx", "", "a table is a file"),
        ("t.jsonl", "[1]\n[2]\n", "no row of the table can be read: t.jsonl, line 1: is no JSON object"),
        ("t.csv", "a,b\n1\n2\n", "no row of the table can be read: t.csv, line 2: 1 values for 2 columns"),
    ],
)
def test_what_cannot_be_read_at_all_is_said_in_one_line(
    name: str, content: str, words: str, tmp_path: pathlib.Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigurationError, match=words) as error:
        kept(rows_of_file(tmp_path / name), tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "good", "bad", "words"),
    [
        ("t.csv", "a,b\n1,2\n", "1,2,3\n", "t.csv, line 3: 3 values for 2 columns"),
        ("t.csv", "a,b\n1,2\n", "1\n", "t.csv, line 3: 1 values for 2 columns"),
        ("t.jsonl", '{"a": 1}\n', "[1]\n", "line 2: is no JSON object"),
        ("t.jsonl", '{"a": 1}\n', '{"a": \n', "line 2"),
        ("t.jsonl", '{"a": 1}\n', '{"a": 1, "a": 2}\n', "line 2: a name is there twice"),
        ("t.jsonl", '{"a": 1}\n', '{"a": ' + "[" * 100_000 + "\n", "line 2"),
        ("t.jsonl", '{"a": 1}\n', '{"a": ' + "9" * 5000 + "}\n", "line 2"),
        ("t.jsonl", '{"a": 1}\n', '{"a": 1e999}\n', "infinite"),
        ("t.jsonl", '{"a": 1}\n', '{"a": "\\ud800"}\n', "row 1: cannot be kept"),
    ],
)
def test_a_bad_line_is_one_bad_row(name: str, good: str, bad: str, words: str, tmp_path: pathlib.Path) -> None:
    last = good.splitlines()[-1]
    (tmp_path / name).write_text(f"{good}{bad}{last}\n")
    table = kept(rows_of_file(tmp_path / name), tmp_path)
    first, reason, third = table.rows()
    assert first == third
    assert isinstance(reason, str)
    assert words in reason
    assert "\n" not in reason
    assert (table.count, len(table.sampled)) == (3, 2)


def test_other_encodings_and_missing_files(tmp_path: pathlib.Path) -> None:
    (tmp_path / "t.csv").write_bytes("a\né\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        list(rows_of_file(tmp_path / "t.csv"))
    with pytest.raises(ConfigurationError, match="no such file"):
        list(rows_of_file(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    "row",
    [1, None, [1], {1: 2}, {"a": object()}, {"a": [math.inf]}, {"a": {"b": -math.inf}}],
    ids=["number", "nothing", "list", "numbered", "object", "infinite", "nested"],
)
def test_a_row_that_cannot_be_kept_is_one_bad_row(row: Any, tmp_path: pathlib.Path) -> None:
    table = kept([{"a": 0}, row, {"a": 2}], tmp_path)
    _, reason, _ = table.rows()
    assert isinstance(reason, str)
    assert reason.startswith("row 1: ")


def test_large_numbers_and_missing_values_are_kept(tmp_path: pathlib.Path) -> None:
    rows = [{"a": 2**70, "b": math.nan, "c": None, "null": "null"}]
    assert list(kept(rows, tmp_path).rows()) == [{"a": 2**70, "b": None, "c": None, "null": "null"}]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return {"a": value}


def test_a_row_nested_too_deeply(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError):
        kept([deep(20_000)], tmp_path)
    assert list(keep_table([deep(50)], tmp_path / "fine").rows()) == [deep(50)]


def test_a_long_cell_is_no_fault(tmp_path: pathlib.Path) -> None:
    """Python's own limit for a cell is 131,072 characters; a letter in a cell may be longer."""
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1," + "x" * 750_000 + "\n")
    [row] = kept(rows_of_file(file), tmp_path).rows()
    assert isinstance(row, dict)
    assert len(row["b"]) == 750_000


def test_a_file_that_was_there_is_not_written_over(tmp_path: pathlib.Path) -> None:
    kept([], tmp_path)
    with pytest.raises(ConfigurationError, match="File exists"):
        kept([], tmp_path)


@pytest.mark.parametrize(
    ("text", "form", "rows"),
    [
        ("day;body\n1;a,b\n", TextForm(";"), [{"day": "1", "body": "a,b"}]),
        ("day\tbody\n1\ta\n", TextForm("tab"), [{"day": "1", "body": "a"}]),
        ("day;body\n1;a\n", TextForm(","), [{"day;body": "1;a"}]),
    ],
    ids=str,
)
def test_values_are_separated_as_is_said(text: str, form: TextForm, rows: Any, tmp_path: pathlib.Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert list(rows_of_file(tmp_path / "t.csv", form)) == rows


@pytest.mark.parametrize(
    ("data", "form", "line", "hint"),
    [
        (b"day;body\n1;a\n", TextForm(), "one column, 'day;body', which looks like several", "--delimiter ';'"),
        (b"day\tbody\n1\ta\n", TextForm(), "which looks like several", "--delimiter tab"),
        (b"body\ncaf\xe9\n", TextForm(), "is not UTF-8 text at byte 8", "--encoding latin-1"),
        ("body\nx\n".encode("utf-16"), TextForm(), "is not UTF-8 text at byte 0", "UTF-16: --encoding utf-16 reads it"),
        (b"a,b\n1,2\n", TextForm(";;"), "--delimiter: ';;' is not one character", ""),
        (b"a\n1\n", TextForm(None, "klingon"), "--encoding: unknown encoding: klingon", ""),
    ],
    ids=str,
)
def test_a_file_written_otherwise_is_met_with_the_option_for_it(
    data: bytes, form: TextForm, line: str, hint: str, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(ConfigurationError) as error:
        list(rows_of_file(tmp_path / "t.csv", form))
    assert line in str(error.value)
    assert hint in str(error.value.context.get("hint", ""))
    if "latin" in hint:
        assert list(rows_of_file(tmp_path / "t.csv", TextForm(None, "latin-1"))) == [{"body": "café"}]


def test_utf_16_is_read_as_the_hint_says(tmp_path: pathlib.Path) -> None:
    (tmp_path / "t.csv").write_bytes("body\ncafé\n".encode("utf-16"))
    assert list(rows_of_file(tmp_path / "t.csv", TextForm(None, "utf-16"))) == [{"body": "café"}]


def _breaks_off(error: Exception) -> Iterator[dict[str, int]]:
    yield {"a": 1}
    yield {"a": 2}
    raise error


@pytest.mark.parametrize("use", [digest_of, lambda rows: keep_table(rows, pathlib.Path("kept.jsonl"))])
def test_rows_that_break_off_are_no_fault_of_the_disk(
    use: Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as error:
        use(_breaks_off(OSError("disk gone")))
    assert str(error.value) == "the rows break off after 2: what yields them raised OSError: disk gone"
    assert isinstance(error.value.__cause__, OSError)


def test_what_is_raised_on_purpose_while_rows_are_read_passes(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^no such column$"):
        keep_table(_breaks_off(ConfigurationError("no such column")), tmp_path / "kept.jsonl")
