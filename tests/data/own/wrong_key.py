"""Answer keys of the wrong kind."""

from faults import Sound


class WrongKey(Sound, frozen=True, kw_only=True):
    """Counts down; the key beside it fails."""


def answers(prompt):
    return {}[prompt.user]
