"""Compares what ``surefoot measure`` and ``surefoot plan`` predict with what many runs then do.

    python -m surefoot.scripts.benchmarks.forecast --runs 40

Each line measures once and then runs with many seeds: with ``--measurement`` (the leads are those that the measurement
stated), and with a pilot of their own. The referee says which plans are right. The baseline is the closed form of the
published work (arXiv 2511.09030, eq. 17 and 19), which knows of no seams: lead x steps / (2p - 1) / valid rate.
"""

import asyncio
import multiprocessing
import pathlib
import statistics
import tempfile
from typing import Any

import click
import msgspec
import rich.console
import rich.table

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.estimates import PILOT_DRAWS
from surefoot.runtime.forecast.measurement_file import Measurement, Saved, read_measurement
from surefoot.runtime.forecast.run_plan import plan
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.measurement.measure import measure
from surefoot.runtime.measurement.take_sample import take_sample
from surefoot.runtime.models.factory import answer_key
from surefoot.scripts.benchmarks.calls import Outcome, one_run
from surefoot.voting.error_rate import clopper_pearson
from surefoot.voting.lead import expected_calls

MODELS = (
    "simulated:p_error=0.001,p_format=0.01", "simulated:p_error=0.01", "simulated:p_error=0.02,p_format=0.03",
    "simulated:p_error=0.05", "simulated:p_error=0.1",
)  # fmt: skip
SETTINGS: tuple[dict[str, Any], ...] = (
    {"strategy": "tree"}, {"strategy": "chain"}, {"k": 3}, {"strategy": "chain", "k": 3}
)  # fmt: skip
STEPS = 4000
"""Steps that are measured."""


class Took(msgspec.Struct, frozen=True):
    """One run, and the share by which its plan was off in calls, prompt tokens and reply tokens."""

    ran: Outcome
    off: tuple[float, ...]


def planned_run(options: dict[str, Any]) -> Took:
    """Plan a run, then run it, and compare both; for a pool of processes."""
    configure_logs("none")
    config = msgspec.convert(options, RunConfig)
    ahead, ran = planned(config), one_run(options)
    real = (ran.calls, ran.tokens_in, ran.tokens_out)
    return Took(ran, tuple(a / b - 1 for a, b in zip(ahead, real, strict=True)))


def measured(config: RunConfig) -> Measurement:
    """Measure a configuration's model on ``STEPS`` sampled steps."""
    task = open_task(config)
    sampled = asyncio.run(take_sample(config, task, STEPS, PILOT_DRAWS))
    return measure(config, task, answer_key(config.task), sampled)


def planned(config: RunConfig) -> tuple[float, float, float]:
    """Calls and tokens that ``surefoot plan`` states for a run that makes its own pilot."""
    task = open_task(config)
    known = read_measurement(config) if config.measurement else None
    found = plan(config, task, asyncio.run(take_sample(config, task, 500, PILOT_DRAWS)), known)
    return found.calls, found.tokens_in, found.tokens_out


@click.command()
@click.option("--runs", default=40, show_default=True)
@click.option("--disks", default=10, show_default=True)
@click.option("--model", "models", multiple=True, default=MODELS)
@click.option("--processes", type=int, help="Runs at the same time; one on each core by default.")
def main(runs: int, disks: int, models: tuple[str, ...], processes: int | None) -> None:
    """Measure each model, run it with many seeds, and print one table a model."""
    configure_logs("none")
    with tempfile.TemporaryDirectory() as folder, multiprocessing.get_context("spawn").Pool(processes) as pool:
        path = pathlib.Path(folder) / "measure.json"
        for model in models:
            table = rich.table.Table(
                "model", "setting", "leads", "predicted", "runs took (95 % of them)", "off by", "closed form",
                "P(success)", "right (95 % interval)", "plan of the same seed: calls, tokens in, out off by", box=None,
            )  # fmt: skip
            for setting in SETTINGS:
                base = {"task": "hanoi", "task_options": {"disks": disks}, "model": model, "address": "none"} | setting
                base["workers"] = 1
                config = msgspec.convert(base | {"seed": 10_000}, RunConfig)
                m = measured(config)
                path.write_bytes(msgspec.json.encode(Saved([m], None)))
                auto = {"measurement": str(path)} if config.k == "auto" else {}
                told = pool.map(planned_run, [base | auto | {"seed": seed} for seed in range(runs)], chunksize=1)
                alone = [base | {"seed": seed} for seed in range(runs)]
                piloted = pool.map(planned_run, alone, chunksize=1) if auto else told
                table.add_row(model.partition(":")[2] or model, _named(setting), *_row(config, m, told, piloted))
            rich.console.Console(width=220).print(table)


def _named(setting: dict[str, Any]) -> str:
    return f"{setting.get('strategy', 'tree')} --k {setting.get('k', 'auto')}"


def _row(config: RunConfig, m: Measurement, told: list[Took], piloted: list[Took]) -> list[str]:
    if m.predicted_calls is None or m.predicted_p_success is None or m.k_min is None or m.p_error is None:
        return ["no lead helps"]
    calls = sorted(took.ran.calls for took in told)
    mean, right = statistics.fmean(calls), sum(took.ran.right for took in told)
    low, high = calls[int(0.025 * len(calls))], calls[-1 - int(0.025 * len(calls))]
    task = open_task(config)
    size = task.outline(2**62).steps
    closed = expected_calls(1 - m.p_error, m.k_min if config.k == "auto" else config.k, size, m.valid_rate)
    off = [[took.off[place] for took in piloted] for place in range(3)]
    interval = clopper_pearson(right, len(told))
    leads = ", ".join(sorted({took.ran.leads for took in told}))
    mark = "" if low <= m.predicted_calls <= high else " outside"
    return [
        leads, f"{m.predicted_calls:,.0f}", f"{mean:,.0f} ({low:,} to {high:,}){mark}",
        f"{m.predicted_calls / mean - 1:+.1%}",
        f"{closed / mean - 1:+.0%}", f"{m.predicted_p_success:.3f}",
        f"{right} of {len(told)} ({interval.low:.2f} to {interval.high:.2f})",
        ", ".join(f"{statistics.fmean(one):+.1%}" for one in off) + f"; worst {max(map(abs, off[0])):.0%}",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
