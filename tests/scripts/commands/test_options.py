"""Where options come from: the command line before the environment before a file; and what is printed of them."""

import pathlib
import shutil
import subprocess

import pytest

from surefoot.runtime.journal.run_directory import read_config
from tests.scripts.commands.console import COMMAND, ROOT, SIMULATED, complaints, environment, last_object, surefoot


def test_run_options_come_from_the_environment_unless_they_are_given(tmp_path: pathlib.Path) -> None:
    more = {"SUREFOOT_MODEL": "simulated", "SUREFOOT_ADDRESS": "none", "SUREFOOT_K": "2", "SUREFOOT_SEAMS": "off"}
    done = surefoot(tmp_path, "run", "hanoi", "--k", "1", "--run-dir", "r", "--json", more=more)
    assert done.returncode == 0, done.stderr
    config = read_config(tmp_path / "r")
    assert (config.model, config.address, config.k, config.seams) == ("simulated", "none", 1, False)


def test_the_environment_comes_before_a_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "mine.toml").write_text('k = 3\nmodel = "simulated"\naddress = "none"\nseed = 7\n')
    done = surefoot(
        tmp_path,
        "run",
        "hanoi",
        "--config",
        "mine.toml",
        "--run-dir",
        "r",
        more={"SUREFOOT_K": "2", "SUREFOOT_SEED": ""},
    )
    assert done.returncode == 0, done.stderr
    assert (read_config(tmp_path / "r").k, read_config(tmp_path / "r").seed) == (2, 7)


def test_a_variable_that_is_wrong_is_named(tmp_path: pathlib.Path) -> None:
    (line,) = complaints(surefoot(tmp_path, "run", "hanoi", more={"SUREFOOT_K": "0"}))
    assert "--k" in line
    assert "set by SUREFOOT_K" in line
    (given,) = complaints(surefoot(tmp_path, "run", "hanoi", "--k", "0"))
    assert "SUREFOOT_K" not in given


def test_help_names_the_variables_and_not_for_a_tasks_own_options(tmp_path: pathlib.Path) -> None:
    text = " ".join(surefoot(tmp_path, "run", "hanoi", "--help").stdout.split())
    assert "SUREFOOT_MODEL" in text
    assert "SUREFOOT_MAX_COST_USD" in text
    assert "SUREFOOT_DISKS" not in text


def test_variables_do_not_change_a_run_that_was_started_and_the_help_says_so(tmp_path: pathlib.Path) -> None:
    surefoot(tmp_path, "run", "hanoi", "--disks", "4", *SIMULATED, "--run-dir", "r", "--max-calls", "5")
    done = surefoot(tmp_path, "resume", "r", more={"SUREFOOT_MAX_CALLS": "1000"})
    assert done.returncode == 3
    assert "--max-calls 5 is reached" in done.stdout + done.stderr
    said = " ".join(surefoot(tmp_path, "resume", "--help").stdout.split())
    assert "environment variables such as SUREFOOT_MAX_CALLS do not" in said


def test_a_config_file_takes_the_tasks_own_keys(tmp_path: pathlib.Path) -> None:
    (tmp_path / "mine.toml").write_text('disks = 4\nstrategy = "chain"\n')
    done = surefoot(tmp_path, "run", "hanoi", "--config", "mine.toml", *SIMULATED, "--run-dir", "r", "--json")
    assert done.returncode == 0, done.stderr
    assert last_object(done)["task_options"] == {"disks": 4}
    assert last_object(done)["steps"] == 15
    (tmp_path / "wrong.toml").write_text("discs = 4\n")
    (line,) = complaints(surefoot(tmp_path, "run", "hanoi", "--config", "wrong.toml", *SIMULATED))
    assert "discs" in line


def test_a_file_that_a_config_file_names_is_looked_for_beside_it(tmp_path: pathlib.Path) -> None:
    (tmp_path / "conf").mkdir()
    shutil.copy(ROOT / "tests" / "data" / "questions.json", tmp_path / "conf" / "q.json")
    (tmp_path / "conf" / "mine.toml").write_text('file = "q.json"\n')
    done = surefoot(tmp_path, "run", "questions", "--config", "conf/mine.toml", *SIMULATED, "--run-dir", "r")
    assert done.returncode == 0, done.stderr
    assert "Could a spider wear" in read_config(tmp_path / "r").task_options["file"]
    elsewhere = surefoot(tmp_path, "run", "questions", "--file", "q.json", *SIMULATED)
    assert elsewhere.returncode == 2, "on the command line a path begins where the user is"


def test_after_a_limit_the_next_line_says_which_limit_to_raise(tmp_path: pathlib.Path) -> None:
    limited = ("--flush-steps", "8", "--max-calls", "40", "--run-dir", "a b")
    done = surefoot(tmp_path, "run", "hanoi", "--disks", "7", *SIMULATED, *limited)
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines()[-1].split(maxsplit=1) == ["next", "surefoot resume 'a b' --max-calls 80"]
    assert "next      surefoot resume 'a b' --max-calls 80" in surefoot(tmp_path, "show", "a b").stdout


def test_a_failed_run_proposes_to_look_and_not_to_resume(tmp_path: pathlib.Path) -> None:
    wrong = ("--model", "simulated:p_error=0.3", "--address", "none", "--no-seams", "--red-flags", "none", "--k", "1")
    done = surefoot(tmp_path, "run", "hanoi", "--disks", "6", *wrong, "--run-dir", "r")
    assert done.returncode == 1
    assert "resume" not in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", ["exp[/1]", "exp[bold]2", "exp[3", "a b", "it's"])
def test_names_with_brackets_and_blanks_are_shown_as_they_are(tmp_path: pathlib.Path, name: str) -> None:
    done = surefoot(tmp_path, "run", "hanoi", *SIMULATED, "--run-dir", name)
    assert done.returncode == 0, done.stderr
    assert f"with simulated in {name}" in done.stderr
    command = done.stdout.splitlines()[-1].partition("surefoot ")[2]
    again = subprocess.run(
        f"{' '.join(COMMAND)} {command}", shell=True, cwd=tmp_path, env=environment(), capture_output=True, timeout=60
    )
    assert again.returncode == 0, "what is printed can be pasted"


def test_shells_complete_commands(tmp_path: pathlib.Path) -> None:
    asked = {"_SUREFOOT_COMPLETE": "bash_complete", "COMP_WORDS": "surefoot me", "COMP_CWORD": "1"}
    done = surefoot(tmp_path, more=asked)
    assert (done.returncode, done.stdout) == (0, "plain,measure\n")
    assert "_SUREFOOT_COMPLETE=bash_source" in surefoot(tmp_path, "--help").stdout
