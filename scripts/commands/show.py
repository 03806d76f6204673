"""``surefoot show``: says where a run stands, once or repeatedly while it works."""

import pathlib
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence

import click
import msgspec
import rich.console
import rich.live
import rich.progress_bar
import rich.table
import rich.text

from surefoot.runtime.journal.run_directory import Standing, standing
from surefoot.runtime.models.batches.ledger import questions_in_flight
from surefoot.runtime.report.glance import is_bench
from surefoot.runtime.session.mapping import open_run
from surefoot.runtime.trace.level_reader import levels_at
from surefoot.scripts.commands.levels_text import levels_text
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, aligned, money, print_json, printable
from surefoot.scripts.commands.progress import summary

EVERY_S = 1.0
"""Seconds between two looks at a run that goes on."""
LOOKS = 24
"""Looks whose pace is shown."""
BARS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--watch", is_flag=True, help="Keep looking until the run ends.")
@json_option
def show(run_dir: pathlib.Path, watch: bool, as_json: bool) -> int:
    """Say where a run stands, also while it runs.

    RUN_DIR may be a directory of surefoot bench as well: its table is shown, and where its rows stand.
    """
    if is_bench(run_dir):
        return _show_bench(run_dir, as_json)
    found = standing(run_dir)
    if watch and not as_json:
        found = watched(looks(run_dir), rich.console.Console(highlight=False))
    answer = open_run(run_dir).preview() if found.status == "solved" else None
    levels, batched = levels_at(run_dir), questions_in_flight(run_dir)
    if as_json:
        output = {"output": answer.value} if answer is not None else {}
        print_json({**msgspec.to_builtins(found), "batched": batched, "levels": msgspec.to_builtins(levels), **output})
    else:
        print(summary(found, answer, levels_text(levels) if levels is not None else [], batched))
    return OK


def _show_bench(directory: pathlib.Path, as_json: bool) -> int:
    from surefoot.scripts.commands.bench_directory import read_bench
    from surefoot.scripts.commands.bench_table import print_table

    found = read_bench(directory)
    if as_json:
        print_json({**found.found, "runs": msgspec.to_builtins(found.runs)})
        return OK
    if found.scores:
        print_table(found.title, found.scores, found.published, sys.stdout, found.columns)
    head = ("row", "status", "steps", "calls", "cost", "")
    rows = [
        (
            pathlib.Path(one.run_dir).name,
            one.status,
            f"{one.steps:,}",
            f"{one.calls:,}",
            money(one.cost_usd),
            one.message,
        )
        for one in found.runs
    ]
    print(aligned([head, *rows], right=(2, 3, 4)) if rows else "no row has begun")
    return OK


def looks(run_dir: pathlib.Path) -> Iterator[Standing]:
    """Yield a run's standing now and then, the last time when the run no longer works."""
    while True:
        found = standing(run_dir)
        yield found
        if found.status != "running":
            return
        time.sleep(EVERY_S)


def watched(seen: Iterator[Standing], console: rich.console.Console) -> Standing:
    """Show each standing of a run in place of the one before; return the last."""
    before: Standing | None = None
    pace: deque[float] = deque(maxlen=LOOKS)
    with rich.live.Live(console=console, transient=True, auto_refresh=False) as live:
        for now in seen:
            if before is not None and now.wall_s > before.wall_s:
                pace.append(max(0, now.steps - before.steps) / (now.wall_s - before.wall_s))
            live.update(view(now, before, pace), refresh=True)
            before = now
    assert before is not None
    return before


def view(now: Standing, before: Standing | None, pace: Sequence[float] = ()) -> rich.console.Group:
    """Format a run's standing: a bar, its speed, the figures with their changes, and suspicious steps.

    Args:
        now: Where the run stands.
        before: Where it stood at the last look.
        pace: Steps a second between the last looks.
    """
    bar = rich.table.Table.grid(padding=(0, 1))
    if now.open_ended:
        bar.add_row(f"{now.steps:,} steps, of nobody knows how many")
    else:
        part = now.steps / max(1, now.total_steps)
        bar.add_row(
            rich.progress_bar.ProgressBar(total=max(1, now.total_steps), completed=now.steps, width=48),
            f"{now.steps:,} of {now.total_steps:,} steps, {part:.1%}",
        )
    table = rich.table.Table("", "total", "since the last look", box=None)
    for name in ("steps", "calls", "red_flags", "disagreements", "escalations", "seam_retries", "failed_calls"):
        value = getattr(now, name)
        gained = value - getattr(before, name) if before is not None else 0
        table.add_row(name.replace("_", " "), f"{value:,}", f"+{gained:,}" if gained else "")
    lines = [f"alarm: {kind} {count:,}" for kind, count in sorted(now.alarms.items())]
    lines += [f"{name}: {rung.put_right:,} of {rung.asked:,} put right" for name, rung in now.rungs.items()]
    return rich.console.Group(
        rich.text.Text(printable(f"{now.task} with {now.model}: {now.status}"), style="bold"),
        bar,
        rich.text.Text(_speed(now, pace)),
        table,
        *(rich.text.Text(printable(line), style="yellow" if line.startswith("alarm") else "dim") for line in lines),
        *([rich.text.Text(printable(now.message))] if now.message else []),
    )


def _speed(now: Standing, pace: Sequence[float]) -> str:
    """Time, pace and money in one line; the pace of the last looks as a row of bars."""
    money = "price unknown" if now.cost_usd is None else f"${now.cost_usd:.4f}"
    per_step = f"{now.calls_per_step:.3f} calls a step" if now.calls_per_step is not None else "no step yet"
    told = [f"{now.wall_s:.0f} s", per_step, money]
    if pace:
        mean, most = sum(pace) / len(pace), max(pace) or 1.0
        left = f", about {(now.total_steps - now.steps) / mean:,.0f} s left" if mean and not now.open_ended else ""
        bars = "".join(BARS[round(value / most * (len(BARS) - 1))] for value in pace)
        told.append(f"{pace[-1]:,.0f} steps a second {bars}{left}")
    return ", ".join(told)
