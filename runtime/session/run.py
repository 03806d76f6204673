"""A run as a value: its status, its answer, its steps and what is known of it, read from its directory alone."""

import functools
import pathlib
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.decomposition_methods import is_loaded
from surefoot.runtime.errors import RunFailed
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.journal.run_directory import Standing, read_config, standing
from surefoot.runtime.journal.task_shape import without_users_code
from surefoot.runtime.records import Counts
from surefoot.runtime.report.glance import answer_in, status_of
from surefoot.runtime.report.journal_steps import JournalStep, steps_of
from surefoot.runtime.session.answers import (
    Preview,
    answer_of_plan,
    first_items,
    items_of_plan,
    shortened,
    shown_answer,
)
from surefoot.runtime.whole_files import PRIVATE, PUBLIC, write_whole
from surefoot.voting.certificate import Certificate

if TYPE_CHECKING:
    from surefoot.runtime.report.facts import Facts
    from surefoot.runtime.report.rows_shown import RowsShown

T = TypeVar("T")

MOST_STEPS = 100_000
"""Steps of a plan up to which its answer is made whole where only some of it is shown."""


class Run:
    """A run, at work or at its end, for reading: nothing is changed and no task's code is executed.

    Args:
        run_dir: Its run directory.
        task: The task, where it is at hand: its ``output_type`` makes ``output`` a value of that type.

    Attributes:
        run_dir: Its run directory.

    Raises:
        RunDirectoryError: Not a run directory.
    """

    def __init__(self, run_dir: pathlib.Path | str, task: Task | None = None) -> None:
        self.run_dir = pathlib.Path(run_dir)
        self._task = task
        self._config = read_config(self.run_dir)

    @property
    def status(self) -> str:
        """``solved``, ``failed``, ``paused`` (it can be resumed) or ``running``."""
        return self._read(lambda journal: status_of(self.run_dir, journal))[0]

    @property
    def message(self) -> str:
        """Why the run is not solved, in one line; empty for a solved run."""
        return self._read(lambda journal: status_of(self.run_dir, journal))[1]

    @property
    def output(self) -> Any:
        """Answer of the run: what its task makes of the finished plan, as the task's ``output_type``.

        Raises:
            RunFailed: The run is not solved.
        """
        return self._typed(self.raw_output)

    @functools.cached_property
    def raw_output(self) -> Any:
        """The answer as a builtin value, as the journal keeps it.

        Raises:
            RunFailed: The run is not solved.
        """
        return self._read(self._answer)

    def preview(self) -> Preview:
        """Return the answer as one line, and whole where that takes little: what a terminal or a card shows.

        Raises:
            RunFailed: The run is not solved.
        """
        if not is_loaded(self._config.strategy) and self._config.task in BUILT_IN_TASKS:
            return Preview(f"is read back by {self._config.strategy}, whose code is not run here", None, whole=True)
        if self.counts.steps <= MOST_STEPS:
            return Preview(shortened(self.raw_output), self.raw_output, whole=True)
        return self._read(self._beginning)

    @property
    def counts(self) -> Counts:
        """Counted events of the run so far: steps, calls, tokens, money, red flags, and so on."""
        return self._read(lambda journal: journal.totals)

    @property
    def standing(self) -> Standing:
        """Where the run stands, as ``surefoot show --json`` says it."""
        return standing(self.run_dir)

    def steps(
        self, *, disputed: bool = False, flagged: bool = False, kind: str = "", node: str = "", row: int | None = None
    ) -> Generator[JournalStep, None, None]:
        """Yield the decided steps with their ballots, and the prompts and replies that were kept of them.

        The pilot's questions are left out, unless ``kind`` is ``pilot``.

        Args:
            disputed: Only steps whose valid ballots differ, or that are undecided.
            flagged: Only steps of which a reply was discarded.
            kind: Only questions of this class.
            node: Only this node of the plan and those below it, such as ``0.2``.
            row: Only this row of a table, 0-based as in its results.
        """
        journal = open_journal(self.run_dir, write=False)
        try:
            for step in steps_of(journal, self._config.rule, self._rows_a_chunk(journal)):
                below = not node or step.node == node or step.node.startswith(f"{node}.")
                of_kind = kind in (step.kind, step.what) if kind else step.what != "pilot"
                if (
                    below
                    and of_kind
                    and row in (None, step.row)
                    and (step.disputed or not disputed)
                    and (step.flagged or not flagged)
                ):
                    yield step
        finally:
            journal.close()

    def _rows_a_chunk(self, journal: JournalReader) -> int:
        """Rows of each chunk of the run's table; 0 where it has none."""
        return 0

    @property
    def certificate(self) -> Certificate:
        """A bound on the chance that the plan has any wrong step, and what it rests on."""
        from surefoot.runtime.report.facts import facts_of  # with it comes the statistics library

        return facts_of(self.run_dir).certificate

    def report(self, path: pathlib.Path | str | None = None) -> pathlib.Path:
        """Write what happened as one page that needs no network; return where it is.

        Args:
            path: The file; by default ``report.html`` in the run directory.
        """
        from surefoot.runtime.report.facts import facts_of

        where = pathlib.Path(path) if path is not None else self.run_dir / "report.html"
        write_whole(where, self.page(facts_of(self.run_dir)), mode=PRIVATE if path is None else PUBLIC)
        return where

    def page(self, facts: "Facts") -> str:
        """Return the report as HTML.

        Args:
            facts: Of this run; see ``surefoot.runtime.report.facts``.
        """
        from surefoot.runtime.report.page import render
        from surefoot.runtime.trace.level_reader import history_at

        answer = shown_answer(self.preview()) if facts.standing.status == "solved" else None
        return render(facts, answer, self.rows_shown(), history_at(self.run_dir))

    def rows_shown(self) -> "RowsShown | None":
        """Return what a report shows of the rows of a table; ``None`` for a run that has none."""
        return None

    def __repr__(self) -> str:
        return f"<Run {self.run_dir}: {self.status}>"

    def _repr_html_(self) -> str:
        from surefoot.runtime.report.notebook import card

        answer = self.preview().line if self.status == "solved" else ""
        return card(self.standing, answer)

    def _read(self, look: Callable[[JournalReader], T]) -> T:
        journal = open_journal(self.run_dir, write=False)
        try:
            return look(journal)
        finally:
            journal.close()

    def _answer(self, journal: JournalReader) -> Any:
        status, message = status_of(self.run_dir, journal)
        if status != "solved":
            raise RunFailed(f"{self.run_dir} has no answer: it is {status}{f' ({message})' if message else ''}")
        if self._config.task in BUILT_IN_TASKS:
            return answer_of_plan(journal, self._config, self._own_task(self._config))
        return answer_in(journal)

    def _beginning(self, journal: JournalReader) -> Preview:
        """The first items of an answer that a long plan makes; what the root returned for all others."""
        if self._config.task not in BUILT_IN_TASKS:
            return Preview(shortened(answer_in(journal)), answer_in(journal), whole=True)
        items = first_items(items_of_plan(journal, self._config, self._own_task(self._config)))
        return Preview(", ".join(map(shortened, items)) + ", ...", None, whole=False)

    def _own_task(self, config: RunConfig) -> Task:
        return self._task or open_task(without_users_code(config))

    def _typed(self, answer: Any) -> Any:
        kind = None if self._task is None else type(self._task).output_type
        if kind is None:
            return answer
        validate = getattr(kind, "model_validate", None)  # a Pydantic model converts itself
        return validate(answer) if validate is not None else msgspec.convert(answer, kind)
