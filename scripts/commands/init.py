"""``surefoot init``: writes a small commented task and its test, which pass as they stand."""

import importlib.util
import keyword
import pathlib

import click

from surefoot.runtime.errors import ConfigurationError
from surefoot.scripts.commands.init_template import TASK, TEST, filled
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, print_json, quoted


@click.command()
@click.argument("name")
@click.option(
    "--folder", type=click.Path(path_type=pathlib.Path), default=pathlib.Path(), help="Where  [default: here]"
)
@json_option
def init(name: str, folder: pathlib.Path, as_json: bool) -> int:
    """Write NAME.py, a small commented task, and test_NAME.py, its test, to be changed into your own.

    Nothing that exists is overwritten.
    """
    contents = {f"{name}.py": TASK, f"test_{name}.py": TEST}
    for file in contents:
        if (folder / file).exists() or (folder / file).is_symlink():
            raise ConfigurationError(f"{folder / file} exists already")
    check_name(name)
    for file, text in contents.items():
        _write_new(folder / file, filled(text, {"NAME": name, "CLASS": class_name(name)}))
    task = f"{name}:{class_name(name)}"
    if as_json:
        print_json({"files": [str(folder / file) for file in contents], "task": task})
        return OK
    for file in contents:
        print(f"wrote {quoted(folder / file)}")
    there = f"cd {quoted(folder)}; " if folder != pathlib.Path() else ""
    print(f"next  {there}surefoot test {task}")
    return OK


def class_name(name: str) -> str:
    """A module's name as that of a class: ``word_count`` becomes ``WordCount``."""
    made = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return f"{made}Task" if made == name else made


def check_name(name: str) -> None:
    """Find out whether a name can be that of a module without hiding another.

    Raises:
        ConfigurationError: It cannot be.
    """
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name.startswith("_"):
        raise ConfigurationError(f"{name!r} cannot be the name of a Python module: use letters, digits and underscores")
    if name == "surefoot" or importlib.util.find_spec(name) is not None:
        raise ConfigurationError(f"there is a module {name} already, which a file {name}.py would hide")


def _write_new(path: pathlib.Path, text: str) -> None:
    """Write a file that does not exist yet.

    Raises:
        ConfigurationError: It exists, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
