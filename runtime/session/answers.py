"""The answer of a run: what its root returned, or what its task makes of the finished plan."""

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from surefoot.decompose.plan import PlanStep
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.plan_reader import PlanReader, Steps
from surefoot.runtime.journal.port import JournalReader

if TYPE_CHECKING:
    from surefoot.runtime.report.page import Answer

SHOWN_CHARACTERS = 200
"""Longest answer that is shown whole on a terminal."""
SHOWN_ITEMS = 5
"""Items of a longer list that are shown."""


class Preview(msgspec.Struct, frozen=True):
    """An answer as it is shown where the whole may be long.

    Attributes:
        line: One line; untrusted text.
        value: The whole answer, or ``None`` if only its beginning was made.
        whole: Whether ``value`` is the answer.
    """

    line: str
    value: Any
    whole: bool


def plan_of(journal: JournalReader, config: RunConfig, task: Task) -> Steps:
    """Return the voted steps of a finished plan in plan order; the generator's value is the root's output."""
    return reader_of(journal, config, task).steps()


def reader_of(journal: JournalReader, config: RunConfig, task: Task) -> PlanReader:
    """Return what reads the plans of a run back from its journal."""
    return PlanReader(journalled_plan(journal, config, task))


def answer_of_plan(journal: JournalReader, config: RunConfig, task: Task) -> Any:
    """Return what a task makes of its finished plan, as builtin values."""
    return msgspec.to_builtins(_whole(task.answer(journal.meta("output"), _steps(journal, config, task))))


def items_of_plan(journal: JournalReader, config: RunConfig, task: Task) -> Iterator[Any]:
    """Yield the items of an answer that a built-in task makes of its plan, without having all of them in memory."""
    answer = task.answer(journal.meta("output"), _steps(journal, config, task))
    yield from answer if isinstance(answer, Iterable) and not isinstance(answer, str | dict) else [answer]


def shortened(answer: Any) -> str:
    """Return an answer as one line for a terminal; untrusted text, to be made printable by whoever shows it."""
    if isinstance(answer, list) and len(answer) > SHOWN_ITEMS:
        shown = ", ".join(shortened(item) for item in answer[:SHOWN_ITEMS])
        return f"{shown}, ... ({len(answer):,} in all)"
    text = answer if isinstance(answer, str) else msgspec.json.encode(answer).decode()
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]} ..."


def shown_answer(preview: Preview) -> "Answer":
    """Return an answer as the report shows it: its line, and the whole below it where that is longer."""
    from surefoot.runtime.report.page import LONGEST, Answer

    if not preview.whole:
        return Answer(preview.line, more=True)
    value = preview.value
    text = value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
    longer = " ".join(text.split()) != preview.line
    return Answer(preview.line, text[:LONGEST] if longer else "", more=len(text) > LONGEST)


def first_items(items: Iterable[Any]) -> list[Any]:
    """Return the first items of an answer, as many as are shown."""
    return list(itertools.islice(items, SHOWN_ITEMS))


def _steps(journal: JournalReader, config: RunConfig, task: Task) -> Iterator[PlanStep]:
    return plan_of(journal, config, task)


def _whole(answer: Any) -> Any:
    """An answer that is made item by item as a list."""
    return list(answer) if isinstance(answer, Iterator) else answer
