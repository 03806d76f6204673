"""``surefoot map`` as a user runs it, against a server of its own."""

import csv
import json
import pathlib
from typing import Any

import pytest

from tests.runtime.models.openai_server import Client
from tests.scripts.commands.console import complaints, last_object, surefoot

QUESTION = ("--question", "Who sent this? {body}")
LETTERS = "day,body\n1,Dear Ash\n2,Dear Birch\n3,Dear Cedar,oops\n4,Dear Ash\n"


def asked(folder: pathlib.Path, server: Client, *more: str) -> Any:
    model = ("--model", "openai/m", "--api-base", server.base, "--k", "2", "--address", "none", "--workers", "1")
    return surefoot(folder, "map", *more, *QUESTION, *model, more={"OPENAI_API_KEY": "x"})


def lines(path: pathlib.Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_for_each_row_in_order(tmp_path: pathlib.Path, server: Client) -> None:
    (tmp_path / "letters.csv").write_text(LETTERS)
    done = asked(tmp_path, server, "letters.csv", "--run-dir", "r", "--json")
    assert done.returncode == 0, done.stderr
    end = last_object(done)
    assert (end["status"], end["rows"], end["rows_failed"], end["calls"]) == ("solved", 4, 1, 6)
    results = lines(tmp_path / "r" / "output.jsonl")
    assert [one["row"] for one in results] == [0, 1, 2, 3]
    assert "line 4: 3 values for 2 columns" in results[2]["error"]
    answers = [one["answer"] for one in results]
    assert answers[0] == answers[3] != answers[1]
    assert all(isinstance(answers[n], str) and results[n]["votes"] == 2 for n in (0, 1, 3))
    assert server.calls() == 3


def test_a_question_without_a_column_is_remarked_upon(tmp_path: pathlib.Path, server: Client) -> None:
    (tmp_path / "letters.csv").write_text("day,body\n1,Dear Ash\n")
    model = ("--model", "openai/m", "--api-base", server.base, "--k", "1", "--address", "none", "--run-dir", "r")
    done = surefoot(tmp_path, "map", "letters.csv", "--question", "Who?", *model, more={"OPENAI_API_KEY": "x"})
    assert done.returncode == 0, done.stderr
    assert "the question names no {column}: every row is asked the same" in done.stderr
    assert "no {column}" not in asked(tmp_path, server, "letters.csv", "--run-dir", "other").stderr


def test_a_table_without_a_single_answer_is_exit_code_1(tmp_path: pathlib.Path, server: Client) -> None:
    (tmp_path / "letters.csv").write_text(LETTERS)
    done = asked(tmp_path, server, "letters.csv", "--run-dir", "r", "--fields", "n: integer", "--max-ballots", "2")
    assert done.returncode == 1, (done.stdout, done.stderr)
    said = done.stdout.splitlines()
    assert said[0] == "answer    r/output.jsonl: 4 rows, 4 without an answer"
    assert said[1].startswith("failed    4 of 4 rows")
    assert "because   none of 4 rows has an answer" in said
    assert surefoot(tmp_path, "show", "r").stdout.startswith("failed    4 of 4 rows")


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.jsonl"])
def test_forms_of_output(name: str, tmp_path: pathlib.Path, server: Client) -> None:
    (tmp_path / "letters.csv").write_text(LETTERS)
    done = asked(tmp_path, server, "letters.csv", "--run-dir", "r", "--output", name)
    assert done.returncode == 0, done.stderr
    assert "answer    out." in done.stdout
    assert "4 rows, 1 without an answer" in done.stdout
    if name == "out.csv":
        rows = list(csv.DictReader((tmp_path / name).read_text().splitlines()))
    elif name == "out.jsonl":
        rows = lines(tmp_path / name)
    else:
        rows = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / name).to_pylist()
    assert [int(row["row"]) for row in rows] == [0, 1, 2, 3]
    assert {"answer", "error", "votes", "margin", "cost_usd"} <= set(rows[0])


