"""``surefoot result``: the answer of a run, from its directory alone."""

import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import click

from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.pddl_plan_files import plan_text
from surefoot.runtime.config import open_task
from surefoot.runtime.errors import ConfigurationError, RunFailed
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.journal.task_shape import without_users_code
from surefoot.runtime.report.glance import is_bench
from surefoot.runtime.session.answers import items_of_plan
from surefoot.runtime.session.csv_table import CsvTable
from surefoot.runtime.session.mapping import MapRun, open_run
from surefoot.runtime.session.row_output import print_csv, print_jsonl
from surefoot.runtime.session.run import Run
from surefoot.scripts.commands.bench_directory import answers_of
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, json_for_people, print_json, printable, quoted


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--jsonl", is_flag=True, help="One JSON value a line: the items of a list, or the answer itself.")
@click.option("--csv", "as_csv", is_flag=True, help="A table: the items of a list, by their fields.")
@click.option("--plan", "as_plan", is_flag=True, help="The plan of a PDDL problem, as the file that validators read.")
@click.option("--inputs/--no-inputs", default=True, help="With --csv and --jsonl of a table: each row's own columns.")
@json_option
def result(run_dir: pathlib.Path, jsonl: bool, as_csv: bool, as_plan: bool, as_json: bool, inputs: bool) -> int:
    """Print the answer of a run: text as it is, anything else as JSON.

    RUN_DIR may be a directory of surefoot bench as well: its answers, each with its method. With --csv and --jsonl a
    table that is not finished gives its rows so far; the others say that they are not answered yet.
    """
    if jsonl + as_csv + as_plan + as_json > 1:
        raise click.UsageError("--json, --jsonl, --csv and --plan exclude each other")
    if is_bench(run_dir) and not as_plan:
        return _of_bench(run_dir, jsonl, as_csv, as_json)
    run = open_run(run_dir)
    if isinstance(run, MapRun) and (jsonl or as_csv):  # as map and run.write() write it to a file, finished or not
        own = run.inputs() if inputs else None
        if jsonl:
            print_jsonl(run.results(), sys.stdout, own)
        else:
            print_csv(run.results(), sys.stdout, own, run.answer_fields())
        return OK
    run = solved(run_dir)
    if as_plan:
        print(plan_of(run), end="")
        return OK
    if jsonl:
        for item in items_of(run):
            print(json.dumps(item, ensure_ascii=False))
        return OK
    answer = run.raw_output
    if as_json:
        print_json({"run_dir": str(run_dir), "status": run.status, "output": answer})
    elif as_csv:
        write_csv(answer)
    else:
        print(printable(answer) if isinstance(answer, str) else json_for_people(answer))
    return OK


def _of_bench(directory: pathlib.Path, jsonl: bool, as_csv: bool, as_json: bool) -> int:
    answers = answers_of(directory)
    if jsonl:
        for one in answers:
            print(json.dumps(one, ensure_ascii=False))
    elif as_csv:
        write_csv(answers)
    elif as_json:
        print_json({"run_dir": str(directory), "status": "solved", "output": answers})
    else:
        print(json_for_people(answers))
    return OK


def solved(run_dir: pathlib.Path) -> Run:
    """Open a run that has an answer, or say why it has none.

    Raises:
        RunFailed: It has none, or not yet; the hint says what can be done.
        RunDirectoryError: Not a run directory.
    """
    run = open_run(run_dir)
    status, message = run.status, run.message
    if status == "solved":
        return run
    why = f" ({message})" if message else ""
    hints = {
        "paused": f"surefoot resume {quoted(run_dir)} goes on",
        "running": "it is at work; ask again later",
        "failed": f"surefoot steps {quoted(run_dir)} --disputed shows what was answered",
    }
    raise RunFailed(f"{run_dir} has no answer: it is {status}{why}", hint=hints.get(status, ""))


def plan_of(run: Run) -> str:
    """The plan of a run on a PDDL problem as text.

    Raises:
        ConfigurationError: The run is of another task, or its output holds no plan of it.
    """
    task = open_task(read_config(run.run_dir))
    if not isinstance(task, PddlPlanning):
        raise ConfigurationError("--plan: the run is not of a PDDL problem")
    try:
        return plan_text(task, run.raw_output)
    except ValueError as error:
        raise ConfigurationError(f"--plan: {error}") from error


def items_of(run: Run) -> Iterator[Any]:
    """Items of an answer that is a list, or the answer itself; those of a long plan one after the other."""
    config = read_config(run.run_dir)
    if config.task not in BUILT_IN_TASKS:
        answer = run.raw_output
        yield from answer if isinstance(answer, list) else [answer]
        return
    journal = open_journal(run.run_dir, write=False)
    try:
        yield from items_of_plan(journal, config, open_task(without_users_code(config)))
    finally:
        journal.close()


def write_csv(answer: Any) -> None:
    """Print an answer as a table with a head: a row for each item, a column for each field.

    An item that is no mapping is a row with the column ``value``; a value that is a structure is JSON.
    """
    items = answer if isinstance(answer, list) else [answer]
    rows = [item if isinstance(item, dict) else {"value": item} for item in items]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = CsvTable(sys.stdout, names)
    for row in rows:
        table.add({name: _cell(value) for name, value in row.items()})


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
