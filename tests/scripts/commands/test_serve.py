"""``surefoot serve``: opens the model that is named, and says what is wrong with it in one line."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from surefoot.runtime.models.port import Model
from surefoot.runtime.models.simulated import SimulatedModel
from surefoot.scripts.cluster import serve_model
from surefoot.scripts.commands.cli import main
from surefoot.scripts.commands.serve import serve


def test_the_named_model_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []

    async def until_stopped(model: Model, name: str, host: str, port: int) -> None:
        served.append((type(model), name, host, port))

    monkeypatch.setattr(serve_model, "until_stopped", until_stopped)
    asked = ["simulated:p_error=0.1", "--port", "8000"]
    assert CliRunner().invoke(serve, asked, standalone_mode=False).return_value == 0
    assert served == [(SimulatedModel, "simulated:p_error=0.1", "127.0.0.1", 8000)]
    told = CliRunner().invoke(serve, ["simulated", "--json"], standalone_mode=False).stdout
    assert json.loads(told.splitlines()[-1]) == {"status": "ok", "served": "simulated"}


def test_missing_weights_are_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(SystemExit) as left:
        main(["serve", "smollm2"])
    assert left.value.code == 2
    assert "surefoot models --fetch smollm2" in capsys.readouterr().err
