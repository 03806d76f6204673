"""One question for each row of a table: rows do not depend on each other, so one bad row is one bad row.

Rows travel in chunks. A chunk is a node whose input is the rows; the question of a row is a step like any other, voted
on, flagged and journalled. A row whose question fails has its failure as its answer.
"""

import functools
import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.plan import Node
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import NothingToAsk, Task
from surefoot.decompose.typed.field_list import type_of_fields
from surefoot.decompose.typed.output_type import OutputType
from surefoot.decompose.typed.question import TypedQuestion
from surefoot.decompose.typed.template import Template

BAD_ROW = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What code raises of a row that is not as others are: a missing column, no text where a text is due."""

KIND = "row"
"""Class of the questions, for accounts and error rates."""


class Rows(msgspec.Struct, frozen=True):
    """A chunk of rows, as a node's goal.

    Attributes:
        first: Number of its first row in the table, 0-based.
    """

    first: int


class RowTask(Task, frozen=True, kw_only=True):
    """Base of tasks that ask one question for each row. ``row_step`` makes it; ``prompt`` and ``parse`` as ever."""

    sampled_rows: tuple[dict[str, Any], ...] = ()
    """Rows from all over the table, for pilots and measurements; not an option."""
    total_rows: int = 0
    """Number of rows of the whole table; not an option."""

    necessary: ClassVar[tuple[str, ...]] = ("row_step", "prompt", "parse")

    def row_step(self, row: Mapping[str, Any]) -> Step:
        """Return the question of a row. What it raises of a row is the failure of that row."""
        raise NotImplementedError(f"{type(self).__name__} has no row_step()")

    def value_of(self, candidate: str) -> Any:
        """Return the answer that a winning candidate stands for; by default the candidate itself."""
        return candidate

    def chunk(self, number: int, first: int, rows: list[Mapping[str, Any] | str]) -> Node:
        """Return a chunk of rows as a node.

        Args:
            number: Of the chunk, 0-based.
            first: Number of its first row in the table, 0-based.
            rows: The rows; of one that cannot be read, the reason.
        """
        return Node((number,), Rows(first), (rows,))

    def root(self) -> Node:
        """Return a table without rows: the chunks come from outside."""
        return self.chunk(0, 0, [])

    def next_step(self, goal: Any, state: Any) -> Done:
        """Return nothing to ask: rows are asked one by one, not as a chain."""
        return Done(None)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the number of rows of a chunk; for the root, whose rows come from outside, those of the table."""
        return len(inputs[0]) or self.total_rows

    def sample_step(self, number: int) -> Step:
        """Return the question of one of the sampled rows; where a row has none, of the next that has one.

        Rows of consecutive numbers lie all over the table: in a sorted one, the first rows are not like the others.

        Raises:
            NothingToAsk: There are no rows.
        """
        if not self.sampled_rows:
            raise NothingToAsk("a table without rows has nothing to ask")
        count = len(self.sampled_rows)
        first = number * _stride(count)
        for further in range(count):
            try:
                return self.row_step(self.sampled_rows[(first + further) % count])
            except BAD_ROW:
                # Only if no row at all can be asked is that an error of the whole run.
                if further == count - 1:
                    raise
        raise AssertionError("unreachable")

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return one: leads are chosen for a single row, whose error concerns no other."""
        return 1


class MapRows(RowTask, frozen=True, kw_only=True):
    """Ask a question with ``{fields}`` of every row and read a typed answer."""

    question: Annotated[str, msgspec.Meta(description="what is asked of each row, with its columns as {column}")]
    fields: Annotated[str, msgspec.Meta(description="form of the answer: vendor: text, total: money, day: date")] = (
        "answer: text"
    )
    system: Annotated[str, msgspec.Meta(description="what comes before every question")] = ""
    field_wise: Annotated[bool, msgspec.Meta(description="vote on each field of the answer by itself")] = False
    answer_type: Any = None

    summary: ClassVar[str] = "A typed question for each row of a file: surefoot map"

    def __post_init__(self) -> None:
        if not self.lacks_type:
            self.asked()

    @property
    def lacks_type(self) -> bool:
        """Whether the answers' Python type is not at hand: such a task can be looked at, not asked."""
        return not self.fields and self.answer_type is None

    def asked(self) -> TypedQuestion:
        """Return the typed question that is asked of every row.

        Raises:
            ValueError: The template, or the form of the answer, cannot be read. One line.
        """
        return _asked(self.question, self.fields, self.system, self.answer_type, self.field_wise)

    def row_step(self, row: Mapping[str, Any]) -> Step:
        """Return the question of a row: it reads the columns that the template names, and nothing else.

        Raises:
            ValueError: The row lacks a column.
        """
        template = self.asked().template
        template.check(row)
        return Step(KIND, Role.ACTOR, reads={name: row[name] for name in template.fields})

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word the question with the row's values, and ask for the form of the answer."""
        return self.asked().prompt(step.reads)

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read the last answer of a reply in canonical form."""
        return self.asked().parse(text)

    def same(self, step: Step, one: str, other: str) -> bool:
        """Compare two answers as the type's annotations say."""
        return one == other if self.field_wise else self.asked().same(one, other)

    def same_field(self, step: Step, number: int, one: str, other: str) -> bool:
        """Compare two texts of one field as the type's annotations say."""
        return self.asked().same_field(number, one, other)

    def voted_fields(self, step: Step) -> int:
        """Return the number of fields of the answer where each is voted on by itself."""
        return len(self.asked().output.fields) if self.field_wise else 0

    def whole_schema(self, step: Step) -> dict[str, Any] | None:
        """Return the JSON schema of the answer."""
        return self.asked().schema.schema

    def value_of(self, candidate: str) -> Any:
        """Return the answer as a value of its type; where that is not at hand, as it stands in JSON."""
        return json.loads(candidate) if self.lacks_type else self.asked().decode(candidate)


@functools.lru_cache(maxsize=64)
def _stride(count: int) -> int:
    """Number by whose multiples places are visited once each, any few of them far apart: about count / 1.618."""
    wanted = round(count * 0.618)
    return next((more for more in range(max(1, wanted), count) if math.gcd(more, count) == 1), 1)


@functools.lru_cache(maxsize=64)
def _asked(question: str, fields: str, system: str, answer_type: Any, field_wise: bool) -> TypedQuestion:
    # Cached: the same question is worded and read for every ballot, and its type need be compiled once only.
    hint = type_of_fields(fields) if answer_type is None else answer_type
    return TypedQuestion(Template(question), OutputType(hint), system, field_wise=field_wise)
