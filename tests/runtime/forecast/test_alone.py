"""How long a run takes alone, before anything is asked: enough to see that short work needs no Ray."""

import msgspec
import pytest

from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.alone import CALL_S, CALLS_A_STEP, FEWEST_STEPS, is_guessed, seconds_alone, seconds_left
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.ray_decision import wants_ray


def table(rows: int) -> MapRows:
    return MapRows(question="What? {text}", total_rows=rows)


@pytest.mark.parametrize("model", ["openai/gpt-4.1-mini", "my_module:MyModel", "simulated"])
@pytest.mark.parametrize(("rows", "ray"), [(1, False), (20, False), (1_000_000, True)])
def test_all_rows_count_and_a_short_table_needs_no_ray(model: str, rows: int, ray: bool) -> None:
    config = RunConfig(task="map", model=model)
    assert wants_ray(seconds_alone(config, table(rows)), 2, "auto").wanted is ray


def test_calls_to_a_server_wait_together() -> None:
    config = RunConfig(task="map", model="openai/m", calls_in_flight=10)
    assert seconds_alone(config, table(100)) == 100 * CALLS_A_STEP * CALL_S / 10
    slower = msgspec.structs.replace(config, calls_in_flight=1)
    assert seconds_alone(slower, table(100)) == 100 * CALLS_A_STEP * CALL_S


def test_the_rest_of_a_run_takes_what_the_journal_measured() -> None:
    """694 of 3,000 rows in 0.6 s: two seconds more, where the guess says two minutes and starts a Ray."""
    left = seconds_left(table(3000), Counts(steps=694), 0.6)
    assert left == pytest.approx(2306 * 0.6 / 694)
    assert not wants_ray(left, 2, "auto").wanted
    assert wants_ray(seconds_alone(RunConfig(task="map", model="m:M"), table(3000)), 2, "auto").wanted
    assert seconds_left(table(3000), Counts(steps=FEWEST_STEPS - 1), 0.6) is None
    assert seconds_left(table(10), Counts(steps=40), 0.6) == 0


@pytest.mark.parametrize(
    ("model", "guessed"),
    [
        ("openai/m", True),
        ("m:M", True),
        ("bundled", False),
        ("simulated", False),
        ("gguf:x.gguf", False),
        ("openai/a,openai/b", False),
    ],
)
def test_only_of_models_that_nobody_has_asked_the_speed_is_guessed(model: str, guessed: bool) -> None:
    assert is_guessed(RunConfig(task="map", model=model)) is guessed


@pytest.mark.parametrize("model", ["smollm2", "gguf:weights.gguf", "simulated:latency_s=1"])
def test_of_other_models_nothing_is_known(model: str) -> None:
    assert seconds_alone(RunConfig(task="map", model=model), table(3)) is None


def test_plans_count_their_usual_steps() -> None:
    config = RunConfig(task="hanoi", task_options={"disks": 10}, model="bundled")
    ten = seconds_alone(config, open_task(config))
    more = msgspec.structs.replace(config, task_options={"disks": 11})
    eleven = seconds_alone(more, open_task(more))
    assert ten is not None
    assert eleven is not None
    assert 1.9 < eleven / ten < 2.1


@pytest.mark.parametrize(("task", "faster"), [("hanoi", True), ("multiply", False)])
def test_replies_to_several_steps_take_less_time_where_the_task_has_them(task: str, faster: bool) -> None:
    took = []
    for count in (1, 4, 32, "auto"):
        config = msgspec.convert({"task": task, "model": "bundled", "steps_per_call": count}, RunConfig)
        took.append(seconds_alone(config, open_task(config)) or 0.0)
    assert (took[0] > 2 * took[1] > 3 * took[2]) is faster
    assert took[2] == took[3]
    assert took[0] >= took[3] > 0
