"""What a job is made of, and the cluster file; jobs on a cluster are in
``tests/runtime/worker/test_ray_services.py``."""

import http.server
import importlib.metadata
import pathlib
import re
import threading
from typing import Any

import pytest
import yaml

from surefoot.runtime.errors import ConfigurationError
from surefoot.scripts.cluster.launch import entrypoint, main, packages, requirements

CLUSTER = pathlib.Path(__file__).parents[3] / "scripts" / "presets" / "cluster.yaml"


def test_a_job_is_a_command_of_surefoot_on_the_cluster_it_runs_on() -> None:
    assert (
        entrypoint(["run", "hanoi", "--run-dir", "/a b"])
        == "python3 -m surefoot.scripts.commands.cli run hanoi --run-dir '/a b'"
    )
    for wrong in ([], ["show", "x"], ["run", "hanoi", "--address", "auto"], ["run", "hanoi", "--address=auto"]):
        with pytest.raises(ConfigurationError, match=r"what to launch|--address"):
            entrypoint(wrong)


def test_all_packages_travel_and_every_dependency_but_ray_is_asked_for() -> None:
    assert {pathlib.Path(place).name for place in packages()} == {"surefoot"}
    declared = [re.match(r"[\w-]+", one) for one in importlib.metadata.requires("surefoot") or [] if "extra" not in one]
    assert {name[0] for name in declared if name} - {re.split(r"[^\w-]", one)[0] for one in requirements()} == {"ray"}


def test_no_dashboard_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dashboard", "http://127.0.0.1:9", "--", "run", "hanoi"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot submit a job to http://127.0.0.1:9" in said


@pytest.mark.parametrize(("mode", "hint"), [(None, True), ("token", False)])
def test_a_cluster_that_wants_a_token_is_one_line_and_a_hint(
    mode: str | None, hint: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    if mode:
        monkeypatch.setenv("RAY_AUTH_MODE", mode)
        monkeypatch.setenv("RAY_AUTH_TOKEN", "not the one that is wanted, but as long as one has to be")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert main(["--dashboard", f"http://127.0.0.1:{server.server_port}", "--", "run", "hanoi"]) == 2
        server.shutdown()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Authentication required" in said
    assert ("set RAY_AUTH_MODE=token" in said) == hint


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
