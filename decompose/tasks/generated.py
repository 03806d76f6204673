"""Generated problems of a family, for every method: ``surefoot run problems --family graphs --method self-ask``."""

import functools
import random
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.methods.program import StepSpec
from surefoot.decompose.plan import Node
from surefoot.decompose.problem import Problem
from surefoot.decompose.step import Done
from surefoot.decompose.tasks.problems import bridges, ledger, programs
from surefoot.decompose.tasks.problems.families import FAMILIES, Family


class Generated(Problem, frozen=True, kw_only=True):
    """Answer a question of a generated family; its referee is exact."""

    family: Annotated[str, msgspec.Meta(description=f"family of the question: {', '.join(FAMILIES)}")] = "expressions"
    length: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] | None,
        msgspec.Meta(description="size of the question, as the family counts it; by default its own"),
    ] = None
    number: Annotated[int, msgspec.Meta(ge=1, description="which of the generated questions to ask, from 1")] = 1
    count: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="questions of a bench")] = 20
    calculator: Annotated[bool, msgspec.Meta(description="whether methods may use the tool calc")] = False
    series: Annotated[int, msgspec.Meta(ge=0, description="draws other questions")] = 0

    summary: ClassVar[str] = "Generated questions with exact answers, by any method: see surefoot bench"

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"family: there is no {self.family!r}; there are {', '.join(FAMILIES)}")
        if self.method == "program" and not self.offers_program():
            raise ValueError(f"method: there are programs for {', '.join(programs.FAMILIES)} only")
        Problem.__post_init__(self)

    @property
    def _family(self) -> Family:
        return FAMILIES[self.family]

    def question(self) -> str:
        """Return the question of the option ``number``."""
        return drawn(self.family, self.series, self.number - 1, self.length or self._family.size)

    def questions(self) -> Sequence[str]:
        """Return as many questions as ``count`` says."""
        size = self.length or self._family.size
        return [drawn(self.family, self.series, number, size) for number in range(self.count)]

    def root(self) -> Node:
        """Return the question of the option ``number``."""
        return self.posed(self.number - 1, self.question())

    def context(self, number: int) -> str:
        """Return what a question is about, where the family has something: the lines of a ledger."""
        size = self.length or self._family.size
        return "" if self._family.context is None else _context(self.family, self.series, number, size)

    def read_part(self, text: str) -> str | None:
        """Return the answer to a sub-question: in the family's form, a list of a ledger's users, or a way back."""
        found = self._family.read(text)
        if found is None and self.family == "ledger":
            return ledger.users(text)
        return bridges.place_or_back(text) if self.family == "bridges" else found

    def tools(self) -> Mapping[str, Any]:
        """Return the calculator, where the option asks for it."""
        return {"calc": "calc"} if self.calculator else {}

    def offers_program(self) -> bool:
        """Return whether the family has a program."""
        return self.family in programs.FAMILIES

    def first_state(self, text: str, number: int) -> dict[str, Any]:
        """Return the state in which the family's program begins."""
        return programs.first_state(text)

    def next_spec(self, state: dict[str, Any]) -> StepSpec | str | Done:
        """Return the next step of the family's program, or its answer."""
        return programs.next_spec(state)

    def absorbed(self, state: dict[str, Any], spec: StepSpec, said: str) -> dict[str, Any]:
        """Return the program's state after a step."""
        return programs.absorbed(state, spec, said)

    def answer_form(self) -> str:
        """Return how the family's answers are written."""
        return self._family.form

    def read_answer(self, text: str) -> str | None:
        """Return an answer in the family's canonical form."""
        return self._family.read(text)


def drawn(family: str, series: int, number: int, size: int) -> str:
    """Return one question of a family."""
    return FAMILIES[family].pose(random.Random(f"{family} {series} {number}"), size)


@functools.lru_cache(maxsize=32)
def _context(family: str, series: int, number: int, size: int) -> str:
    # Cached: it may be tens of megabytes, and every prompt of a slice asks for it. A bench asks about many in turn:
    # with fewer places than questions under way, each prompt would draw a whole ledger again.
    drawn_from = FAMILIES[family].context
    assert drawn_from is not None
    return drawn_from(random.Random(f"context {family} {series} {number}"), size)
