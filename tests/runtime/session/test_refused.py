"""What is refused leaves nothing behind; what was asked, or somebody's own mistake, is kept."""

import pathlib
from typing import Any

import pytest

import surefoot
from surefoot.runtime.errors import ConfigurationError, ModelRejected, RunDirectoryError, UserCodeError
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.session.refused import leaving_nothing
from tests.data.own.fetching import Fetching

QUIET: dict[str, Any] = {"k": 1, "address": "none"}


class Refuses(Model):
    """Answers so many questions, and refuses the key from then on."""

    def __init__(self, answers: int) -> None:
        self.answers = answers

    async def ask(self, request: Request) -> list[Reply]:
        self.answers -= 1
        if self.answers < 0:
            raise ModelRejected("no such key")
        return [Reply("7", tokens_in=1) for _ in request.draws]


class Breaks(Model):
    async def ask(self, request: Request) -> list[Reply]:
        raise ValueError("oh")


ASKED = ["a", "b"]


@pytest.mark.parametrize(("answers", "left"), [(0, False), (1, True)])
def test_only_a_run_that_asked_something_is_kept(answers: int, left: bool, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ModelRejected):
        surefoot.map(ASKED, "{text}", Refuses(answers), run_dir=tmp_path / "r", chains_in_flight=1, **QUIET)
    assert (tmp_path / "r").exists() is left
    if left:
        assert surefoot.open(tmp_path / "r").message == "no such key"


def test_a_plan_that_is_refused_at_its_first_question_is_taken_away(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ModelRejected):
        surefoot.run("hanoi", Refuses(0), disks=2, run_dir=tmp_path / "r", **QUIET)
    assert not (tmp_path / "r").exists()
    with pytest.raises(ModelRejected):
        surefoot.run(Fetching(pages=1), Refuses(0), run_dir=tmp_path / "tools", **QUIET)
    assert (tmp_path / "tools").exists(), "a tool was called"


def test_a_mistake_in_users_code_is_kept_for_show(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserCodeError, match=r"Breaks.ask .*ValueError: oh"):
        surefoot.map(ASKED, "{text}", Breaks(), run_dir=tmp_path / "r", **QUIET)
    found = surefoot.open(tmp_path / "r")
    assert (found.status, "ValueError: oh" in found.message) == ("failed", True)


def refused(directory: pathlib.Path, error: ConfigurationError) -> None:
    with leaving_nothing(directory, keep_folder=True):
        (directory / "run.toml").touch()
        raise error


def test_a_folder_that_was_there_stays_and_anothers_run_is_not_touched(tmp_path: pathlib.Path) -> None:
    (tmp_path / "r").mkdir()
    with pytest.raises(ConfigurationError):
        refused(tmp_path / "r", ConfigurationError("no"))
    assert list((tmp_path / "r").iterdir()) == []
    with pytest.raises(RunDirectoryError):
        refused(tmp_path / "r", RunDirectoryError("in use by another process"))
    assert (tmp_path / "r" / "run.toml").exists()


def test_a_pilot_that_has_nothing_to_ask_is_known_before(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing to ask at its start") as error:
        surefoot.run(Fetching(), Refuses(0), run_dir=tmp_path / "r", address="none")
    assert "--k 1" in error.value.context["hint"]
    assert not (tmp_path / "r").exists()


def test_a_table_without_rows_has_no_pilot(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match="has no rows"):
        surefoot.map([], "{text}", Refuses(0), run_dir=tmp_path / "r", address="none")
    assert not (tmp_path / "r").exists()
