"""How long a run takes alone, before anything is asked: enough to see that short work needs no Ray."""

import msgspec
import pytest

from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.alone import CALL_S, CALLS_A_STEP, seconds_alone
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
