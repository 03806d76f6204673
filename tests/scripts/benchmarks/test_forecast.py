"""Predictions beside what runs took: the table at its smallest size, and the arithmetic of one row."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.scripts.benchmarks import forecast
from surefoot.scripts.benchmarks.calls import Outcome
from surefoot.scripts.benchmarks.forecast import SETTINGS, Took, main, measured, planned, planned_run

CONFIG = RunConfig(
    task="hanoi", task_options={"disks": 4}, model="simulated:p_error=0.02", address="none", workers=1, k=3
)


def took(calls: int, *, right: bool = True, off: float = 0.1) -> Took:
    return Took(Outcome(right, 15, calls, 1, 1, 0, "3/3x7", 1.0), (off, 2 * off, -off))


def measurement(**changed: Any) -> Any:
    usual = {"predicted_calls": 40.0, "predicted_p_success": 0.99, "k_min": 2, "p_error": 0.0, "valid_rate": 1.0}
    return SimpleNamespace(**{**usual, **changed})


@pytest.mark.usefixtures("serial")
def test_each_setting_has_a_row(printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "STEPS", 60)
    monkeypatch.setattr(forecast, "planned", lambda config: (100.0, 100.0, 100.0))
    out = printed(main, "--runs", "2", "--disks", "4", "--model", "simulated:p_error=0.05")
    rows = [line for line in out.splitlines() if "p_error=0.05" in line]
    named = ("tree --k auto", "chain --k auto", "tree --k 3", "chain --k 3")
    assert len(SETTINGS) == len(rows)
    assert all(name in row for name, row in zip(named, rows, strict=True))
    assert all(" of 2 (" in row for row in rows)


def test_a_row_holds_the_prediction_against_the_mean() -> None:
    calls = [took(40), took(60, right=False)]
    leads, predicted, mean, off, closed, success, right, planned_off = forecast._row(
        CONFIG, measurement(), calls, [took(40, off=0.1), took(40, off=-0.3)]
    )
    assert (leads, predicted, success) == ("3/3x7", "40", "0.990")
    assert mean == "50 (40 to 60)"
    assert off == "-20.0%"
    assert closed == "-10%"  # 3 answers for each of 15 steps that never fail
    assert right == "1 of 2 (0.01 to 0.99)"
    assert planned_off == "-10.0%, -20.0%, +10.0%; worst 30%"


def test_a_prediction_outside_of_the_runs_is_marked() -> None:
    assert forecast._row(CONFIG, measurement(predicted_calls=90.0), [took(40)], [took(40)])[2].endswith(" outside")
    assert not forecast._row(CONFIG, measurement(), [took(40)], [took(40)])[2].endswith(" outside")


@pytest.mark.parametrize("unknown", ["predicted_calls", "predicted_p_success", "k_min", "p_error"])
def test_a_measurement_without_a_lead_says_so(unknown: str) -> None:
    assert forecast._row(CONFIG, measurement(**{unknown: None}), [took(1)], [took(1)]) == ["no lead helps"]


def test_a_run_is_held_against_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "planned", lambda config: (50.0, 100.0, 300.0))
    ran = Outcome(True, 15, 100, 100, 100, 0, "3/3x7", 1.0)
    monkeypatch.setattr(forecast, "one_run", lambda options: ran)
    found = planned_run({"task": "hanoi", "model": "simulated"})
    assert (found.ran, found.off) == (ran, (-0.5, 0.0, 2.0))


def test_a_measurement_measures_as_many_steps_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "STEPS", 50)
    taken: list[int] = []
    kept: Any = vars(forecast)["take_sample"]

    async def counted(config: RunConfig, task: Any, steps: int, draws: int) -> Any:
        taken.append(steps)
        return await kept(config, task, steps, draws)

    monkeypatch.setattr(forecast, "take_sample", counted)
    found = measured(CONFIG)
    assert taken == [50]
    assert found.predicted_calls is not None
    assert found.predicted_calls > 15


def test_a_plan_has_calls_and_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: Any = vars(forecast)["take_sample"]

    async def fewer(config: RunConfig, task: Any, steps: int, draws: int) -> Any:
        return await kept(config, task, 40, draws)

    monkeypatch.setattr(forecast, "take_sample", fewer)
    calls, tokens_in, tokens_out = planned(CONFIG)
    assert calls >= 3 * 15
    assert tokens_in > calls / 3
    assert tokens_out > calls
