"""Runs of benchmarks are kept as those of users are, and end as they do."""

import pathlib

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.session.run import Run
from surefoot.scripts.benchmarks.kept_run import kept_run

CONFIG = RunConfig(task="hanoi", task_options={"disks": 3}, model="simulated", address="none", workers=1, k=1)


def test_a_run_is_kept_and_can_be_read(tmp_path: pathlib.Path) -> None:
    assert kept_run(CONFIG, tmp_path / "some" / "run") == "solved"
    assert (Run(tmp_path / "some" / "run").status, Run(tmp_path / "some" / "run").counts.steps) == ("solved", 7)


@pytest.mark.parametrize(("error", "ends"), [(0.0, "solved"), (1.0, "failed")])
def test_a_task_and_models_of_the_benchmarks_own_take_the_place_of_the_configurations(
    error: float, ends: str, tmp_path: pathlib.Path
) -> None:
    model = SimulatedModel(hanoi.answers, Profile(p_error=error))
    assert kept_run(CONFIG, tmp_path / "run", Hanoi(disks=2), [model]) == ends
    assert Run(tmp_path / "run").counts.steps == 3, "those of two disks"
