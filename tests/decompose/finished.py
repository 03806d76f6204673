"""A finished plan as a referee reads it: its steps, one by one, and what it returned."""

from collections.abc import Iterator
from typing import Any

from surefoot.decompose.plan import PlanStep


class Finished:
    """Steps that are written down, and the output they are said to lead to."""

    def __init__(self, steps: list[PlanStep], output: Any) -> None:
        self.steps, self.output = steps, output

    def __iter__(self) -> Iterator[PlanStep]:
        return iter(self.steps)
