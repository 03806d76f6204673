"""Which long questions a pilot asks, and what a plan of a run makes of them."""

from typing import Any

import pytest

from surefoot.decompose.several_steps import sampled_chain
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.sort import Sort
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, pilot_steps
from surefoot.runtime.forecast.long_pilot import FEWEST, LONG_REPLY_STEPS, MOST, long_pilot
from surefoot.runtime.forecast.replies_seen import steps_of
from surefoot.runtime.forecast.run_plan import plan
from surefoot.runtime.measurement.take_sample import Beside, take_sample
from surefoot.runtime.steps_per_call import MOST_OF_BUNDLED


def config(**options: Any) -> RunConfig:
    return RunConfig(**{"task": "hanoi", "model": "simulated:p_error=0.02", "address": "none", **options})


@pytest.mark.parametrize(("disks", "questions"), [(8, FEWEST), (14, FEWEST), (16, 31), (20, MOST)])
def test_longer_runs_are_asked_more_and_a_small_part_of_their_calls(disks: int, questions: int) -> None:
    found = long_pilot(config(steps_per_call="auto"), Hanoi(disks=disks))
    assert len(found) == questions
    assert {steps_of(number) for number in found} == {LONG_REPLY_STEPS}


def test_the_bundled_model_is_asked_for_as_many_as_it_knows() -> None:
    found = long_pilot(config(model="bundled", steps_per_call="auto"), Hanoi(disks=14))
    assert {steps_of(number) for number in found} == {MOST_OF_BUNDLED}


def test_a_run_that_says_how_many_steps_is_asked_for_that_many() -> None:
    assert {steps_of(number) for number in long_pilot(config(steps_per_call=16), Hanoi(disks=8))} == {16}


@pytest.mark.parametrize("options", [{}, {"steps_per_call": 16, "k": 3}, {"steps_per_call": 16, "measurement": "m"}])
def test_no_long_question_where_nothing_is_chosen_from_it(options: dict[str, Any]) -> None:
    assert not long_pilot(config(**options), Hanoi(disks=8))


def test_no_long_question_where_the_task_words_one_step_at_a_time() -> None:
    task = Sort()
    assert sampled_chain(task, 0, 2) is None
    assert not long_pilot(config(task="sort", steps_per_call="auto"), task)


@pytest.mark.parametrize(("several", "most"), [("auto", 0.25), (16, 0.25), (1, 1.5)])
async def test_a_plan_forecasts_the_run_that_shares_its_calls(several: Any, most: float) -> None:
    """It once planned every step alone, whatever was asked for, as its sample held no long reply."""
    run, task = config(steps_per_call=several), Hanoi(disks=10)
    asked = [steps_of(number) for number in long_pilot(run, task)[:1]]
    found = plan(run, task, await take_sample(run, task, 60, PILOT_DRAWS, beside=Beside(asked)))
    assert (found.leads.steps_per_call > 1) == (several != 1)
    assert found.calls_per_step < most
    pilot = (pilot_steps(0) + FEWEST) * PILOT_DRAWS if several != 1 else pilot_steps(1023) * PILOT_DRAWS
    assert found.pilot_calls == pilot
    assert found.calls == pytest.approx(found.calls_per_step * 1023 + pilot)
    if several != 1:
        assert found.calls_low < found.calls < found.calls_high
        assert f"({(found.calls_low - pilot) / 1023:.3f} to {(found.calls_high - pilot) / 1023:.3f})" in found.why
    else:
        assert (found.calls_low, found.calls_high) == (0.0, 0.0)
