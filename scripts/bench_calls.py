"""Calls a step at known error rates: ``python -m scripts.bench_calls``.

Simulated models whose errors are independent, the default tree, ``--k auto``; whole-run success as the referee sees it.
The last rows leave one protection out at a time: the ablation comes from the product's own switches.
"""

import asyncio
import multiprocessing
import pathlib
import tempfile
from typing import Any

import click
import msgspec
import rich.console
import rich.table

from runtime.config import RunConfig, open_task
from runtime.coordinator import Coordinator
from runtime.crew import LocalCrew
from runtime.journal import create_journal
from runtime.logs import configure_logs
from runtime.run_directory import write_config
from scripts.verify import verification


class Outcome(msgspec.Struct, frozen=True):
    """One run: whether the referee agrees with it, and what it took."""

    right: bool
    calls_per_step: float
    seam_retries: int
    leads: dict[str, int]


def one_run(options: dict[str, Any]) -> Outcome:
    """Run in this process, verify, and count; for a pool of processes."""
    configure_logs("none")
    config = msgspec.convert(options, RunConfig)
    return asyncio.run(_one_run(config))


async def _one_run(config: RunConfig) -> Outcome:
    task = open_task(config)
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        write_config(directory, config)
        journal = create_journal(directory)
        crew = LocalCrew(config, task)
        status = await Coordinator(config, task, journal, crew).run()
        totals, leads = journal.totals, journal.meta("leads")
        journal.close()
        found = verification(directory, config) if status == "solved" else None
    steps = max(1, totals.steps)
    right = found is not None and found.valid and found.reached_goal
    return Outcome(right, totals.calls / steps, totals.seam_retries, leads)


@click.command()
@click.option("--disks", default=14, show_default=True)
@click.option("--seeds", default=40, show_default=True)
@click.option("--rates", default="0.1,0.05,0.02,0.01,0.001", show_default=True)
@click.option("--ablation/--no-ablation", default=True)
def main(disks: int, seeds: int, rates: str, ablation: bool) -> None:
    """Measure and print."""
    table = rich.table.Table("error a step", "protections", "right", "calls a step", "seam retries", "leads", box=None)
    rows: list[tuple[str, str, dict[str, Any]]] = [(rate, "all", {}) for rate in rates.split(",")]
    if ablation:
        rows += [
            ("0.01", "no red flags", {"red_flags": "none"}),
            ("0.01", "no seams", {"seams": False}),
            ("0.01", "no votes (--k 1)", {"k": 1}),
            ("0.01", "no seams, no votes", {"seams": False, "k": 1}),
            ("0.01", "nothing", {"seams": False, "k": 1, "red_flags": "none"}),
            ("0.01", "chain --k auto", {"strategy": "chain"}),
        ]
    with multiprocessing.get_context("spawn").Pool() as pool:
        for rate, name, extra in rows:
            base = {"task": "hanoi", "task_options": {"disks": disks}, "model": f"simulated:p_error={rate}"}
            runs = [{**base, "address": "none", "workers": 1, "seed": seed, **extra} for seed in range(seeds)]
            found = pool.map(one_run, runs, chunksize=1)
            rights = sum(outcome.right for outcome in found)
            calls = sum(outcome.calls_per_step for outcome in found) / seeds
            retries = sum(outcome.seam_retries for outcome in found) / seeds
            leads = sorted({f"{o.leads['guarded']}/{o.leads['unguarded']}" for o in found})
            table.add_row(rate, name, f"{rights} of {seeds}", f"{calls:.3f}", f"{retries:.0f}", " ".join(leads))
    rich.console.Console(width=140).print(table)


if __name__ == "__main__":
    main()
