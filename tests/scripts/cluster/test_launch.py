"""What a job is made of, the way back to it, and the cluster file; jobs on a cluster are in
``tests/runtime/worker/test_ray_services.py``."""

import hashlib
import http.server
import importlib.metadata
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
from typing import Any

import click.testing
import pytest
import yaml

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker.ray_jobs import JobState
from surefoot.scripts.cluster import launch as launch_job
from surefoot.scripts.cluster.launch import FIND_PYTHON, entrypoint, job_of, option_of, requirements, task_packages
from surefoot.scripts.commands.launch import exit_code, launch, told, way_back

CLUSTER = pathlib.Path(__file__).parents[3] / "scripts" / "presets" / "cluster.yaml"
RUN = ["run", "hanoi", "--run-dir", "/data/a b"]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "travels").mkdir()
    return tmp_path / "travels"


def test_a_job_is_a_command_of_surefoot_in_the_heads_interpreter(folder: pathlib.Path) -> None:
    job = job_of(RUN, False, folder)
    assert job.entrypoint == FIND_PYTHON + (
        "exec \"$P\" -m surefoot.scripts.cluster.on_head run hanoi --run-dir '/data/a b'"
    )
    assert [pathlib.Path(place).name for place in job.packages] == ["surefoot"]
    assert (job.folder, job.pip) == ("", ())
    assert entrypoint(["show", "/x"], True).startswith("P=python3; ")  # the environment that --pip made


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "what to launch"),
        (["bench", "x"], "what to launch"),
        ([*RUN, "--address", "auto"], "--address"),
        ([*RUN, "--address=auto"], "--address"),
        (["run", "hanoi"], "--run-dir /ABSOLUTE/PATH"),
        (["run", "hanoi", "--run-dir=here"], "absolute"),
        (["show", "runs/x"], "absolute"),
        (["run", "no_such:Task", "--run-dir", "/x"], "no module 'no_such'"),
    ],
)
def test_what_cannot_work_is_one_line_before_anything_starts(wrong: list[str], said: str, folder: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)) as refused:
        job_of(wrong, False, folder)
    assert "\n" not in str(refused.value)


def test_files_travel_under_the_hash_of_their_content(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "d.pddl").write_text("(define)")
    arguments = ["run", "pddl", "--domain", str(tmp_path / "d.pddl"), f"--config={tmp_path / 'd.pddl'}", *RUN[2:]]
    job = job_of(arguments, False, folder)
    name = hashlib.sha256(b"(define)").hexdigest()[:16] + "-d.pddl"
    assert f"--domain {name} --config={name} --run-dir '/data/a b'" in job.entrypoint
    assert job.folder == str(folder)
    assert [(entry.name, entry.read_text()) for entry in folder.iterdir()] == [(name, "(define)")]


