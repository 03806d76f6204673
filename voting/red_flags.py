"""Reasons to discard a reply before it is counted.

A flagged reply is drawn again, never repaired (the paper: MAKER, arXiv 2511.09030): what made the form go
wrong tends to make the content go wrong too. A flag costs calls, a factor 1/v for the fraction v of replies
without one (Eq. 19), and buys a higher chance that a reply which is counted is right.

A call that failed is not here: a time-out says nothing about the answer, and is retried instead.
"""

import enum


class RedFlag(enum.StrEnum):
    """Why a reply was discarded. The value is what ballots, options and reports call it."""

    OVERLONG = "overlong"
    """The reply reached the output limit: where a model goes on for long, it has lost its way."""

    MISFORMATTED = "misformatted"
    """The strict reader found no answer, so there is no candidate."""

    INCONSISTENT = "inconsistent"
    """The stated next state is not the stated move done to the state shown in the prompt."""

    ILLEGAL = "illegal"
    """The stated move is against the rules that the prompt itself gives."""

    REFUSED = "refused"
    """The model, or a filter before it, declined to answer, so there is no candidate."""

    COPIED = "copied"
    """The very reply came before: a cache handed it out again, and a copy is not a second ballot."""


ALWAYS_ON: frozenset[RedFlag] = frozenset({RedFlag.MISFORMATTED, RedFlag.REFUSED, RedFlag.COPIED})
"""Flags that cannot be switched off: such a reply has no candidate to count, or none of its own."""

SWITCHABLE: frozenset[RedFlag] = frozenset(RedFlag) - ALWAYS_ON
"""Flags that spoil a reply which could have been counted."""


def overlong(tokens_out: int, limit: int, cut_off: bool) -> bool:
    """Say whether a reply is over-long: it reached the limit, or was cut off before it was complete.

    Args:
        tokens_out: Length of the reply in output tokens as the provider counts them, 0 or more; never
            characters or words.
        limit: Output limit in the same tokens, 1 or more. Reaching it is enough, as in the paper: a provider
            that does not say why a reply ended stops exactly there.
        cut_off: Whether the provider says that the reply ended because of a length limit, whichever that was.

    Raises:
        ValueError: ``tokens_out`` is negative or ``limit`` is below 1.
    """
    if tokens_out < 0:
        raise ValueError(f"a reply has 0 or more tokens, not {tokens_out}")
    if limit < 1:
        raise ValueError(f"the output limit must be at least 1 token, not {limit}")
    return cut_off or tokens_out >= limit


def parse_switch(text: str) -> frozenset[RedFlag]:
    """Read the option ``--red-flags``: ``all``, ``none`` or names separated by commas.

    Returns:
        The flags that are on. `ALWAYS_ON` is always among them, named or not.

    Raises:
        ValueError: A name is unknown or missing. One line that lists what can be given.
    """
    if text.strip() == "all":
        return frozenset(RedFlag)
    if text.strip() == "none":
        return ALWAYS_ON
    names = [name.strip() for name in text.split(",")]
    known = {flag.value for flag in RedFlag}
    for name in names:
        if name not in known:
            raise ValueError(f"unknown red flag {name!r}: give all, none, or some of {','.join(RedFlag)}")
    return ALWAYS_ON | {RedFlag(name) for name in names}
