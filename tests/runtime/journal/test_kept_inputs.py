"""Large options of a task are kept once, by their hash, and follow a run wherever it goes."""

import json
import os
import pathlib
from typing import Any

import msgspec
import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.configuration_drift import Setup, differences
from surefoot.runtime.journal.kept_inputs import FILE, LARGE, keep_inputs, read_inputs, with_references
from surefoot.runtime.journal.mirror import copy_run
from surefoot.runtime.journal.run_directory import create_run, read_config, standing, write_config
from surefoot.scripts.cluster.parcel import pack, unpack
from surefoot.scripts.commands.compare import changed_options

TEXT = "Grüße\n" * LARGE
CONFIG = RunConfig(task="my:Task", task_options={"text": TEXT, "parts": 3}, model="simulated")


def inputs_in(directory: pathlib.Path) -> list[pathlib.Path]:
    return [entry for entry in directory.iterdir() if FILE.fullmatch(entry.name)]


def run_at(directory: pathlib.Path, config: RunConfig = CONFIG) -> pathlib.Path:
    create_run(directory, config).close()
    return directory


def test_run_toml_names_the_file_and_reading_gives_the_text(tmp_path: pathlib.Path) -> None:
    run = run_at(tmp_path / "run")
    assert (run / "run.toml").stat().st_size < 1000 < len(TEXT)
    [file] = inputs_in(run)
    assert json.loads(file.read_text()) == TEXT
    assert file.stat().st_mode & 0o077 == 0
    assert read_config(run) == CONFIG
    told = read_config(run, whole=False).task_options
    assert told == {"text": {"kept_input": file.name, "bytes": file.stat().st_size}, "parts": 3}


def test_programs_are_shown_the_reference(tmp_path: pathlib.Path) -> None:
    run = run_at(tmp_path / "run")
    shown = standing(run).task_options
    assert shown == with_references(CONFIG.task_options)
    assert len(msgspec.json.encode(shown)) < 200


@pytest.mark.parametrize(
    ("value", "large"),
    [
        ("x" * LARGE, True),
        ("\x01" * (LARGE // 2), True),  # each is six characters in JSON
        ("x" * (LARGE - 2), False),
        ("two\nlines", True),  # the text of a small file
        ('[{"question": "Is ice cold?"}]', True),
        ("one line\n", False),
        ([["x" * 50]] * 100, True),
        ({"a": ["x" * LARGE]}, True),
        (3.5, False),
        (True, False),
        (None, False),
        ({"kept_input": "../../etc/passwd", "bytes": 3}, False),  # a user's own value, as it is
    ],
)
def test_what_is_large_is_kept_apart_and_comes_back(tmp_path: pathlib.Path, value: Any, large: bool) -> None:
    kept = keep_inputs(tmp_path, {"value": value})
    assert (kept["value"] != value) == large == bool(inputs_in(tmp_path))
    assert read_inputs(tmp_path, kept) == {"value": value}
    assert keep_inputs(tmp_path, kept) == kept  # references stay


def test_the_same_content_is_kept_once(tmp_path: pathlib.Path) -> None:
    keep_inputs(tmp_path, {"a": TEXT, "b": TEXT})
    keep_inputs(tmp_path, {"c": TEXT})
    assert len(inputs_in(tmp_path)) == 1


@pytest.mark.parametrize("fault", ["changed", "missing", "link", "fifo"])
def test_a_file_that_is_not_what_it_was_is_refused_in_one_line(tmp_path: pathlib.Path, fault: str) -> None:
    run = run_at(tmp_path / "run")
    [file] = inputs_in(run)
    content = file.read_bytes()
    file.unlink()
    if fault == "changed":
        file.write_bytes(content.replace(b"G", b"g", 1))
    elif fault == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        file.symlink_to(tmp_path / "elsewhere")
    elif fault == "fifo":
        os.mkfifo(file)
    with pytest.raises(ConfigurationError, match=file.name) as refused:
        read_config(run)
    assert "\n" not in str(refused.value)
    assert read_config(run, whole=False).task == "my:Task"  # lists of runs go on


def test_a_name_that_leads_out_of_the_directory_is_no_reference(tmp_path: pathlib.Path) -> None:
    (tmp_path / "secret").write_text('"s"')
    forged = {"text": {"kept_input": "../secret", "bytes": 3}}
    assert read_inputs(tmp_path / "run", forged) == forged


def test_copies_and_fetched_runs_have_it(tmp_path: pathlib.Path) -> None:
    run = run_at(tmp_path / "run")
    copy_run(run, tmp_path / "mirror")
    unpack(pack(run), tmp_path / "fetched")
    assert read_config(tmp_path / "mirror") == read_config(tmp_path / "fetched") == CONFIG


def test_a_run_that_was_killed_before_its_configuration_is_begun_again(tmp_path: pathlib.Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    keep_inputs(directory, CONFIG.task_options)
    assert read_config(run_at(directory)) == CONFIG


def test_two_runs_are_compared_by_the_hash(tmp_path: pathlib.Path) -> None:
    other = msgspec.structs.replace(CONFIG, task_options={"text": f"{TEXT}!", "parts": 3})
    a, b, c = (run_at(tmp_path / name, one) for name, one in (("a", CONFIG), ("b", other), ("c", CONFIG)))
    assert changed_options(a, c) == {}
    assert list(changed_options(a, b)) == ["text"]
    assert len(str(changed_options(a, b))) < 400


def test_a_journal_of_an_earlier_version_that_has_the_text_whole_is_the_same_setup() -> None:
    whole = msgspec.to_builtins(CONFIG)
    short = {**whole, "task_options": with_references(CONFIG.task_options)}
    assert differences(Setup(whole, ()), Setup(short, ())) == []
    changed = {**short, "task_options": with_references({"text": f"{TEXT}!", "parts": 3})}
    [line] = differences(Setup(whole, ()), Setup(changed, ()))
    assert line.startswith("task_options: ")
    assert len(line) < 500


def test_a_value_that_cannot_be_read_back_is_not_written(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surefoot.runtime.journal.kept_inputs.LARGEST", LARGE)
    with pytest.raises(ConfigurationError, match=r"text has .* bytes; at most"):
        write_config(tmp_path, CONFIG)
    assert list(tmp_path.iterdir()) == []
