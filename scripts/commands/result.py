"""``surefoot result``: the answer of a run, as its journal keeps it."""

import csv
import json
import pathlib
import sys
from typing import Any

import click

from surefoot.runtime.errors import RunFailed
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.report.glance import OUTPUT, status_of
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, print_json, printable, quoted


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--jsonl", is_flag=True, help="One JSON value a line: the items of a list, or the answer itself.")
@click.option("--csv", "as_csv", is_flag=True, help="A table: the items of a list, by their fields.")
@json_option
def result(run_dir: pathlib.Path, jsonl: bool, as_csv: bool, as_json: bool) -> int:
    """Print the answer of a run: text as it is, anything else as JSON."""
    if jsonl + as_csv + as_json > 1:
        raise click.UsageError("--json, --jsonl and --csv exclude each other")
    status, answer = answer_of(run_dir)
    if as_json:
        print_json({"run_dir": str(run_dir), "status": status, "output": answer})
    elif jsonl:
        for item in answer if isinstance(answer, list) else [answer]:
            print(json.dumps(item, ensure_ascii=False))
    elif as_csv:
        write_csv(answer)
    else:
        print(printable(answer) if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, indent=1))
    return OK


def answer_of(run_dir: pathlib.Path) -> tuple[str, Any]:
    """The status of a run and what its root returned.

    Raises:
        RunFailed: It has no answer, or not yet.
    """
    read_config(run_dir)
    journal = open_journal(run_dir, write=False)
    try:
        status, message = status_of(run_dir, journal)
        answer = journal.meta(OUTPUT)
    finally:
        journal.close()
    if answer is None:
        why = f" ({message})" if message else ""
        hints = {
            "solved": "it was run by a version that kept no answers; surefoot verify reads its plan back",
            "paused": f"surefoot resume {quoted(run_dir)} goes on",
            "running": "it is at work; ask again later",
        }
        raise RunFailed(f"{run_dir} has no answer: it is {status}{why}", **_hint(hints.get(status, "")))
    return status, answer


def _hint(text: str) -> dict[str, str]:
    return {"hint": text} if text else {}


def write_csv(answer: Any) -> None:
    """Print an answer as a table with a head: a row for each item, a column for each field.

    An item that is no mapping is a row with the column ``value``; a value that is a structure is JSON.
    """
    items = answer if isinstance(answer, list) else [answer]
    rows = [item if isinstance(item, dict) else {"value": item} for item in items]
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
