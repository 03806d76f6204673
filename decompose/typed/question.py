"""A typed question: a template and an output type, which together are a prompt, a schema and a reader.

A task that gives one need not write ``parse``: its candidates are canonical forms, and the answer is a value of the
user's own type.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from surefoot.decompose.step import Flag, Prompt
from surefoot.decompose.typed.output_type import OutputType
from surefoot.decompose.typed.strict_schema import StrictSchema
from surefoot.decompose.typed.template import Template
from surefoot.decompose.typed.wording import asked_form


class TypedQuestion(msgspec.Struct, frozen=True):
    """A question with a typed answer, asked of any number of rows.

    Attributes:
        template: The text, with a row's values in it.
        output: What an answer is.
        system: What comes before it; the same for every row.
        explained: Whether the schema asks for an explanation before the answer. Off: a model that is held to a schema
            says the answer and nothing else. A reply without a schema may always explain itself before its answer.
        field_wise: Whether each field of a record is voted on by itself (``voting.record_race``). A candidate is then
            a JSON array with the canonical form of each field, ``null`` where it cannot be read.
        alike: Whether two answers, as values of the type, are the same; ``None`` for what the type's annotations say.
            Pure and symmetric.

    Raises:
        ValueError: Field-wise voting is asked for, and the type is no record; or it has a rule for whole answers too.
    """

    template: Template
    output: OutputType
    system: str = ""
    explained: bool = False
    field_wise: bool = False
    alike: Callable[[Any, Any], bool] | None = None

    def __post_init__(self) -> None:
        if self.field_wise and not self.output.fields:
            raise ValueError("field-wise voting needs an output type with named fields")
        if self.field_wise and self.alike is not None:
            raise ValueError("field-wise voting compares fields: say what is near by annotations of the fields")

    def prompt(self, row: Mapping[str, Any], structured: bool = False) -> Prompt:
        """Return the prompt that a model is shown for a row.

        Args:
            row: Values by the names of the template's fields.
            structured: Whether the server holds the reply to ``schema``.

        Raises:
            ValueError: The row lacks a field. One line that names it and those that there are.
        """
        return Prompt(f"{self.template.fill(row)}\n\n{asked_form(self.output.shape, structured)}", self.system)

    @property
    def schema(self) -> StrictSchema:
        """Return the schema of the whole reply, and what the schema does not hold."""
        return self.output.schema(self.explained)

    def parse(self, text: str) -> str | Flag:
        """Read a reply: the candidate, or the red flag. Takes the last answer, and repairs nothing but its syntax."""
        if not self.field_wise:
            return self.output.read(text)
        fields = self.output.read_fields(text)
        return fields if isinstance(fields, Flag) else msgspec.json.encode(fields).decode()

    def decode(self, candidate: str) -> Any:
        """Return the answer that a candidate stands for, as a value of the output type.

        Raises:
            ValueError: It is no candidate of this question; or, field-wise, the type does not allow the winners of the
                fields together, or a field has none. One line.
        """
        if not self.field_wise:
            return self.output.decode(candidate)
        fields: tuple[str | None, ...] = msgspec.json.decode(candidate, type=tuple[str | None, ...])
        named = tuple(one for one in fields if one is not None)
        if len(named) < len(self.output.fields):
            raise ValueError(f"{len(self.output.fields) - len(named)} fields of the record have no value")
        joined = self.output.join(named)
        if isinstance(joined, Flag):
            raise ValueError(f"the fields were decided one by one and do not go together: {joined.detail}")
        return self.output.decode(joined)

    def same(self, a: str, b: str) -> bool:
        """Return whether two candidates are the same answer; ``voting.representatives`` counts such votes."""
        if self.alike is not None:
            return a == b or self.alike(self.decode(a), self.decode(b))
        return self.output.same(a, b)

    def same_field(self, number: int, a: str, b: str) -> bool:
        """Return whether two canonical forms of one field (from 0, in declared order) are the same."""
        return self.output.same_field(number, a, b)
