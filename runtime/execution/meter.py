"""Counts what happens while steps are decided: one meter for all runners of a piece of work."""

from collections.abc import Mapping

from surefoot.decompose.step import Flag
from surefoot.runtime.errors import NothingReadable
from surefoot.runtime.execution.begun_races import BegunRaces
from surefoot.runtime.execution.deadlock_message import quoted_reply
from surefoot.runtime.execution.kept_replies import ReplyKeeper
from surefoot.runtime.models.usage import UsageMeter
from surefoot.runtime.records import Counts, tally
from surefoot.runtime.untrusted import one_line
from surefoot.voting.giving_up import NeverRead


class Meter:
    """Counts events, calls, tokens and money until a batch takes them, and keeps some of the replies.

    Args:
        replies: Chooses which replies are kept.
        never_read: What no reply could be counted of; without it nothing is stopped for that.

    Attributes:
        counts: What happened since the last batch.
        usage: What the calls since the last batch used.
        begun: Races that can be cut short, and what was said in them.
        by_step: Whether money is put on steps as well, for whoever asks with ``spent``: it is held until then.
    """

    def __init__(self, replies: ReplyKeeper | None = None, never_read: NeverRead | None = None) -> None:
        self.counts, self.usage = Counts(), UsageMeter()
        self._never_read, self._why_stop = never_read, ""
        self.replies = replies or ReplyKeeper()
        self.begun = BegunRaces()
        self.by_step = False
        self._spent: dict[int, float | None] = {}

    def flag(self, kind: str, question: int, flag: Flag | None, text: str) -> None:
        """Count the red flag of a reply, or that there is none.

        Args:
            kind: Of the question.
            question: Its number among the steps of this piece of work.
            flag: What discarded the reply, if anything did.
            text: The reply, untrusted, to be quoted.
        """
        if flag is not None:
            tally(self.counts.red_flags, {flag.name: 1})
        if self._never_read is None:
            return
        flags = self._never_read.heard(kind, question, None if flag is None else flag.name)
        if flags is not None:
            self._why_stop = _said(kind, flags, text, "" if flag is None else flag.detail)

    def alone(self, kind: str, question: int) -> bool:
        """Return whether a question is the only one of its kind, and no reply to it could be counted."""
        return self._never_read is not None and self._never_read.alone(kind, question)

    def go_on(self) -> None:
        """Go on unless a model says nothing that can be read; replies that came with the last one are counted first.

        Raises:
            NothingReadable: No reply to one kind of question could be counted yet, and there were many.
        """
        if self._why_stop:
            raise NothingReadable(self._why_stop)

    def spend(self, number: int, usd: float | None) -> None:
        """Add what a reply cost to the step of a number, if somebody is going to ask; see ``spent``."""
        if not self.by_step or usd == 0:
            return
        before = self._spent.get(number, 0.0)
        self._spent[number] = None if before is None or usd is None else before + usd

    def spent(self, number: int) -> float | None:
        """Return and forget what the replies to a step cost in USD; ``None`` if the price of one is unknown.

        Args:
            number: The step's first draw number, in strides.
        """
        return self._spent.pop(number, 0.0)

    def take(self) -> Counts:
        """Return what was counted since the last time, the usage summed up in it; it is the caller's now."""
        counts, self.counts = self.counts, Counts()
        self.usage.move_to(counts)
        return counts


def _said(kind: str, flags: Mapping[str, int], text: str, why: str) -> str:
    total = sum(flags.values())
    by_flag = ", ".join(f"{count:,} {flag}" for flag, count in sorted(flags.items()))
    example = f", for example {quoted_reply(text, why)}" if text.strip() else ""
    return (
        f"none of {total:,} replies to questions of kind {one_line(kind) or '(unnamed)'} can be read: "
        f"{by_flag}{example}; "
        "surefoot resume asks on, --accept-change with another model or other options"
    )
