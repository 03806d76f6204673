"""Referees of the wrong kind."""

from faults import Sound, answers  # noqa: F401


class WrongVerdict(Sound, frozen=True, kw_only=True):
    """Counts down; the referee beside it returns True."""


def verify(task, plan):
    return all(True for _ in plan)
