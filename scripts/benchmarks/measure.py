"""Counts how often the interval of ``surefoot measure`` holds the true error rate.

    python -m surefoot.scripts.benchmarks.measure

The simulated model's error rate is known; red flags are off, so that no mistake is discarded before it is counted.
"""

import asyncio

import click

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.measurement.measure import measure
from surefoot.runtime.measurement.take_sample import take_sample
from surefoot.runtime.models.factory import answer_key


async def holds(p_error: float, seed: int, samples: int) -> bool:
    """Whether the interval of one measurement holds the model's true error rate."""
    config = RunConfig(
        task="hanoi", task_options={"disks": 10}, model=f"simulated:p_error={p_error}", seed=seed, red_flags="none",
        address="none", workers=1,
    )  # fmt: skip
    task = open_task(config)
    m = measure(config, task, answer_key("hanoi"), await take_sample(config, task, samples, 2))
    return m.p_error_low <= p_error <= m.p_error_high


@click.command()
@click.option("--seeds", default=100, show_default=True)
@click.option("--samples", default=250, show_default=True)
@click.option("--rates", default="0.01,0.05", show_default=True)
def main(seeds: int, samples: int, rates: str) -> None:
    """Measure with many seeds at each error rate, and print how often the interval held it."""
    configure_logs("none")
    for rate in rates.split(","):
        held = sum(asyncio.run(holds(float(rate), seed, samples)) for seed in range(seeds))
        print(f"true error rate {rate}: in the 95 % interval in {held} of {seeds} seeds (aim 90 of 100)")


if __name__ == "__main__":
    main()
