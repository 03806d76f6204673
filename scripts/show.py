"""``surefoot show``."""

import pathlib

import click
import msgspec

from runtime.run_directory import standing
from scripts.cli import OK, print_json
from scripts.options import json_option
from scripts.progress import summary


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@json_option
def show(run_dir: pathlib.Path, as_json: bool) -> int:
    """Where a run stands, also while it runs."""
    found = standing(run_dir)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        print(summary(found))
    return OK
