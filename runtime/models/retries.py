"""How many of a model's calls may be retries.

An outage is waited out (``patience_s``), and costs few calls (``pace.py``). A server that goes on failing between
answers is another matter: every failure may have been paid for. So each call earns part of a retry, and where more are
wanted for long the run pauses and says so.
"""

AT_ONCE = 300
"""Retries in hand to begin with, and at most."""


class RetryBudget:
    """Counts calls and retries.

    Args:
        share: Share of the calls that may be retries for long.
    """

    def __init__(self, share: float) -> None:
        self.share, self.left = share, float(AT_ONCE)

    def earn(self) -> None:
        """A call was answered."""
        self.left = min(float(AT_ONCE), self.left + self.share)

    def spend(self) -> bool:
        """Whether one more call may be asked again."""
        if self.left < 1:
            return False
        self.left -= 1
        return True

    @property
    def spent(self) -> str:
        """What to say of it, if there is nothing left; else empty."""
        return f"more than {self.share:.0%} of the calls were retries (--retry-share)" if self.left < 1 else ""
