"""Compares what ``surefoot plan`` says of a run with what the run then takes.

    python -m surefoot.scripts.benchmarks.plan

Each line plans and then runs the same options with the same seed, in one process with one worker and without Ray. The
wall time is that of the widest row, which is as many segments as a worker has under way; it is the machine's too, and
what else runs there moves it. With ``--virtual`` the clock is charged the processor time of plan and run, and jumps
over what a simulated model takes to answer: hours of waiting cost nothing, and what else runs there moves little.
"""

import asyncio
import itertools
import statistics
from collections.abc import Callable, Coroutine
from typing import Any

import click
import msgspec

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.estimates import PILOT_DRAWS
from surefoot.runtime.forecast.long_pilot import long_pilot
from surefoot.runtime.forecast.replies_seen import steps_of
from surefoot.runtime.forecast.run_plan import Plan, plan
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.measurement.take_sample import Beside, take_sample
from surefoot.scripts.benchmarks.calls import one_run
from surefoot.scripts.benchmarks.virtual_loop import run_virtually

MODELS = ("bundled", "simulated:p_error=0.01", "simulated:p_error=0.05,latency_s=0.02")
SAMPLES = 500
PRICES = (0.4e-6, 1.6e-6)
"""USD for a prompt token and a generated one, that money is reckoned with: gpt-4.1-mini's."""


def planned(config: RunConfig, run: Callable[[Coroutine[Any, Any, Any]], Any] = asyncio.run) -> Plan:
    """The plan that ``surefoot plan`` prints for a configuration; ``run`` runs a coroutine to its end."""
    task = open_task(config)
    several = [steps_of(number) for number in long_pilot(config, task)[:1]]
    return plan(config, task, run(take_sample(config, task, SAMPLES, PILOT_DRAWS, beside=Beside(several))))


@click.command()
@click.option("--disks", "sizes", multiple=True, type=int, default=(10, 12, 14), show_default=True)
@click.option("--model", "models", multiple=True, default=MODELS, show_default=True)
@click.option("--shown", type=click.Choice(["all", "tower"]), default="all", show_default=True)
@click.option("--steps-per-call", "counts", multiple=True, default=("1",), show_default=True)
@click.option("--rounds", default=3, show_default=True, help="Seeds of each line; ratios are their medians.")
@click.option("--virtual", is_flag=True, help="In virtual time, for simulated models that take seconds to answer.")
def main(
    sizes: tuple[int, ...], models: tuple[str, ...], shown: str, counts: tuple[str, ...], rounds: int, virtual: bool
) -> None:
    """Plan and run each model, size and number of steps a call, and print planned divided by measured."""
    configure_logs("none")
    run = run_virtually if virtual else asyncio.run
    print(
        f"{'model':40} disks steps   calls  tokens in  tokens out   wall  money   "
        f"(planned / measured, medians of {rounds})"
    )
    for model, disks, count in itertools.product(models, sizes, counts):
        several = "auto" if count == "auto" else int(count)
        options = {
            "task": "hanoi", "task_options": {"disks": disks, "shown": shown}, "model": model, "address": "none",
            "workers": 1, "steps_per_call": several,
        }  # fmt: skip
        ratios = [_ratios({**options, "seed": seed}, run) for seed in range(rounds)]
        calls, tokens_in, tokens_out, wall, money = (statistics.median(column) for column in zip(*ratios, strict=True))
        tokens = f"{tokens_in:10.3f} {tokens_out:11.3f}"
        print(f"{model:40} {disks:5} {count:>5} {calls:7.3f} {tokens} {wall:6.2f} {money:6.3f}", flush=True)


def _ratios(options: dict[str, Any], run: Callable[[Coroutine[Any, Any, Any]], Any]) -> tuple[float, ...]:
    ahead = planned(msgspec.convert(options, RunConfig), run)
    ran = one_run(options, run)
    expected, paid = (one.tokens_in * PRICES[0] + one.tokens_out * PRICES[1] for one in (ahead, ran))
    return (
        ahead.calls / ran.calls, ahead.tokens_in / ran.tokens_in, ahead.tokens_out / ran.tokens_out,
        ahead.walls[-1].wall_s / ran.wall_s, expected / paid,
    )  # fmt: skip


if __name__ == "__main__":
    main()
