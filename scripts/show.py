"""``surefoot show``."""

import pathlib
import time
from collections.abc import Iterator

import click
import msgspec
import rich.console
import rich.live
import rich.progress_bar
import rich.table
import rich.text

from runtime.run_directory import Standing, standing
from scripts.cli import OK, print_json, printable
from scripts.options import json_option
from scripts.progress import summary

EVERY_S = 1.0
"""Seconds between two looks at a run that goes on."""


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--watch", is_flag=True, help="Keep looking until the run ends.")
@json_option
def show(run_dir: pathlib.Path, watch: bool, as_json: bool) -> int:
    """Where a run stands, also while it runs."""
    found = standing(run_dir)
    if watch and not as_json:
        found = watched(looks(run_dir), rich.console.Console(highlight=False))
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        print(summary(found))
    return OK


def looks(run_dir: pathlib.Path) -> Iterator[Standing]:
    """The run's standing now and then, the last time when it no longer runs."""
    while True:
        found = standing(run_dir)
        yield found
        if found.status != "running":
            return
        time.sleep(EVERY_S)


def watched(seen: Iterator[Standing], console: rich.console.Console) -> Standing:
    """Show each standing in place of the one before; the last one. There is at least one."""
    before: Standing | None = None
    with rich.live.Live(console=console, transient=True, auto_refresh=False) as live:
        for now in seen:
            live.update(view(now, before), refresh=True)
            before = now
    assert before is not None
    return before


def view(now: Standing, before: Standing | None) -> rich.console.Group:
    """One look: a bar, and the figures of the run with what came since the last look."""
    table = rich.table.Table("", "total", "since the last look", box=None)
    for name in ("steps", "calls", "red_flags", "disagreements", "escalations", "seam_retries", "failed_calls"):
        value = getattr(now, name)
        gained = value - getattr(before, name) if before is not None else 0
        table.add_row(name.replace("_", " "), f"{value:,}", f"+{gained:,}" if gained else "")
    money = "price unknown" if now.cost_usd is None else f"${now.cost_usd:.4f}"
    per_step = f"{now.calls_per_step:.3f} calls a step" if now.calls_per_step is not None else "no step yet"
    line = f"{now.task} with {now.model}: {now.status}, {now.wall_s:.0f} s, {per_step}, {money}"
    bar = rich.progress_bar.ProgressBar(total=max(1, now.total_steps), completed=now.steps, width=60)
    return rich.console.Group(rich.text.Text(printable(line)), bar, table)
