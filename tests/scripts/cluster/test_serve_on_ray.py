"""Serving on Ray, without a Ray: what is deployed, what is printed, and how it ends."""

import signal
from typing import Any

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker import ray_serve
from surefoot.scripts.cluster.serve_on_ray import main


class Deployed:
    """Stands in for Ray Serve, and remembers what it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.given: list[tuple[RunConfig, str, int, int]] = []

    def __call__(self, config: RunConfig, name: str, port: int, replicas: int) -> str:
        self.given.append((config, name, port, replicas))
        if self.error is not None:
            raise self.error
        return f"http://127.0.0.1:{port}/v1"


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What signals were waited for; they come at once."""
    heard: list[Any] = []
    monkeypatch.setattr(signal, "sigwait", heard.append)
    return heard


def test_it_deploys_says_where_and_stays_until_stopped(
    waited: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = Deployed()
    monkeypatch.setattr(ray_serve, "serve_model", deployed)
    code = main(["--model", "simulated:p_error=0.1", "--port", "8123", "--replicas", "3", "--address", "head:6379"])
    assert code == 0
    [(config, name, port, replicas)] = deployed.given
    assert (config.model, config.address, config.task) == ("simulated:p_error=0.1", "head:6379", "hanoi")
    assert (name, port, replicas) == ("simulated", 8123, 3)
    assert capsys.readouterr().out == "serving simulated:p_error=0.1 at http://127.0.0.1:8123/v1\n"
    assert waited == [{signal.SIGINT, signal.SIGTERM}]


def test_the_bundled_model_on_the_cluster_that_is_found(waited: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = Deployed()
    monkeypatch.setattr(ray_serve, "serve_model", deployed)
    assert main([]) == 0
    [(config, name, port, replicas)] = deployed.given
    assert (config.model, config.address, name, port, replicas) == ("bundled", "auto", "bundled", 8000, 1)


def test_no_cluster_is_one_line_and_exit_code_2(
    waited: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ray_serve, "serve_model", Deployed(ConfigurationError("there is no Ray at far:1")))
    assert main(["--address", "far:1"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "error: there is no Ray at far:1\n")
    assert waited == []


def test_options_are_numbers_where_they_are_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--replicas", "many"])
    assert ended.value.code == 2
    assert "--replicas" in capsys.readouterr().err
