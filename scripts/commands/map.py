"""``surefoot map``: one question for each row of a file."""

import pathlib
import sys
from typing import Any

import click
import msgspec

from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime import api
from surefoot.runtime.count_text import count_of
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.run_directory import new_run_directory, standing
from surefoot.runtime.journal.task_shape import shape_of
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.models.batches.ledger import questions_in_flight
from surefoot.runtime.session.going_on import checked
from surefoot.runtime.session.kept_map import keep_table_of
from surefoot.runtime.session.mapping import MapRun, rows_from
from surefoot.runtime.session.results_file import keep_results_file, kept_results_file
from surefoot.runtime.session.row_output import check_form, check_inputs_kept
from surefoot.runtime.session.setup import set_up_rows
from surefoot.scripts.commands.options import json_option, log_options, tell
from surefoot.scripts.commands.output import FAILED, OK, PAUSED, print_json, quoted
from surefoot.scripts.commands.patience import looking_for, saying
from surefoot.scripts.commands.progress import Progress, summary
from surefoot.scripts.commands.signals import stoppable
from surefoot.scripts.commands.table_options import PATH, asked_table, run_options, say_if_large, table_options


@click.command("map")
@table_options
@click.option(
    "--output",
    type=PATH,
    help="Results as .jsonl, .csv or .parquet; a file that is there is replaced  [default: RUN_DIR/output.jsonl]",
)
@click.option(
    "--inputs/--no-inputs", default=True, help="Write the columns of each row before its result.  [default: on]"
)
@click.option("--run-dir", type=PATH, help="Where the run is kept  [default: runs/map-TIME]")
@log_options
@json_option
def map_command(table: pathlib.Path, run_dir: pathlib.Path | None, output: pathlib.Path | None, **values: Any) -> int:
    """Ask one question of every row of TABLE (.csv, .tsv, .jsonl or .parquet), with votes.

    \b
    surefoot map mails.csv --question "Is this a complaint? {body}" --fields "complaint: yes|no" --output out.csv

    A line for each row, in order: its answer, votes, margin, discarded replies and cost, or its error. A run that was
    killed or paused goes on with surefoot resume.
    """
    as_json, inputs = values.pop("as_json"), values.pop("inputs")
    configure_logs(values.pop("log_format"), values.pop("verbose"))
    directory = new_run_directory(run_dir, "map")
    if output is not None:
        check_form(output)
        check_inputs_kept(output, table, directory)
    task, form = asked_table(table, values)
    if isinstance(task, MapRows) and not task.asked().template.fields:
        tell("the question names no {column}: every row is asked the same")
    target = values.pop("row_target")
    ready = set_up_rows(task, None, {"target": target, **values})
    with saying(looking_for(ready.config.model)):
        setup = checked(ready)
    say_if_large(table)
    kept = keep_table_of(setup, rows_from(table, form), directory)
    keep_results_file(kept.journal, directory, output, inputs=inputs)
    steps = shape_of(kept.setup.task).total_steps
    with Progress(directory, setup.config, steps) as progress, stoppable(progress, as_json) as interruption:
        found = api.start_map(kept, progress, interruption)
    return end(found, as_json)


map_command.params[-2:-2] = run_options()


def end(run: MapRun, as_json: bool) -> int:
    """Write the results of a run over a table where it was started to write them, and say how it ended.

    Args:
        run: The run.
        as_json: Whether to print one JSON object.

    Raises:
        ConfigurationError: They cannot be written there; the hint says how to have them elsewhere.
    """
    asked = kept_results_file(run.run_dir)
    path = asked.place(run.run_dir)
    try:
        count = run.write(path, asked.inputs)
    except ConfigurationError as error:
        hint = f"surefoot result {quoted(run.run_dir)} --csv, or --jsonl, prints the results"
        raise ConfigurationError(f"the run is {run.status}; {error}", hint=hint) from error
    failed = sum(bool(one.error) for one in run.results())
    ended = standing(run.run_dir)
    where = sys.stderr if as_json else sys.stdout
    print(f"answer    {quoted(path)}: {count_of(count, 'row')}, {failed:,} without an answer", file=where)
    print(summary(ended, batched=questions_in_flight(pathlib.Path(ended.run_dir))), file=where)
    if as_json:
        print_json({**msgspec.to_builtins(ended), "output": str(path), "rows": count, "rows_failed": failed})
    return {"solved": OK, "paused": PAUSED}.get(ended.status, FAILED)
