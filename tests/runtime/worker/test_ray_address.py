"""Which cluster an address means: the user's, and never one that some process started for itself. No Ray is started."""

import json
import os
import pathlib
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import surefoot
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker import ray_address, ray_cluster
from surefoot.runtime.worker.own_ray import PATIENCE
from surefoot.runtime.worker.ray_address import host_of, is_here, means_local, named_cluster
from surefoot.runtime.worker.ray_cluster import (
    modules_of,
    one_line,
    shipped_with,
    start_ray,
    token_hint,
    use_kept_token,
)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    for name in (
        "RAY_ADDRESS",
        "RAY_AUTH_MODE",
        "RAY_AUTH_TOKEN",
        "RAY_AUTH_TOKEN_PATH",
        "RAY_JOB_CONFIG_JSON_ENV_VAR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def head() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def note(tmp_path: pathlib.Path, address: str) -> None:
    """What ``ray start`` does."""
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text(address)


def test_nothing_named_is_nothing_joined() -> None:
    assert [named_cluster(address) for address in ("auto", "local", "none")] == [None] * 3


def test_auto_joins_what_ray_start_noted_if_it_answers(
    tmp_path: pathlib.Path, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(tmp_path, head)
    monkeypatch.setattr(ray_address, "begun_by_user", lambda port: False)
    assert named_cluster("auto") is None, "some program's own: never joined"
    monkeypatch.setattr(ray_address, "begun_by_user", lambda port: True)
    found = named_cluster("auto")
    assert found is not None
    assert (found.address, found.by) == (head, "a head that you began here with `ray start`")
    assert named_cluster("local") is None
    (tmp_path / "ray" / "ray_current_cluster").write_text("127.0.0.1:1")  # a head that was killed
    assert named_cluster("auto") is None


@pytest.mark.parametrize("content", ["127.0.0.1:" + "9" * 5000, "127.0.0.1:\u0663", "127.0.0.1", "x" * 10**6 + ":1"])
def test_a_note_that_names_no_port_is_none(tmp_path: pathlib.Path, head: str, content: str) -> None:
    note(tmp_path, head)
    (tmp_path / "ray" / "ray_current_cluster").write_text(content)
    assert named_cluster("auto") is None


def test_auto_joins_what_the_environment_names(monkeypatch: pytest.MonkeyPatch, head: str) -> None:
    monkeypatch.setenv("RAY_ADDRESS", head)
    found = named_cluster("auto")
    assert found is not None
    assert found.by == "RAY_ADDRESS"
    assert not means_local("auto")
    monkeypatch.setenv("RAY_ADDRESS", "local")
    assert means_local("auto")
    assert named_cluster("auto") is None


@pytest.mark.parametrize(
    ("address", "said"),
    [("127.0.0.1:1", "no Ray cluster at"), ("a" * 99 + ".b:1", "no Ray cluster at"), ("everywhere", "expected auto")],
)
def test_what_the_user_named_is_there_or_it_is_one_line(address: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        named_cluster(address)
    assert "\n" not in str(refused.value)


def test_the_kept_token_is_used_on_this_machine_only(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    environment: dict[str, str] = {"HOME": str(tmp_path)}
    monkeypatch.setattr("os.environ", environment)
    monkeypatch.delitem(__import__("sys").modules, "ray", raising=False)
    use_kept_token()
    assert "RAY_AUTH_MODE" not in environment
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("t" * 64)
    use_kept_token()
    assert environment["RAY_AUTH_MODE"] == "token"
    environment["RAY_AUTH_MODE"] = "disabled"
    use_kept_token()
    assert environment["RAY_AUTH_MODE"] == "disabled"
    assert token_hint("10.0.0.5:6379") == ""
    del environment["RAY_AUTH_MODE"]
    assert "RAY_AUTH_TOKEN" in token_hint("192.0.2.77:6379")


def test_here_is_what_can_be_bound() -> None:
    assert is_here("127.0.0.1:6379")
    assert is_here("http://localhost:8265/jobs")
    assert not is_here("http://203.0.113.9:8265")
    assert [host_of(one) for one in ("a:1", "http://[::1]:8265/x", "b")] == ["a", "::1", "b"]


def test_another_version_is_one_line() -> None:
    said = (
        "Version mismatch: The cluster was started with:\n    Ray: 2.40.0\n    Python: 3.11.7\nThis process on node 1"
    )
    assert one_line(RuntimeError(said)).startswith("Version mismatch: The cluster was started with: Ray: 2.40.0 Python")
    assert "\n" not in one_line(RuntimeError(said))
    assert one_line(ConnectionError("")) == "ConnectionError"


def test_surefoot_travels_whole_but_for_what_no_node_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    packaging = pytest.importorskip("ray._private.runtime_env.packaging")
    shipped = shipped_with([])
    assert shipped["py_modules"] == [surefoot]
    (root,) = surefoot.__path__
    seen: set[str] = set()
    skip = packaging._get_excludes(pathlib.Path(root), shipped["excludes"])
    packaging._dir_travel(
        pathlib.Path(root), [skip], lambda path: seen.add(path.relative_to(root).as_posix()), include_gitignore=True
    )
    needed = {"__init__.py", "runtime/worker/ray_worker.py", "decompose/task.py", "voting/race.py"}
    assert seen >= needed | {"scripts/cluster/on_head.py", "scripts/commands/cli.py", "runtime/report/page.html.j2"}
    assert any(name.startswith("runtime/models/bundled_weights/") for name in seen)
    assert not [name for name in seen if "__pycache__" in name or name.startswith("scripts/bundled")]
    # In a job that brings it already, the workers' environment is the job's.
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", json.dumps({"runtime_env": {"py_modules": ["gcs://x.zip"]}}))
    assert shipped_with([]) == {}


def test_a_users_module_travels_and_what_is_in_main_does_not() -> None:
    config = RunConfig(task="mine:Own")
    mine: Any = type("Own", (), {"__module__": "tests.conftest"})()
    (sent,) = modules_of(config, mine)
    # A package without __init__ travels as its folder where Python found that twice.
    assert pathlib.Path(sent if isinstance(sent, str) else sent.__path__[0]) == pathlib.Path(__file__).parents[2]
    mine = type("Own", (), {"__module__": "__main__"})()
    assert modules_of(config, mine) == []
    built_in = RunConfig(task="hanoi")
    assert modules_of(built_in, open_task(built_in)) == []


def test_a_cluster_that_wants_a_token_is_refused_at_once_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    monkeypatch.setattr(ray_cluster, "wants_token", lambda host, port: True)
    with pytest.raises(ConfigurationError, match=r"asks for a token: set RAY_AUTH_MODE=token") as refused:
        start_ray(RunConfig(task="hanoi", address=head), None)
    assert "\n" not in str(refused.value)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with pytest.raises(ConfigurationError, match="RAY_AUTH_MODE is set to something else"):
        start_ray(RunConfig(task="hanoi", address=head), None)


class Unstartable:
    """Ray on a machine so busy that its processes give each other up."""

    job_config = SimpleNamespace(JobConfig=lambda: SimpleNamespace())

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.left = False

    def init(self, **asked: Any) -> None:
        self.asked = {**asked, "patience": [os.environ[name] for name in PATIENCE]}
        raise Exception("The current node timed out during startup. This could happen.\nOr not.")

    def shutdown(self) -> None:
        self.left = True


def test_a_ray_that_cannot_be_started_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = Unstartable()
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setattr(ray_cluster, "_import_quietly", lambda: ray)
    monkeypatch.setattr(ray_cluster, "is_installed", lambda: True)
    said = r"^a Ray could not be started on this machine: The current node timed out during startup\. .*--address none"
    with pytest.raises(ConfigurationError, match=said):
        start_ray(RunConfig(task="hanoi", address="local", workers=1), None)
    assert ray.left, "what was started of it is ended"
    assert (ray.asked["runtime_env"], ray.asked["patience"]) == ({}, list(PATIENCE.values()))


def test_only_a_users_code_needs_the_users_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a worker on this machine where Surefoot lies in such a folder itself."""
    config = RunConfig(task="hanoi")
    task = open_task(config)
    monkeypatch.setattr(ray_cluster, "is_installed", lambda: True)
    assert ray_cluster._last_on_path(config, task, alone=True) == {}
    own = RunConfig(task="hanoi", rule="mine:Rule")
    assert ray_cluster._last_on_path(own, task)["worker_process_setup_hook"] is not None
    monkeypatch.setattr(ray_cluster, "is_installed", lambda: False)
    assert ray_cluster._last_on_path(config, task) == {}
    assert ray_cluster._last_on_path(config, task, alone=True)["worker_process_setup_hook"] is not None
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", '{"py_modules": []}')
    assert ray_cluster._last_on_path(own, task, alone=True) == {}
