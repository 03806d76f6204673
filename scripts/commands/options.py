"""Command-line options made from the fields of configuration structs: types, limits, defaults and help texts."""

import glob
import os
import pathlib
import sys
from collections.abc import Iterable
from typing import Any

import click
import msgspec
import msgspec.inspect

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, choices_of, explain, open_task
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.factory import with_own_dialect
from surefoot.runtime.plain_files import open_named
from surefoot.runtime.text_file import read_text_file
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.untrusted import one_line
from surefoot.runtime.wordings_file import text_of

NOT_OPTIONS = ("task", "task_options")

PREFIX = "SUREFOOT_"
"""What the names of environment variables for run options begin with."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line of stdout.")

task_path_option = click.option(
    "--task-path",
    type=click.Path(path_type=pathlib.Path),
    metavar="DIR",
    help="Folder of your task's module, if it is not where the run was started; its code is executed.",
)


def tell(text: str) -> None:
    """Print something for people on stderr, so that stdout holds answers only."""
    print(one_line(text), file=sys.stderr)


def log_options(command: Any) -> Any:
    """The options that say what is logged."""
    command = click.option(
        "--log-format",
        type=click.Choice(["none", "text", "json"]),
        default="none",
        help="Log events to stderr.",
    )(command)
    return click.option("--verbose", is_flag=True, help="Log events of single segments as well.")(command)


def struct_options(
    struct: type[Any], names: Iterable[str] | None = None, environment: bool = True
) -> list[click.Option]:
    """An option for each field of a struct. Values stay text; the struct's own types check them.

    Args:
        struct: ``RunConfig``, or the class of a task.
        names: Fields to make options of; all if missing.
        environment: Whether run options can be set by environment variables as well, such as ``SUREFOOT_MODEL``. A
            task's own options never are: their names are the task's, and would clash.
    """
    info: Any = msgspec.inspect.type_info(struct)
    chosen = set(info_names(info)) - set(NOT_OPTIONS) if names is None else set(names)
    prefix = PREFIX if environment and struct is RunConfig else ""
    return [_option(field, prefix) for field in info.fields if field.name in chosen]


def info_names(info: Any) -> list[str]:
    """Names of the fields of a struct, from what msgspec says of its type."""
    return [field.name for field in info.fields]


def _option(field: Any, prefix: str = "") -> click.Option:
    kind, text = field.type, ""
    if isinstance(kind, msgspec.inspect.Metadata):
        text = (kind.extra_json_schema or {}).get("description", "")
        kind = kind.type
    parts = list(kind.types) if isinstance(kind, msgspec.inspect.UnionType) else [kind]
    shown = None if field.default in (None, msgspec.NODEFAULT) else field.default
    flag = field.name.replace("_", "-")
    variable: dict[str, Any] = {"envvar": f"{prefix}{field.name.upper()}", "show_envvar": True} if prefix else {}
    if any(isinstance(part, msgspec.inspect.BoolType) for part in parts):
        return click.Option(
            [f"--{flag}/--no-{flag}", field.name],
            default=None,
            help=f"{text}  [default: {'on' if shown else 'off'}]",
            **variable,
        )
    # Seconds are the usual unit: --max-wall is --max-wall-s.
    names = [f"--{flag}", f"--{flag[:-2]}"] if flag.endswith("-s") else [f"--{flag}"]
    return click.Option(
        [*names, field.name],
        metavar=choices_of(kind),
        help=text + (f"  [default: {shown}]" if shown is not None else ""),
        **variable,
    )


def build_config(
    task_name: str, task_type: type[Task], values: dict[str, Any], config_file: pathlib.Path | None = None
) -> RunConfig:
    """The configuration that a command line and a file describe; the command line wins.

    Raises:
        ConfigurationError: An unknown key, a value out of range, or a file for another task.
    """
    given = {name: value for name, value in values.items() if value is not None}
    several = _files(task_type, "folder")
    read = {name: read_option(given[name], several=name in several) for name in _files(task_type) if name in given}
    given.update(read)
    run: dict[str, Any] = {}
    options: dict[str, Any] = {}
    if config_file is not None:
        run, options = _from_file(config_file, task_name, task_type)
    if isinstance(given.get("wordings"), str):
        given["wordings"] = text_of(given["wordings"])
    elif isinstance(run.get("wordings"), str):
        run["wordings"] = text_of(run["wordings"])
    for name, value in given.items():
        (options if name in task_type.__struct_fields__ and name != "state_by" else run)[name] = value
    try:
        config = with_own_dialect(
            msgspec.convert({"task": task_name, "task_options": options, **run}, RunConfig, strict=False)
        )
    except msgspec.ValidationError as error:
        where = f"{config_file}: " if config_file is not None else ""
        raise ConfigurationError(where + _with_origin(explain(error, RunConfig), given)) from error
    typed = msgspec.to_builtins(open_task(config))
    return msgspec.structs.replace(config, task_options={name: typed[name] for name in options})


def _with_origin(complaint: str, given: dict[str, Any]) -> str:
    """A complaint about an option, and the environment variable that set it if one did."""
    name = complaint.partition(":")[0].removeprefix("--").replace("-", "_")
    variable = f"{PREFIX}{name.upper()}"
    inherited = name in given and os.environ.get(variable) == given[name]
    return f"{complaint}, set by {variable}" if inherited else complaint


def _from_file(path: pathlib.Path, task_name: str, task_type: type[Task]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The run options and the task's own options that a file gives.

    The task's own may stand beside the others or below ``task_options``, as in ``run.toml``. Where one names a file,
    that is looked for from the folder of the configuration.

    Raises:
        ConfigurationError: The file cannot be read, or is for another task.
    """
    run = _read_toml(path)
    options = run.pop("task_options", {})
    if not isinstance(options, dict):
        raise ConfigurationError(f"{path}: task_options is a table")
    if run.pop("task", task_name) != task_name:
        raise ConfigurationError(f"{path} is for another task than {task_name}")
    for name in [name for name in run if name in task_type.__struct_fields__ and name != "state_by"]:
        value = run.pop(name)
        is_file = name in _files(task_type) and isinstance(value, str)
        several = name in _files(task_type, "folder")
        options[name] = read_option(value, path.parent, several) if is_file else value
    return run, options


