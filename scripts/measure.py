"""``surefoot measure``: how often a model errs per step, and what a whole run would need and cost."""

import asyncio
from typing import Any

import click
import msgspec
import rich.console
import rich.table

from decompose.task import Task
from runtime.config import RunConfig, open_task
from runtime.crew import LocalCrew
from runtime.leads import sample_numbers
from runtime.logs import configure_logs
from runtime.measuring import Measurement, measure
from runtime.models.factory import answer_key, check_model
from scripts.cli import OK, print_json, printable
from scripts.options import build_config, json_option, log_options, struct_options
from scripts.run import ByTask

OPTIONS = (
    "model", "api_base", "dialect", "strategy", "state_by", "target", "red_flags", "leaf_steps", "seams", "seed",
    "temperature", "max_reply_tokens", "timeout_s", "patience_s", "calls_in_flight", "k", "workers",
)  # fmt: skip


def _measure_command(name: str, cls: type[Task]) -> click.Command:
    def sample(samples: int, draws: int, as_json: bool, **values: Any) -> int:
        configure_logs(values.pop("log_format"), values.pop("verbose"))
        config = build_config(name, cls, {**values, "address": "none"})
        task = open_task(config)
        check_model(config)
        found = asyncio.run(_measured(config, task, samples, draws))
        if as_json:
            print_json(msgspec.to_builtins(found))
        else:
            _print(config, found)
        return OK

    command = click.Command(name, callback=sample, help=f"{cls.summary}\n\nMeasure a model on it.")
    command.params = [
        click.Option(["--samples"], type=click.IntRange(1), default=500, show_default=True, help="Steps to sample."),
        click.Option(["--draws"], type=click.IntRange(1), default=2, show_default=True, help="Answers to each step."),
        *struct_options(cls, [field for field in cls.__struct_fields__ if field != "state_by"]),
        *struct_options(RunConfig, OPTIONS),
    ]
    return json_option(log_options(command))  # type: ignore[no-any-return]


@click.group("measure", cls=ByTask, of=_measure_command, subcommand_metavar="TASK [OPTIONS]")
def measure_command() -> None:
    """Measure a model's error rate per step before spending money on a whole run.

    Steps are sampled over the whole range of states that a run visits and scored against an answer key.
    """


async def _measured(config: RunConfig, task: Task, samples: int, draws: int) -> Measurement:
    crew = LocalCrew(config, task)
    try:
        found, counts = await crew.sample(sample_numbers(config.seed, samples), draws)
    finally:
        await crew.close()
    return measure(config, task, answer_key(config.task), found, counts)


def _print(config: RunConfig, m: Measurement) -> None:
    console = rich.console.Console(highlight=False)
    console.print(f"{config.task} with {printable(config.model)}: {m.samples:,} steps x {m.draws} draws, seed {m.seed}")
    table = rich.table.Table("question", "answers", "valid", "wrong", "error rate", "95 % interval", box=None)
    for kind in m.kinds:
        table.add_row(
            kind.kind, f"{kind.answers:,}", f"{kind.valid:,}", f"{kind.wrong:,}", f"{kind.p_error:.4%}",
            f"{kind.p_error_low:.4%} to {kind.p_error_high:.4%}",
        )  # fmt: skip
    valid = sum(kind.valid for kind in m.kinds)
    wrong = sum(kind.wrong for kind in m.kinds)
    interval = f"{m.p_error_low:.4%} to {m.p_error_high:.4%}"
    table.add_row("all", f"{m.samples * m.draws:,}", f"{valid:,}", f"{wrong:,}", f"{m.p_error:.4%}", interval)
    console.print(table)
    flags = ", ".join(f"{name} {count}" for name, count in sorted(m.red_flags.items())) or "none"
    console.print(f"valid rate {m.valid_rate:.4%}; red flags: {flags}")
    console.print(
        f"collisions {m.collisions} (both answers wrong; {m.collisions_alike} of them alike), "
        f"{m.collisions_expected:.3g} expected if errors were independent"
    )
    if m.leads is None or m.predicted_calls is None or m.predicted_p_success is None:
        console.print("the model may be wrong more often than right: no lead can be chosen")
        return
    money = "price unknown" if m.predicted_cost_usd is None else f"${m.predicted_cost_usd:,.4f}"
    console.print(
        f"for a whole run without error with probability {m.target}: lead {m.k_min} where a mistake would be final"
        f" ({m.leads.guarded} before a seam); predicted {m.predicted_calls:,.0f} calls, {money}, "
        f"probability {m.predicted_p_success:.4f}"
    )
