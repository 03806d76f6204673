"""What a run is started with: an object that cannot be asked is refused in one line before anything is written."""

import pathlib
from typing import Any

import pytest

import surefoot
from surefoot.decompose.plan import Child, Expansion, Literal
from surefoot.decompose.step import Dialect, Done, Prompt, Role, Step
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


class Rows(surefoot.RowTask, frozen=True):
    """Asks one question of each row."""

    def row_step(self, row: Any) -> Step:
        return Step("row", Role.ACTOR, row["text"])

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(str(step.reads))

    def parse(self, step: Step, text: str, dialect: Dialect) -> str:
        return text


class Chained(Rows, frozen=True):
    """Would ask two things of each row, one after the other."""

    def next_step(self, goal: Any, state: Any) -> Any:
        return Done(None)


class Planned(Rows, frozen=True):
    """Would have a plan for each row."""

    def row_step(self, row: Any) -> Any:
        return Expansion((Child("part", (Literal(row["text"]),)),))


class Whole(surefoot.Task, frozen=True):
    """A task of its own."""


@pytest.mark.parametrize(
    ("question", "options", "line"),
    [
        (Whole(), {}, "Whole: surefoot.map asks one question of each row; rows that take several steps"),
        (Whole, {}, "Whole: surefoot.map asks one question of each row; rows that take several steps"),
        (Chained(), {}, r"Chained.next_step .*: is never called: surefoot.map asks one question of each row"),
        (Planned(), {}, r"Planned.row_step .*: must return a Step, not Expansion"),
        (Rows, {}, r"Rows is a class: give one of it, Rows\(\)"),
        (Rows(), {"output": int}, "a RowTask says itself what an answer is"),
        (Rows(), {"field_wise": True}, "a RowTask says itself what an answer is"),
        (7, {}, "int: what is asked of each row is a text, or a RowTask"),
    ],
)
def test_rows_that_are_no_single_questions_are_one_line(
    question: Any, options: dict[str, Any], line: str, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(ConfigurationError, match=line) as refused:
        surefoot.map(ROWS, question, Waits(), run_dir=tmp_path / "r", address="none", k=1, **options)
    assert "\n" not in str(refused.value)
    assert surefoot.map(ROWS, Rows(), Waits(), run_dir=tmp_path / "s", address="none", k=1).output == ["yes"]
