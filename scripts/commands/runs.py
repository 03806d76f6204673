"""``surefoot runs``: lists the runs below a folder in one table, and deletes some on request."""

import contextlib
import pathlib
import shutil
import sys
from collections.abc import Sequence

import click
import msgspec

from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.errors import ConfigurationError, SurefootError
from surefoot.runtime.journal.lock import is_locked
from surefoot.runtime.report.glance import Glance, age, glance, is_run, runs_below
from surefoot.runtime.session.run import Run
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import FAILED, OK, aligned, answer_in_short, money, print_json, quoted

STATUSES = ("solved", "failed", "paused", "running", "unreadable")
MOST_STEPS = 5000
"""Steps of a plan up to which its answer is read back for a line of a list."""

HEAD = ("status", "task", "model", "answer", "steps", "calls", "cost", "age", "run directory")


@click.command()
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=pathlib.Path))
@click.option("--status", type=click.Choice(STATUSES), multiple=True, help="Only runs of this status; may be repeated.")
@click.option("--delete", is_flag=True, help="Delete the runs that are listed, with all files in their directories.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@json_option
def runs(folders: tuple[pathlib.Path, ...], status: tuple[str, ...], delete: bool, yes: bool, as_json: bool) -> int:
    """List the runs below folders, newest last: status, task, model, answer, steps, calls, cost, age.

    DIR is a folder with runs in it, or a run directory; by default runs/ or, where there is none, this folder.
    """
    found = [one for one in map(glance, _directories(folders)) if not status or one.status in status]
    found = sorted(map(_with_answer, found), key=lambda one: one.started)
    if delete:
        return _delete(found, yes, as_json)
    if as_json:
        print_json({"runs": msgspec.to_builtins(found)})
    elif found:
        print(aligned([HEAD, *map(_row, found)], right=(4, 5, 6, 7)))
    else:
        print("no runs here")
    return OK


def _directories(folders: Sequence[pathlib.Path]) -> list[pathlib.Path]:
    """The run directories below the folders that were named.

    Raises:
        ConfigurationError: There is no such folder.
    """
    usual = pathlib.Path("runs")
    chosen = list(folders) or [usual if usual.is_dir() else pathlib.Path()]
    for folder in chosen:
        if not folder.is_dir():
            raise ConfigurationError(f"{folder} is not a folder")
    return list(dict.fromkeys(directory for folder in chosen for directory in runs_below(folder)))


def _with_answer(one: Glance) -> Glance:
    """A run with the answer that a built-in task makes of its plan, where that takes no time."""
    if one.task not in BUILT_IN_TASKS or one.status != "solved" or one.steps > MOST_STEPS:
        return one
    with contextlib.suppress(SurefootError):  # a list says what it can; surefoot result says why it cannot
        return msgspec.structs.replace(one, answer=Run(one.run_dir).raw_output)
    return one


def _row(one: Glance) -> tuple[str, ...]:
    answer = answer_in_short(one.answer) if one.answer is not None else ""
    shown = answer or (one.message if one.status in ("failed", "unreadable") else "")
    figures = (f"{one.steps:,}", f"{one.calls:,}", money(one.cost_usd)) if one.task else ("", "", "")
    return (one.status, one.task, one.model, shown[:60], *figures, age(one.changed), quoted(one.run_dir))


def _delete(found: list[Glance], sure: bool, as_json: bool) -> int:
    """Delete runs after a question; a run that goes on is kept, and said."""
    kept = [one.run_dir for one in found if one.status == "running"]
    doomed = [one.run_dir for one in found if one.status != "running"]
    if doomed and not sure:
        _ask(doomed)
    failed = [f"{name}: {why}" for name in doomed if (why := _remove(pathlib.Path(name)))]
    gone = [name for name in doomed if not pathlib.Path(name).exists()]
    if as_json:
        print_json({"deleted": gone, "kept": kept, "failed": failed})
    else:
        for name in gone:
            print(f"deleted {quoted(name)}")
        for name in kept:
            print(f"kept {quoted(name)}: it is running; surefoot stop {quoted(name)} stops it")
        for line in failed:
            print(f"surefoot: {line}", file=sys.stderr)
    return FAILED if failed else OK


def _ask(doomed: Sequence[str]) -> None:
    """Ask a person whether runs may be deleted.

    Raises:
        ConfigurationError: Nobody is there to be asked.
        click.Abort: The answer was no.
    """
    if not sys.stdin.isatty():
        raise ConfigurationError("--delete asks before it deletes, and nobody can answer here; --yes deletes at once")
    click.confirm(f"delete {', '.join(map(quoted, doomed))}?", abort=True, err=True)


def _remove(directory: pathlib.Path) -> str:
    """Delete a run directory; why it could not be, or nothing."""
    if directory.is_symlink() or not is_run(directory):
        return "is not a run directory any more"
    if is_locked(directory):
        return "has been resumed meanwhile"
    try:
        shutil.rmtree(directory)
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    return ""