def test_a_table_travels_and_its_results_stay_on_the_head(
    folder: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("body\nhello\n")
    (tmp_path / "out.csv").write_text("of yesterday")
    (tmp_path / "mine.py").touch()
    asked = ["map", "t.csv", "--question", "What? {body}", "--model", "mine:Model"]
    job = job_of([*asked, "--output", str(tmp_path / "out.csv"), "--run-dir", "/data/m"], False, folder)
    name = hashlib.sha256(b"body\nhello\n").hexdigest()[:16] + "-t.csv"
    assert (
        f"on_head map {name} --question 'What? {{body}}' --model mine:Model --output {tmp_path}/out.csv"
        in job.entrypoint
    )
    assert [entry.name for entry in folder.iterdir()] == [name]
    assert [pathlib.Path(place).name for place in job.packages] == ["surefoot", "mine.py"]
    assert "-- show /data/m" in way_back([*asked, "--run-dir", "/data/m"], "job_1", "http://127.0.0.1:8265")[1]
    for wrong, said in [
        ([*asked], "--run-dir /ABSOLUTE/PATH"),
        ([*asked, "--run-dir", "/m", "--output", "out.csv"], "the results are on the head node"),
        (["map", "--question", "x", "t.csv", "--run-dir", "/m"], "--question: there is no such file here"),
    ]:
        with pytest.raises(ConfigurationError, match=re.escape(said)):
            job_of(wrong, False, folder)


def test_a_users_task_travels_whole(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").touch()
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    assert task_packages(["run", "mine:Own"]) == [str(tmp_path / "mine.py")]
    assert task_packages(["measure", "pack.inner:Own"]) == [str(tmp_path / "pack")]
    assert task_packages(["run", "hanoi"]) == task_packages(["show", "/x"]) == []
    models = ["run", "hanoi", "--model", "mine:Model", "--rule=pack.inner:Rule", "--fallback-model", "openai/m"]
    assert task_packages(models) == [str(tmp_path / "mine.py"), str(tmp_path / "pack")]


def test_every_dependency_but_ray_is_asked_for() -> None:
    declared = [re.match(r"[\w-]+", one) for one in importlib.metadata.requires("surefoot") or [] if "extra" not in one]
    assert {name[0] for name in declared if name} - {re.split(r"[^\w-]", one)[0] for one in requirements()} == {"ray"}


@pytest.mark.skipif(not pathlib.Path("/proc/self/maps").exists(), reason="the interpreter is looked up in /proc")
@pytest.mark.parametrize("found", [True, False])
def test_the_interpreter_is_that_of_the_process_above_the_shell(found: bool, tmp_path: pathlib.Path) -> None:
    """A process that has loaded ``.../site-packages/ray/_raylet.so`` stands for the job's supervisor."""
    site = tmp_path / "env" / "lib" / "python3.12" / "site-packages" / ("ray" if found else "other")
    site.mkdir(parents=True)
    (site / "_raylet.so").write_bytes(b"x" * 4096)
    (tmp_path / "env" / "bin").mkdir()
    (tmp_path / "env" / "bin" / "python3").write_text("#!/bin/sh\n")
    (tmp_path / "env" / "bin" / "python3").chmod(0o755)
    supervisor = (
        "import mmap, subprocess, sys\n"
        "file = open(sys.argv[1], 'rb')\n"
        "kept = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)\n"
        "print(subprocess.run(sys.argv[2], shell=True, capture_output=True, text=True).stdout)\n"
    )
    shell = FIND_PYTHON + 'echo "$P"'
    done = subprocess.run(
        [sys.executable, "-c", supervisor, str(site / "_raylet.so"), shell], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == (str(tmp_path / "env" / "bin" / "python3") if found else "python3")


def test_a_head_that_lacks_packages_says_so_in_one_line(tmp_path: pathlib.Path) -> None:
    """Run as on a head whose Python has the standard library and nothing else."""
    place = pathlib.Path(__file__).parents[3] / "scripts" / "cluster" / "on_head.py"
    shutil.copy(place, tmp_path / "on_head.py")
    command = [sys.executable, "-I", "-S", str(tmp_path / "on_head.py"), "run", "hanoi"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "lacks msgspec, click, ray" in done.stderr
    assert "--pip" in done.stderr


def test_the_way_back_names_the_job_and_its_run() -> None:
    lines = way_back(RUN, "job_1", "http://far:8265")
    assert lines[0].startswith("surefoot launch --dashboard http://far:8265 --status job_1")
    assert "-- show '/data/a b'" in lines[1]
    assert lines[2].endswith("--fetch '/data/a b'")
    assert "--dashboard" not in "".join(way_back(["show", "/x"], "job_1", "http://127.0.0.1:8265"))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [("SUCCEEDED", 0, 0), ("STOPPED", -15, 3), *(("FAILED", code, code or 1) for code in (3, 2, 1, None))],
)
def test_a_job_ends_with_the_code_of_its_command(status: str, code: int | None, expected: int) -> None:
    assert exit_code(JobState("job", status, "", "", code)) == expected


def test_what_a_cluster_says_cannot_move_the_terminal() -> None:
    assert "\x1b" not in told(JobState("job", "FAILED", "surefoot run", "\x1b[2J\nsecond"))


def said(*arguments: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(launch, list(arguments))


@pytest.mark.parametrize("arguments", [[], ["--status", "all", "--", *RUN], ["--logs", "a", "--stop", "b"]])
def test_one_thing_at_a_time(arguments: list[str]) -> None:
    refused = said(*arguments).exception
    assert isinstance(refused, ConfigurationError)
    assert "either a command after --" in str(refused)


def test_no_dashboard_is_one_clear_line() -> None:
    refused = said("--dashboard", "http://127.0.0.1:9", "--", *RUN).exception
    assert isinstance(refused, ConfigurationError)
    assert str(refused).startswith("cannot use the cluster at http://127.0.0.1:9: ")
    assert "\n" not in str(refused)


@pytest.mark.parametrize(("mode", "hint"), [(None, True), ("token", False)])
def test_a_cluster_that_wants_a_token_is_one_line_and_a_hint(
    mode: str | None, hint: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    if mode:
        monkeypatch.setenv("RAY_AUTH_MODE", mode)
        monkeypatch.setenv("RAY_AUTH_TOKEN", "not the one that is wanted, but as long as one has to be")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        refused = said("--dashboard", f"http://127.0.0.1:{server.server_port}", "--", *RUN).exception
        server.shutdown()
    assert isinstance(refused, ConfigurationError)
    assert "Authentication required" in str(refused)
    assert ("set RAY_AUTH_MODE=token" in str(refused)) == hint


def test_the_kept_token_is_sent_to_a_dashboard_of_this_machine(tmp_path: pathlib.Path) -> None:
    """In a process of its own: Ray remembers what it read of the environment."""
    heard: list[str | None] = []

    class Asks(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("5" * 64)
    keep = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asks) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        board = f"http://127.0.0.1:{server.server_port}"
        command = [sys.executable, "-m", "surefoot.scripts.commands.cli", "launch", "--dashboard", board]
        done = subprocess.run(
            [*command, "--json", "--status", "all"], env={**keep, "HOME": str(tmp_path)}, capture_output=True, text=True
        )
        server.shutdown()
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "error"
    assert heard
    assert heard[0] is not None
    assert heard[0].endswith("5" * 64)


def cluster_file() -> dict[str, Any]:
    return yaml.safe_load(CLUSTER.read_text())  # type: ignore[no-any-return]


def test_the_cluster_file_is_one_that_ray_takes() -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = cluster_file()
    validate_config(prepare_config(config))
    commands = config["setup_commands"] + config["head_start_ray_commands"] + config["worker_start_ray_commands"]
    # Nothing may depend on what `python` or `ray` is there: many systems have neither, or refuse to install into it.
    assert all("surefoot-env" in command for command in commands)
    assert sum("RAY_USAGE_STATS_ENABLED=0 ray start" in command for command in commands) == 2


def test_a_cluster_file_with_a_mistake_is_not() -> None:
    """The placebo's arm."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    with pytest.raises(Exception, match="'head_start_ray_command' was unexpected"):
        validate_config(prepare_config({**cluster_file(), "head_start_ray_command": []}))


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["run", "--run-dir", "/a"], "/a"),
        (["run", "--run-dir=/a=b"], "/a=b"),
        (["run", "--run-dirs=/a"], ""),
        (["run", "--run-dir"], ""),
        ([], ""),
    ],
)
def test_an_option_is_found_in_either_form(arguments: list[str], value: str) -> None:
    assert option_of(arguments, "--run-dir") == value


def test_what_cannot_be_read_does_not_travel(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """A file that is there and cannot be copied is an error; what is no file stays an argument."""
    (tmp_path / "d.pddl").write_text("x")
    folder.rmdir()
    with pytest.raises(ConfigurationError, match=re.escape(str(tmp_path / "d.pddl"))):
        launch_job._carried(str(tmp_path / "d.pddl"), folder)
    for argument in ("", "--json", "-v", "hanoi", f"--x={tmp_path}"):
        assert launch_job._carried(argument, tmp_path) == argument


def test_dependencies_travel_only_where_asked_for(folder: pathlib.Path) -> None:
    assert job_of(RUN, False, folder).pip == ()
    asked = job_of(RUN, True, folder)
    assert asked.pip == tuple(requirements())
    assert any(one.startswith("msgspec") for one in asked.pip)
    assert not any(one.startswith(("ray", "torch")) for one in asked.pip)
