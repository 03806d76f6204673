"""What a job runs on the head node: a look at what is missing, then the command or the packing of a run."""

import importlib.util
import os
import pathlib
import sys
from importlib.machinery import ModuleSpec

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker import ray_owner
from surefoot.scripts.cluster import on_head
from surefoot.scripts.cluster.on_head import NEEDED, main, missing
from surefoot.scripts.cluster.parcel import framed_in


def test_what_is_needed_is_what_this_command_line_imports() -> None:
    assert missing() == []


def test_missing_packages_are_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = importlib.util.find_spec

    def found(name: str) -> ModuleSpec | None:
        return None if name in ("ray", "scipy") else kept(name)

    monkeypatch.setattr(importlib.util, "find_spec", found)
    assert missing() == ["ray", "scipy"]
    with pytest.raises(SystemExit) as ended:
        main(["run", "hanoi"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{sys.executable}) lacks ray, scipy: " in said


def test_every_needed_name_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert missing() == list(NEEDED)


def test_packing_no_run_directory_exits_with_2(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["pack", str(tmp_path)])
    assert ended.value.code == 2
    with pytest.raises(ConfigurationError, match=r"has no run\.toml"):
        framed_in(capsys.readouterr().err)


def test_a_command_is_run_with_its_arguments_and_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["show", "/no/such/run"])
    assert ended.value.code == 2
    assert "/no/such/run" in capsys.readouterr().err


def test_arguments_are_the_commands_own(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["on_head.py", "tasks"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert "hanoi" in capsys.readouterr().out


def test_it_imports_nothing_but_the_standard_library() -> None:
    """At its top: what else it needs may be missing where it runs."""
    text = pathlib.Path(on_head.__file__).read_text()
    top = [line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))]
    assert {name.partition(".")[0] for name in top} <= sys.stdlib_module_names


@pytest.mark.parametrize(("above", "told"), [("127.0.0.1:6379", "127.0.0.1:6379"), ("", "127.0.0.1:6380")])
def test_a_job_runs_on_its_own_cluster_whichever_was_noted_last(
    above: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:6380")
    monkeypatch.setattr(ray_owner, "cluster_above", lambda process: above)
    with pytest.raises(SystemExit):
        main(["tasks"])
    assert os.environ["RAY_ADDRESS"] == told
