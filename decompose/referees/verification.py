"""What a referee says of a plan."""

import msgspec


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
