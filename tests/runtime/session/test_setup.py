"""What a run is started with: an object that cannot be asked is refused in one line before anything is written."""

import pathlib
from typing import Any

import pytest

import surefoot
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Model, Reply
from surefoot.runtime.session import row_output

ROWS = [{"text": "a"}]


class Waits(Model):
    async def ask(self, request: Any) -> list[Reply]:
        return [Reply("yes") for _ in request.draws]


class Hurries(Model):
    def ask(self, request: Any) -> list[Reply]:  # type: ignore[override]
        return [Reply("yes") for _ in request.draws]


class Stranger:
    """Has an ask, and is no model."""

    async def ask(self, request: Any) -> list[Reply]:
        return []


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (Hurries(), "Hurries.ask must be 'async def ask(self, request)': it is awaited for Reply objects"),
        (Stranger(), "a model is a surefoot.Model or a name, and not a Stranger"),
        (7, "a model is a surefoot.Model or a name, and not a int"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_leaves_nothing(model: Any, line: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        surefoot.map(ROWS, "{text}?", output=str, model=model, k=1, run_dir=tmp_path / "r")
    assert str(error.value) == line
    assert not (tmp_path / "r").exists()


def test_a_model_without_a_name_is_called_by_its_class(tmp_path: pathlib.Path) -> None:
    run = surefoot.map(ROWS, "{text}?", output=str, model=Waits(), k=1, run_dir=tmp_path / "r")
    assert run.status == "solved"
    assert read_config(tmp_path / "r").model == "object:Waits"


def test_a_model_object_cannot_be_opened_by_its_name_elsewhere() -> None:
    with pytest.raises(ConfigurationError, match="an object of Python, Waits: go on from Python"):
        open_model(RunConfig(task="map", model="object:Waits"))


def test_parquet_without_its_library_is_refused_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_output.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"^out.parquet: writing Parquet needs pip install"):
        row_output.check_form(pathlib.Path("out.parquet"))
    row_output.check_form(pathlib.Path("out.csv"))
