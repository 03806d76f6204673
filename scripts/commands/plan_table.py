"""``surefoot plan map``: what asking one question of each row of a table would take, without asking all of them."""

import asyncio
import pathlib
from typing import Any

import click
import msgspec
import rich.console
import rich.table

from surefoot.runtime.forecast.table_plan import TablePlan
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.session.batches import batch_prices
from surefoot.runtime.session.going_on import checked
from surefoot.runtime.session.mapping import rows_from
from surefoot.runtime.session.setup import Setup, set_up_rows
from surefoot.runtime.session.table import SAMPLED
from surefoot.runtime.session.table_plan import plan_table
from surefoot.scripts.commands.durations import duration
from surefoot.scripts.commands.options import json_option, log_options, tell
from surefoot.scripts.commands.output import OK, print_json, printable
from surefoot.scripts.commands.patience import looking_for, saying
from surefoot.scripts.commands.table_options import asked_table, run_options, say_if_large, table_options


@click.command("map")
@table_options
@click.option("--samples", type=click.IntRange(1, SAMPLED),
              help="Rows to ask, several times each.  [default: a tenth, 50 to 200]")  # fmt: skip
@log_options
@json_option
def plan_table_command(table: pathlib.Path, samples: int | None, as_json: bool, **values: Any) -> int:
    """Say what surefoot map would take for TABLE: calls, tokens, money, wall time, and the same with --batch.

    \b
    surefoot plan map mails.csv --question "Is this a complaint? {body}" --fields "complaint: yes|no"

    It takes the options of surefoot map. Some rows are asked, which costs what is said at the end; then the run is
    rehearsed with replies made up as theirs were.
    """
    configure_logs(values.pop("log_format"), values.pop("verbose"))
    task, form = asked_table(table, values)
    asked = set_up_rows(task, None, {"target": values.pop("row_target"), **values, "address": "none"})
    if asked.config.batch:
        batch_prices(asked.config)  # a model without batches is refused before it is asked anything
    # A sample is not waited for for hours, and what batches cost is said in any case.
    at_once = msgspec.structs.replace(asked, config=msgspec.structs.replace(asked.config, batch=False))
    with saying(looking_for(at_once.config.model)):
        setup = checked(at_once)
    say_if_large(table)
    found = asyncio.run(plan_table(setup, rows_from(table, form), samples, tell))
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _print(setup, table.name, found)
    return OK


plan_table_command.params[-3:-3] = run_options()


def _print(setup: Setup, name: str, p: TablePlan) -> None:
    console = rich.console.Console(highlight=False)
    config = setup.config
    without = f", {p.rows_without_question:,} of them without a question" if p.rows_without_question else ""
    console.print(f"{printable(name)} with {printable(config.model)}: {p.rows:,} rows{without}", markup=False)
    console.print(p.why, markup=False)
    pilot = f", and {p.pilot_calls:,} of the pilot" if p.pilot_calls else ""
    console.print(
        f"{p.calls:,.0f} calls ({p.calls_low:,.0f} to {p.calls_high:,.0f}; {p.calls_per_row:.3f} a row{pilot}), "
        f"{p.tokens_in:,.0f} tokens in, {p.tokens_out:,.0f} out, {_money(p.cost_usd)}{_between(p)}"
    )
    console.print(
        f"about {p.rows_right:,.0f} rows right ({p.target:.4g} of them are wanted), {p.rows_failed:,.0f} without answer"
    )
    together = "no limit met" if p.speed.calls_per_s is None else f"{p.speed.calls_per_s:,.0f} a second together"
    console.print(f"one call takes {p.speed.latency_s:.3g} s alone, {together}")
    table = rich.table.Table("rows at once", "calls in flight", "wall time", box=None)
    for wall in p.walls:
        table.add_row(f"{wall.segments:,}", f"{wall.calls_in_flight:,}", duration(wall.wall_s))
    console.print(table)
    if p.batch_hours is not None and p.batch_calls is not None:
        rounds = f"{p.rounds:,} round{'s' if p.rounds > 1 else ''} of at most {config.batch_hours:g} h"
        took = f"{p.batch_hours:,.4g} h at most, {p.batch_calls:,.0f} calls"
        console.print(f"with --batch {_money(p.batch_cost_usd)} in {rounds}: {took}")
    console.print(
        f"this forecast asked {p.sample_rows:,} rows with {p.sample_calls:,} calls, {_money(p.sample_cost_usd)}"
    )


def _money(usd: float | None) -> str:
    return "price unknown" if usd is None else f"${usd:,.2f}"


def _between(p: TablePlan) -> str:
    return "" if p.cost_low is None or p.cost_high is None else f" (${p.cost_low:,.2f} to ${p.cost_high:,.2f})"