LONG = 200_000
"""Characters of a file of which it is said that it is read: to make a task of a million takes seconds."""


def read_option(place: str, folder: pathlib.Path = pathlib.Path(), several: bool = False) -> str:
    """Text of a file that an option names, as a run directory keeps content and not file names.

    Args:
        place: Where the file is, or its text.
        folder: Where a path that is not absolute begins.
        several: Whether a folder or a pattern may be named as well; its PDDL files become one text.

    Raises:
        ConfigurationError: It cannot be read.
    """
    text = _text_of(place, folder, several)
    if len(text) > LONG:
        tell(f"reading {place if len(place) < 200 else 'a text'}: {len(text) / 1e6:.1f} million characters")
    return text


def _text_of(place: str, folder: pathlib.Path, several: bool) -> str:
    if place.lstrip("\ufeff \t\r\n")[:1] in ("(", "[", "{", ";"):
        return place
    if not several:
        return read_text_file(folder / place, place)
    if (folder / place).is_dir():
        paths = sorted(path for path in (folder / place).iterdir() if path.suffix == ".pddl")
    elif any(letter in place for letter in "*?[") and not (folder / place).exists():
        paths = sorted(map(pathlib.Path, glob.glob(str(folder / place), recursive=True)))
    else:
        return read_text_file(folder / place, place)
    from surefoot.decompose.tasks.pddl_collections import collection_of

    try:
        return collection_of({str(path): read_text_file(path, str(path)) for path in paths})
    except ValueError as error:
        raise ConfigurationError(f"{place}: {error}") from error


def _files(struct: type[Any], word: str = "file") -> list[str]:
    """Fields whose type says that they hold a file's text, or with ``folder`` that of several."""
    info: Any = msgspec.inspect.type_info(struct)
    return [field.name for field in info.fields if _is_file(field.type, word)]


def _is_file(kind: Any, word: str = "file") -> bool:
    if isinstance(kind, msgspec.inspect.Metadata):
        return bool((kind.extra_json_schema or {}).get(word)) or _is_file(kind.type, word)
    return isinstance(kind, msgspec.inspect.UnionType) and any(_is_file(one, word) for one in kind.types)


def changed_config(config: RunConfig, values: dict[str, Any]) -> RunConfig:
    """A configuration with what ``resume`` was given."""
    given = {name: value for name, value in values.items() if value is not None and name in config.__struct_fields__}
    try:
        return msgspec.convert({**msgspec.to_builtins(config), **given}, RunConfig, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(explain(error, RunConfig)) from error


def _read_toml(path: pathlib.Path) -> dict[str, Any]:
    try:
        with open_named(path) as file:
            return msgspec.toml.decode(file.read(), type=dict[str, Any])
    except (OSError, *UNREADABLE) as error:
        raise ConfigurationError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
