"""What is refused before a run starts: nothing is asked, and no run directory is left."""

import pathlib

import pytest

from surefoot.runtime import api
from surefoot.runtime.errors import ConfigurationError


@pytest.mark.parametrize(
    ("task", "model", "steps", "said"),
    [
        ("multiply", "simulated", 4, "steps-per-call 4: multiply asks for one step a call; prompt_several"),
        ("multiply", "bundled", 4, "steps-per-call 4: multiply asks for one step a call"),
        ("hanoi", "bundled", 33, "steps-per-call 33: the bundled model was trained to state at most 32"),
    ],
)
def test_several_steps_a_call_are_refused_where_nobody_can_ask_or_answer_them(
    task: str, model: str, steps: int | str, said: str, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        api.run(task, model, run_dir=tmp_path / "r", steps_per_call=steps, address="none")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("model", ["simulated", "bundled"])
@pytest.mark.parametrize(("task", "steps"), [("multiply", "auto"), ("hanoi", 4)])
def test_where_they_can_be_the_run_goes_on(task: str, steps: int | str, model: str, tmp_path: pathlib.Path) -> None:
    """``auto`` is one step a call where a task words no more."""
    run = api.run(task, model, run_dir=tmp_path / "r", steps_per_call=steps, address="none")
    assert run.status == "solved"
    assert (run.counts.shared_steps > 0) is (task == "hanoi")
