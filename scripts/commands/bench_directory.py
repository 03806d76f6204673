"""A directory of ``surefoot bench`` as others see it: its table, from ``bench.json``, and where its rows stand."""

import pathlib
from typing import Any

import msgspec

from surefoot.decompose.tasks.problems.families import FAMILIES
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.plain_files import open_plain
from surefoot.runtime.report.glance import Glance, glance, runs_below
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.scripts.commands.bench_suites import SUITES
from surefoot.scripts.commands.bench_table import BY_METHOD, METHODS_TABLE, Columns, Published, Score, columns_of

FILE = "file"
"""Name of the bench over the questions of a file."""
LARGEST = 64 << 20
"""Bytes of the largest ``bench.json`` that is read."""


class Bench(msgspec.Struct, frozen=True):
    """The table of a bench directory, and where the runs of its rows stand.

    Attributes:
        title: Name of the suite and its text; the directory's name until the first table is written.
        scores: Rows of the table; none while the first rows are at work.
        published: Rows of other systems beside them.
        runs: Where the runs of the rows stand.
        found: The content of ``bench.json``.
    """

    title: str
    scores: list[Score]
    published: Published
    runs: list[Glance]
    found: dict[str, Any]

    @property
    def columns(self) -> Columns:
        """Return what its table shows of each row: that of methods beside each other, or that of plans."""
        return BY_METHOD if self.found.get("table") == METHODS_TABLE else columns_of(self.scores)


def read_bench(directory: pathlib.Path) -> Bench:
    """Read the table and the runs of a directory that ``surefoot bench`` made.

    Raises:
        ConfigurationError: Its ``bench.json`` is not one.
    """
    path = directory / "bench.json"
    try:
        with open_plain(path) as file:
            found = msgspec.json.decode(file.read(LARGEST), type=dict[str, Any])
        scores = msgspec.convert(found.get("rows", []), list[Score])
        published = msgspec.convert(found.get("published", []), list[_Published])
    except (OSError, *UNREADABLE) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    name = str(found.get("suite", directory.name))
    suite = SUITES.get(name)
    text = suite.text if suite else text_of(name) if found.get("table") == METHODS_TABLE else ""
    title = f"{name}: {text}" if text else name
    others = tuple((row.method, row.solved_percent, row.invalid_percent) for row in published)
    return Bench(title, scores, others, [glance(run) for run in runs_below(directory)], found)


def text_of(name: str) -> str:
    """Return what the problems of a bench of methods are, in one line."""
    if name == FILE:
        return "questions of a file as published (GSM8K, HotpotQA, ...); give --file and --form"
    return FAMILIES[name].text if name in FAMILIES else f"problems of {name}"


ANSWERS = "answers.jsonl"
"""Name of the file in each row's folder that holds its answers."""


def answers_of(directory: pathlib.Path) -> list[dict[str, Any]]:
    """Return every answer of a bench directory, row by row, with the row's method before it.

    Raises:
        ConfigurationError: A file of answers is none, or there is no answer yet.
    """
    found = [
        {"method": path.parent.name, **line} for path in sorted(directory.glob(f"*/{ANSWERS}")) for line in _lines(path)
    ]
    if not found:
        raise ConfigurationError(f"{directory} has no answers yet: the rows write them when they end")
    return found


def _lines(path: pathlib.Path) -> list[dict[str, Any]]:
    try:
        with open_plain(path) as file:
            return msgspec.json.Decoder(dict[str, Any]).decode_lines(file.read(LARGEST))
    except (OSError, *UNREADABLE) as error:
        raise ConfigurationError(f"{path}: {error}") from error


class _Published(msgspec.Struct, frozen=True):
    """A row of the table that was published of another system."""

    method: str
    solved_percent: float
    invalid_percent: float | None = None
