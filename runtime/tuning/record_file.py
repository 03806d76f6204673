"""The records of a search on disk, one JSON object a line: what was asked in which wording, and what became of it.

The first line says what the search depends on. A search that is started again with the same file goes on after its
last whole line; a line that a kill cut short is dropped.
"""

import os
import pathlib
from typing import Any

import msgspec

from surefoot.decompose.wordings.wording import Wording
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.plain_files import open_plain
from surefoot.runtime.tuning.latent import Lesson
from surefoot.runtime.tuning.space import Outcome
from surefoot.runtime.untrusted import one_line

LARGEST = 64 << 20
"""Bytes of the largest file that is read."""


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One query of a search, as a line of the records file.

    Attributes:
        search: Its name; ``held out`` or ``confirmed`` for the questions that decide.
        wording: In which it asked.
        features: By which wordings are compared.
        right: Replies that were right.
        calls: Replies in all.
        by_question: Right replies to each question, in order; empty where a file does not say.
    """

    search: str
    wording: Wording
    features: tuple[str, ...]
    right: int
    calls: int
    by_question: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.by_question and (sum(self.by_question) != self.right or min(self.by_question) < 0):
            raise ValueError("a record's right replies are not those of its questions")
        if not 0 <= self.right <= self.calls or self.calls < 1:
            raise ValueError("a record has more right replies than calls, or no calls")

    @property
    def outcome(self) -> Outcome:
        """What became of the calls."""
        return Outcome(self.right, self.calls, self.by_question)


class RecordFile:
    """Records that are added to a file; each is on disk when ``add`` returns.

    Args:
        path: The file; ``None`` to keep the records in memory only.
        setting: What the search depends on; a file that is there must have the same.

    Attributes:
        lines: All records by now.

    Raises:
        ConfigurationError: The file cannot be read or written, or is of another search.
    """

    def __init__(self, path: pathlib.Path | None, setting: dict[str, Any]) -> None:
        self.path, self.lines = path, list[Line]()
        if path is None:
            return
        if path.is_symlink():
            raise ConfigurationError(f"{path} is a link, and nothing is written through links: name the file itself")
        whole, first = 0, msgspec.json.encode(setting)
        if path.exists():
            theirs, self.lines, whole = _read(path)
            if whole:
                _check(path, theirs, setting)
            elif not first.startswith(path.read_bytes()):  # not what a kill left of a first line: somebody's file
                raise ConfigurationError(f"{path} holds no records of surefoot tune; name another --records")
            if whole < path.stat().st_size:
                os.truncate(path, whole)
        if not whole:
            self._append(first)

    def add(self, line: Line) -> None:
        """Add a record and write it down.

        Raises:
            ConfigurationError: It cannot be written.
        """
        self.lines.append(line)
        if self.path is not None:
            self._append(msgspec.json.encode(line))

    def _append(self, line: bytes) -> None:
        assert self.path is not None
        try:
            with self.path.open("ab") as file:
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ConfigurationError(f"cannot write {self.path}: {error.strerror}") from error


def lessons_of(path: pathlib.Path, weight: float) -> tuple[Lesson, ...]:
    """Return what a search about another kind of question teaches: all but which examples were shown.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    _, lines, _ = _read(path)
    shared = [frozenset(name for name in line.features if not _of_one_kind(name)) for line in lines]
    return tuple(Lesson(names, line.outcome, weight) for names, line in zip(shared, lines, strict=True))


def _of_one_kind(name: str) -> bool:
    """Whether a feature means something for one kind of question only."""
    return name.partition(" ")[0] in ("example", "first", "last", "question")


def _read(path: pathlib.Path) -> tuple[dict[str, Any], list[Line], int]:
    """The setting, the records, and how many bytes of whole lines there are."""
    try:
        with open_plain(path) as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    if len(data) > LARGEST:
        raise ConfigurationError(f"{path} has more than {LARGEST:,} bytes")
    whole = data[: data.rfind(b"\n") + 1]
    if not whole:
        return {}, [], 0
    first, *rest = whole.splitlines()
    try:
        setting = msgspec.json.decode(first, type=dict[str, Any])
        return setting, [msgspec.json.decode(line, type=Line) for line in rest], len(whole)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ConfigurationError(one_line(f"{path} holds no records of surefoot tune: {error}")) from error


def _check(path: pathlib.Path, theirs: dict[str, Any], setting: dict[str, Any]) -> None:
    """Refuse to go on with the records of a search that depends on something else."""
    mine = msgspec.json.decode(msgspec.json.encode(setting))
    for name in dict.fromkeys((*mine, *theirs)):
        if theirs.get(name) == mine.get(name):
            continue
        was, now = (one_line(repr(one.get(name)), 60) for one in (theirs, mine))
        raise ConfigurationError(
            one_line(f"{path} has the records of a search with {name} {was}, not {now}; name another --records")
        )
