"""Looking at a received run executes nothing: not of the run directory, nor of the folder that its user stands in."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.runtime.journal.test_origin import TASK

CLI = "from surefoot.scripts.commands.cli import main; main()"


def surefoot(folder: pathlib.Path, *words: str, safe: bool = True) -> "subprocess.CompletedProcess[str]":
    """The installed command, started in a folder: ``-P`` keeps the folder off the path as a console script does."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, *(["-P"] if safe else []), "-c", CLI, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A solved run with files beside it that have the names of packages."""
    folder = tmp_path_factory.mktemp("received")
    options = ("--model", "simulated", "--k", "1", "--address", "none", "--run-dir", "r")
    done = surefoot(folder, "run", "hanoi", "--disks", "3", *options)
    assert done.returncode == 0, done.stderr
    for name in ("jinja2", "numpy", "msgspec", "scipy", "rich", "neat", "hanoi"):
        (folder / "r" / f"{name}.py").write_text(f"open({str(folder / 'ran')!r}, 'w').close()\n")
    return folder


@pytest.mark.parametrize("command", ["show", "report", "verify", "result", "export --kind decomposer"])
def test_files_in_a_run_directory_are_not_imported(received: pathlib.Path, command: str) -> None:
    done = surefoot(received / "r", *command.split(), ".")
    assert done.returncode == 0, done.stderr
    assert not (received / "ran").exists()


def test_with_the_folder_on_the_path_they_would_be(received: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """The placebo: what every command did when it put the current folder in front of the others."""
    (tmp_path / "jinja2.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    surefoot(tmp_path, "report", str(received / "r"), "--output", "page.html", safe=False)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("command", ["show", "report", "verify", "resume", "result"])
def test_the_task_of_a_received_run_is_not_imported(received: pathlib.Path, command: str) -> None:
    forged = received / f"forged-{command}"
    shutil.copytree(received / "r", forged)
    text = (forged / "run.toml").read_text().replace('task = "hanoi"', 'task = "neat:Neat"')
    (forged / "run.toml").write_text(text.partition("[task_options]")[0])
    done = surefoot(forged, command, ".")
    assert not (received / "ran").exists()
    assert "Traceback" not in done.stderr
    if command in ("verify", "resume"):
        assert done.returncode == 2
        assert "--task-path" in done.stderr
    else:
        assert done.returncode == 0, done.stderr


def test_an_own_task_is_shown_reported_and_verified_from_anywhere(tmp_path: pathlib.Path) -> None:
    mine, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    mine.mkdir()
    elsewhere.mkdir()
    answers = "\n\ndef answers(prompt):\n    from surefoot.decompose.answer_keys.answers import Answers\n"
    referee = "\ndef verify(task, steps):\n    from surefoot.decompose.referees.verification import Verification\n"
    referee += "    count = sum(1 for _ in steps)\n    return Verification(True, True, count)\n"
    (mine / "errand_mine.py").write_text(f"{TASK}{answers}    return Answers(('a',), 'b')\n{referee}")
    options = ("--model", "simulated", "--k", "1", "--address", "none", "--run-dir", "r")
    done = surefoot(mine, "run", "errand_mine:Errand", *options)
    assert done.returncode == 0, done.stderr
    (mine / "ran").unlink()
    for command in ("show", "report", "result"):
        done = surefoot(elsewhere, command, "../mine/r", "--json")
        assert done.returncode == 0, done.stderr
        json.loads(done.stdout.splitlines()[-1])
    assert not (mine / "ran").exists()
    done = surefoot(elsewhere, "verify", "../mine/r")
    assert done.returncode == 0, done.stderr
    assert str(mine / "errand_mine.py") in done.stderr
    # The file is gone: it is said, and where it is now can be named.
    (mine / "errand_mine.py").rename(elsewhere / "errand_mine.py")
    done = surefoot(elsewhere, "verify", "../mine/r")
    assert (done.returncode, "--task-path" in done.stderr) == (2, True)
    done = surefoot(elsewhere, "verify", "../mine/r", "--task-path", ".")
    assert done.returncode == 0, done.stderr
