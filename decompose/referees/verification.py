"""What a referee reads and what it says."""

from typing import Any

import msgspec


class PlanStep(msgspec.Struct, frozen=True):
    """One step of a finished plan, in plan order.

    Attributes:
        kind: Class of the question.
        reads: The facts it showed.
        candidate: The answer that won.
    """

    kind: str
    reads: Any
    candidate: str


class Verification(msgspec.Struct, frozen=True):
    """A referee's finding.

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
