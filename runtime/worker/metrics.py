"""A run's totals as gauges, which Prometheus reads from the metrics port of each Ray node."""

from collections.abc import Callable
from typing import Any

from surefoot.runtime.config import RunConfig
from surefoot.runtime.records import Counts

METRICS = {
    "steps": "Steps of the plan that stand",
    "steps_per_second": "Steps a second between the last two durable writes",
    "calls": "Answers drawn from the model",
    "failed_calls": "Calls that failed in transport",
    "red_flags": "Answers discarded by a red flag",
    "seam_retries": "Chains run again because their output was not the promise",
    "cost_usd": "Money whose amount is known, in USD",
}
"""Name, without the prefix ``surefoot_``, and description."""


class RunMetrics:
    """Sets gauges to a run's totals. Gauges, because these are totals already, over all sessions of a run.

    Args:
        gauge: ``ray.util.metrics.Gauge``, or what takes the same arguments.
        config: Its task and model become tags.
    """

    def __init__(self, gauge: Callable[[str, str, tuple[str, ...]], Any], config: RunConfig) -> None:
        self._tags = {"task": config.task, "model": config.model.partition(":")[0]}
        self._gauges = {name: gauge(f"surefoot_{name}", text, tuple(self._tags)) for name, text in METRICS.items()}
        self._before = (0, 0.0)

    def update(self, counts: Counts, wall_s: float) -> None:
        """Set the gauges after a durable write, ``wall_s`` seconds of work into the run."""
        steps, seconds = self._before
        speed = (counts.steps - steps) / (wall_s - seconds) if wall_s > seconds else 0.0
        self._before = (counts.steps, wall_s)
        own = {"steps_per_second": speed, "red_flags": sum(counts.red_flags.values())}
        for name, gauge in self._gauges.items():
            gauge.set(own[name] if name in own else getattr(counts, name), self._tags)
