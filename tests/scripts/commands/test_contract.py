"""What holds for every command: a quick start, one JSON object whatever happens, output that is never fatal."""

import json
import pathlib
import subprocess
import sys

import click
import pytest

from surefoot.scripts.commands import cli
from surefoot.scripts.commands.cli import COMMANDS
from tests.scripts.commands.console import (
    ROOT,
    SIMULATED,
    complaints,
    environment,
    in_shell,
    last_object,
    surefoot,
)

HEAVY = {
    "aiohttp", "asyncio", "ctranslate2", "importlib.metadata", "jinja2", "litellm", "msgspec", "numpy", "ray", "rich",
    "scipy", "structlog", "uvloop",
}  # fmt: skip


def loaded_by(*arguments: str) -> set[str]:
    """Modules that are loaded when the command ends."""
    program = (
        "import sys, json\nfrom surefoot.scripts.commands.cli import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit: print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_no_command_and_no_library_but_click() -> None:
    loaded = loaded_by("--help")
    assert not loaded & HEAVY
    ours = {name for name in loaded if name.startswith("surefoot.")}
    assert ours <= {
        "surefoot.runtime",
        "surefoot.runtime.untrusted",
        "surefoot.scripts", "surefoot.scripts.commands", "surefoot.scripts.commands.cli",
        "surefoot.scripts.commands.output", "surefoot.scripts.commands.streams",
    }  # fmt: skip


def test_a_command_that_is_used_is_imported() -> None:
    """Placebo arm: the list of modules does show what a command loads."""
    loaded = loaded_by("tasks")
    assert "msgspec" in loaded
    assert "surefoot.scripts.commands.catalogue" in loaded


def test_the_table_of_commands_is_true() -> None:
    for name, entry in COMMANDS.items():
        module, _, attribute = entry.place.partition(":")
        path = ROOT / "scripts" / "commands" / f"{module}.py"
        assert path.is_file(), name
        assert f"def {attribute}(" in path.read_text(), name
        assert entry.text.endswith("."), name
        assert len(entry.text) <= 80, name


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["run", "hanoi", "--disks", "0", "--json"], 2, "ConfigurationError"),
        (["run", "--json", "hanoi", "--colour", "red"], 2, "UsageError"),
        (["walk", "--json"], 2, "UsageError"),
        (["show", "nowhere", "--json"], 2, "RunDirectoryError"),
        (["resume", "nowhere", "--json"], 2, "RunDirectoryError"),
        (["run", "--json"], 2, "UsageError"),
        (["run", "hanoi", "--api-base", "\udcff", "--json"], 2, "UsageError"),
        (["show", "\udcff", "--json"], 2, "UsageError"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_error_is_one_line_and_one_object(
    tmp_path: pathlib.Path, arguments: list[str], code: int, kind: str
) -> None:
    done = surefoot(tmp_path, *arguments)
    assert done.returncode == code
    found = last_object(done)
    assert (found["exit_code"], found["error"]["type"]) == (code, kind)
    assert complaints(done) == [f"surefoot: {found['error']['message']}"]


def test_a_file_may_have_a_name_of_any_bytes(tmp_path: pathlib.Path) -> None:
    """Placebo arm: not every argument of another encoding is refused."""
    (tmp_path / "\udcff").mkdir()
    done = surefoot(tmp_path, "show", "\udcff", "--json")
    assert last_object(done)["error"]["type"] == "RunDirectoryError"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_all_below_it_take_json(name: str) -> None:
    context = click.Context(cli.surefoot)
    command = cli.surefoot.get_command(context, name)
    assert command is not None
    below = [command]
    if isinstance(command, click.Group):
        below = [found for one in command.list_commands(context) if (found := command.get_command(context, one))]
    assert below
    assert [one.name for one in below if not any("--json" in option.opts for option in one.params)] == []


def test_without_json_an_error_leaves_stdout_empty(tmp_path: pathlib.Path) -> None:
    """Placebo arm: the object is there because it was asked for."""
    assert surefoot(tmp_path, "show", "nowhere").stdout == ""


def test_a_broken_journal_is_an_object_with_code_1(tmp_path: pathlib.Path) -> None:
    assert surefoot(tmp_path, "run", "hanoi", "--disks", "3", *SIMULATED, "--run-dir", "r").returncode == 0
    journal = tmp_path / "r" / "journal.sqlite"
    journal.write_bytes(journal.read_bytes()[:4096] + b"\xff" * 4096 * 3)
    done = surefoot(tmp_path, "show", "r", "--json")
    assert done.returncode == 1
    assert last_object(done)["status"] == "failed"
    assert len(complaints(done)) == 1


def test_a_defect_is_one_line_and_its_traceback_is_for_those_who_ask(tmp_path: pathlib.Path) -> None:
    program = (
        "import sys\nfrom surefoot.scripts.commands import cli, catalogue\n"
        "catalogue.tasks.callback = lambda **_: {}['gone']\ncli.main(['tasks', '--json'])"
    )
    for wanted in (False, True):
        more = {"SUREFOOT_TRACEBACK": "1"} if wanted else {}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment(more), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 1
        assert last_object(done)["error"]["type"] == "KeyError"
        assert ("Traceback" in done.stderr) is wanted
        assert "this should not happen: KeyError: 'gone' (<string>, line 3)" in done.stderr


def test_a_command_that_does_not_exist_names_those_spelt_alike(tmp_path: pathlib.Path) -> None:
    assert "did you mean" in complaints(surefoot(tmp_path, "mesure"))[0]
    assert "measure" in complaints(surefoot(tmp_path, "mesure"))[0]


@pytest.mark.parametrize(
    "redirection",
    ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"],
)
def test_a_run_is_done_and_kept_whatever_its_streams_are(tmp_path: pathlib.Path, redirection: str) -> None:
    line = f"surefoot run hanoi --disks 3 {' '.join(SIMULATED)} --run-dir r --json {redirection}"
    done = in_shell(tmp_path, line)
    assert done.returncode == 0, done.stderr
    assert last_object(surefoot(tmp_path, "show", "r", "--json"))["status"] == "solved"


def test_a_reader_that_leaves_is_no_error_and_an_answer_that_is_lost_is_one(tmp_path: pathlib.Path) -> None:
    assert in_shell(tmp_path, "set -o pipefail; surefoot tasks | head -c 1 >/dev/null").returncode == 0
    lost = in_shell(tmp_path, "surefoot tasks >/dev/full")
    assert lost.returncode == 1
    assert complaints(lost) == ["surefoot: standard output could not be written: No space left on device"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_command_that_is_told_to_end_says_so(tmp_path: pathlib.Path, name: str) -> None:
    program = (
        "import os, signal\nfrom surefoot.scripts.commands import cli, catalogue\n"
        f"catalogue.tasks.callback = lambda **_: os.kill(os.getpid(), signal.{name})\ncli.main(['tasks', '--json'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3
    assert last_object(done)["error"]["message"] == f"stopped by {name} before it was done"


def test_nohup_is_respected(tmp_path: pathlib.Path) -> None:
    """Placebo arm of the one above: a signal that the caller ignores stays ignored."""
    program = (
        "import os, signal\nfrom surefoot.scripts.commands import cli, catalogue\n"
        "catalogue.tasks.callback = lambda **_: os.kill(os.getpid(), signal.SIGHUP)\ncli.main(['tasks'])"
    )
    quoted = f"trap '' HUP; exec {sys.executable} -c \"{program}\""
    done = subprocess.run(["bash", "-c", quoted], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
