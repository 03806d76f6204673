"""Mistakes in the code of somebody's own task: one line with class, method, file and line, exit 2, and show agrees."""

import pathlib
import shutil

import pytest

from tests.scripts.commands.console import ROOT, SIMULATED, complaints, last_object, surefoot

OWN = ROOT / "tests" / "data" / "own"
KINDS = {
    "TypoInPrompt": ("TypoInPrompt.prompt", "step.raeds", "no attribute 'raeds'"),
    "AsyncAdvance": ("AsyncAdvance.advance", "async def advance", "it returned a coroutine"),
    "ParseInt": ("ParseInt.parse", "class ParseInt+1", "must return the candidate as text (str), or a Flag"),
    "Impure": ("Impure.prompt", "class Impure+1", "is not pure"),
    "Appends": ("Appends.advance", "class Appends+7", "changes the state it is given"),
    "ExpandFails": ("ExpandFails.expand, in helper", '{}["gone"]', "KeyError: 'gone'"),
    "Splits": ("Splits.decomposition_step", "def decomposition_step", "has no expand()"),
    "AsyncBegin": ("AsyncBegin.begin", "async def begin", "it returned a coroutine"),
    "OutputObject": ("OutputObject.next_step", "class OutputObject+1", "cannot be kept"),
    "NegativeSize": ("NegativeSize.size", "class NegativeSize+1", "0 or more; it returned int -1"),
    "NextNone": ("NextNone.next_step", "class NextNone+1", "it returned NoneType None"),
    "Arguments": ("Arguments.prompt", "def prompt(self, step):", "takes 2 positional arguments"),
    "PostInit": ("PostInit.__post_init__", 'return {}["a"]', "KeyError: 'a'"),
    "WrongOption": ("WrongOption", "class WrongOption", "'rng' is of type Random"),
    "Exits": ("Exits.parse", "raise SystemExit(3)", "SystemExit: 3"),
    "AnswerFails": ("AnswerFails.answer", "yield step.nothing", "no attribute 'nothing'"),
    "AnswerObject": ("AnswerObject.answer", "class AnswerObject+1", "cannot be kept"),
}
"""Of each class: who is to be named, a text on the line to be named (``+1``: a line below), and what is wrong."""

OTHER_FILES = {
    "half": ('"""A bracket is missing."""\n\nclass Half(object:\n    pass\n', 3, "invalid syntax"),
    "broken": ("from faults import Sound\n\nLIMIT = gone\n", 3, "NameError: name 'gone' is not defined"),
    "lacking": ("import nothing_here\n", 1, "No module named 'nothing_here'"),
}


