"""When a question is asked no more, as no reply to it can be counted, and when a model is not.

A reply that is discarded costs as much as one that is counted. A question that has ``max_ballots`` of them is a
hundred times as dear as one that is answered, so that a few of them can cost more than the rest of a table.
"""

import math
from collections import Counter
from collections.abc import Sequence

from surefoot.voting.red_flags import RedFlag

MOST_REFUSALS = 8
"""Replies to one question that are all refused, after which it is given up: a filter says the same however often it is
asked, and money is charged for each try."""

MOST_DISCARDED = 32
"""Fewest replies to one question that are all discarded, after which it is given up."""

BY_CHANCE = 1e-9
"""Most that a question which is like the others may be given up with, as a probability."""

NONE_READ = 128
"""Replies to one kind of question that are all discarded, from the first on, after which a model is asked no more: one
of which every tenth reply can be read is stopped once in 700,000 runs."""

FEWEST_QUESTIONS = 3
"""Questions that these replies must be of at least: one alone may be what no model can be asked."""


def refused_throughout(flags: Sequence[str | None]) -> bool:
    """Say whether a question was only ever refused, often enough to ask it no more.

    Args:
        flags: Of each reply so far, in the order drawn: the red flag that discarded it, or ``None`` if it was counted.
    """
    return len(flags) >= MOST_REFUSALS and all(flag == RedFlag.REFUSED for flag in flags)


def asked_no_more(flags: Sequence[str | None], discarded: float, alone: bool = False) -> bool:
    """Say whether a question is given up: every reply to it was discarded, far more of them than chance would have it.

    Where nothing is known of other questions, and none is asked that could say more, so many discarded replies are
    reason enough: fewer than one in ten can be read then, with 95 % confidence (``1 - 0.05 ** (1 / 32)`` is 9 %).

    Args:
        flags: As for ``refused_throughout``.
        discarded: Share of all replies that are discarded, from 0 to 1, taken too high rather than too low; 1 where
            nothing is known, and then refusals are reason enough, and ``MOST_DISCARDED`` if it is ``alone``.
        alone: Whether no other question of its kind was asked of the model.
    """
    if None in flags or len(flags) < MOST_REFUSALS:
        return False
    if refused_throughout(flags):
        return True
    if len(flags) < MOST_DISCARDED:
        return False
    return discarded <= 0 or len(flags) * math.log(discarded) <= math.log(BY_CHANCE) or (alone and discarded >= 1)


class NeverRead:
    """Knows the kinds of question of which no reply could be counted yet, from the first on."""

    def __init__(self) -> None:
        self._flags: dict[str, Counter[str]] = {}
        self._questions: dict[str, set[int]] = {}
        self._read: set[str] = set()

    def heard(self, kind: str, question: int, flag: str | None) -> Counter[str] | None:
        """Take note of a reply; return how often each red flag was raised once it is time to stop, else ``None``.

        Args:
            kind: Of the question.
            question: A number of its own.
            flag: The red flag that discarded the reply, or ``None`` if it was counted.
        """
        if kind in self._read:
            return None
        if flag is None:
            self._read.add(kind)
            self._flags.pop(kind, None)
            self._questions.pop(kind, None)
            return None
        flags, questions = self._flags.setdefault(kind, Counter()), self._questions.setdefault(kind, set())
        flags[flag] += 1
        questions.add(question)
        return flags if flags.total() >= NONE_READ and len(questions) >= FEWEST_QUESTIONS else None

    def alone(self, kind: str, question: int) -> bool:
        """Say whether a question is the only one of its kind, and no reply to it could be counted."""
        return self._questions.get(kind) == {question}
