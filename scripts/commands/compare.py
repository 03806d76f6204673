"""``surefoot compare``: how two runs differ, in options, answer, calls and cost."""

import pathlib
from typing import Any

import click
import msgspec

from surefoot.runtime.journal.kept_inputs import with_references
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.records import Counts
from surefoot.runtime.report.glance import cost_of, glance
from surefoot.runtime.session.run import Run
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, aligned, answer_in_short, money, print_json, quoted

FIGURES = (
    "steps", "decompositions", "calls", "failed_calls", "disagreements", "escalations", "seam_retries",
    "broken_promises", "failed_nodes", "tokens_in", "tokens_out",
)  # fmt: skip
"""Counts that stand in the table, in this order."""


class Side(msgspec.Struct, frozen=True):
    """One of the two runs that are compared: status, answer and figures.

    Attributes:
        run_dir: The run directory.
        status: As ``surefoot show`` says it.
        output: What the root returned, or ``None``.
        figures: Counts, seconds and money by name; ``None`` for what is not known.
    """

    run_dir: str
    status: str
    output: Any
    figures: dict[str, float | int | None]


@click.command()
@click.argument("first", metavar="RUN_DIR", type=click.Path(path_type=pathlib.Path))
@click.argument("second", metavar="RUN_DIR", type=click.Path(path_type=pathlib.Path))
@json_option
def compare(first: pathlib.Path, second: pathlib.Path, as_json: bool) -> int:
    """Say how two runs differ: their options, their answers, and what they took."""
    a, b = side_of(first), side_of(second)
    options = changed_options(first, second)
    same = None if a.output is None or b.output is None else a.output == b.output
    if as_json:
        told = {"a": msgspec.to_builtins(a), "b": msgspec.to_builtins(b)}
        print_json({**told, "options": {key: list(pair) for key, pair in options.items()}, "same_output": same})
        return OK
    print(aligned([("", quoted(first), quoted(second)), *_rows(a, b, options)]))
    print({True: "the answers are the same", False: "the answers DIFFER", None: "there are no two answers"}[same])
    return OK


def side_of(directory: pathlib.Path) -> Side:
    """Read status, answer and figures of a run from its journal.

    Raises:
        RunDirectoryError, JournalError: It cannot be read.
    """
    run = Run(directory)
    status, counts = run.status, run.counts
    answer = run.raw_output if status == "solved" else None
    pilot_calls = run.standing.pilot_calls
    return Side(str(directory), status, answer, figures_of(counts, glance(directory).wall_s, pilot_calls))


def figures_of(counts: Counts, wall_s: float, pilot_calls: int = 0) -> dict[str, float | int | None]:
    """Counts, seconds and money of a run, by name; the pilot's calls are in no step."""
    figures: dict[str, float | int | None] = {name: getattr(counts, name) for name in FIGURES}
    figures["red_flags"] = sum(counts.red_flags.values())
    asked = counts.calls - pilot_calls
    figures["calls_per_step"] = round(asked / counts.steps, 4) if counts.steps else None
    return {**figures, "wall_s": round(wall_s, 3), "cost_usd": cost_of(counts)}


def changed_options(first: pathlib.Path, second: pathlib.Path) -> dict[str, tuple[Any, Any]]:
    """Options whose values differ between two runs; a task's own options by their own names."""
    a, b = (_options(directory) for directory in (first, second))
    names = [*a, *(name for name in b if name not in a)]
    return {name: (a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name)}


def _options(directory: pathlib.Path) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(read_config(directory, whole=False))
    own = with_references(values.pop("task_options"))
    return {**values, **own}


def _rows(a: Side, b: Side, options: dict[str, tuple[Any, Any]]) -> list[tuple[str, str, str]]:
    rows = [("status", a.status, b.status)]
    if a.output is not None or b.output is not None:
        rows.append(("answer", answer_in_short(a.output, 60), answer_in_short(b.output, 60)))
    for name, (one, other) in options.items():
        rows.append((f"--{name.replace('_', '-')}", answer_in_short(one, 60), answer_in_short(other, 60)))
    for name, one in a.figures.items():
        rows.append((name.replace("_", " "), _figure(name, one), _figure(name, b.figures[name])))
    return rows


def _figure(name: str, value: float | int | None) -> str:
    if name == "cost_usd":
        return money(value)
    return "" if value is None else f"{value:,}"
