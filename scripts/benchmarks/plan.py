"""Compares what ``surefoot plan`` says of a run with what the run then takes.

    python -m surefoot.scripts.benchmarks.plan

Each line plans and then runs the same options with the same seed, in one process with one worker and without Ray. The
wall time is that of the widest row, which is as many segments as a worker has under way; it is the machine's too, and
what else runs there moves it.
"""

import asyncio
import statistics
from typing import Any

import click
import msgspec

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.estimates import PILOT_DRAWS
from surefoot.runtime.forecast.run_plan import Plan, plan
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.measurement.take_sample import take_sample
from surefoot.scripts.benchmarks.calls import one_run

MODELS = ("bundled", "simulated:p_error=0.01", "simulated:p_error=0.05,latency_s=0.02")
SAMPLES = 500


def planned(config: RunConfig) -> Plan:
    """The plan that ``surefoot plan`` prints for a configuration."""
    task = open_task(config)
    return plan(config, task, asyncio.run(take_sample(config, task, SAMPLES, PILOT_DRAWS)))


@click.command()
@click.option("--disks", "sizes", multiple=True, type=int, default=(10, 12, 14), show_default=True)
@click.option("--model", "models", multiple=True, default=MODELS, show_default=True)
@click.option("--shown", type=click.Choice(["all", "tower"]), default="all", show_default=True)
@click.option("--rounds", default=3, show_default=True, help="Seeds of each line; ratios are their medians.")
def main(sizes: tuple[int, ...], models: tuple[str, ...], shown: str, rounds: int) -> None:
    """Plan and run each model and size, and print planned divided by measured."""
    configure_logs("none")
    print(f"{'model':40} disks   calls  tokens in  tokens out   wall   (planned / measured, medians of {rounds})")
    for model in models:
        for disks in sizes:
            ratios = [_ratios(model, disks, shown, seed) for seed in range(rounds)]
            calls, tokens_in, tokens_out, wall = (statistics.median(column) for column in zip(*ratios, strict=True))
            print(f"{model:40} {disks:5} {calls:7.3f} {tokens_in:10.3f} {tokens_out:11.3f} {wall:6.2f}", flush=True)


def _ratios(model: str, disks: int, shown: str, seed: int) -> tuple[float, float, float, float]:
    options: dict[str, Any] = {
        "task": "hanoi", "task_options": {"disks": disks, "shown": shown}, "model": model, "address": "none",
        "workers": 1, "seed": seed,
    }  # fmt: skip
    ahead = planned(msgspec.convert(options, RunConfig))
    ran = one_run(options)
    return (
        ahead.calls / ran.calls, ahead.tokens_in / ran.tokens_in, ahead.tokens_out / ran.tokens_out,
        ahead.walls[-1].wall_s / ran.wall_s,
    )  # fmt: skip


if __name__ == "__main__":
    main()