def test_a_paused_map_goes_on_with_resume(tmp_path: pathlib.Path, server: Client) -> None:
    (tmp_path / "letters.csv").write_text(LETTERS)
    done = asked(tmp_path, server, "letters.csv", "--run-dir", "r", "--max-calls", "2", "--chains-in-flight", "1")
    assert done.returncode == 3, (done.stdout, done.stderr)
    assert [one["error"] for one in lines(tmp_path / "r" / "output.jsonl")].count("not answered yet") >= 1
    so_far = surefoot(tmp_path, "result", "r", "--jsonl")
    assert [json.loads(line)["row"] for line in so_far.stdout.splitlines()] == [0, 1, 2, 3]
    assert "not answered yet" in so_far.stdout
    more = {"OPENAI_API_KEY": "x"}
    ended = surefoot(tmp_path, "resume", "r", "--max-calls", "100", "--json", more=more)
    assert ended.returncode == 0, ended.stderr
    assert last_object(ended)["rows_failed"] == 1
    assert [bool(one["answer"]) for one in lines(tmp_path / "r" / "output.jsonl")] == [True, True, False, True]
    assert server.calls() == 3
    shown = surefoot(tmp_path, "show", "r")
    assert "4 rows, 1 without an answer" in shown.stdout
    result = surefoot(tmp_path, "result", "r", "--jsonl")
    assert [json.loads(line)["row"] for line in result.stdout.splitlines()] == [0, 1, 2, 3]


def test_a_resumed_map_writes_the_file_that_it_was_started_with(tmp_path: pathlib.Path, server: Client) -> None:
    (tmp_path / "letters.csv").write_text(LETTERS)
    (tmp_path / "o").mkdir()
    out, limit = tmp_path / "o" / "out.csv", ("--max-calls", "2", "--chains-in-flight", "1")
    done = asked(tmp_path, server, "letters.csv", "--run-dir", "r", *limit, "--output", "o/out.csv", "--no-inputs")
    assert done.returncode == 3, (done.stdout, done.stderr)
    assert "not answered yet" in out.read_text()
    more = {"OPENAI_API_KEY": "x"}
    ended = surefoot(tmp_path, "resume", "r", "--max-calls", "100", more=more)
    assert (ended.returncode, "answer    o/out.csv: 4 rows, 1 without" in ended.stdout) == (0, True), ended.stderr
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [bool(row["answer"]) for row in rows] == [True, True, False, True]
    assert "body" not in rows[0], "also without the columns of the rows"
    assert not (tmp_path / "r" / "output.jsonl").exists()
    out.unlink()
    out.parent.rmdir()
    gone = surefoot(tmp_path, "resume", "r", more=more)
    assert gone.returncode == 2
    assert complaints(gone) == ["surefoot: the run is solved; o/out.csv: there is no folder o"]
    assert "surefoot result r --csv, or --jsonl, prints the results" in gone.stderr


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("none.csv",), "no such file"),
        (("empty.csv",), "empty.csv: has no rows"),
        (("letters.csv", "--fields", "total: apples"), "no kind 'apples'"),
        (("letters.csv", "--output", "out.doc"), "results go to a file"),
        (("letters.csv", "--output", "no/out.csv"), "there is no folder no"),
        (("letters.csv", "--row-target", "1.5"), "1.5"),
        (("letters.csv", "--output", "letters.csv"), "--output letters.csv is the table itself"),
        (("letters.csv", "--output", "folder/../letters.csv"), "is the table itself"),
        (("letters.csv", "--output", "other.csv"), "is the table itself"),
        (("letters.csv", "--output", "folder.csv"), "folder.csv: is a folder"),
    ],
    ids=str,
)
def test_wrong_use(words: tuple[str, ...], complaint: str, tmp_path: pathlib.Path, server: Client) -> None:
    (tmp_path / "letters.csv").write_text(LETTERS)
    (tmp_path / "empty.csv").write_text("day,body\n")
    (tmp_path / "other.csv").symlink_to("letters.csv")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.csv").mkdir()
    done = asked(tmp_path, server, *words, "--run-dir", "r")
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert complaint in done.stderr
    assert " in r" not in done.stderr, "a directory is not named before it is there"
    assert "Traceback" not in done.stderr
    assert server.calls() == 0, "what cannot be done as asked is said before anything is paid for"
    assert not (tmp_path / "r").exists()
    assert (tmp_path / "letters.csv").read_text() == LETTERS


@pytest.mark.parametrize(("table", "says"), [("none.csv", "no such file"), ("t.csv", "the fields are: a")])
def test_a_table_is_looked_at_before_a_key_is_asked_for(table: str, says: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    done = surefoot(tmp_path, "map", table, *QUESTION, "--model", "openai/m")
    assert done.returncode == 2
    [line] = complaints(done)
    assert says in line


def test_a_column_that_is_not_there(tmp_path: pathlib.Path, server: Client) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    done = asked(tmp_path, server, "t.csv")
    assert done.returncode == 2
    [line] = complaints(done)
    assert "asks for {body}, and the fields are: a" in line
    assert not list((tmp_path / "runs").glob("*"))
