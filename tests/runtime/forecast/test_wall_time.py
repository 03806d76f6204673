"""The wall time that a plan states is what a run takes: on a virtual clock, on which only the model takes time."""

import asyncio
import pathlib
import statistics
import time
from collections.abc import Callable

import msgspec
import pytest

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.forecast.chain_time import Pace
from surefoot.runtime.forecast.estimates import Sample
from surefoot.runtime.forecast.long_pilot import long_pilot
from surefoot.runtime.forecast.replies_seen import steps_of
from surefoot.runtime.forecast.run_plan import Plan, Sampled, plan
from surefoot.runtime.forecast.wall_time import Speed, pace_of
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.measurement.take_sample import Beside, speed_of, take_sample
from surefoot.runtime.worker.local_pool import LocalPool
from tests.runtime.models.virtual_time import run_virtually

DISKS, SECOND = 10, "simulated:latency_s=1"


async def planned_and_taken(config: RunConfig, sampled: Sampled, directory: pathlib.Path) -> tuple[Plan, float]:
    """A plan of a run, and the virtual seconds that the run takes."""
    task = open_task(config)
    ahead = plan(config, task, sampled)
    pool, journal = LocalPool(config, task), create_journal(directory)
    clock = asyncio.get_running_loop().time
    started = clock()
    try:
        assert await Coordinator(config, task, journal, pool).run() == "solved"
    finally:
        journal.close()
        await pool.close()
    return ahead, clock() - started


async def one_at_a_time(config: RunConfig, directory: pathlib.Path) -> tuple[Plan, float]:
    """For a model that answers in a second, however many ask."""
    sampled = await take_sample(config, open_task(config), 1500, 3)
    return await planned_and_taken(config, msgspec.structs.replace(sampled, speed=Speed(1.0, None)), directory)


async def several_at_a_time(config: RunConfig, directory: pathlib.Path) -> tuple[Plan, float]:
    """For one whose calls take a second and 20 ms for each token; samples are timed on the virtual clock as well."""
    task = open_task(config)
    several = [steps_of(number) for number in long_pilot(config, task)[:1]]
    return await planned_and_taken(config, await take_sample(config, task, 500, 3, beside=Beside(several)), directory)


@pytest.mark.usefixtures("prompt_commits")
@pytest.mark.parametrize(
    ("model", "chains"),
    [
        *((SECOND, 4), (SECOND, 16), (SECOND, 256)),
        *((f"{SECOND},p_error=0.02", 4), (f"{SECOND},p_error=0.02", 16), (f"{SECOND},p_error=0.02", 256)),
    ],
)
def test_it_is_planned_within_15_per_cent(
    configured: Callable[..., RunConfig], tmp_path: pathlib.Path, model: str, chains: int
) -> None:
    """Placebo: work shared out over the width, without what waits for each other, is off by more where it is wide."""
    config = configured(options={"disks": DISKS}, model=model, leaf_steps=15, workers=1, chains_in_flight=chains)
    ahead, took = run_virtually(one_at_a_time(config, tmp_path))
    assert ahead.walls[-1].wall_s == pytest.approx(took, rel=0.15)
    assert (ahead.calls / chains < 0.7 * took) is (chains == 256)


def test_speed_is_that_of_a_model_under_way() -> None:
    """40 answers a second after a start that takes 3 s; all at once says nothing; questions alone take 0.1 s."""
    late = [Sample(n, "move", (), seconds=3 + n / 40, ended=1000 + 3 + n / 40) for n in range(200)]
    found = speed_of(late, 400, 0.1)  # two answers to each question
    assert found.calls_per_s == pytest.approx(80)
    assert found.latency_s == 0.1
    assert 400 / (late[-1].ended - 1000) < 51  # the placebo: of the whole time
    at_once = [Sample(n, "move", (), seconds=0.1, ended=1000.1) for n in range(200)]
    assert speed_of(at_once, 400, 0.1).calls_per_s is None
    assert speed_of([Sample(1, "move", (), seconds=9, ended=9)], 2, 0.1).calls_per_s is None


@pytest.fixture
def virtual_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes the time takes it from the event loop."""
    for name in ("time", "perf_counter"):
        monkeypatch.setattr(time, name, lambda: 1e9 + asyncio.get_running_loop().time())


@pytest.mark.usefixtures("prompt_commits", "virtual_clocks")
@pytest.mark.parametrize(("p_error", "steps_per_call"), [(0.01, 8), pytest.param(0.05, "auto", marks=pytest.mark.slow)])
def test_replies_to_several_steps_are_planned_within_15_per_cent(
    configured: Callable[..., RunConfig], tmp_path: pathlib.Path, p_error: float, steps_per_call: int | str
) -> None:
    """In the middle of three seeds: the luck of the last chains decides a run's time, which nobody can know before."""
    ratios = []
    for seed in range(3):
        config = configured(
            options={"disks": 11}, model=f"{SECOND},token_s=0.02,p_error={p_error}", workers=1, chains_in_flight=32,
            k="auto", leaf_steps="auto", steps_per_call=steps_per_call, seed=seed,
        )  # fmt: skip
        (directory := tmp_path / str(seed)).mkdir()
        ahead, took = run_virtually(several_at_a_time(config, directory))
        ratios.append(ahead.walls[-1].wall_s / took)
    assert statistics.median(ratios) == pytest.approx(1, rel=0.15), ratios


def test_the_seconds_of_a_call_and_of_a_token_are_those_of_a_model_that_is_asked_nothing_else() -> None:
    """Beside others a call took twice as long, and so did each token; without long replies all calls are alike."""
    assert pace_of(Speed(2.0, None), (2.0, 0.2), single=10) == Pace(1.0, 0.1)
    assert pace_of(Speed(2.0, None), None, single=10) == Pace(2.0)
    assert pace_of(Speed(2.0, None), (0.0, 0.0), single=10) == Pace(2.0), "a model that takes no time is not divided by"
