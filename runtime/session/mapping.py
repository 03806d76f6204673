"""A run that asks one question for each row of a table: rows are kept once, travel in chunks, come back in order."""

import contextlib
import functools
import pathlib
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from typing import Any

import msgspec

from surefoot.decompose.plan import Node
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.rows import BAD_ROW, MapRows, RowTask
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.count_text import count_of
from surefoot.runtime.errors import ConfigurationError, ResumeMismatch
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.port import JournalReader, JournalStore
from surefoot.runtime.report.journal_steps import JournalStep
from surefoot.runtime.report.rows_shown import RowsShown, rows_shown
from surefoot.runtime.session.answers import Preview
from surefoot.runtime.session.row_inputs import RowInputs
from surefoot.runtime.session.row_output import check_inputs_kept, write_results
from surefoot.runtime.session.row_prompts import RowFile, with_prompts
from surefoot.runtime.session.row_results import RowResult, results_of
from surefoot.runtime.session.run import Run
from surefoot.runtime.session.table import (
    INPUT,
    LINES,
    USUAL,
    Table,
    TextForm,
    digest_of,
    keep_table,
    read_table,
    rows_of_file,
)
from surefoot.runtime.user_code import fault
from surefoot.runtime.worker.worker_pool import default_workers

ROW_TARGET = 0.999
"""Wanted probability that one row is right, unless something else is asked for."""
TABLE = "table"
"""The journal's name for what is known of the table."""
LARGEST_CHUNK = 256
"""Most rows that travel to a worker at once."""
FIRST_SHARE = 16
"""Where a large first chunk is at most this part of a table, the others wait until leads are learned from it; not where
a wait is a round of batches."""
CHUNKS_A_WORKER = 8
"""Chunks that each worker has at least, if there are rows enough: so that none waits long for the last."""


class KeptTable(msgspec.Struct, frozen=True):
    """The journal's record of a run's table.

    Attributes:
        rows: How many there are.
        chunk: Rows of each chunk but perhaps the last.
        digest: Of the file of rows.
    """

    rows: int
    chunk: int
    digest: str

    def sizes(self) -> Iterator[tuple[int, int]]:
        """Yield the first row and the number of rows of each chunk."""
        for first in range(0, self.rows, self.chunk):
            yield first, min(self.chunk, self.rows - first)


def rows_from(source: Any, form: TextForm = USUAL) -> Iterable[Any]:
    """Return the rows of a source: a file by its path, or any iterable of rows."""
    return rows_of_file(pathlib.Path(source), form) if isinstance(source, str | pathlib.Path) else source


def look_at(rows: Any, task: RowTask, form: TextForm = USUAL) -> None:
    """Refuse a file that has no rows, cannot be read at its beginning, or lacks a column that is asked for.

    Other sources of rows can be read once only, and are not looked at. Reads a few lines: before a model is looked for.

    Raises:
        ConfigurationError: There is nothing to ask of it.
    """
    if not isinstance(rows, str | pathlib.Path):
        return
    path = pathlib.Path(rows)
    first = next(rows_of_file(path, form), None)
    if first is None:
        raise ConfigurationError(f"{path}: has no rows")
    if isinstance(first, dict) and path.suffix.lower() not in LINES:  # objects may have other names in later lines
        _check_names(task, tuple(first))


