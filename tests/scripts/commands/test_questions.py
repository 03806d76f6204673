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
