"""``surefoot review``: what waits is shown, answers are taken from a person or from JSON, and bad ones are one line."""

import json
import pathlib
import subprocess
import sys

import pytest

from tests.scripts.commands.console import COMMAND, complaints, environment, last_object, surefoot

RUN = ("run", "hanoi", "--disks", "3", "--strategy", "chain", "--k", "2", "--max-ballots", "4", "--address", "none")
EVIL = "\x1b]0;owned\x07"


@pytest.fixture
def waiting(tmp_path: pathlib.Path) -> pathlib.Path:
    """A run whose model says nothing that can be read: its first step waits for a person."""
    done = surefoot(tmp_path, *RUN, "--model", "simulated:p_format=1", "--review", "--run-dir", "r")
    assert done.returncode == 3, done.stderr
    assert "because   1 step waits for a person" in done.stdout
    assert "next      surefoot review r" in done.stdout
    return tmp_path


def typed(folder: pathlib.Path, text: str, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [*COMMAND, "review", "r", *words]
    return subprocess.run(
        command, cwd=folder, env=environment(), input=text, capture_output=True, text=True, timeout=100
    )


def test_what_waits_is_shown_as_json(waiting: pathlib.Path) -> None:
    found = last_object(surefoot(waiting, "review", "r", "--json"))
    assert (found["answered"], found["waiting"]) == (0, 1)
    [step] = found["steps"]
    assert (step["node"], step["number"], step["attempt"]) == ("root", 0, 0)
    assert step["prompt"]
    assert step["replies"][0]["flag"] == "misformatted"
    assert step["candidates"] == {}


def test_an_answer_as_json_and_the_run_goes_on(waiting: pathlib.Path) -> None:
    answer = json.dumps([{"node": "root", "number": 0, "answer": "1ac caa"}])
    found = last_object(typed(waiting, answer, "--answers", "-", "--json"))
    assert (found["answered"], found["waiting"], found["steps"]) == (1, 0, [])
    done = surefoot(waiting, "resume", "r", "--json")
    ended = last_object(done)
    assert (done.returncode, ended["status"], ended["steps"], ended["waiting"]) == (3, "paused", 1, 1)
    assert last_object(surefoot(waiting, "review", "r", "--json"))["steps"][0]["number"] == 1
    steps = last_object(surefoot(waiting, "steps", "r", "--json"))["steps"]
    assert [(one["answer"], one["way"]) for one in steps if one["answer"]] == [("1ac caa", "a person")]


def test_a_person_types_an_answer(waiting: pathlib.Path) -> None:
    done = typed(waiting, "=1ac caa\n")
    assert "1 of 1" in done.stdout
    assert "reply: ???" in done.stdout
    assert "1 step answered, 0 wait" in done.stdout
    assert "surefoot resume r" in done.stdout


@pytest.mark.parametrize("text", ["", "\n", "q\n"])
def test_who_skips_or_leaves_changes_nothing(waiting: pathlib.Path, text: str) -> None:
    done = typed(waiting, text)
    assert (done.returncode, "0 steps answered, 1 wait" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ('[{"node": "0.9", "number": 0, "answer": "x"}]', "no step waits at node 0.9, number 0"),
        ('[{"node": "root", "number": 0, "answer": " "}]', "an answer has 1 to"),
        ('[{"node": "root", "answer": "x"}]', "an answer names its row, or its node and number"),
        ('[{"row": 25, "answer": "x"}]', "no step waits at row 25"),
        ('[{"row": 0}]', "missing required field"),
        ("no JSON", "--answers -: JSON is malformed"),
    ],
)
def test_bad_answers_are_one_line(waiting: pathlib.Path, answers: str, words: str) -> None:
    done = typed(waiting, answers, "--answers", "-")
    assert done.returncode == 2
    [line] = complaints(done)
    assert words in line
    assert last_object(surefoot(waiting, "review", "r", "--json"))["waiting"] == 1


MUTE = """
import surefoot

class Mute(surefoot.Model):
    async def ask(self, request):
        return [surefoot.Reply("no idea") for _ in request.draws]
"""


def test_a_typed_row_is_checked_at_once(tmp_path: pathlib.Path) -> None:
    """What is no answer is one line each, and another is asked for; the row is called by its number in the table."""
    (tmp_path / "t.csv").write_text(f"text\nhello {EVIL}\n")
    (tmp_path / "mute.py").write_text(MUTE)
    question = ("--question", "Say a number for {text}", "--fields", "n: integer")
    options = ("--model", "mute:Mute", "--k", "1", "--max-ballots", "2", "--address", "none", "--review")
    done = surefoot(tmp_path, "map", "t.csv", *question, *options, "--run-dir", "r")
    assert done.returncode == 3, done.stderr
    for answer in ('{"row": 0, "node": "7", "answer": "1"}', '{"row": 0, "number": 9, "answer": "1"}'):
        wrong = typed(tmp_path, f"[{answer}]", "--answers", "-")
        assert (wrong.returncode, "no step waits at row 0" in wrong.stderr) == (2, True)
    done = typed(tmp_path, '=none\nseven\n={"n": 7}\n')
    said = [line for line in done.stderr.splitlines() if not line.startswith("a number takes")]
    assert said == [
        "the answer cannot be read: misformatted no JSON value of the kind that is asked for",
        "'seven' does not begin with =",
    ]
    assert "1 step answered, 0 wait" in done.stdout
    assert "row 0: lead 1; undecided" in done.stdout
    given = json.dumps([{"row": 0, "answer": '{"n": 8}'}])
    assert last_object(typed(tmp_path, given, "--answers", "-", "--json"))["answered"] == 1
    assert "\x1b" not in done.stdout + done.stderr


def test_a_run_without_waiting_steps(tmp_path: pathlib.Path) -> None:
    surefoot(tmp_path, *RUN, "--model", "simulated", "--run-dir", "r")
    assert "0 steps answered, 0 wait" in surefoot(tmp_path, "review", "r").stdout
    assert sys.executable
