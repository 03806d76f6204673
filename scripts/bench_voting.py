"""Predicted against measured: forecasts from a measurement, and what many simulated runs then do.

    python -m scripts.bench_voting --runs 40

The claims about rules, alarms, certificates and intervals are tests: ``pytest --long -s -m long tests/voting``.
"""

import argparse
import asyncio
import pathlib
import statistics
import tempfile

import msgspec

from runtime.config import RunConfig, open_task
from runtime.coordinator import Coordinator
from runtime.crew import LocalCrew
from runtime.journal import create_journal
from runtime.leads import sample_numbers
from runtime.measuring import Measurement, measure
from runtime.models.factory import answer_key
from runtime.records import Counts
from runtime.run_directory import write_config
from scripts.verify import verification

PROFILES = ("simulated:p_error=0.002,p_format=0.01", "simulated:p_error=0.02,p_format=0.03")


def main() -> None:
    """Print one line for each model and strategy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--disks", type=int, default=9)
    parser.add_argument("--model", action="append")
    given = parser.parse_args()
    print(f"{'model':44} {'strategy':8} predicted calls, measured (95 % of runs), off by; success predicted, measured")
    for model in given.model or PROFILES:
        for strategy in ("tree", "chain"):
            print(asyncio.run(compared(model, strategy, given.disks, given.runs)), flush=True)


async def compared(model: str, strategy: str, disks: int, runs: int) -> str:
    """Measure once, predict, run many times with the leads that the measurement chose."""
    config = RunConfig(
        task="hanoi",
        task_options={"disks": disks},
        model=model,
        strategy=strategy,  # type: ignore[arg-type]
        address="none",
        workers=1,
    )
    found = await measured(config)
    if found.leads is None or found.predicted_calls is None or found.predicted_p_success is None:
        return f"{model:44} {strategy:8} no lead helps"
    if strategy == "chain":
        config = msgspec.structs.replace(config, k=found.leads.unguarded)  # else each run's pilot chooses
    calls, right = [], 0
    for seed in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            counts, good = await one_run(config, seed, pathlib.Path(folder))
        calls.append(counts.calls)
        right += good
    mean = statistics.fmean(calls)
    low, high = sorted(calls)[int(0.025 * runs)], sorted(calls)[int(0.975 * runs)]
    return (
        f"{model:44} {strategy:8} {found.predicted_calls:,.0f}, {mean:,.0f} ({low:,} to {high:,}), "
        f"{found.predicted_calls / mean - 1:+.1%}; {found.predicted_p_success:.4f}, {right} of {runs}"
    )


async def measured(config: RunConfig) -> Measurement:
    """A measurement of 2,000 steps, two draws each."""
    task = open_task(config)
    crew = LocalCrew(config, task)
    try:
        samples, counts = await crew.sample(sample_numbers(config.seed, 2000), 2)
    finally:
        await crew.close()
    return measure(config, task, answer_key(config.task), samples, counts)


async def one_run(config: RunConfig, seed: int, folder: pathlib.Path) -> tuple[Counts, bool]:
    """What a run counted, without its pilot, and whether the referee finds its plan right."""
    config = msgspec.structs.replace(config, seed=seed + 1)
    task = open_task(config)
    write_config(folder, config)
    crew, journal = LocalCrew(config, task), create_journal(folder)
    try:
        status = await Coordinator(config, task, journal, crew).run()
        counts = journal.totals
        pilot = journal.meta("pilot") or {}
    finally:
        journal.close()
        await crew.close()
    good = status == "solved" and verification(folder, config).valid
    counts.calls -= pilot.get("ballots", 0) + pilot.get("spoiled", 0)
    return counts, good


if __name__ == "__main__":
    main()
