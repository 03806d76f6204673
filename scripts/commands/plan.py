"""``surefoot plan``: what a whole run would take, without running it."""

import asyncio
from typing import Any

import click
import msgspec
import rich.console
import rich.table

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.execution.sampling import numbers_of_both
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, pilot_steps
from surefoot.runtime.forecast.long_pilot import long_pilot
from surefoot.runtime.forecast.measurement_file import read_measurement
from surefoot.runtime.forecast.replies_seen import steps_of
from surefoot.runtime.forecast.run_plan import Plan, in_batches, plan
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.measurement.take_sample import Beside, take_sample
from surefoot.runtime.models.factory import check_model
from surefoot.runtime.session.batches import batch_prices
from surefoot.scripts.commands.cli import OK, print_json, printable
from surefoot.scripts.commands.durations import duration
from surefoot.scripts.commands.options import build_config, json_option, log_options, struct_options
from surefoot.scripts.commands.patience import looking_for, saying
from surefoot.scripts.commands.run import ByTask


def _plan_command(name: str, cls: type[Task]) -> click.Command:
    def think(samples: int, as_json: bool, **values: Any) -> int:
        configure_logs(values.pop("log_format"), values.pop("verbose"))
        config = build_config(name, cls, {**values, "address": "none"})
        task = open_task(config)
        with saying(looking_for(config.model)):
            check_model(config)
        found = asyncio.run(_planned(config, task, samples))
        if as_json:
            print_json(msgspec.to_builtins(found))
        else:
            _print(config, found)
        return OK

    command = click.Command(name, callback=think, help=f"{cls.summary}\n\nWhat a whole run would take.")
    command.params = [
        click.Option(["--samples"], type=click.IntRange(1), default=500, show_default=True, help="Steps to sample."),
        *struct_options(cls, [field for field in cls.__struct_fields__ if field != "state_by"]),
        *struct_options(RunConfig),
    ]
    return json_option(log_options(command))  # type: ignore[no-any-return]


class _Plans(ByTask):
    """The tasks that can be run, and tables."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the tasks that come with Surefoot."""
        return [*super().list_commands(ctx), "map"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command for a table, or for one task."""
        if cmd_name != "map":
            return super().get_command(ctx, cmd_name)
        from surefoot.scripts.commands.plan_table import plan_table_command

        return plan_table_command


@click.group("plan", cls=_Plans, of=_plan_command, subcommand_metavar="TASK [OPTIONS]")
def plan_command() -> None:
    """Say what a whole run would take: steps, calls, tokens, money, and wall time by width.

    A small sample of the run's questions is asked for error rate, tokens, price and speed; the rest is arithmetic.
    For a table, surefoot plan map TABLE takes the options of surefoot map.
    """


async def _planned(config: RunConfig, task: Task, samples: int) -> Plan:
    root = task.root()
    asked = max(samples, pilot_steps(task.usual_steps(root.goal, root.inputs)))
    measured = read_measurement(config) if config.measurement is not None else None
    several = [steps_of(number) for number in long_pilot(config, task)[:1]]
    both = numbers_of_both(config, task) if config.rebalance_votes else []
    at_once = msgspec.structs.replace(config, batch=False)  # a sample is not waited for for hours
    sampled = await take_sample(at_once, task, asked, PILOT_DRAWS, beside=Beside(several, both))
    found = plan(config, task, sampled, measured)
    prices = batch_prices(config)
    return found if prices is None else in_batches(found, *prices, config.batch_hours)


def _at_most(p: Plan) -> str:
    return "at most " if p.length_is_bound else ""


def _print(config: RunConfig, p: Plan) -> None:
    console = rich.console.Console(highlight=False)
    console.print(f"{config.task} with {printable(config.model)}: {_at_most(p)}{p.steps:,} steps", markup=False)
    if p.length_is_bound:
        console.print(
            f"at most, and so are all figures: {printable(config.task)} does not say how many steps are usual "
            "(its usual_steps or outline)",
            markup=False,
        )
    console.print(p.why, markup=False)
    money = "price unknown" if p.cost_usd is None else f"${p.cost_usd:,.2f}"
    pilot = f", and {p.pilot_calls:,} of the pilot" if p.pilot_calls else ""
    console.print(
        f"{_at_most(p)}{p.calls:,.0f} calls ({p.calls_per_step:.3f} a step{pilot}), {p.tokens_in:,.0f} tokens in, "
        f"{p.tokens_out:,.0f} out, {money}; no mistake goes through with probability {p.p_success:.4f}"
    )
    if p.looks:
        console.print(
            f"{p.looks:,.0f} looks at {p.questions:,.0f} distinct questions, {p.fresh_looks:,.0f} of them asked of the "
            "model beside the pilot's; a look that is kept costs no call"
        )
    together = "no limit met" if p.speed.calls_per_s is None else f"{p.speed.calls_per_s:,.0f} a second together"
    console.print(
        f"one call takes {p.speed.latency_s:.3g} s alone, {together}; {p.longest_chain:,} calls wait for each other"
    )
    table = rich.table.Table("segments at once", "calls in flight", "wall time", box=None)
    for wall in p.walls:
        table.add_row(f"{wall.segments:,}", f"{wall.calls_in_flight:,}", duration(wall.wall_s))
    console.print(table)
    if p.batch_hours is not None:
        cost = "price unknown" if p.batch_cost_usd is None else f"${p.batch_cost_usd:,.2f}"
        rounds = f"{p.rounds:,} round{'s' if p.rounds > 1 else ''} of at most {config.batch_hours:g} h"
        console.print(f"with --batch {cost} in {rounds}: {p.batch_hours:,.4g} h at most")
