"""The prompts of single rows, worded again from the rows that a run keeps: for rows of which no reply was kept."""

import pathlib
from array import array
from collections.abc import Iterable, Iterator

import msgspec

from surefoot.decompose.step import Dialect
from surefoot.decompose.tasks.rows import BAD_ROW, MapRows, RowTask
from surefoot.runtime.report.journal_steps import JournalStep
from surefoot.runtime.session.table import REASON, Row


class RowFile:
    """Reads single rows of a file of rows by their number.

    Args:
        path: The file, a line for each row. Where each begins is found when the first is asked for.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._begins: array[int] | None = None

    def row(self, number: int) -> Row | None:
        """Return a row by its number, 0-based; ``None`` where there is none that can be read."""
        try:
            with self._path.open("rb") as file:
                if self._begins is None:
                    self._begins = array("Q", _beginnings(file))
                if number >= len(self._begins):
                    return None
                file.seek(self._begins[number])
                line = file.readline()
        except OSError:
            return None
        try:
            return None if line.startswith(REASON) else msgspec.json.decode(line, type=Row)
        except (msgspec.DecodeError, RecursionError):  # somebody changed the file
            return None


def _beginnings(lines: Iterable[bytes]) -> Iterator[int]:
    place = 0
    for line in lines:
        yield place
        place += len(line)


def with_prompts(steps: Iterable[JournalStep], rows: RowFile, task: RowTask, dialect: Dialect) -> Iterator[JournalStep]:
    """Yield steps, those about rows with their prompt also where the journal did not keep it.

    Args:
        steps: Of a run over a table.
        rows: Its rows.
        task: Its task; the prompts of one whose code or answer type is not at hand stay unknown.
        dialect: In which the model was asked.
    """
    known = type(task) is not RowTask and not (isinstance(task, MapRows) and task.lacks_type)
    for step in steps:
        if known and not step.prompt and step.row is not None and (row := rows.row(step.row)) is not None:
            yield _with_prompt(step, task, row, dialect)
        else:
            yield step


def _with_prompt(step: JournalStep, task: RowTask, row: Row, dialect: Dialect) -> JournalStep:
    try:
        asked = task.row_step(row)
        prompt = task.prompt(asked, dialect)
    except BAD_ROW:  # a row that has no question
        return step
    return msgspec.structs.replace(step, kind=asked.kind, system=prompt.system, prompt=prompt.user)
