"""Environments with the lowest and the newest versions: what is asked of uv, and what the table says of each."""

import pathlib
import subprocess
from typing import Any

import click.testing
import msgspec
import pytest

from surefoot.scripts.benchmarks import versions
from surefoot.scripts.benchmarks.versions import CHECKS, ROOT, Row, made, needed, table, tried, versions_in

FREEZE = "ray==2.60.0\ntomli_w==1.2.0\n-e file:///x\nmsgspec==0.21.1\nother==1\n"


def done(code: int = 0, out: str = "", err: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.CompletedProcess([], code, out, err)


class Answers:
    """Stands for every command; keeps what it was asked."""

    def __init__(self, *ends: tuple[str, "subprocess.CompletedProcess[str]"]) -> None:
        self.ends, self.asked = ends, []  # type: ignore[var-annotated]

    def __call__(self, command: list[str], **more: str) -> "subprocess.CompletedProcess[str]":
        self.asked.append(command)
        return next((end for word, end in self.ends if word in command), done())


def test_what_is_needed_is_read_from_the_project() -> None:
    names = needed((ROOT / "pyproject.toml").read_text())
    assert {"ray", "litellm", "msgspec", "tomli-w"} <= set(names)
    assert all(name.replace("-", "").isalnum() for name in names)
    assert versions_in(FREEZE, ["ray", "tomli-w", "scipy"]) == {"ray": "2.60.0", "tomli-w": "1.2.0"}


@pytest.mark.parametrize(("which", "resolution"), [("lowest", "lowest-direct"), ("newest", "highest")])
def test_an_environment_is_made_with_wheels_of_one_end(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, which: str, resolution: str
) -> None:
    uv = Answers(("freeze", done(out=FREEZE)))
    monkeypatch.setattr(versions, "_run", uv)
    monkeypatch.setattr(versions, "tried", lambda interpreter, folder, checks: {"ray": ""})
    row = made("uv", tmp_path, "3.12", which)
    assert (row.python, row.which, row.checks, row.fault) == ("3.12", which, {"ray": ""}, "")
    assert row.versions == {"msgspec": "0.21.1", "ray": "2.60.0", "tomli-w": "1.2.0"}
    (install,) = (command for command in uv.asked if "install" in command)
    assert install[install.index("--resolution") + 1] == resolution
    assert "--only-binary" in install


def test_an_environment_that_cannot_be_made_is_a_row(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_run", Answers(("venv", done(2, err="looking\nno such Python\n"))))
    row = made("uv", tmp_path, "3.14", "lowest")
    assert (row.checks, row.fault) == ({}, "exit 2: no such Python")
    assert "| 3.14 | lowest | exit 2: no such Python |" in table([row])


def test_a_check_ends_at_its_first_command_that_fails(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Answers(("verify", done(1, err="error: no")))

    class Server:
        def __init__(self, *_: Any, **__: Any) -> None:
            self.stdout = open("/dev/null")  # noqa: SIM115 - closed with the process

        def terminate(self) -> None:
            self.stdout.close()

        wait = terminate

    monkeypatch.setattr(versions, "_run", commands)
    monkeypatch.setattr(versions.subprocess, "Popen", Server)
    assert tried("python", tmp_path / "runs") == {"bundled": "exit 1: error: no", "ray": "", "litellm": ""}
    assert not any("report" in command for command in commands.asked)
    assert tried("python", tmp_path / "fewer", ("ray",)) == {"ray": ""}


def test_a_row_that_is_there_is_not_tried_again(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_now: list[str] = []

    def make(uv: str, folder: pathlib.Path, python: str, which: str, checks: tuple[str, ...]) -> Row:
        assert checks == tuple(CHECKS)
        made_now.append(f"{python} {which}")
        return Row(python, which, {"ray": "2.60.0"}, dict.fromkeys(CHECKS, ""))

    monkeypatch.setattr(versions, "made", make)
    arguments = ["--folder", str(tmp_path), "--python", "3.11", "--python", "3.12", "--which", "newest"]
    for _ in range(2):
        printed = click.testing.CliRunner().invoke(versions.main, arguments, catch_exceptions=False)
        assert "| 3.12 | newest | ok | ok | ok | 2.60.0 |" in printed.output
    assert made_now == ["3.11 newest", "3.12 newest"]
    assert len(msgspec.json.decode(b"[%s]" % b",".join((tmp_path / "table.jsonl").read_bytes().splitlines()))) == 2
