"""Names of built-in tasks: an object of a built-in class is the task of that name, with its key and its referee."""

import importlib
import pathlib

import pytest

import surefoot
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS, MICRO_TASKS, task_name
from surefoot.decompose.tasks.generated import Generated
from surefoot.scripts.commands.cli import main


def class_at(place: str) -> type:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", BUILT_IN_TASKS)
def test_a_built_in_class_has_its_short_name(name: str) -> None:
    assert task_name(class_at(BUILT_IN_TASKS[name])) == name


def test_a_class_of_ones_own_is_named_by_its_module() -> None:
    class Own(Generated, frozen=True, kw_only=True):
        pass

    assert task_name(Own) == f"{__name__}:{Own.__qualname__}"
    smaller = class_at(MICRO_TASKS["hanoi"])
    assert task_name(smaller) == MICRO_TASKS["hanoi"], "a task in the micro dialect is no task to start by name"


def test_an_object_of_a_built_in_class_is_run_scored_and_resumed_like_its_name(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The simulated model finds the answer key, and verify the referee."""
    task, where = Generated(family="chains", length=3, number=2, method="self-ask"), tmp_path / "r"
    told = {"k": 2, "workers": 1, "address": "none"}
    run = surefoot.run(task, model="simulated:p_error=0.02", run_dir=where, **told)  # type: ignore[arg-type]
    assert (run.status, run.output) == ("solved", answer_of(task.question()))
    named = surefoot.run(
        "problems", model="simulated:p_error=0.02", run_dir=tmp_path / "n", family="chains", length=3, number=2,
        method="self-ask", **told,  # type: ignore[arg-type]
    )  # fmt: skip
    assert named.output == run.output
    assert surefoot.resume(where).output == run.output
    with pytest.raises(SystemExit) as end:
        main(["verify", str(where)])
    assert end.value.code == 0, capsys.readouterr().err
