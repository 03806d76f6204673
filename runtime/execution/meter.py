"""Counts what happens while steps are decided: one meter for all runners of a piece of work."""

from surefoot.runtime.execution.kept_replies import ReplyKeeper
from surefoot.runtime.models.usage import UsageMeter
from surefoot.runtime.records import Counts


class Meter:
    """Counts events, calls, tokens and money until a batch takes them, and keeps some of the replies.

    Args:
        replies: Chooses which replies are kept.

    Attributes:
        counts: What happened since the last batch.
        usage: What the calls since the last batch used.
        by_step: Whether money is put on steps as well, for whoever asks with ``spent``: it is held until then.
    """

    def __init__(self, replies: ReplyKeeper | None = None) -> None:
        self.counts, self.usage = Counts(), UsageMeter()
        self.replies = replies or ReplyKeeper()
        self.by_step = False
        self._spent: dict[int, float | None] = {}

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
