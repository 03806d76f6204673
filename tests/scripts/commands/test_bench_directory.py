"""``show`` and ``report`` of a bench directory, and files that cannot be written."""

import asyncio
import json
import pathlib
import shutil

import pytest

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import ConfigurationError, RunDirectoryError
from surefoot.scripts.commands.bench_directory import answers_of
from surefoot.scripts.commands.bench_run import run_nodes
from tests.scripts.commands.console import SIMULATED, complaints, in_shell, last_object, surefoot


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a suite of 19 problems in ``b``, done."""
    folder = tmp_path_factory.mktemp("bench")
    done = surefoot(folder, "bench", "steppath2", *SIMULATED, "--method", "surefoot", "--run-dir", "b", "--json")
    assert done.returncode == 0, done.stderr
    return folder


def test_show_has_the_table_and_where_its_rows_stand(bench: pathlib.Path) -> None:
    found = last_object(surefoot(bench, "show", "b", "--json"))
    assert [row["method"] for row in found["rows"]] == ["surefoot", "random-legal", "oracle"]
    assert {one["run_dir"]: one["status"] for one in found["runs"]} == {"b/oracle": "solved", "b/surefoot": "solved"}
    text = surefoot(bench, "show", "b").stdout
    assert "random-legal" in text
    assert "95 % interval" in text


def test_report_writes_the_same_page_again(bench: pathlib.Path) -> None:
    page = (bench / "b" / "bench.html").read_text()
    done = surefoot(bench, "report", "b", "--output", "again.html", "--json")
    assert done.returncode == 0, done.stderr
    assert last_object(done)["report"] == "again.html"
    assert (bench / "again.html").read_text() == page


def test_result_gives_all_answers_as_a_file(bench: pathlib.Path) -> None:
    lines = [json.loads(line) for line in surefoot(bench, "result", "b", "--jsonl").stdout.splitlines()]
    assert [line["method"] for line in lines] == ["oracle"] * 19 + ["surefoot"] * 19
    assert all(line["right"] for line in lines)
    table = surefoot(bench, "result", "b", "--csv").stdout.splitlines()
    assert table[0] == "method,name,repeat,answer,ended,right"
    assert len(table) == 39
    assert last_object(surefoot(bench, "result", "b", "--json"))["output"] == lines


@pytest.mark.parametrize("content", [b"{", b"[1]\n", b"\xff\n", b'{"a": 1}\n3\n'])
def test_answers_that_are_none_are_one_line(tmp_path: pathlib.Path, content: bytes) -> None:
    (tmp_path / "b" / "row").mkdir(parents=True)
    (tmp_path / "b" / "bench.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="no answers yet"):
        answers_of(tmp_path / "b")
    (tmp_path / "b" / "row" / "answers.jsonl").write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        answers_of(tmp_path / "b")
    assert "answers.jsonl" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_bench_that_has_only_begun_is_shown(bench: pathlib.Path, tmp_path: pathlib.Path) -> None:
    shutil.copytree(bench / "b" / "surefoot", tmp_path / "b" / "surefoot")
    (tmp_path / "b" / "bench.json").write_text("{}")
    assert "surefoot  solved" in surefoot(tmp_path, "show", "b").stdout
    assert surefoot(tmp_path, "report", "b").returncode == 0


@pytest.mark.parametrize("content", ["", "[]", '{"rows": 3}', '{"rows": [{"method": 1}]}', "[" * 100_000])
def test_a_bench_file_that_is_none_is_one_line(tmp_path: pathlib.Path, content: str) -> None:
    (tmp_path / "bench.json").write_text(content)
    for command in ("show", "report"):
        done = surefoot(tmp_path, command, ".")
        assert done.returncode == 2
        assert "bench.json" in complaints(done)[0]


def test_a_place_that_does_not_exist_is_one_line(bench: pathlib.Path) -> None:
    for run in ("b", "b/surefoot"):
        done = surefoot(bench, "report", run, "--output", "nowhere/x.html", "--json")
        assert done.returncode == 2
        assert complaints(done) == ["surefoot: cannot write nowhere/x.html: there is no folder nowhere"]
        assert last_object(done)["error"]["type"] == "ConfigurationError"
    assert "cannot write" in complaints(surefoot(bench, "report", "b", "--output", "/proc/x.html"))[0]


def test_nothing_is_written_through_a_link_and_no_neighbour_is_removed(bench: pathlib.Path) -> None:
    (bench / "precious").write_text("mine")
    (bench / "page.draft").write_text("mine too")
    (bench / "page.html").symlink_to("precious")
    assert surefoot(bench, "report", "b/surefoot", "--output", "page.html").returncode == 0
    assert (bench / "precious").read_text() == "mine"
    assert (bench / "page.draft").read_text() == "mine too"
    assert not (bench / "page.html").is_symlink()


def test_a_page_for_others_is_readable_and_what_belongs_to_a_run_is_its_owners(bench: pathlib.Path) -> None:
    for run in ("b", "b/surefoot"):
        done = in_shell(bench, f"umask 022; surefoot report {run} --output shown.html && surefoot report {run}")
        assert done.returncode == 0, done.stderr
        assert (bench / "shown.html").stat().st_mode & 0o777 == 0o644
        own = bench / run / ("bench.html" if run == "b" else "report.html")
        assert own.stat().st_mode & 0o777 == 0o600


def test_a_received_suites_rows_are_not_written_into_other_folders(tmp_path: pathlib.Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "answers.jsonl").write_text("my answers")
    (tmp_path / "row").symlink_to("mine")
    config = RunConfig(task="hanoi", task_options={"disks": 2}, model="simulated", address="none")
    task = open_task(config)
    with pytest.raises(RunDirectoryError, match="nothing is written through links"):
        asyncio.run(run_nodes(tmp_path / "row", config, task, [task.root()]))
    assert [entry.name for entry in (tmp_path / "mine").iterdir()] == ["answers.jsonl"]