def line_of(text: str) -> int:
    """The number of the first line of the file of faults that has a text in it."""
    text, _, below = text.partition("+")
    lines = (OWN / "faults.py").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line) + int(below or 0)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with the tasks in it."""
    return pathlib.Path(shutil.copytree(OWN, tmp_path / "own"))


def test_the_sound_task_of_which_the_others_are_made_is_solved(folder: pathlib.Path) -> None:
    """Placebo arm: the complaints below are about what differs from it."""
    done = surefoot(folder, "run", "faults:Sound", *SIMULATED, "--run-dir", "r", "--json")
    assert (done.returncode, last_object(done)["steps"]) == (0, 5)
    assert surefoot(folder, "verify", "r").returncode == 0


@pytest.mark.parametrize("task", KINDS)
def test_a_mistake_is_one_line_and_show_says_the_same(folder: pathlib.Path, task: str) -> None:
    place, text, wrong = KINDS[task]
    done = surefoot(folder, "run", f"faults:{task}", *SIMULATED, "--leaf-steps", "1", "--run-dir", "r", "--json")
    assert done.returncode == 2, done.stderr
    (line,) = complaints(done)
    assert line.startswith(f"surefoot: {place} (faults.py, line {line_of(text)}): ")
    assert wrong in line
    assert last_object(done)["error"]["message"] == line.removeprefix("surefoot: ")
    if (folder / "r").exists():  # else the task was refused before anything was made
        kept = last_object(surefoot(folder, "show", "r", "--json"))
        assert (kept["status"], kept["message"]) == ("failed", line.removeprefix("surefoot: "))


@pytest.mark.parametrize("module", OTHER_FILES)
def test_a_file_that_cannot_be_imported_is_named(folder: pathlib.Path, module: str) -> None:
    source, line, wrong = OTHER_FILES[module]
    (folder / f"{module}.py").write_text(source)
    done = surefoot(folder, "run", f"{module}:Mine", *SIMULATED)
    assert done.returncode == 2
    (complaint,) = complaints(done)
    assert complaint.startswith(f"surefoot: {module} ({module}.py, line {line}): ")
    assert wrong in complaint


def test_a_default_that_is_a_list_is_told_what_to_write(folder: pathlib.Path) -> None:
    (folder / "listed.py").write_text(
        "from faults import Sound\n\n\nclass Listed(Sound, frozen=True, kw_only=True):\n    words: list[str] = ['a']\n"
    )
    done = surefoot(folder, "run", "listed:Listed", *SIMULATED, "--json")
    assert complaints(done)[0].startswith("surefoot: listed (listed.py, line 4): TypeError: ")
    assert "write a tuple" in last_object(done)["error"]["hint"]


def test_a_class_that_is_not_whole_is_told_what_it_lacks(folder: pathlib.Path) -> None:
    (complaint,) = complaints(surefoot(folder, "run", "faults:Unfinished", *SIMULATED))
    assert "it has no next_step, prompt, parse" in complaint


def test_hints_say_what_to_do(folder: pathlib.Path) -> None:
    hints = {
        "faults:TypoInPrompt": "did you mean 'reads'?",
        "faults:AsyncAdvance": "write def instead of async def",
        "faults:Impure": "no chance, clock, counters or files",
        "faults:Appends": "return a new one",
    }
    for task, hint in hints.items():
        done = surefoot(folder, "run", task, *SIMULATED, "--run-dir", task.partition(":")[2], "--json")
        assert hint in done.stderr.splitlines()[-1]
        assert hint in last_object(done)["error"]["hint"]


def test_a_referee_that_returns_a_bool_is_named(folder: pathlib.Path) -> None:
    done = surefoot(folder, "run", "wrong_verdict:WrongVerdict", *SIMULATED, "--run-dir", "r")
    assert done.returncode == 0, done.stderr
    verified = surefoot(folder, "verify", "r", "--json")
    assert verified.returncode == 2
    (line,) = complaints(verified)
    assert "verify (wrong_verdict.py, line 10): must return a Verification" in line
    assert "it returned bool True" in line


def test_an_answer_key_that_fails_is_named(folder: pathlib.Path) -> None:
    for command in (("run", "wrong_key:WrongKey", *SIMULATED), ("test", "wrong_key:WrongKey")):
        done = surefoot(folder, *command, "--json")
        assert done.returncode == 2, done.stderr
        assert "answers (wrong_key.py, line 11): KeyError: 'one less than 5?'" in complaints(done)[0]


def test_a_run_whose_answer_failed_is_mended_without_another_call(folder: pathlib.Path) -> None:
    run = ("run", "faults:AnswerFails", *SIMULATED, "--run-dir", "r")
    assert surefoot(folder, *run).returncode == 2
    calls = last_object(surefoot(folder, "show", "r", "--json"))["calls"]
    file = folder / "faults.py"
    file.write_text(file.read_text().replace("yield step.nothing", "yield step.candidate"))
    done = surefoot(folder, "resume", "r", "--json")
    assert done.returncode == 0, done.stderr
    found = last_object(done)
    assert (found["status"], found["output"], found["calls"]) == ("solved", ["4", "3", "2", "1", "0"], calls)


def test_a_task_that_asks_nothing_is_a_task_like_any_other(folder: pathlib.Path) -> None:
    done = surefoot(folder, "run", "faults:Silent", *SIMULATED, "--run-dir", "r", "--json")
    assert done.returncode == 0, done.stderr
    assert (last_object(done)["calls"], last_object(done)["output"]) == (0, 5)
    auto = surefoot(folder, "run", "faults:Silent", "--model", "simulated", "--address", "none", "--json")
    assert auto.returncode == 2, "a pilot has nothing to sample"
    assert "has nothing to ask at its start" in complaints(auto)[0]
