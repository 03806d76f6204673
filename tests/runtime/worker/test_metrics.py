"""Gauges follow the totals."""

from surefoot.runtime.config import RunConfig
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.metrics import METRICS, RunMetrics


class Gauge:
    """Keeps what it was set to."""

    said: dict[str, float] = {}  # noqa: RUF012

    def __init__(self, name: str, text: str, tags: tuple[str, ...]) -> None:
        self.name, self.tags = name, tags

    def set(self, value: float, tags: dict[str, str]) -> None:
        assert set(tags) == set(self.tags)
        self.said[self.name] = value


def test_gauges_are_totals_and_the_speed_is_that_since_the_last_write() -> None:
    metrics = RunMetrics(Gauge, RunConfig(task="hanoi", model="simulated:p_error=0.1"))
    metrics.update(Counts(steps=100, calls=120), 10.0)
    assert Gauge.said["surefoot_steps_per_second"] == 10
    metrics.update(Counts(steps=400, calls=500, red_flags={"illegal": 2, "refused": 1}, cost_usd=0.5), 20.0)
    assert set(Gauge.said) == {f"surefoot_{name}" for name in METRICS}
    assert Gauge.said == {
        "surefoot_steps": 400, "surefoot_steps_per_second": 30, "surefoot_calls": 500, "surefoot_failed_calls": 0,
        "surefoot_red_flags": 3, "surefoot_seam_retries": 0, "surefoot_cost_usd": 0.5,
    }  # fmt: skip
