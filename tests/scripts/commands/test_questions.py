"""Question files from the command line: run, verify, bench with the rows that show how easy the file is."""

import json
import pathlib
from typing import Any

import pytest

from surefoot.scripts.commands.cli import main

FILE = pathlib.Path(__file__).parents[2] / "data" / "questions.json"


def surefoot(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--json"])
    assert end.value.code == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return dict(json.loads(said.out.splitlines()[-1]))


@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_a_question_is_run_and_scored(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], dialect: str) -> None:
    found = surefoot(
        capsys, "run", "questions", "--file", str(FILE), "--number", "5", "--model", "simulated:p_error=0.02",
        "--k", "2", "--dialect", dialect, "--address", "none", "--workers", "1", "--run-dir", str(tmp_path / "r"),
    )  # fmt: skip
    assert (found["status"], found["decompositions"]) == ("solved", 1)
    assert {"parts", "answer", "correct", "decide"} == set(found["accounts"]["kind"])
    assert surefoot(capsys, "verify", str(tmp_path / "r"))["reached_goal"]
    surefoot(capsys, "report", str(tmp_path / "r"))


@pytest.mark.parametrize("model", ["simulated", "openai/any"])
def test_a_file_without_answers_is_refused_in_one_line(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    (tmp_path / "q.jsonl").write_text('{"question": "Is ice cold?"}\n{"question": "Do fish fly?"}\n')
    with pytest.raises(SystemExit) as end:
        main(
            [
                "bench",
                "questions",
                "--file",
                str(tmp_path / "q.jsonl"),
                "--model",
                model,
                "--run-dir",
                str(tmp_path / "b"),
            ]
        )
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "question 1 has no" in said
    assert "Traceback" not in said
    assert "should not happen" not in said


def test_the_table_shows_what_answering_always_no_would_score(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = surefoot(
        capsys, "bench", "questions", "--file", str(FILE), "--model", "simulated:p_error=0.05", "--k", "3",
        "--method", "surefoot", "--method", "surefoot-monitor", "--method", "cot", "--address", "none",
        "--workers", "1", "--run-dir", str(tmp_path / "b"),
    )  # fmt: skip
    rows = {row["method"]: row for row in found["rows"]}
    assert (rows["oracle"]["solved"], rows["always:no"]["solved"], rows["always:yes"]["solved"]) == (16, 8, 8)
    assert rows["surefoot"]["solved"] > rows["surefoot-monitor"]["solved"]
    lines = (tmp_path / "b" / "surefoot" / "answers.jsonl").read_text().splitlines()
    answers = [json.loads(line) for line in lines]
    assert [answer["id"] for answer in answers] == [entry["qid"] for entry in json.loads(FILE.read_text())]
    assert {answer["answer"] for answer in answers} == {"yes", "no"}
    assert sum(answer["right"] for answer in answers) == rows["surefoot"]["solved"]
    # 4,000 fair coins: 5.5 standard errors are 4.4 points (false alarm 4e-8).
    assert 45.6 < rows["random-legal"]["solved_percent"] < 54.4
    assert rows["always:no"]["calls"] == rows["random-legal"]["calls"] == 0


def test_a_file_that_is_none_is_one_clear_line(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ((), ("--file", str(tmp_path / "missing.json")), ("--file", __file__)):
        said = surefoot(capsys, "run", "questions", *arguments, "--model", "simulated", code=2)
        assert "file" in said["error"]["message"] or "missing.json" in said["error"]["message"]
        assert len(said["error"]["message"].splitlines()) == 1


def test_all_answers_of_a_file_come_back_as_a_file(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [{"qid": f"q{n}", "question": f"Is {n} above two?", "answer": n > 2} for n in range(5)]
    (tmp_path / "q.json").write_text(json.dumps(entries))
    run = tmp_path / "r"
    alone = ("--model", "simulated", "--k", "1", "--address", "none", "--workers", "1", "--run-dir", str(run))
    found = surefoot(capsys, "run", "questions", "--file", str(tmp_path / "q.json"), "--every", *alone)
    assert found["status"] == "solved"
    assert "above two" not in (run / "run.toml").read_text()  # the file is kept once, beside it
    assert [json.loads(kept.read_text()) for kept in run.glob("input-*.json")] == [(tmp_path / "q.json").read_text()]
    assert b'"qid"' not in (run / "journal.sqlite").read_bytes()
    with pytest.raises(SystemExit):
        main(["result", str(run), "--csv"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["id,question,answer", "q0,Is 0 above two?,no"]
    assert [line.rpartition(",")[2] for line in lines[1:]] == ["no", "no", "no", "yes", "yes"]
    told = surefoot(capsys, "verify", str(run))
    assert told["reached_goal"]
    assert told["steps_checked" if "steps_checked" in told else "steps"] == 5


def test_an_item_of_another_kind_is_one_row_without_an_answer(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = [
        ("m", "Multiply 12 x 12", "144"),
        ("o", "Who are you?", "?"),
        ("s", "Sort ascending: [3, 1, 2]", "[1,2,3]"),
    ]
    text = "\n".join(json.dumps({"id": one, "question": asked, "answer": right}) for one, asked, right in items)
    (tmp_path / "i.jsonl").write_text(text)
    alone = (
        "--model",
        "simulated",
        "--k",
        "1",
        "--address",
        "none",
        "--workers",
        "1",
        "--run-dir",
        str(tmp_path / "r"),
    )
    found = surefoot(capsys, "run", "items", "--file", str(tmp_path / "i.jsonl"), "--every", *alone)
    assert found["status"] == "solved"
    with pytest.raises(SystemExit):
        main(["result", str(tmp_path / "r"), "--jsonl"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["id"], row["answer"]) for row in rows] == [("m", "144"), ("o", None), ("s", [1, 2, 3])]
    assert "neither a product" in rows[1]["why"]
    assert not surefoot(capsys, "verify", str(tmp_path / "r"), code=1)["reached_goal"]
