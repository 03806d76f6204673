"""What ``map`` and ``plan map`` are asked with alike: table, question, form of the answer, target of a row."""

import pathlib
from typing import Any

import click
import msgspec

from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.config import RunConfig
from surefoot.runtime.session.mapping import ROW_TARGET, look_at
from surefoot.runtime.session.setup import row_task
from surefoot.runtime.session.table import TextForm
from surefoot.scripts.commands.options import struct_options, tell

LARGE_BYTES = 20 << 20
"""Size of a file that takes more than a moment to read."""
PATH = click.Path(path_type=pathlib.Path)


def table_options(command: Any) -> Any:
    """The options that say what is asked of which table, and how often a row is to be right."""
    target = click.FloatRange(0, 1, min_open=True, max_open=True)
    said = (
        ("--encoding", TextForm().encoding, "How a file of text is written, such as latin-1.  [default: utf-8]"),
        ("--delimiter", None, "What separates the values of a .csv: one character, or tab  [default: a comma]"),
        ("--row-target", ROW_TARGET, "Wanted probability that one row is right; votes follow from it."),
        ("--system", "", "What comes before every question."),
        ("--field-wise", False, "Vote on each field by itself, not on whole answers."),
        ("--fields", None, 'Form of the answer: "vendor: text, total: money, day: date, kind: a|b, note: prose".'),
    )
    for name, default, text in said:
        more: dict[str, Any] = {"is_flag": True} if default is False else {}
        if default == ROW_TARGET:
            more = {"type": target, "show_default": True}
        command = click.option(name, default=default, help=text, **more)(command)
    text = "What is asked of each row, with its columns as {column}."
    command = click.option("--question", required=True, help=text)(command)
    return click.argument("table", type=PATH)(command)


def run_options() -> list[click.Option]:
    """An option for each field of a run's configuration that concerns a table."""
    return [one for one in struct_options(RunConfig) if one.name not in ("target", "strategy", "segment_steps")]


def asked_table(table: pathlib.Path, values: dict[str, Any]) -> tuple[RowTask, TextForm]:
    """Return the question and how the file is written, after a look at its first rows; takes these out of the values.

    Raises:
        ConfigurationError: The question, the form of the answer or the table cannot be read.
    """
    asked = row_task(values.pop("question"), values.pop("fields"), values.pop("field_wise"))
    task = msgspec.structs.replace(asked, system=values.pop("system"))
    form = TextForm(values.pop("delimiter"), values.pop("encoding"))
    look_at(table, task, form)
    return task, form


def say_if_large(table: pathlib.Path) -> None:
    """Say that a file is read if that takes more than a moment."""
    if table.stat().st_size > LARGE_BYTES:
        tell(f"reading {table}")