def keep_rows(journal: JournalStore, directory: pathlib.Path, rows: Iterable[Any], config: RunConfig) -> Table:
    """Keep the rows of a new run in its directory, and what is known of them in its journal.

    Raises:
        ConfigurationError: A row cannot be read or kept.
    """
    table = keep_table(rows, directory / INPUT)
    workers = config.workers or default_workers()
    chunk = min(LARGEST_CHUNK, max(1, -(-table.count // (CHUNKS_A_WORKER * workers))))
    journal.set_meta(table=KeptTable(table.count, chunk, table.digest))
    return table


def kept_rows(journal: JournalReader, directory: pathlib.Path) -> Table:
    """Return the table of a run that goes on.

    Raises:
        ConfigurationError: Its rows were never read to their end.
        ResumeMismatch: They are not what they were.
    """
    kept = kept_table(journal)
    if kept is None:
        raise ConfigurationError(f"{directory}: its rows were not read to their end; start it again elsewhere")
    table = read_table(directory / INPUT)
    if table.digest != kept.digest:
        raise ResumeMismatch(f"{directory / INPUT} is not what it was when the run was started")
    return table


def check_rows(directory: pathlib.Path, rows: Iterable[Any]) -> None:
    """Refuse to go on with a run that was started over other rows.

    Args:
        directory: Its run directory.
        rows: What the caller gives now.

    Raises:
        ResumeMismatch: They are other rows; nothing was changed.
        ConfigurationError: They cannot be read.
    """
    journal = open_journal(directory, write=False)
    try:
        kept = kept_table(journal)
    finally:
        journal.close()
    if kept is None:  # what is to be done then is said where the run is opened
        return
    count, digest = digest_of(rows)
    if digest != kept.digest:
        raise ResumeMismatch(
            f"{directory} was started over other rows: {kept.rows:,} then, {count:,} now; these need another run_dir"
        )


def kept_table(journal: JournalReader) -> KeptTable | None:
    """Return what the journal knows of the run's table, or ``None`` if the run has none."""
    found = journal.meta(TABLE)
    return None if found is None else msgspec.convert(found, KeptTable)


def with_samples(task: RowTask, table: Table) -> RowTask:
    """Return a task that samples its questions from a table."""
    return msgspec.structs.replace(task, sampled_rows=table.sampled, total_rows=table.count)


def check_columns(task: RowTask, table: Table) -> None:
    """Refuse a question that asks for columns which the table does not have, or that is no single question.

    Raises:
        ConfigurationError: It does; the line names the column and those that there are, or the method that is wrong.
    """
    if table.count:
        _check_names(task, table.columns)
    for row in table.sampled:
        try:
            step = task.row_step(row)
        except BAD_ROW:  # that row's failure, if it is asked
            continue
        if not isinstance(step, Step):
            raise fault(type(task), "row_step", f"must return a Step, not {type(step).__name__}")
        return


def _check_names(task: RowTask, columns: Collection[str]) -> None:
    if not isinstance(task, MapRows):
        return
    try:
        task.asked().template.check(columns)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def drive(task: RowTask, table: Table, config: RunConfig, journal: JournalStore) -> Callable[[Coordinator], Any]:
    """Return what has a coordinator ask all rows of a table."""
    kept = kept_table(journal)
    assert kept is not None
    at_once = 1 + 2 * -(-config.chains_in_flight // kept.chunk)

    def nodes() -> Iterator[Node]:
        for number, (first, rows) in enumerate(table.chunks(kept.chunk)):
            yield task.chunk(number, first, list(rows))

    first_alone = kept.chunk == LARGEST_CHUNK and kept.chunk * FIRST_SHARE <= table.count and not config.batch
    return lambda coordinator: coordinator.run_stream(nodes(), at_once, table.count, first_alone=first_alone)


class MapRun(Run):
    """A run over the rows of a table.

    Args:
        run_dir: Its run directory.
        task: The task, where it is at hand: answers are values of its type then.
    """

    def __init__(self, run_dir: pathlib.Path | str, task: RowTask | None = None) -> None:
        super().__init__(run_dir, task)
        config = self._config
        self._rows_task = task or (MapRows(**config.task_options) if config.task == "map" else RowTask())

    def results(self) -> Iterator[RowResult]:
        """Yield what came of each row, in order: its answer, votes, margin, flags and cost, or its error."""
        journal = open_journal(self.run_dir, write=False)
        try:
            kept = kept_table(journal)
            if kept is not None:
                yield from results_of(journal, self._rows_task, self._config.rule, kept.sizes())
        finally:
            journal.close()

    @functools.cached_property
    def raw_output(self) -> Any:
        """Result of each row as builtin values, in order; see ``RowResult``."""
        return msgspec.to_builtins(list(self.results()))

    def preview(self) -> Preview:
        """Return how many rows there are, and how many of them have no answer, as one line."""
        failed, kept = self.counts.failed_nodes, self._read(kept_table)
        return Preview(
            f"{count_of(0 if kept is None else kept.rows, 'row')}, {failed:,} without an answer", None, whole=False
        )

    @property
    def output(self) -> list[Any]:
        """Answers in the order of the rows; ``None`` for a row without one."""
        return [None if one.error else self._typed_row(one.answer) for one in self.results()]

    def steps(self, **only: Any) -> Generator[JournalStep, None, None]:
        """Yield the decided questions of the rows, with the prompt also where no reply was kept; see ``Run.steps``."""
        found = super().steps(**only)
        rows = RowFile(self.run_dir / INPUT)
        with contextlib.closing(found):
            yield from with_prompts(found, rows, self._rows_task, dialect_of(self._config))

    def rows_shown(self) -> RowsShown:
        """Return what a report shows of the rows."""
        return rows_shown(self.results())

    def _rows_a_chunk(self, journal: JournalReader) -> int:
        kept = kept_table(journal)
        return 0 if kept is None else kept.chunk

    def write(self, path: pathlib.Path | str, inputs: bool = True) -> int:
        """Write the results to a file .jsonl, .csv or .parquet; return how many rows it has.

        Args:
            path: The file.
            inputs: Whether the columns of each row come before its result.

        Raises:
            ConfigurationError: It cannot be written, or holds the run's own copy of its rows.
        """
        check_inputs_kept(pathlib.Path(path), None, self.run_dir)
        return write_results(
            self.results(), pathlib.Path(path), self.inputs() if inputs else None, self.answer_fields()
        )

    def answer_fields(self) -> tuple[str, ...]:
        """Return the names of the fields of an answer; none where it is one value, or where nobody knows."""
        task = self._rows_task
        if not isinstance(task, MapRows) or task.lacks_type:
            return ()
        return tuple(one.name for one in task.asked().output.fields)

    def inputs(self) -> RowInputs:
        """Return the rows that were asked about, for writing them beside the results."""
        return RowInputs(self.run_dir / INPUT)

    def _typed_row(self, answer: Any) -> Any:
        task = self._rows_task
        if not isinstance(task, MapRows) or task.answer_type is None:
            return answer
        # A whole answer: where fields are voted on apart, a candidate is another text than the record it stands for.
        return task.asked().output.decode(msgspec.json.encode(answer).decode())


def open_run(run_dir: pathlib.Path | str, task: Task | None = None) -> Run:
    """Open a run to look at it: one over a table gives the results of its rows as well.

    Args:
        run_dir: Its run directory.
        task: The task, where it is at hand.

    Raises:
        RunDirectoryError: Not a run directory.
    """
    if isinstance(task, RowTask) or _has_table(Run(run_dir)):
        return MapRun(run_dir, task if isinstance(task, RowTask) else None)
    return Run(run_dir, task)


def _has_table(run: Run) -> bool:
    if not (run.run_dir / INPUT).exists():
        return False
    journal = open_journal(run.run_dir, write=False)
    try:
        return kept_table(journal) is not None
    finally:
        journal.close()
