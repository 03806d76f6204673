"""What a referee says of a plan."""

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from surefoot.decompose.plan import PlanStep


class FinishedPlan(Protocol):
    """The steps of a finished plan in plan order, and what they lead to.

    Attributes:
        output: The root's output: as it is kept with the run, and as the steps lead to it once they were read.
    """

    output: Any

    def __iter__(self) -> Iterator[PlanStep]:
        """The steps, once."""
        ...


class Verification(msgspec.Struct, frozen=True):
    """A referee's finding on one finished plan.

    Attributes:
        valid: Every step follows the task's rules.
        reached_goal: The plan ends at the goal.
        steps: Steps that were checked and found right.
        first_error: What is wrong first, or ``None``.
    """

    valid: bool
    reached_goal: bool
    steps: int
    first_error: str | None = None
