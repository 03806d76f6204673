"""Counts calls a step at known error rates, and what each protection is worth.

    python -m surefoot.scripts.benchmarks.calls

Simulated models whose errors are independent, the default tree, ``--k auto``; whole-run success as the referee sees it,
with its 95 % interval. The rows of ``--ablation`` leave one protection out at a time, and at last all of them: the
product's own switches, under the same seeds.
"""

import asyncio
import multiprocessing
import pathlib
import statistics
import tempfile
from collections.abc import Callable, Coroutine
from typing import Any

import click
import msgspec

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.journal.run_directory import write_config
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.scripts.commands.verify import verification
from surefoot.voting.error_rate import clopper_pearson

PROTECTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("all", {}),
    ("--red-flags none", {"red_flags": "none"}),
    ("--no-seams", {"seams": False}),
    ("--k 1", {"k": 1}),
    ("--no-seams --k 1", {"seams": False, "k": 1}),
    ("all off", {"seams": False, "k": 1, "red_flags": "none"}),
    ("chain --k auto", {"strategy": "chain"}),
)


class Outcome(msgspec.Struct, frozen=True):
    """One run's result: whether the referee agrees, and what the run took; ``wall_s`` are the seconds it worked.

    ``forecast`` are the calls that were forecast when the leads were chosen, with those of the pilot; 0 if none were.
    """

    right: bool
    steps: int
    calls: int
    tokens_in: int
    tokens_out: int
    seam_retries: int
    leads: str
    wall_s: float
    forecast: float = 0.0


def one_run(options: dict[str, Any], run: Callable[[Coroutine[Any, Any, Outcome]], Outcome] = asyncio.run) -> Outcome:
    """Run one configuration in this process, verify the plan, and count; for a pool of processes.

    Args:
        options: The configuration.
        run: Runs a coroutine to its end, in real time or another.
    """
    configure_logs("none")
    return run(_one_run(msgspec.convert(options, RunConfig)))


async def _one_run(config: RunConfig) -> Outcome:
    task = open_task(config)
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        write_config(directory, config)
        pool, journal = LocalPool(config, task), create_journal(directory)
        try:
            status = await Coordinator(config, task, journal, pool).run()
            totals, leads, wall_s = journal.totals, journal.meta("leads"), journal.wall_s
            expected, pilot = journal.meta("forecast"), journal.meta("pilot_calls")
        finally:
            journal.close()
            await pool.close()
        found = verification(directory, config) if status == "solved" else None
    right = found is not None and found.valid and found.reached_goal
    told = f"{leads['guarded']}/{leads['unguarded']}x{leads['leaf_steps']}"
    told += f"m{leads['steps_per_call']}" if leads["steps_per_call"] > 1 else ""
    forecast = expected["calls"] + (pilot or 0) if expected else 0.0
    return Outcome(
        right, totals.steps, totals.calls, totals.tokens_in, totals.tokens_out, totals.seam_retries, told, wall_s,
        forecast,
    )  # fmt: skip


@click.command()
@click.option("--disks", default=14, show_default=True)
@click.option("--seeds", default=40, show_default=True)
@click.option("--rates", default="0.1,0.05,0.02,0.01,0.001", show_default=True)
@click.option("--ablation", default="", help="Error rate of the rows that leave protections out; none by default.")
@click.option("--steps-per-call", default="1", show_default=True, help="Steps that one question asks for, or auto.")
@click.option("--knobs", default="", help="More of the simulated model, such as doubling_steps=8,p_copy=0.5.")
@click.option("--processes", default=None, type=int, help="Runs at the same time; all cores by default.")
def main(
    disks: int, seeds: int, rates: str, ablation: str, steps_per_call: str, knobs: str, processes: int | None
) -> None:
    """Measure calls a step at each error rate and print one row for each."""
    configure_logs("none")
    rows: list[tuple[str, str, dict[str, Any]]] = [(rate, "all", {}) for rate in rates.split(",") if rate]
    rows += [(ablation, name, extra) for name, extra in PROTECTIONS] if ablation else []
    print(f"{disks} disks, {2**disks - 1:,} steps, {seeds} seeds; leads before a seam / elsewhere x leaf")
    print(
        f"{'error':6} {'protections':18} {'right (95 % interval)':26} calls a step (least to most)   retries   "
        "forecast/calls   leads"
    )
    several: Any = "auto" if steps_per_call == "auto" else int(steps_per_call)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for rate, name, extra in rows:
            model = ",".join(filter(None, [f"simulated:p_error={rate}", knobs]))
            base = {"task": "hanoi", "task_options": {"disks": disks}, "model": model, "steps_per_call": several}
            runs = [{**base, "address": "none", "workers": 1, "seed": seed, **extra} for seed in range(seeds)]
            print(_row(rate, name, pool.map(one_run, runs, chunksize=1)), flush=True)


def _row(rate: str, name: str, found: list[Outcome]) -> str:
    right = sum(outcome.right for outcome in found)
    interval = clopper_pearson(right, len(found))
    calls = sorted(outcome.calls / max(1, outcome.steps) for outcome in found)
    retries = statistics.fmean(outcome.seam_retries for outcome in found)
    leads = sorted({outcome.leads for outcome in found})
    told = f"{right} of {len(found)} ({interval.low:.2f} to {interval.high:.2f})"
    spread = f"{statistics.fmean(calls):.3f} ({calls[0]:.3f} to {calls[-1]:.3f})"
    forecast = statistics.fmean(outcome.forecast for outcome in found) / statistics.fmean(o.calls for o in found)
    return f"{rate:6} {name:18} {told:26} {spread:30} {retries:12,.0f}   {forecast:14.2f}   {' '.join(leads)}"


if __name__ == "__main__":
    main()
