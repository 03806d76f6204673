"""What the README says is what happens: its own task runs, its files exist, its commands are single lines."""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def block(name: str) -> str:
    """The code block after a marker."""
    found = re.search(rf"<!-- {name} -->\n```[a-z]+\n(.*?)```", README, re.DOTALL)
    assert found is not None, name
    return found[1]


def test_the_first_two_shell_blocks_are_one_line_each() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert [blocks[0], blocks[1]] == [block("run"), block("test")]
    assert all(text.count("\n") == 1 for text in blocks[:2])


def test_ci_runs_the_second_block() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "<!-- test -->" in script


def test_the_task_in_the_readme_runs_as_it_stands(tmp_path: pathlib.Path) -> None:
    text = block("own task")
    assert text.count("\n") <= 40
    (tmp_path / "collatz.py").write_text(text)
    options = ["--n", "97", "--model", "simulated:p_error=0.02", "--address", "none", "--json"]
    command = [sys.executable, "-m", "surefoot.scripts.commands.cli", "run", "collatz:Collatz", *options]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["status"], found["steps"]) == ("solved", 118)


def test_every_file_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`((?:decompose|voting|runtime|scripts|tests)/[\w/.]+)`", README))
    assert len(named) > 15
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_flow_is_the_one_of_the_table() -> None:
    line = re.search(r"<!-- flow -->\n +(.*)\n", README)
    assert line is not None
    words = line[1].split(" -> ")
    assert [f"| {word} |" in README for word in words] == [True] * 8
