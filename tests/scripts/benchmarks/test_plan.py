"""Planned against measured: the ratios of calls, tokens and time, at the smallest size."""

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.scripts.benchmarks import plan
from surefoot.scripts.benchmarks.plan import main, planned


def test_a_line_for_each_model_and_size(printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SAMPLES", 40)
    lines = printed(
        main, "--disks", "3", "--disks", "4", "--model", "simulated:p_error=0.01", "--steps-per-call", "1",
        "--steps-per-call", "4", "--rounds", "1",
    ).splitlines()  # fmt: skip
    assert lines[0].endswith("(planned / measured, medians of 1)")
    rows = [["simulated:p_error=0.01", disks, count] for disks in ("3", "4") for count in ("1", "4")]
    assert [line.split()[:3] for line in lines[1:]] == rows
    assert all(float(line.split()[3]) > 0 for line in lines[1:])


def test_a_line_is_planned_over_measured_and_the_median_of_its_rounds(
    printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []

    def ahead(config: RunConfig, run: object) -> SimpleNamespace:
        seeds.append(config.seed)
        walls = [SimpleNamespace(wall_s=9.0), SimpleNamespace(wall_s=1.5)]
        return SimpleNamespace(calls=10.0 * (1 + config.seed), tokens_in=300.0, tokens_out=50.0, walls=walls)

    monkeypatch.setattr(plan, "planned", ahead)
    ran = SimpleNamespace(calls=20, tokens_in=100, tokens_out=100, wall_s=3.0)
    monkeypatch.setattr(plan, "one_run", lambda options, run: ran)
    line = printed(main, "--disks", "3", "--model", "m", "--rounds", "3").splitlines()[1]
    assert line.split() == ["m", "3", "1", "1.000", "3.000", "0.500", "0.50", "1.000"]
    assert seeds == [0, 1, 2]


def test_in_virtual_time_a_model_may_take_hours(printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Planned and run on one clock, which all programs see; the placebo's clock is the machine's, which waits."""
    monkeypatch.setattr(plan, "SAMPLES", 40)
    began = time.perf_counter()
    line = printed(
        main, "--disks", "5", "--model", "simulated:latency_s=3600", "--rounds", "1", "--virtual"
    ).splitlines()[1]  # fmt: skip
    assert time.perf_counter() - began < 3600, "the clocks are the machine's again"
    assert float(line.split()[6]) == pytest.approx(1, rel=0.15)


def test_a_plan_of_more_disks_has_more_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SAMPLES", 30)
    small, large = (
        planned(RunConfig(task="hanoi", task_options={"disks": disks}, model="simulated", address="none", workers=1))
        for disks in (4, 6)
    )
    assert (small.steps, large.steps) == (15, 63)
    assert large.calls > small.calls
